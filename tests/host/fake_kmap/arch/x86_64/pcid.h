/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fake_kmap/arch/x86_64/pcid.h - the kernel's own header, but INVLPG, which is the
 * simulated machine's.
 */
#pragma once

#define tlb_local_page tlb_local_page_of_the_host
#include_next "arch/x86_64/pcid.h"
#undef tlb_local_page

/* Drop the page from the loaded tag of the CPU that has its turn, and global entries of it. */
void tlb_local_page(vaddr_t va);
