/* SPDX-License-Identifier: MIT */
/*
 * tests/provoke_kmap.c - see provoke.h: mappings, migrate-disabled sections and per-CPU variables
 * used wrongly.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/shared.h"
#include "arch/x86_64/smp.h"
#include "lib/assert.h"
#include "mm/kmap.h"
#include "tests/provoke.h"
#include "tests/user_code.h"

static struct page *any_page(void)
{
	struct page *page = alloc_page(ZONE_USER);

	ASSERT(page != NULL, "out of memory");
	return page;
}

int unmap_the_first(void *arg)
{
	struct page *page = any_page();
	void *first = kmap_local_page(page), *second = kmap_local_page(page);

	(void)arg;
	kunmap_local(first);
	kunmap_local(second);
	return 0;
}

int map_for_ever(void *arg)
{
	struct page *page = any_page();

	(void)arg;
	for (u32 i = 0; i <= KMAP_DEPTH; i++)
		(void)!kmap_local_page(page);
	return 0;
}

static int map_and_unmap(void *page)
{
	kunmap_local(kmap_local_page(page));
	return 0;
}

/* Another thread has used the slot of this CPU meanwhile: the place to be named is this one. */
int exit_mapped(void *arg)
{
	struct page *page = any_page();

	(void)arg;
	(void)!kmap_local_page(page);
	thread_join(in_thread(this_cpu_read(cpu_id), "other", map_and_unmap, page));
	return 0;
}

int exit_pinned(void *arg)
{
	(void)arg;
	migrate_disable();
	return 0;
}

int user_mode_mapped(void *arg)
{
	static const u8 ud2[] = { 0x0f, 0x0b };
	const vaddr_t code = MIB;

	(void)arg;
	use(user_code_mm(code, ud2, sizeof(ud2)));
	(void)!kmap_local_page(any_page());
	irq_disable();
	return (int)user_call(code, code + PAGE_SIZE);
}

int point_at_own(void *arg)
{
	(void)arg;
	return *(volatile int *)this_cpu_ptr(&cpu_id) == -1;
}

void provoke_kmap_irq(void *arg)
{
	(void)arg;
	(void)!kmap_local_page(any_page());
}

void provoke_kmap_nmi(void *arg)
{
	(void)arg;
	this_cpu_inc(nmi_depth); /* as an NMI's handler would find it */
	(void)!kmap_local_page(any_page());
}

/* Nothing in the kernel notices: for the TLB checker. */
void provoke_forgotten_flush(void *arg)
{
	struct page *first = any_page(), *second = any_page();
	u32 depth = kmap_depth;
	volatile u8 *p;

	(void)arg;
	ASSERT(first != second, "the same page twice");
	p = kmap_local_page(first);
	(void)*p;
	shared_store(kmap_slot_pte(depth), page_to_phys(second) | kmap_flags);
	(void)*p;
	kunmap_local((const void *)p);
}
