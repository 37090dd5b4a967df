/* SPDX-License-Identifier: MIT */
/*
 * mm/tlb_check.c - see tlb_check.h.
 */
#include "arch/x86_64/pcid.h"
#include "lib/assert.h"
#include "mm/pgd.h"
#include "mm/tlb_check.h"

void tlb_check_now(void)
{
	const struct slot *s = cpu_tlb.loaded;
	u64 want;

	want = s != NULL ? s->cr3 : cpu_tlb.neutral;
	ASSERT(tlb_loaded() == (want & cr3_mask), "CPU %u: CR3 is %#lx, expected %#lx", cpu_id,
	       tlb_loaded(), want & cr3_mask);
	if (s == NULL) {
		ASSERT(cpu_tlb.loaded_ctx == 0, "CPU %u: neutral, but mm %lu is said to be loaded",
		       cpu_id, cpu_tlb.loaded_ctx);
		return;
	}
	ASSERT(s->ctx_id == cpu_tlb.loaded_ctx && s->ctx_id == s->mm->ctx_id,
	       "CPU %u: loaded slot serves %lu, mm %lu is said to be loaded", cpu_id, s->ctx_id,
	       cpu_tlb.loaded_ctx);
	ASSERT(s->tlb_gen <= shared_load(&s->mm->tlb_gen), "CPU %u: slot at generation %lu of %lu",
	       cpu_id, s->tlb_gen, s->mm->tlb_gen);
	pgd_check(s);
}
