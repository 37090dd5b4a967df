/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/pcid.c - see pcid.h.
 */
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/pcid.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"

enum pcid_mode pcid_mode = PCID_OFF;
u64 cr3_mask = ~(CR3_NOFLUSH | PCID_MASK);
enum tlb_reach tlb_reach;

/*
 * INVLPG with PCIDE set may leave global entries (Intel ADL063, RPL042 and their like):
 * the kmap window depends on them, so these models run without PCID.
 */
static const struct {
	u32 family, model;
	const char *name;
} invlpg_misses[] = {
	{ 6, 0x97, "Alder Lake" },  { 6, 0x9a, "Alder Lake-L" },  { 6, 0xbe, "Gracemont" },
	{ 6, 0xb7, "Raptor Lake" }, { 6, 0xba, "Raptor Lake-P" }, { 6, 0xbf, "Raptor Lake-S" },
};

static const char *why_not(void)
{
	if (!cpu_features.pcid)
		return "this CPU has no PCID";
	if (!cpu_features.pge)
		return "this CPU has PCID but no global pages";
	for (size_t i = 0; i < ARRAY_SIZE(invlpg_misses); i++)
		if (strcmp(cpu_features.vendor, "GenuineIntel") == 0 &&
		    cpu_features.family == invlpg_misses[i].family &&
		    cpu_features.model_number == invlpg_misses[i].model)
			return "INVLPG with PCID may leave global entries on this CPU";
	return NULL;
}

const char *pcid_init(enum pcid_mode wanted)
{
	const char *why = why_not();

	pcid_mode = wanted;
	if (wanted == PCID_AUTO)
		pcid_mode = why == NULL ? PCID_ON : PCID_SOFT;
	else if (wanted == PCID_ON && why != NULL)
		pcid_mode = PCID_SOFT;
	if (pcid_mode == PCID_ON) {
		cr3_mask = ~0ul;
		tlb_reach = cpu_features.invpcid ? TLB_REACH_NOW : TLB_REACH_LOAD;
	}
	return wanted == PCID_ON ? why : NULL;
}

const char *pcid_mode_name(void)
{
	static const char *const names[] = {
		[PCID_AUTO] = "auto", [PCID_ON] = "on", [PCID_SOFT] = "soft", [PCID_OFF] = "off"
	};

	return names[pcid_mode];
}

void pcid_enable(void)
{
	if (pcid_mode == PCID_ON)
		write_cr4(read_cr4() | CR4_PCIDE);
	tlb_local_everything(); /* what a reset or the firmware left under any tag */
}

/* Without INVPCID, changing CR4.PGE drops all entries of all tags (SDM vol. 3A, 4.10.4.1). */
void tlb_local_everything(void)
{
	u64 flags = irq_save(), cr4 = read_cr4();

	if (cpu_features.invpcid) {
		invpcid(INVPCID_ALL, 0, 0);
	} else if (cr4 & CR4_PGE) {
		write_cr4(cr4 & ~CR4_PGE);
		write_cr4(cr4);
	} else {
		write_cr3(read_cr3());
	}
	tlb_announce_everything();
	irq_restore(flags);
}
