/* SPDX-License-Identifier: MIT */
/*
 * mm/classic/pgd.c - one PGD per mm, for all CPUs: the reference, with the kernel half in
 * it.  A slot is a tag and nothing else; no entry is ever copied, none is ever missing.
 */
#include "arch/x86_64/pcid.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/kspace.h"
#include "mm/pgd.h"

enum pgd_kind pgd_kind;
const char *const pgd_words[] = { "asid", NULL };

static int prepare_cpu(u32 cpu)
{
	(void)cpu;
	return 0;
}

static int prepare(u32 cpu, struct slot *s, u32 pcid)
{
	(void)cpu;
	s->cr3 = pcid;
	return 0;
}

static u32 release(struct slot *s)
{
	s->cr3 &= PCID_MASK;
	return 0;
}

static void bind(struct slot *s, struct mm *mm)
{
	s->cr3 = (s->cr3 & PCID_MASK) | virt_to_phys(mm->reference);
}

struct pgd_policy pgd_policy = {
	.prepare_cpu = prepare_cpu,
	.prepare = prepare,
	.release = release,
	.bind = bind,
};

void pgd_init(void)
{
}

int pgd_attach(struct mm *mm)
{
	(void)mm;
	return 0;
}

void pgd_forget(struct mm *mm)
{
	(void)mm;
}

bool pgd_fill(struct slot *s, u32 entry)
{
	(void)s;
	(void)entry;
	return false;
}

bool pgd_may_hold(const struct slot *s, vaddr_t start, vaddr_t end)
{
	(void)s;
	(void)start;
	(void)end;
	return true;
}

bool pgd_copies_entries(void)
{
	return false;
}

void pgd_check(const struct slot *s)
{
	ASSERT((s->cr3 & ~PCID_MASK) == virt_to_phys(s->mm->reference),
	       "CPU %u: slot of mm %lu names table %#lx", cpu_id, s->ctx_id, s->cr3);
}

void pgd_init_reference(pte_t *reference)
{
	const pte_t *kernel = phys_to_virt(kspace_root());

	memcpy(reference + PT_KERNEL_FIRST, kernel + PT_KERNEL_FIRST,
	       (PT_ENTRIES - PT_KERNEL_FIRST) * sizeof(pte_t));
}
