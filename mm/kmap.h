/* SPDX-License-Identifier: MIT */
/*
 * mm/kmap.h - kmap_local: a page in this CPU's window, for a while.
 *
 * Mappings nest like a stack: the last one made is the first one dropped.  They belong to the
 * task that made them (R6): it may be preempted and may sleep; they come down when it is
 * switched out and go up again when it is switched in.  No other CPU's tables ever hold one,
 * so all of that is PTE writes and INVLPG, and never an IPI.
 *
 *	percpu	the window is at one address on every CPU: the holder may move, and the
 *		address stays good
 *	classic	each CPU's window is elsewhere: the holder is pinned
 *
 * Interrupts may map too, if they drop it before they return: they use the slots above the
 * task's.  NMI, #MC, #DB and #DF may not.
 *
 * Nothing here turns preemption off.  In the percpu kernel slots, page table, kmap_depth and
 * kmap_site[] are at addresses that are the same on every CPU, and a switch takes along the
 * first kmap_depth slots and sites as they are, filled or still empty, wherever the task goes.
 * So what is one instruction here is one step for the task, and it may be preempted, and
 * moved, between any two:
 *
 *	map	depth + 1	the slot is the task's: a switch takes it along, and an
 *				interrupt uses those above it
 *		site, PTE
 *		INVLPG		a switch in between has done one too
 *	unmap	PTE empty
 *		INVLPG		what another CPU's TLB had was dropped at the switch
 *		depth - 1	the slot is free, and empty
 *
 * depth is read before it is changed; it is the task's too, since a switch restores it and an
 * interrupt leaves it as it was.  In the classic kernel the task is pinned first.
 */
#pragma once

#include "arch/x86_64/trap.h"
#include "lib/lock_check.h"
#include "mm/asid.h"
#include "mm/kmap_window.h"
#include "mm/page_alloc.h"
#include "mm/trace.h"

/* A thread's mappings while it does not run: written by its CPU's switch code. */
struct kmap_stack {
	u32 depth;	       /* 0: none, or it runs */
	u32 bias;	       /* debug builds: its kmap_bias */
	pte_t pte[KMAP_DEPTH]; /* as they are in the window, the outermost first */
	u64 site[KMAP_DEPTH];  /* where each was made */
};

/* kmap=: what kmap_local_page() gives.  Constant after the command line is parsed. */
enum kmap_kind {
	KMAP_WINDOW,
	KMAP_DIRECT, /* the direct map's address where it reaches: to compare with */
};

extern enum kmap_kind kmap_kind;
extern const char *const kmap_words[];

/* How many mappings the current task has, and an interrupt on top of it; where they were made. */
DECLARE_PER_CPU(u32, kmap_depth);
DECLARE_PER_CPU(u64, kmap_site[KMAP_DEPTH]);

extern pte_t kmap_flags; /* of a slot's PTE; constant after the first CPU is prepared */

/* Panics that name the places of all live mappings. */
NORETURN void kmap_panic_overflow(void);
NORETURN void kmap_panic_leak(const char *name, const char *what); /* the task @name has some */

/* @address is not the last mapping's: the direct map's, or a mistake. */
void kunmap_other(const void *address);

/* Debug builds: may a mapping be made at @depth, and dropped? */
void kmap_check_map(u32 depth);
void kmap_check_unmap(u32 depth);

/* @page at an address that is good for this task, or interrupt, until it is dropped. */
static ALWAYS_INLINE WARN_UNUSED_RESULT void *kmap_local_page(struct page *page)
{
	u32 depth;

	if (unlikely(kmap_kind == KMAP_DIRECT) && page_is_mapped(page))
		return page_address(page);
	kmap_pin();
	depth = this_cpu_read(kmap_depth);
	if (unlikely(depth >= KMAP_DEPTH))
		kmap_panic_overflow();
	this_cpu_inc(kmap_depth); /* from here on the slot is the task's */
	barrier();
	this_cpu_write_here(kmap_site[depth]);
	if (CONFIG_DEBUG)
		kmap_check_map(depth);
	kmap_set_slot(depth, page_to_phys(page) | kmap_flags);
	trace(TRACE_KMAP, cpu_tlb.loaded_ctx, page_to_phys(page));
	return (void *)kmap_slot_address(depth);
}

/* Drop the last mapping, which must be the one at @address. */
static ALWAYS_INLINE void kunmap_local(const void *address)
{
	u32 depth = this_cpu_read(kmap_depth) - 1;

	if (unlikely(ALIGN_DOWN((vaddr_t)address, PAGE_SIZE) != kmap_slot_address(depth))) {
		kunmap_other(address);
		return;
	}
	if (CONFIG_DEBUG)
		kmap_check_unmap(depth);
	trace(TRACE_KUNMAP, cpu_tlb.loaded_ctx, pte_address(*kmap_slot_pte(depth)));
	kmap_set_slot(depth, KMAP_EMPTY);
	barrier(); /* the slot is free for an interrupt only when it is empty */
	this_cpu_dec(kmap_depth);
	kmap_unpin();
}

/*
 * Another table was loaded under live mappings: its tag may hold older ones of their
 * addresses.  Interrupts off.
 */
void kmap_renew(void);

/* Debug builds, at a switch: the slots above the current task's are empty. */
void kmap_check_switch(void);

/* For a new thread, which has none. */
void kmap_stack_init(struct kmap_stack *s);

/* For kmap_switch_out() and _in(). */
void kmap_take_down(struct kmap_stack *s);
void kmap_put_up(struct kmap_stack *s);

/* The current task's mappings come down, into @s.  Interrupts off, before the CR3 write. */
static ALWAYS_INLINE void kmap_switch_out(struct kmap_stack *s) REQUIRES(irqs_off)
{
	if (CONFIG_DEBUG)
		s->bias = kmap_bias;
	if (unlikely(kmap_depth != 0))
		kmap_take_down(s);
}

/*
 * Those of @s go up on this CPU, which has none.  Interrupts off, after the CR3 write: INVLPG
 * must reach the tag that the task then runs on.
 */
static ALWAYS_INLINE void kmap_switch_in(struct kmap_stack *s) REQUIRES(irqs_off)
{
	if (CONFIG_DEBUG)
		this_cpu_write(kmap_bias, s->bias);
	if (unlikely(s->depth != 0))
		kmap_put_up(s);
}

/*
 * Give @cpu, which does not run, its window's page table.  Its neutral root exists.
 * 0 or -ENOMEM.
 */
int kmap_prepare_cpu(u32 cpu) WARN_UNUSED_RESULT;
