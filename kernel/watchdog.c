/* SPDX-License-Identifier: MIT */
/*
 * kernel/watchdog.c - see watchdog.h.
 */
#include "arch/x86_64/time.h"
#include "kernel/timer.h"
#include "kernel/watchdog.h"
#include "lib/assert.h"

static const char *watched;
static u64 limit;
static struct timer timer;

static void bark(struct timer *t)
{
	(void)t;
	panic("%s takes longer than its limit of %lu ms", watched, limit / NS_PER_MS);
}

void watchdog_start(const char *what, u64 ns)
{
	watched = what;
	limit = ns;
	timer_init(&timer, bark);
	timer_start(&timer, time_ns() + ns);
}

void watchdog_stop(void)
{
	timer_cancel(&timer);
}
