/* SPDX-License-Identifier: MIT */
/*
 * kernel/revoke.h - what was given away is taken back (abi.h: SYS_REVOKE).
 */
#pragma once

#include "arch/x86_64/syscall.h"

s64 sys_revoke(struct syscall_frame *f);
