/* SPDX-License-Identifier: MIT */
/*
 * tests/user_code.h - an address space with a few instructions for ring 3 in it.
 */
#pragma once

#include "arch/x86_64/user_call.h"
#include "mm/mm.h"
#include "tests/user_memory.h"

/*
 * A new mm with one page at @va that holds @code, readable and executable, and there
 * already: ring 3 runs with interrupts off here, where only a top-level entry can be
 * faulted in.  The stack may be the page's end.  NULL: out of memory.
 */
static inline struct mm *user_code_mm(vaddr_t va, const u8 *code, size_t size)
{
	struct mm *mm = mm_create();

	if (mm == NULL)
		return NULL;
	if (map_anon(mm, va, PAGE_SIZE, RW | REGION_EXEC) == 0) {
		use(mm);
		if (copy_to_user(va, code, size) == 0 && mm_fault(mm, va, FAULT_EXEC) == 0) {
			use(NULL);
			return mm;
		}
		use(NULL);
	}
	mm_put(mm);
	return NULL;
}
