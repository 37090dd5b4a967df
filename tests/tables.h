/* SPDX-License-Identifier: MIT */
/*
 * tests/tables.h - the page table that is loaded.
 */
#pragma once

#include "arch/x86_64/pte.h"

const pte_t *loaded_root(void);
