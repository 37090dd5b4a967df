/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fake/arch/x86_64/layout.h - the address map of a simulated machine: its
 * physical memory and its page array are two reservations of the host's.
 */
#pragma once

#include "lib/types.h"

#define MAX_CPUS 8
#define USER_END 0x0000800000000000ul

extern char *machine_ram;   /* physical address 0 */
extern char *machine_pages; /* the page array */

#define PAGES_BASE ((u64)machine_pages)

static inline void *phys_to_virt(paddr_t pa)
{
	return machine_ram + pa;
}

static inline paddr_t virt_to_phys(const void *p)
{
	return (paddr_t)((const char *)p - machine_ram);
}
