/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/pti.c - see pti.h.
 */
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"

bool pti_on;

DEFINE_PER_CPU(u64, pti_user_cr3);

/* In the page of entry data, which both PGDs map: trap.asm reads it on either. */
SECTION(".entry_data") u64 pti_noflush;

/*
 * Intel's, and those of its licensees, speculate past the user bit unless they say that
 * they do not (IA32_ARCH_CAPABILITIES, SDM vol. 4, 2.1); AMD's never did.
 */
static bool may_leak(void)
{
	if (strcmp(cpu_features.vendor, "AuthenticAMD") == 0 ||
	    strcmp(cpu_features.vendor, "HygonGenuine") == 0)
		return false;
	return !cpu_features.arch_capabilities ||
	       !(rdmsr(MSR_ARCH_CAPABILITIES) & ARCH_CAPABILITIES_RDCL_NO);
}

void pti_init(enum pti_mode wanted)
{
	pti_on = wanted == PTI_ON || (wanted == PTI_AUTO && may_leak());
}

void pti_init_entry(void)
{
	pti_noflush = CR3_NOFLUSH & cr3_mask;
}
