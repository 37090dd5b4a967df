/* SPDX-License-Identifier: MIT */
/*
 * tests/hotplug.h - who takes a CPU down, the operator, is a thread on another one; the test's
 * own thread waits for it, wherever it is pinned.
 */
#pragma once

#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/threads.h"
#include "tests/user_memory.h"

#define BASE 0x60000000ul

struct operation {
	struct test *t;
	u32 cpu; /* the one that goes */
	struct mm *mm;
	u64 value; /* what it holds at BASE */
};

/* @fn with a struct operation for @cpu, in a thread on another CPU, to its end. */
void operate(struct test *t, u32 cpu, thread_fn fn);

/* The same for the boot CPU, and some others one after the other. */
void operate_on_some(struct test *t, thread_fn fn);

/* Threads, calls, kmaps, address spaces, timers: o->cpu does it all.  On another CPU. */
void check_works(struct operation *o);

/* For run_on_cpus(): count in the u64 at @arg. */
void count_call(void *arg);
