/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/smp.h - start a CPU, and stop it.
 *
 * A CPU comes from real mode through the trampoline, a page below 1 MiB, and a page
 * table of its own that maps that page and the kernel image and nothing of any CPU's:
 * a CPU never runs on another's tables, not for one instruction (hazard: it would write
 * the other's variables through a global mapping).
 *
 * A CPU stops by itself, on its neutral PGD with interrupts off: it says DEAD and halts.
 * INIT then puts it back to where it waits for a SIPI, and it comes back as it came first.
 * INIT would send the boot CPU to the reset vector, so that one stays halted, until an
 * NMI.  Either way nothing of its TLB is believed afterwards.
 */
#pragma once

#include "arch/x86_64/layout.h"
#include "arch/x86_64/trapframe.h"
#include "lib/lock_check.h"
#include "lib/types.h"

#define BOOT_CPU 0u

enum cpu_state {
	CPU_ABSENT,   /* not there; in cpus[]: the host may put it in */
	CPU_PRESENT,  /* there; not started */
	CPU_STARTING, /* told to start */
	CPU_ONLINE,   /* runs C */
	CPU_REFUSED,  /* lacks a feature that the boot CPU has */
	CPU_SILENT,   /* did not answer */
	CPU_DEAD,     /* halts, or is about to */
	CPU_PARKED,   /* waits for a SIPI; the boot CPU: halts until an NMI */
};

/* Written by whoever starts or stops the CPU, one at a time, but for .state and .missing. */
struct cpu {
	u32 apic_id;
	u32 state;	      /* enum cpu_state; the CPU itself releases ONLINE, REFUSED, DEAD */
	u32 wake;	      /* the boot CPU, which halts, is to come back */
	const char *missing;  /* REFUSED: what it lacks */
	paddr_t neutral_root; /* this CPU's neutral PGD */
	vaddr_t stack_top;    /* its idle thread's stack, on which it starts */
};

extern struct cpu cpus[MAX_CPUS];
extern u32 cpu_count; /* entries of cpus[] in use, places that are empty included; constant */

/* What the trampoline reads, at AP_PARAMS_OFFSET of its page. */
struct ap_params {
	u16 gdt_limit;
	u32 gdt_base;
	u16 pad;
	u32 long_jump_offset; /* far pointer: 64-bit code in the page */
	u16 long_jump_selector;
	u16 pad2;
	u32 trampoline_cr3;
	u32 cr4;
	u32 lacks_la57; /* written by the CPU, which then halts */
	u64 efer;
	u64 cr3;
	u64 stack;
	u64 gs_base;
	u64 kernel_entry;
	u64 gdt[3];
} __attribute__((packed));

#define AP_PARAMS_OFFSET 0x800

/*
 * Put the trampoline into @page (physical, below 1 MiB, free for good), to be run on the
 * tables at @root (below 4 GiB).  Once.
 */
void smp_prepare(paddr_t page, paddr_t root);

/*
 * Start CPU @cpu, whose tables, variables and stack are ready, and wait for it; or wake the
 * boot CPU.  Returns 0; -ETIMEDOUT: no answer; -ENODEV: it refused, cpus[cpu].missing says why.
 */
int smp_start_cpu(u32 cpu);

/* Does CPU @cpu run C at this moment? */
static inline bool smp_runs(u32 cpu)
{
	return __atomic_load_n(&cpus[cpu].state, __ATOMIC_ACQUIRE) == CPU_ONLINE;
}

/* Wait until @cpu, which is in smp_halt() or about to be, says that it is dead, and park it. */
void smp_park_cpu(u32 cpu);

/*
 * This CPU stops: the neutral PGD is loaded, nobody waits for it.  Interrupts off.  Returns on
 * the boot CPU only, when smp_start_cpu() wakes it: everything flushed, its timer unmasked.
 */
void smp_halt(void);

/* An NMI came.  It must not be lost on a CPU that was about to halt until it comes. */
void smp_nmi(struct trapframe *f);

/* entry.asm: an application processor's first C. */
NORETURN void ap_main(void) REQUIRES(irqs_off);
