/* SPDX-License-Identifier: MIT */
/*
 * kernel/sys_screen.h - the system call that gives a task the screen (abi.h).
 */
#pragma once

#include "arch/x86_64/syscall.h"

s64 sys_framebuffer(struct syscall_frame *f);
