/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/events.c - the last events of a schedule, and the end of one that fails.
 */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/assert.h"
#include "mm/trace.h"
#include "tests/sim/vcpu.h"

#define TRACE_EVENTS 70u

struct event {
	const char *fmt;
	u64 step, args[4];
	u32 cpu;
};

static struct event events[TRACE_EVENTS];
static u64 event_count;
static u64 current_seed;

void events_begin(u64 seed)
{
	current_seed = seed;
	event_count = 0;
}

static void print_event(const struct event *e)
{
	char text[160];
	const char *fmt = e->fmt;

	/* All arguments are u64 and all events' formats literals of tests/sim. */
	snprintf(text, sizeof(text), fmt, e->args[0], e->args[1], e->args[2], e->args[3]);
	if (e->cpu == SIM_NOBODY)
		printf("%8lu      %s\n", e->step, text);
	else
		printf("%8lu CPU%u %s\n", e->step, e->cpu, text);
}

void sim_trace(const char *fmt, u64 a, u64 b, u64 c, u64 d)
{
	struct event *e = &events[event_count++ % TRACE_EVENTS];

	e->fmt = fmt;
	e->step = sim_steps;
	e->args[0] = a;
	e->args[1] = b;
	e->args[2] = c;
	e->args[3] = d;
	e->cpu = running;
	if (sim_options.trace)
		print_event(e);
}

/* Of the schedule that fails, for who has recorded and shortens it. */
char (*sim_failure)[FAILURE_TEXT];

static NORETURN void fail(const char *text)
{
	u64 first = event_count > TRACE_EVENTS ? event_count - TRACE_EVENTS : 0;

	if (sim_failure != NULL)
		snprintf(*sim_failure, FAILURE_TEXT, "%s", text);
	if (sim_options.quiet)
		_exit(1);
	if (!sim_options.trace)
		for (u64 i = first; i < event_count; i++)
			print_event(&events[i % TRACE_EVENTS]);
	printf("sim: FAILED %s %lu %sstep %lu CPU %d: %s\n",
	       sim_options.scenario == NULL ? "seed" : "schedule", current_seed,
	       sim_options.scenario == NULL ? "" : sim_options.scenario, sim_steps, (int)running,
	       text);
	fflush(stdout);
	_exit(1);
}

void sim_fail(const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fail(text);
}

void panic(const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fail(text);
}

/* The simulator keeps a trace of its own. */
bool trace_on;

void trace_write(enum trace_event event, u64 ctx_id, u64 arg)
{
	(void)event;
	(void)ctx_id;
	(void)arg;
}
