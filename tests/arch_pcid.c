/* SPDX-License-Identifier: MIT */
/*
 * tests/arch_pcid.c - what drops translations drops them, and INVPCID faults where the
 * manual says so.  Whether it leaves alone what it should, no emulator here can show.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/pcid.h"
#include "arch/x86_64/probe.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/tlb_mailbox.h"
#include "lib/err.h"
#include "mm/asid.h"
#include "mm/kspace.h"
#include "mm/page_alloc.h"
#include "mm/user_pt.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/tables.h"
#include "tests/user_memory.h"

#define NOT_CANONICAL BIT(63)
#define BASE	      0x50000000ul
#define FIRST	      0x1111ul
#define SECOND	      0x2222ul

static void misuse(void *arg)
{
	static const struct {
		u64 type;
		struct invpcid_descriptor d;
		bool faults;
	} cases[] = {
		{ INVPCID_ADDRESS, { 0, BASE }, false },
		{ INVPCID_TAG, { 0, 0 }, false },
		{ INVPCID_ALL, { 0, 0 }, false },
		{ INVPCID_ALL_LOCAL, { 0, 0 }, false },
		{ INVPCID_ALL_LOCAL + 1, { 0, 0 }, true },
		{ INVPCID_ADDRESS, { 0, NOT_CANONICAL }, true },
		{ INVPCID_ADDRESS, { PCID_MAX + 1, BASE }, true },
		{ INVPCID_TAG, { PCID_MAX + 1, 0 }, true },
	};
	struct test *t = arg;

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++)
		EXPECT(t,
		       probe_invpcid(cases[i].type, &cases[i].d) ==
			       (cases[i].faults ? PROBE_FAULT(VECTOR_GP, 0) : 0),
		       "CPU %u: case %u", cpu_id, i);
}

/* Another tag than 0 may be named only when there are tags. */
static void name_a_tag(void *arg)
{
	const struct invpcid_descriptor d = { 1, BASE };
	u32 want = pcid_mode == PCID_ON ? 0 : PROBE_FAULT(VECTOR_GP, 0);
	struct test *t = arg;

	EXPECT_EQ(t, probe_invpcid(INVPCID_ADDRESS, &d), want);
	EXPECT_EQ(t, probe_invpcid(INVPCID_TAG, &d), want);
	EXPECT(t, tlb_other_tag_page(1, BASE) && tlb_other_tag(1), "with INVPCID both can be had");
}

TEST("arch.pcid", invpcid_faults_on_misuse)
{
	if (!cpu_features.invpcid) {
		test_skip(t, "this CPU has no INVPCID");
		return;
	}
	on_each_cpu(misuse, t);
	on_each_cpu(name_a_tag, t);
}

/* Bits 3 and 4 would say how tables are cached: tags stay out of CR3 where there are none. */
TEST("arch.pcid", no_tag_in_cr3_without_pcid)
{
	struct mm *mm;

	if (pcid_mode == PCID_ON || tlb_mailbox_on) {
		test_skip(t, "tags are in CR3 here");
		return;
	}
	mm = mm_create();
	if (mm != NULL)
		use(mm);
	EXPECT(t, mm != NULL && cpu_tlb.loaded != NULL, "no address space");
	EXPECT_EQ(t, read_cr3() & PCID_MASK, 0);
	use(NULL);
	if (mm != NULL)
		mm_put(mm);
}

/* Two pages, of which one is mapped and read, so that its translation is cached. */
struct flip {
	struct page *first, *second;
	volatile u64 *va;
	pte_t *leaf;
	u32 stale; /* times that an old translation was used */
};

static bool flip_alloc(struct test *t, struct flip *f)
{
	f->first = alloc_page(ZONE_KERNEL);
	f->second = alloc_page(ZONE_KERNEL);
	EXPECT(t, f->first != NULL && f->second != NULL, "out of memory");
	if (f->first == NULL || f->second == NULL)
		return false;
	*(u64 *)page_address(f->first) = FIRST;
	*(u64 *)page_address(f->second) = SECOND;
	return true;
}

/* The leaf changes behind the TLB's back. */
static void flip(struct flip *f, struct page *to)
{
	shared_store(f->leaf, (*f->leaf & ~PTE_ADDRESS) | page_to_phys(to));
}

/* Global entries too, on each CPU (the mapping is for good, and so is its page). */
static void drop_everything(void *arg)
{
	struct flip *f = arg;

	for (u32 i = 0; i < 4; i++) {
		(void)*f->va;
		flip(f, i % 2 ? f->first : f->second);
		tlb_local_everything();
		f->stale += *f->va != (i % 2 ? FIRST : SECOND);
	}
}

TEST("arch.pcid", everything_is_dropped)
{
	static struct flip f;
	u32 cpu;

	if (!flip_alloc(t, &f))
		return;
	f.va = kspace_map_device(page_to_phys(f.first), PAGE_SIZE, 0);
	EXPECT(t, f.va != NULL, "out of memory");
	if (f.va == NULL)
		return;
	f.leaf = kernel_leaf((vaddr_t)f.va);
	EXPECT_EQ(t, !!(*f.leaf & PTE_GLOBAL), cpu_features.pge && !pti_on);
	for_each_cpu (cpu, &cpus_online) {
		run_on_cpu(cpu, drop_everything, &f);
		EXPECT(t, f.stale == 0, "CPU %u: an old translation is left", cpu);
		f.stale = 0;
	}
	free_page(f.second);
}

/* @leaf is that of BASE in the loaded mm, whose tag is @pcid.  Interrupts off. */
static void drop_by_number(struct test *t, struct flip *f, u32 pcid)
{
	struct page *own = user_pt_page(*f->leaf);

	EXPECT_EQ(t, get(BASE), 0);
	flip(f, f->first);
	EXPECT(t, tlb_other_tag_page(pcid, BASE), "INVPCID is there");
	EXPECT_EQ(t, get(BASE), FIRST);
	flip(f, f->second);
	EXPECT(t, tlb_other_tag(pcid), "INVPCID is there");
	EXPECT_EQ(t, get(BASE), SECOND);
	flip(f, own);
	tlb_local_page(BASE);
	EXPECT_EQ(t, get(BASE), 0);
}

/* The tag that is named is the loaded one's, so that what it had can be read. */
TEST("arch.pcid", a_tag_is_dropped_by_its_number)
{
	struct flip f;
	struct mm *mm;
	u32 level;
	u64 flags;

	if (pcid_mode != PCID_ON || !cpu_features.invpcid) {
		test_skip(t, "needs PCID and INVPCID");
		return;
	}
	if (!flip_alloc(t, &f))
		return;
	mm = mm_create();
	EXPECT_EQ(t, map_anon(mm, BASE, PAGE_SIZE, RW), 0);
	use(mm);
	put(BASE, 0);
	flags = irq_save();
	f.leaf = user_pt_find(mm, BASE, &level);
	drop_by_number(t, &f, (u32)(tlb_loaded() & PCID_MASK));
	irq_restore(flags);
	use(NULL);
	mm_put(mm);
	free_page(f.first);
	free_page(f.second);
}
