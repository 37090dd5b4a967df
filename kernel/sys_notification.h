/* SPDX-License-Identifier: MIT */
/*
 * kernel/sys_notification.h - system calls of notifications and of timers (abi.h).
 */
#pragma once

#include "arch/x86_64/syscall.h"
#include "lib/lock_check.h"

s64 sys_notification(struct syscall_frame *f);
/* Interrupts off, before and after. */
s64 sys_signal(struct syscall_frame *f) REQUIRES(irqs_off);
s64 sys_wait(struct syscall_frame *f) REQUIRES(irqs_off);
s64 sys_bind(struct syscall_frame *f) REQUIRES(irqs_off);

s64 sys_timer(struct syscall_frame *f);
s64 sys_timer_set(struct syscall_frame *f);
s64 sys_clock(struct syscall_frame *f);
s64 sys_timeout(struct syscall_frame *f);
