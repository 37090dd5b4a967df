/* SPDX-License-Identifier: MIT */
/*
 * tests/tables.h - the page table that is loaded, and the kernel half.
 */
#pragma once

#include "arch/x86_64/pte.h"

const pte_t *loaded_root(void);

/* The entry that maps the page at @va in the kernel half, where all its tables are. */
pte_t *kernel_leaf(vaddr_t va);
