/* SPDX-License-Identifier: MIT */
/*
 * kernel/sys_machine.h - system calls about the machine (abi.h).
 */
#pragma once

#include "arch/x86_64/syscall.h"

s64 sys_power(struct syscall_frame *f);
s64 sys_cpu(struct syscall_frame *f);
s64 sys_cpus(struct syscall_frame *f);
s64 sys_counters(struct syscall_frame *f);
s64 sys_log_read(struct syscall_frame *f);
