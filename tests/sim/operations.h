/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/operations.h - what threads do on simulated CPUs: accesses, changes of address
 * spaces, switches.  One thread runs on each; it holds the address space that it runs on.
 */
#pragma once

#include "arch/x86_64/pte.h"
#include "mm/mm.h"

#define NO_ADDRESS (~0ul)
#define TOPS_MAX   4u /* top-level entries that programs use */

/* A schedule begins. */
void operations_begin(void);
/* A program begins on @cpu, which runs. */
void thread_begin(u32 cpu);
/* What this CPU's thread runs on; NULL: it borrows what is loaded. */
struct mm *thread_mm(void);

/* @mm is new: it counts as living until its last user has gone.  Returns it. */
struct mm *born(struct mm *mm);
void put(struct mm *mm);
/* The reference of the one with @ctx_id; NULL: it is dead. */
const pte_t *living_reference_of(u64 ctx_id);

/* An access in the thread's address space, with the faults that it takes. */
void touch(vaddr_t va, bool write);

/* REGION_READ | REGION_WRITE, and @flags; it may be mapped already. */
void map_range(struct mm *mm, vaddr_t start, u64 size, u32 flags);
void unmap(struct mm *mm, vaddr_t start, vaddr_t end);
void protect(struct mm *mm, vaddr_t start, vaddr_t end, u32 rights);
struct mm *forked(struct mm *mm);

/*
 * As a thread switch does it.  @interrupt: an address that an interrupt touches in the
 * middle of it; NO_ADDRESS.
 */
void switch_to(struct mm *next, vaddr_t interrupt);
void go_lazy(void);
void go_neutral(void);
void give_back(void);
/* This CPU goes and comes back: what others still read of its slots serves nobody meanwhile. */
void leave_and_return(void);
