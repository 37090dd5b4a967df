/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/layout.h - the address map.  One line a region; the margin says the
 * index in the level-4 table, then in the table below it, and the size.
 *
 *	user half: top-level entries 0..255, one mm's
 *	kernel half, shared by all CPUs: level-4 entries 256..510, filled at boot
 *	kernel half, this CPU's own: level-4 entry 511
 *
 * With four levels the level-4 table is the top-level one.  With five, kernel addresses
 * are the same: they all lie below the last top-level entry, 511, whose level-4 table is
 * then the CPU's own.  User entries are 512 times as large.
 *
 * The classic kernel uses the same map.  It has no CPU-local region: its per-CPU
 * data are reached through GS, and each CPU's entry area and kmap window lie at
 * addresses of their own in the shared half.
 */
#pragma once

#include "lib/types.h"

#define MAX_CPUS 256

#define USER_END	user_end	       /*   0..255		128 TiB, or 64 PiB */
#define USER_MAP_END	(USER_END - PAGE_SIZE) /* no code may end at USER_END: see syscall.asm */
#define DIRECT_MAP_BASE 0xffff800000000000ul   /* 256..383		 64 TiB */
#define DIRECT_MAP_END	0xffffc00000000000ul
#define PAGES_BASE                                                                                 \
	0xffffc00000000000ul /* 384..385		  1 TiB, struct page of each frame */
#define PAGES_END      0xffffc10000000000ul
#define STACKS_BASE    0xffffc20000000000ul /* 388		512 GiB, stacks with guard pages */
#define STACKS_END     0xffffc28000000000ul
#define DEVICES_BASE   0xffffc30000000000ul /* 390		512 GiB, registers, framebuffer */
#define DEVICES_END    0xffffc38000000000ul
#define CPU_AREAS_BASE 0xffffc40000000000ul /* 392		512 GiB, classic: per-CPU pages */
#define CPU_AREAS_END  0xffffc48000000000ul

#define KERNEL_BASE 0xffffffff80000000ul /* 511, 510	  1 GiB, kernel image: same on all */
#define KERNEL_END  0xffffffffc0000000ul
#define PERCPU_BASE 0xffffffffc0000000ul /* 511, 511, 0	  2 MiB, this CPU's variables */
#define PERCPU_END  0xffffffffc0200000ul

/* The neighbours in the CPU-local region: see arch/x86_64/cpu_area.h. */
#define CPU_LOCAL_BASE PERCPU_BASE
#define CPU_LOCAL_END  0xfffffffffffff000ul

/* The first address that is not the user's: pt_set_levels() says. */
extern vaddr_t user_end;

STATIC_ASSERT(DIRECT_MAP_END <= PAGES_BASE, "direct map overlaps the page array");
STATIC_ASSERT(PAGES_END <= STACKS_BASE, "page array overlaps the stacks");
STATIC_ASSERT(STACKS_END <= DEVICES_BASE, "stacks overlap the devices");
STATIC_ASSERT(DEVICES_END <= CPU_AREAS_BASE, "devices overlap the CPU areas");
STATIC_ASSERT(CPU_AREAS_END <= KERNEL_BASE, "CPU areas overlap the kernel image");
STATIC_ASSERT(KERNEL_END <= CPU_LOCAL_BASE, "kernel image overlaps the CPU-local region");

/* Does @va mean different memory on each CPU? */
static inline bool is_cpu_local(vaddr_t va)
{
	return va >= CPU_LOCAL_BASE && va < CPU_LOCAL_END;
}

/* Valid for memory that the direct map covers; see mm/kspace.h. */
static inline void *phys_to_virt(paddr_t pa)
{
	return (void *)(pa + DIRECT_MAP_BASE);
}

/* @p must be an address in the direct map. */
static inline paddr_t virt_to_phys(const void *p)
{
	return (vaddr_t)p - DIRECT_MAP_BASE;
}
