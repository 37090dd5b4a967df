/* SPDX-License-Identifier: MIT */
/*
 * tests/threads.h - part of a test in threads on every CPU.
 */
#pragma once

#include "kernel/thread.h"
#include "tests/harness.h"

/*
 * Run @fn in @each threads on each online CPU, all at the same time, and wait for them.
 * Thread n, counted CPU by CPU, gets @args + n * @size: the same for all if @size is 0.
 * The test fails if there is no memory for one of them.
 */
void threads_on_each_cpu(struct test *t, u32 each, thread_fn fn, void *args, size_t size);

/* One thread with @arg on each, on crowd= CPUs at a time: for what spins for each other. */
void threads_in_crowds(struct test *t, thread_fn fn, void *arg);
