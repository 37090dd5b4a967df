/* SPDX-License-Identifier: MIT */
/*
 * kernel/thread_mm.c - threads and address spaces.
 */
#include "arch/x86_64/irq.h"
#include "kernel/thread.h"
#include "lib/assert.h"
#include "mm/kmap.h"
#include "mm/mm.h"
#include "mm/switch.h"

void kthread_use_mm(struct mm *mm)
{
	u64 flags;

	ASSERT(current->mm == NULL, "thread %s runs on an address space already", current->name);
	mm_get(mm);
	flags = irq_save();
	current->mm = mm;
	switch_mm(mm);
	kmap_renew();
	irq_restore(flags);
}

void kthread_unuse_mm(void)
{
	struct mm *mm = current->mm;

	ASSERT(mm != NULL, "thread %s runs on no address space", current->name);
	WRITE_ONCE(current->mm, NULL);
	mm_put(mm);
}
