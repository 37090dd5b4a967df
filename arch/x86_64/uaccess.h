/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/uaccess.h - the kernel touches user memory: by these two, or by kmap_local.
 *
 * Addresses are checked, faults are resolved as the user's own would be, and what cannot
 * be resolved ends the copy.  With interrupts off only a missing top-level entry is
 * resolved (no lock is needed for that); any other fault ends the copy.
 */
#pragma once

#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/layout.h"
#include "lib/err.h"

/* probe.asm: the bytes that were not copied. */
u64 copy_may_fault(void *to, const void *from, u64 n);

static inline int copy_checked(void *to, const void *from, u64 n, vaddr_t user)
{
	u64 left;

	if (user >= USER_END || n > USER_END - user)
		return -EFAULT;
	if (cpu_features.smap)
		stac();
	left = copy_may_fault(to, from, n);
	if (cpu_features.smap)
		clac();
	return left == 0 ? 0 : -EFAULT;
}

/* 0, or -EFAULT: part of it may have been copied. */
static inline int copy_to_user(vaddr_t to, const void *from, u64 n)
{
	return copy_checked((void *)to, from, n, to);
}

static inline int copy_from_user(void *to, vaddr_t from, u64 n)
{
	return copy_checked(to, (const void *)from, n, from);
}
