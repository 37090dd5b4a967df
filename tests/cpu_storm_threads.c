/* SPDX-License-Identifier: MIT */
/*
 * tests/cpu_storm_threads.c - see cpu_storm.h: sections, mutexes, timers, rings for each other,
 * and threads that a stormer waits for.
 */
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/time.h"
#include "kernel/sched.h"
#include "lib/err.h"
#include "tests/cpu_storm.h"
#include "tests/user_memory.h"

/* The stormer waits, is preempted, or goes on. */
void act_pass_time(struct stormer *w, u32 level)
{
	(void)level;
	switch (rand_below(&w->r, 4)) {
	case 0:
		yield();
		break;
	case 1:
		sleep_ns(rand_below(&w->r, A_MOMENT));
		break;
	default:
		for (u64 i = rand_below(&w->r, 3000); i > 0; i--)
			cpu_pause();
	}
}

/* R7. */
void act_section(struct stormer *w, u32 level)
{
	u32 cpu;

	migrate_disable();
	cpu = cpu_id;
	act_inside(w, level);
	EXPECT_EQ(storm.t, cpu_id, cpu);
	EXPECT(storm.t, cpumask_test(&cpus_online, cpu), "CPU %u is not online", cpu);
	migrate_enable();
	w->sections++;
}

/*
 * A mutex goes to the most urgent: one that is less so may wait in its section for as long as
 * others want it.  So they stop when the operator and the meddlers, who wait for sections,
 * are to end.
 */
void act_lock(struct stormer *w, u32 level)
{
	u32 before = w->mutexes, n = before + (u32)rand_below(&w->r, 2);
	struct mutex *m = &storm.mutex[n];

	if (n >= ARRAY_SIZE(storm.mutex) || READ_ONCE(storm.calm))
		return;
	mutex_lock(m);
	w->mutexes = n + 1;
	act_inside(w, level);
	EXPECT(storm.t, mutex_held(m), "stormer %u: mutex %u has gone", w->number, n);
	w->mutexes = before;
	mutex_unlock(m);
}

static void on_time(struct timer *t)
{
	__atomic_fetch_add(&container_of(t, struct stormer, timer)->expired, 1, __ATOMIC_RELAXED);
}

void stormer_init(struct stormer *w)
{
	completion_init(&w->bell);
	timer_init(&w->timer, on_time);
}

/* It expires or is cancelled: one of them. */
void act_timer(struct stormer *w, u32 level)
{
	u64 before = __atomic_load_n(&w->expired, __ATOMIC_RELAXED);
	bool cancelled;

	timer_start(&w->timer, time_ns() + rand_below(&w->r, A_MOMENT));
	act_pass_time(w, level);
	cancelled = timer_cancel(&w->timer);
	EXPECT_EQ(storm.t, __atomic_load_n(&w->expired, __ATOMIC_RELAXED) + cancelled, before + 1);
}

void act_ring(struct stormer *w, u32 level)
{
	(void)level;
	w->rung++;
	complete(&storm.stormer[rand_below(&w->r, storm.n)]->bell);
}

void act_listen(struct stormer *w, u32 level)
{
	int err = wait_for_completion_timeout(&w->bell, time_ns() + rand_below(&w->r, A_MOMENT));

	(void)level;
	EXPECT(storm.t, err == 0 || err == -ETIMEDOUT, "%s", err_name(err));
	w->heard += err == 0;
}

struct child {
	struct stormer *parent;
	struct rand r;
	struct mm *mm;
};

/* Its parent's page in a mapping of its own, over a sleep. */
static int be_child(void *arg)
{
	struct child *c = arg;
	struct stormer *w = c->parent;
	const u64 *p = kmap_local_page(w->source);

	use(c->mm);
	sleep_ns(rand_below(&c->r, A_MOMENT));
	EXPECT_EQ(storm.t, *p, storm_word(w->number, HELD_MAX, 0));
	use(NULL);
	kunmap_local(p);
	return (int)w->number;
}

/* Anywhere, or on one CPU, which may be down. */
void act_child(struct stormer *w, u32 level)
{
	struct child c = { .parent = w, .mm = current->mm };
	u32 cpu = some_storm_cpu(&w->r);
	struct thread *t;

	if (!enter(&storm.children, CHILDREN_MAX))
		return;
	rand_seed(&c.r, rand_next(&w->r));
	t = rand_below(&w->r, 2) == 0 ? thread_create_on(cpu, "child", be_child, &c)
				      : thread_create("child", be_child, &c);
	EXPECT(storm.t, t != NULL, "no memory for a thread");
	if (t != NULL) {
		thread_start(t);
		act_pass_time(w, level);
		EXPECT_EQ(storm.t, thread_join(t), w->number);
	}
	leave(&storm.children);
}
