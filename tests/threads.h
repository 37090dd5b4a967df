/* SPDX-License-Identifier: MIT */
/*
 * tests/threads.h - part of a test in threads: one on some CPU, or some on every CPU.
 */
#pragma once

#include "kernel/thread.h"
#include "tests/harness.h"

/* A thread on @cpu that has not started; NULL: no memory, and the test has failed. */
struct thread *make_thread(struct test *t, u32 cpu, u32 priority, thread_fn fn, void *arg);

/* The same with a name, started, and of the default priority. */
struct thread *start_thread(struct test *t, u32 cpu, const char *name, thread_fn fn, void *arg);

/* @fn(@arg) in a thread on @cpu, to its end: its status, or -ENOMEM, and the test has failed. */
int run_thread(struct test *t, u32 cpu, thread_fn fn, void *arg);

/*
 * Run @fn in @each threads on each online CPU, all at the same time, and wait for them.
 * Thread n, counted CPU by CPU, gets @args + n * @size: the same for all if @size is 0.
 * The test fails if there is no memory for one of them.
 */
void threads_on_each_cpu(struct test *t, u32 each, thread_fn fn, void *args, size_t size);

/* One thread with @arg on each, on crowd= CPUs at a time: for what spins for each other. */
void threads_in_crowds(struct test *t, thread_fn fn, void *arg);
