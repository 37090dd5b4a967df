/* SPDX-License-Identifier: MIT */
/*
 * tests/pile.c - see pile.h.
 */
#include "mm/page_alloc.h"
#include "mm/slab.h"
#include "tests/pile.h"

#define LAST_WORD (PAGE_SIZE / sizeof(u64) - 1)

static void pile_push(struct pile *l)
{
	l->p[l->depth] = kmap_local_page(l->page[l->depth]);
	l->depth++;
}

void pile_pop(struct pile *l)
{
	kunmap_local(l->p[--l->depth]);
}

void pile_to(struct pile *l, u32 depth)
{
	while (l->depth < depth)
		pile_push(l);
	while (l->depth > depth)
		pile_pop(l);
}

void pile_check(struct pile *l)
{
	for (u32 i = 0; i < l->depth; i++) {
		u64 first = READ_ONCE(l->p[i][0]), last = READ_ONCE(l->p[i][LAST_WORD]);

		EXPECT(l->t, first == l->tag + i && last == l->tag + i,
		       "mapping %u of %u at %p holds %#lx and %#lx, expected %#lx", i, l->depth,
		       (void *)l->p[i], first, last, l->tag + i);
	}
}

bool pile_make(struct pile *l, struct test *t)
{
	static u64 next;

	*l = (struct pile){ .t = t };
	l->tag = __atomic_add_fetch(&next, KMAP_DEPTH, __ATOMIC_RELAXED);
	for (u32 i = 0; i < KMAP_DEPTH; i++) {
		u64 *p;

		l->page[i] = alloc_page(ZONE_USER);
		EXPECT(t, l->page[i] != NULL, "out of memory");
		if (l->page[i] == NULL)
			return false;
		p = kmap_local_page(l->page[i]);
		p[0] = l->tag + i;
		p[LAST_WORD] = l->tag + i;
		kunmap_local(p);
	}
	return true;
}

void pile_free(struct pile *l)
{
	pile_to(l, 0);
	for (u32 i = 0; i < KMAP_DEPTH; i++)
		if (l->page[i] != NULL)
			put_page(l->page[i]);
}

struct pile *irq_pile[MAX_CPUS];

bool irq_piles_make(struct test *t)
{
	u32 cpu;

	for_each_cpu (cpu, &cpus_online) {
		irq_pile[cpu] = kmalloc(sizeof(struct pile));
		EXPECT(t, irq_pile[cpu] != NULL, "out of memory");
		if (irq_pile[cpu] == NULL || !pile_make(irq_pile[cpu], t))
			return false;
	}
	return true;
}

void irq_piles_free(void)
{
	u32 cpu;

	for_each_cpu (cpu, &cpus_online) {
		if (irq_pile[cpu] != NULL)
			pile_free(irq_pile[cpu]);
		kfree(irq_pile[cpu]);
		irq_pile[cpu] = NULL;
	}
}
