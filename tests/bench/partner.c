/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/partner.c - see partner.h.
 */
#include "kernel/sched.h"
#include "tests/bench/partner.h"

int partner_run(void *arg)
{
	struct partner *p = arg;

	kthread_use_mm(p->mm);
	while (!READ_ONCE(p->stop)) {
		yield();
		p->arrived = bench_clock(COUNT_END);
	}
	kthread_unuse_mm();
	return 0;
}
