/* SPDX-License-Identifier: MIT */
/*
 * kernel/sys_device.h - system calls of interrupts and ports (abi.h).
 */
#pragma once

#include "arch/x86_64/syscall.h"
#include "lib/lock_check.h"

s64 sys_irq(struct syscall_frame *f);
s64 sys_irq_bind(struct syscall_frame *f);
s64 sys_ports(struct syscall_frame *f);

/* Interrupts off, before and after. */
s64 sys_irq_ack(struct syscall_frame *f) REQUIRES(irqs_off);
s64 sys_port_in(struct syscall_frame *f) REQUIRES(irqs_off);
s64 sys_port_out(struct syscall_frame *f) REQUIRES(irqs_off);
