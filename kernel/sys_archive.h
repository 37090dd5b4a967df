/* SPDX-License-Identifier: MIT */
/*
 * kernel/sys_archive.h - system calls about the boot archive (abi.h).
 */
#pragma once

#include "arch/x86_64/syscall.h"

s64 sys_file_name(struct syscall_frame *f);
s64 sys_file_read(struct syscall_frame *f);
