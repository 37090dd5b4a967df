/* SPDX-License-Identifier: MIT */
/*
 * tests/account.h - what there is of everything, to compare before and after.
 */
#pragma once

#include "lib/types.h"
#include "tests/harness.h"

struct account {
	u64 cpus;    /* online */
	u64 free;    /* pages */
	u64 pgds;    /* pages */
	u64 records; /* pages, of slots */
	u64 threads;
};

/* Of now; slabs that nobody uses are given back first. */
struct account account(void);

/* The test fails if anything differs; a note says what there was. */
void expect_same_account(struct test *t, const struct account *before, const struct account *after);
