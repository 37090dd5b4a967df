/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/partner.h - the other side of a benchmark of switches: a thread that takes turns
 * with who measures, and notes when it is its own.
 */
#pragma once

#include "kernel/thread.h"
#include "tests/bench/bench.h"

struct partner {
	struct mm *mm;
	u64 arrived; /* when its yield returned */
	bool stop;
};

/* A thread's function; @arg: a struct partner. */
int partner_run(void *arg);
