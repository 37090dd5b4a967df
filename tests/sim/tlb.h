/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/tlb.h - a TLB tagged by PCID that never drops what it may keep, and the
 * oracles that watch it.
 *
 * It holds leaves and entries of all levels above (paging-structure caches), each with
 * where in memory it was read.  A change of that word that takes a right away makes it
 * stale; once the operation that changed it has returned, or the frame it names has been
 * freed, it is dead.  A dead entry must not be in the tag that CR3 names, ever: some load
 * could use it (R3, R4).
 *
 * All of it is called outside (sim_outside()), or by the running CPU about itself.
 */
#pragma once

#include "arch/x86_64/pte.h"

struct tlb_use {
	u32 cpu;
	vaddr_t va;
	bool write;
	bool ok;      /* out: the access went through */
	bool present; /* out: not ok because of rights only */
};

void tlb_reset(void);

/* The instruction on @cpu, whose CR3 was @old. */
void tlb_cr3_written(u32 cpu, u64 value);
void tlb_invlpg(u32 cpu, vaddr_t va);

/* What INVPCID drops; there are no global entries here. */
void tlb_drop_page(u32 cpu, u64 pcid, vaddr_t va);
void tlb_drop_tag(u32 cpu, u64 pcid);
void tlb_drop_all(u32 cpu);

/* Fill something for @va from the loaded root, as a speculative access would. */
void tlb_speculate(u32 cpu, vaddr_t va);

/* struct tlb_use: an access, through any candidate entry or a walk.  A fault drops what
 * it used. */
void tlb_use(void *arg);

/*
 * The word at @pa, @old for everybody, is about to be @value, in @operation (0: in none); and
 * it is.  Outside, or nobody's store waits in memory.
 */
void tlb_memory_changes(u64 operation, paddr_t pa, u64 old, u64 value);
void tlb_memory_changed(paddr_t pa);

/* @cpu is about to write CR3: its store buffer is empty. */
void tlb_leaves(u32 cpu);

void tlb_operation_done(u64 operation);

/* The frames of [@pa, @pa + @size) are free from now on. */
void tlb_frames_freed(paddr_t pa, u64 size);

/* R2 of the loaded PGD of each CPU. */
void tlb_check_loaded(void);
