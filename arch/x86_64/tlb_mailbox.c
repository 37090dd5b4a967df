/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/tlb_mailbox.c - see tlb_mailbox.h.
 */
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/pcid.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/pte.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/shared.h"
#include "arch/x86_64/tlb_mailbox.h"
#include "lib/string.h"

#define CALL_REL32 0xe8

struct tlb_site {
	s32 place, function; /* each relative to itself */
};

extern const struct tlb_site tlb_sites_begin[], tlb_sites_end[]; /* linker.ld */

bool tlb_mailbox_on;
static bool started;

static void make_call(const struct tlb_site *site)
{
	u8 *place = (u8 *)((u64)&site->place + (u64)(s64)site->place);
	u64 function = (u64)&site->function + (u64)(s64)site->function;
	s32 distance = (s32)(function - ((u64)place + TLB_SITE_BYTES));

	place[0] = CALL_REL32;
	memcpy(&place[1], &distance, sizeof(distance));
}

void tlb_mailbox_start(void)
{
	u64 cr0 = read_cr0();

	write_cr0(cr0 & ~CR0_WP); /* text is read-only */
	for (const struct tlb_site *site = tlb_sites_begin; site < tlb_sites_end; site++)
		make_call(site);
	write_cr0(cr0); /* serialises */
	if (tlb_has_tags()) {
		cr3_mask = ~0ul;
		tlb_reach = TLB_REACH_NOW;
	}
	started = true;
	tlb_mailbox_arm();
}

static void tell(u32 offset, u64 value)
{
	shared_store((u64 *)(cpu_area_mailbox(cpu_id) + offset), value);
}

void tlb_mailbox_arm(void)
{
	if (!started)
		return;
	tell(TLB_MAIL_LEVELS, pt_levels);
	tell(TLB_MAIL_MAGIC, TLB_MAGIC);
	tell(TLB_MAIL_AT(TLB_MAIL_SWITCH), read_cr3());
}

void tlb_mailbox_disarm(void)
{
	if (started)
		tell(TLB_MAIL_MAGIC, 0);
}
