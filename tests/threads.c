/* SPDX-License-Identifier: MIT */
/*
 * tests/threads.c - see threads.h.
 */
#include "lib/err.h"
#include "mm/slab.h"
#include "tests/cpus.h"
#include "tests/threads.h"

static struct thread *create_named(struct test *t, u32 cpu, const char *name, thread_fn fn,
				   void *arg)
{
	struct thread *thread = thread_create_on(cpu, name, fn, arg);

	EXPECT(t, thread != NULL, "no memory for thread %s on CPU %u", name, cpu);
	return thread;
}

struct thread *make_thread(struct test *t, u32 cpu, u32 priority, thread_fn fn, void *arg)
{
	struct thread *thread = create_named(t, cpu, "test", fn, arg);

	if (thread != NULL)
		thread_set_priority(thread, priority);
	return thread;
}

struct thread *start_thread(struct test *t, u32 cpu, const char *name, thread_fn fn, void *arg)
{
	struct thread *thread = create_named(t, cpu, name, fn, arg);

	if (thread != NULL)
		thread_start(thread);
	return thread;
}

int run_thread(struct test *t, u32 cpu, thread_fn fn, void *arg)
{
	struct thread *thread = start_thread(t, cpu, "test", fn, arg);

	return thread != NULL ? thread_join(thread) : -ENOMEM;
}

struct work {
	thread_fn fn;
	char *args;
	size_t size;
};

static u32 create(struct test *t, const struct cpumask *mask, u32 each, const struct work *w,
		  struct thread **threads)
{
	u32 cpu, n = 0;

	for_each_cpu (cpu, mask)
		for (u32 i = 0; i < each; i++, n++) {
			threads[n] = thread_create_on(cpu, "test", w->fn, w->args + n * w->size);
			EXPECT(t, threads[n] != NULL, "no memory for thread %u", n);
		}
	return n;
}

static void run(struct test *t, const struct cpumask *mask, u32 each, const struct work *w)
{
	struct thread **threads = kmalloc(each * cpumask_weight(mask) * sizeof(threads[0]));
	u32 n;

	EXPECT(t, threads != NULL, "no memory for the list of threads");
	if (threads == NULL)
		return;
	n = create(t, mask, each, w, threads);
	for (u32 i = 0; i < n; i++)
		if (threads[i] != NULL)
			thread_start(threads[i]);
	for (u32 i = 0; i < n; i++)
		if (threads[i] != NULL)
			thread_join(threads[i]);
	kfree(threads);
}

void threads_on_each_cpu(struct test *t, u32 each, thread_fn fn, void *args, size_t size)
{
	const struct work w = { fn, args, size };

	run(t, &cpus_online, each, &w);
}

void threads_in_crowds(struct test *t, thread_fn fn, void *arg)
{
	const struct work w = { fn, arg, 0 };
	u32 from = 0;

	for (struct cpumask crowd = next_crowd(&from); cpumask_weight(&crowd) != 0;
	     crowd = next_crowd(&from))
		run(t, &crowd, 1, &w);
}
