/* SPDX-License-Identifier: MIT */
/*
 * tests/threads.c - see threads.h.
 */
#include "mm/slab.h"
#include "tests/cpus.h"
#include "tests/threads.h"

static u32 create(struct test *t, u32 each, thread_fn fn, void *args, size_t size,
		  struct thread **threads)
{
	u32 cpu, n = 0;

	for_each_cpu (cpu, &cpus_online)
		for (u32 i = 0; i < each; i++, n++) {
			threads[n] = thread_create_on(cpu, "test", fn, (char *)args + n * size);
			EXPECT(t, threads[n] != NULL, "no memory for thread %u", n);
		}
	return n;
}

void threads_on_each_cpu(struct test *t, u32 each, thread_fn fn, void *args, size_t size)
{
	u32 wanted = each * cpumask_weight(&cpus_online), n;
	struct thread **threads = kmalloc(wanted * sizeof(threads[0]));

	EXPECT(t, threads != NULL, "no memory for the list of threads");
	if (threads == NULL)
		return;
	n = create(t, each, fn, args, size, threads);
	for (u32 i = 0; i < n; i++)
		if (threads[i] != NULL)
			thread_start(threads[i]);
	for (u32 i = 0; i < n; i++)
		if (threads[i] != NULL)
			thread_join(threads[i]);
	kfree(threads);
}
