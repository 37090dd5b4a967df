/* SPDX-License-Identifier: MIT */
/*
 * tests/cpu_pinned.c - a CPU is to leave, and threads are in migrate-disabled sections on it
 * (R8); and what becomes of all others there.
 */
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/time.h"
#include "kernel/hotplug.h"
#include "kernel/sched.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "mm/slab.h"
#include "tests/cpus.h"
#include "tests/hotplug.h"
#include "tests/puppet.h"
#include "tests/storm.h"
#include "tests/threads.h"

#define LEAVING	  1u /* the CPU that these tests take down */
#define ELSEWHERE 0u
#define LONG_NS	  (1500 * NS_PER_MS) /* the grace period, and some more */
#define SHORT_NS  (20 * NS_PER_MS)
#define PROMPT_NS (500 * NS_PER_MS) /* well below the grace period */

#define SPINNERS    3u
#define SPIN_CYCLES 40u
#define GIVE_WAY_NS (10 * NS_PER_SEC) /* far more than it takes */

/* A thread that takes a CPU down. */
struct taker {
	struct thread *thread;
	u32 cpu;
	u64 timeout; /* 0: none */
	u64 ended;   /* time_ns() when it was done */
	int result;
};

static int take_down(void *arg)
{
	struct taker *k = arg;

	k->result = cpu_down(k->cpu, k->timeout);
	k->ended = time_ns();
	return 0;
}

static void ask_to_take(struct taker *k, u32 cpu, u64 timeout)
{
	*k = (struct taker){ .cpu = cpu, .timeout = timeout };
	k->thread = thread_create_on(ELSEWHERE, "taker", take_down, k);
	if (k->thread == NULL)
		panic("cpu.pinned: no memory for a thread");
	thread_set_priority(k->thread, PRIORITY_HIGH);
	thread_start(k->thread);
}

/* Returns when the CPU takes no more threads. */
static void start_taking(struct taker *k, u32 cpu, u64 timeout)
{
	ask_to_take(k, cpu, timeout);
	while (cpumask_test(&cpus_active, cpu))
		sleep_ns(A_MOMENT);
}

/* Up again, if it is down: the tests after this one want it. */
static void bring_back(struct test *t, u32 cpu)
{
	int err = cpu_up(cpu);

	EXPECT(t, err == 0, "cpu_up(%u): %s", cpu, err_name(err));
}

/* A thread with a name of its own, and a section in a function of its own, for the console. */
struct sleeper {
	struct completion entered, leave;
	u64 left;
	u32 before, after;
};

static NOINLINE int sleep_in_a_section(void *arg)
{
	struct sleeper *s = arg;

	migrate_disable();
	s->before = cpu_id;
	complete(&s->entered);
	wait_for_completion(&s->leave);
	s->after = cpu_id;
	s->left = time_ns();
	migrate_enable();
	return 0;
}

/*
 * The question: a task disables migration and sleeps, and its CPU is asked to go.  The CPU
 * waits, the console names the task, and when the section ends it goes at once.
 */
TEST("cpu.pinned", task_sleeps_and_its_cpu_is_asked_to_go, .cpus = 2)
{
	static struct sleeper s;
	struct thread *sleeper;
	struct taker k;

	completion_init(&s.entered);
	completion_init(&s.leave);
	sleeper = start_thread(t, LEAVING, "sleeper", sleep_in_a_section, &s);
	if (sleeper == NULL)
		return;
	wait_for_completion(&s.entered);
	start_taking(&k, LEAVING, 0);
	sleep_ns(LONG_NS);
	EXPECT(t, cpumask_test(&cpus_online, LEAVING), "CPU %u is gone", LEAVING);
	complete(&s.leave);
	thread_join(sleeper);
	thread_join(k.thread);
	EXPECT_EQ(t, k.result, 0);
	EXPECT_EQ(t, s.before, LEAVING);
	EXPECT_EQ(t, s.after, LEAVING);
	EXPECT(t, !cpumask_test(&cpus_online, LEAVING), "CPU %u is there", LEAVING);
	test_note("CPU %u went %lu us after the section's end", LEAVING,
		  (k.ended - s.left) / NS_PER_US);
	bring_back(t, LEAVING);
}

/* The time is over: the CPU stays, takes threads as before, and the caller is told. */
TEST("cpu.pinned", time_out_is_busy, .cpus = 2)
{
	struct puppet pinned, other;
	struct taker k;

	if (!make_puppet(t, &pinned, LEAVING) || !make_puppet(t, &other, LEAVING))
		return;
	order(&pinned, ORDER_ENTER);
	EXPECT_EQ(t, cpu_down(LEAVING, SHORT_NS), -EBUSY);
	EXPECT(t, cpumask_test(&cpus_active, LEAVING), "CPU %u takes no threads", LEAVING);
	order(&other, ORDER_SLEEP);
	EXPECT_EQ(t, other.cpu, LEAVING);
	order(&pinned, ORDER_SLEEP);
	EXPECT_EQ(t, pinned.cpu, LEAVING);
	start_taking(&k, LEAVING, 0); /* the next one has no such limit */
	sleep_ns(SHORT_NS);
	order(&pinned, ORDER_LEAVE);
	thread_join(k.thread);
	EXPECT_EQ(t, k.result, 0);
	bring_back(t, LEAVING);
	end_puppet(&pinned);
	end_puppet(&other);
}

/* One CPU waits for a section; another that is asked to go meanwhile goes after it. */
TEST("cpu.pinned", one_after_the_other, .cpus = 3)
{
	u32 other = cpumask_next(&cpus_online, LEAVING);
	struct puppet pinned;
	struct taker first, second;

	if (!make_puppet(t, &pinned, LEAVING))
		return;
	order(&pinned, ORDER_ENTER);
	start_taking(&first, LEAVING, 0);
	ask_to_take(&second, other, 0);
	sleep_ns(SHORT_NS);
	EXPECT(t, cpumask_test(&cpus_active, other), "two leave at once");
	order(&pinned, ORDER_LEAVE);
	thread_join(first.thread);
	thread_join(second.thread);
	EXPECT_EQ(t, first.result, 0);
	EXPECT_EQ(t, second.result, 0);
	bring_back(t, LEAVING);
	bring_back(t, other);
	end_puppet(&pinned);
}

/* A CPU that is back comes for what waits for it on a busy one. */
TEST("cpu.pinned", back_and_pulls, .cpus = 2)
{
	struct puppet p;
	u64 until;

	if (!make_puppet(t, &p, cpu_id))
		return;
	EXPECT_EQ(t, cpu_down(LEAVING, 0), 0);
	bring_back(t, LEAVING);
	preempt_disable();
	tell(&p, ORDER_SLEEP);
	p.thread->affinity = only(LEAVING); /* it waits on this CPU's queue */
	until = time_ns() + GIVE_WAY_NS;
	while (!has_done(&p) && time_ns() < until)
		cpu_pause();
	EXPECT(t, has_done(&p), "nobody came for it");
	preempt_enable();
	end_puppet(&p);
}

/*
 * While the CPU waits for one section: who is in it is woken and runs there; who is not runs
 * elsewhere, woken, running or waiting, whatever its affinity; and all are back afterwards.
 */
TEST("cpu.pinned", who_may_run_where_meanwhile, .cpus = 2)
{
	struct puppet pinned, asleep, running;
	struct taker k;

	if (!make_puppet(t, &pinned, LEAVING) || !make_puppet(t, &asleep, LEAVING) ||
	    !make_puppet(t, &running, LEAVING))
		return;
	order(&pinned, ORDER_ENTER);
	order(&running, ORDER_SPIN);
	EXPECT_EQ(t, running.cpu, LEAVING);
	start_taking(&k, LEAVING, 0);
	order(&running, ORDER_SPIN);
	EXPECT(t, running.cpu != LEAVING, "a thread runs on the CPU that leaves");
	order(&asleep, ORDER_SLEEP);
	EXPECT(t, asleep.cpu != LEAVING, "a thread was woken on the CPU that leaves");
	order(&asleep, ORDER_ENTER);
	EXPECT(t, asleep.cpu != LEAVING, "a section began on the CPU that leaves");
	order(&asleep, ORDER_LEAVE);
	order(&pinned, ORDER_SPIN);
	EXPECT_EQ(t, pinned.cpu, LEAVING);
	order(&pinned, ORDER_SLEEP);
	EXPECT_EQ(t, pinned.cpu, LEAVING);
	EXPECT(t, cpumask_test(&cpus_online, LEAVING), "CPU %u is gone", LEAVING);
	order(&pinned, ORDER_LEAVE);
	EXPECT(t, pinned.cpu != LEAVING, "it stayed behind its section");
	thread_join(k.thread);
	EXPECT_EQ(t, k.result, 0);
	order(&asleep, ORDER_SLEEP);
	EXPECT(t, asleep.cpu != LEAVING, "a thread runs on a CPU that is down");
	bring_back(t, LEAVING);
	order(&asleep, ORDER_SLEEP);
	order(&running, ORDER_SLEEP); /* the last order was to spin: it has to be switched out */
	order(&running, ORDER_SLEEP);
	EXPECT_EQ(t, asleep.cpu, LEAVING);
	EXPECT_EQ(t, running.cpu, LEAVING);
	end_puppet(&pinned);
	end_puppet(&asleep);
	end_puppet(&running);
}

/* Nobody else wants the CPU on which it spins meanwhile: it comes back because it is told. */
TEST("cpu.pinned", lonely_spinner_comes_back, .cpus = 3)
{
	struct puppet p;
	u64 until;

	if (!make_puppet(t, &p, LEAVING))
		return;
	order(&p, ORDER_SPIN);
	EXPECT_EQ(t, cpu_down(LEAVING, 0), 0);
	EXPECT(t, READ_ONCE(p.thread->cpu) != LEAVING, "it is on a CPU that is down");
	bring_back(t, LEAVING);
	until = time_ns() + GIVE_WAY_NS;
	while (READ_ONCE(p.thread->cpu) != LEAVING && time_ns() < until)
		sleep_ns(A_MOMENT);
	EXPECT_EQ(t, p.thread->cpu, LEAVING);
	end_puppet(&p);
}

/* Sections again and again, with hardly a gap: the CPU goes in one of them. */
static int section_after_section(void *arg)
{
	u32 *stop = arg, sections = 0;

	while (!READ_ONCE(*stop)) {
		migrate_disable();
		yield();
		migrate_enable();
		sections++;
	}
	return (int)MIN(sections, 0x7fffffffu);
}

TEST("cpu.pinned", new_sections_do_not_hold_it, .cpus = 2)
{
	static u32 stop;
	struct thread *thread;

	WRITE_ONCE(stop, 0);
	thread = start_thread(t, LEAVING, "loop", section_after_section, &stop);
	if (thread == NULL)
		return;
	for (u32 i = 0; i < 5; i++) {
		EXPECT_EQ(t, cpu_down(LEAVING, 0), 0);
		bring_back(t, LEAVING);
	}
	WRITE_ONCE(stop, 1);
	thread_join(thread);
}

/*
 * Who is urgent and spins holds up a section of one who is not, until it is moved away: perhaps
 * to this CPU, where this thread is more urgent still.
 */
TEST("cpu.pinned", urgent_spinner_gives_way, .cpus = 2)
{
	struct puppet spinner, pinned;
	struct taker k;

	if (!make_puppet(t, &pinned, LEAVING) || !make_puppet(t, &spinner, LEAVING))
		return;
	thread_set_priority(current, PRIORITY_HIGH);
	order(&pinned, ORDER_ENTER);
	thread_set_priority(spinner.thread, PRIORITY_DEFAULT + 1);
	order(&spinner, ORDER_SPIN);
	tell(&pinned, ORDER_LEAVE);
	sleep_ns(NS_PER_MS);
	EXPECT(t, !has_done(&pinned), "it ran beside one that is more urgent");
	start_taking(&k, LEAVING, 0);
	thread_join(k.thread);
	EXPECT_EQ(t, k.result, 0);
	/* With two CPUs they met again behind the section's end. */
	end_puppet(&spinner);
	while (!has_done(&pinned))
		sleep_ns(A_MOMENT);
	EXPECT(t, pinned.cpu != LEAVING, "it stayed behind its section");
	end_puppet(&pinned);
	bring_back(t, LEAVING);
	thread_set_priority(current, PRIORITY_DEFAULT);
}

/* Those that belong there come back when they are switched out elsewhere. */
static int take_from_spinners(void *arg)
{
	static struct storm_clock clock;
	struct operation *o = arg;
	struct rand r = test_rand(o->t);

	storm_start(&clock, SPIN_CYCLES);
	while (storm_step_due(&clock) && !test_failed(o->t)) {
		EXPECT_EQ(o->t, cpu_down(o->cpu, GIVE_WAY_NS), 0);
		EXPECT_EQ(o->t, cpu_up(o->cpu), 0);
		sleep_ns(rand_below(&r, 10 * A_MOMENT));
	}
	return 0;
}

/* They are on a CPU that goes, run or wait for their turn, and never give way by themselves. */
TEST("cpu.pinned", spinners_give_way, .cpus = 3)
{
	u32 cpu = cpumask_next(&cpus_online, BOOT_CPU), n = 0;
	struct puppet spinners[SPINNERS];

	for (; n < SPINNERS && make_puppet(t, &spinners[n], cpu); n++) {
		/* They run beside others, elsewhere. */
		thread_set_priority(spinners[n].thread, PRIORITY_LOW);
		tell(&spinners[n], ORDER_SPIN);
	}
	operate(t, cpu, take_from_spinners);
	while (n > 0)
		end_puppet(&spinners[--n]);
}

/* A thread ends while its CPU leaves; a change of affinity waits for a section there. */
TEST("cpu.pinned", end_and_affinity_meanwhile, .cpus = 3)
{
	struct puppet pinned, ending;
	struct taker k;

	if (!make_puppet(t, &pinned, LEAVING) || !make_puppet(t, &ending, LEAVING))
		return;
	order(&pinned, ORDER_ENTER);
	start_taking(&k, LEAVING, 0);
	end_puppet(&ending);
	EXPECT_EQ(t, move(&ending, LEAVING), -EINVAL); /* not to there, whoever it is */
	tell(&pinned, ORDER_LEAVE);
	EXPECT_EQ(t, move(&pinned, 2), 0);
	order(&pinned, ORDER_SLEEP);
	EXPECT_EQ(t, pinned.cpu, 2);
	thread_join(k.thread);
	EXPECT_EQ(t, k.result, 0);
	end_puppet(&pinned);
	bring_back(t, LEAVING);
}

/* The caller's own CPU; and it may not be in a section itself. */
static int take_own_cpu_down(void *arg)
{
	struct test *t = arg;

	migrate_disable();
	EXPECT_EQ(t, cpu_down(cpu_id, 0), -EDEADLK);
	migrate_enable();
	EXPECT_EQ(t, cpu_down(LEAVING, 0), 0);
	EXPECT(t, this_cpu_read(cpu_id) != LEAVING, "this CPU is down");
	return 0;
}

TEST("cpu.pinned", callers_own_cpu, .cpus = 2)
{
	run_thread(t, LEAVING, take_own_cpu_down, t);
	bring_back(t, LEAVING);
}

/* --- how long it takes --------------------------------------------------------------------- */

static struct crowd {
	struct sleeper sleeper;
	struct thread *thread;
} crowd[100];

static u64 make_crowd(u32 n)
{
	for (u32 i = 0; i < n; i++) {
		struct crowd *c = &crowd[i];

		completion_init(&c->sleeper.entered);
		completion_init(&c->sleeper.leave);
		c->thread = thread_create_on(LEAVING, "pinned", sleep_in_a_section, &c->sleeper);
		if (c->thread == NULL)
			return i;
		thread_start(c->thread);
		wait_for_completion(&c->sleeper.entered);
	}
	return n;
}

/* From the end of a section that the CPU waits for to the end of cpu_down(). */
static u64 time_to_go(struct test *t)
{
	struct sleeper *s = &crowd[0].sleeper;
	struct taker k;

	if (make_crowd(1) != 1)
		panic("cpu.pinned: no memory for a thread");
	start_taking(&k, LEAVING, 0);
	sleep_ns(SHORT_NS);
	complete(&s->leave);
	thread_join(k.thread);
	thread_join(crowd[0].thread);
	EXPECT_EQ(t, k.result, 0);
	bring_back(t, LEAVING);
	return k.ended - s->left;
}

/*
 * Who waits for the section is woken by its end.  If not, it would look by itself when the grace
 * period is over, each time; a host that is busy is late only sometimes.
 */
TEST("cpu.pinned", end_of_a_section_is_told, .cpus = 2)
{
	u64 best = LONG_NS;

	for (u32 i = 0; i < 5; i++)
		best = MIN(best, time_to_go(t));
	EXPECT(t, best < PROMPT_NS, "it took %lu ms at best", best / NS_PER_MS);
}

/* From the end of the last of @n sections, or from the call, to the end of cpu_down(). */
static void measure_down(struct test *t, u32 n)
{
	struct taker k;
	u64 start = 0;
	u32 made = (u32)make_crowd(n);

	EXPECT(t, made == n, "memory for %u threads of %u", made, n);
	if (n == 0)
		start = time_ns();
	start_taking(&k, LEAVING, 0);
	for (u32 i = 0; i < made; i++)
		complete(&crowd[i].sleeper.leave);
	thread_join(k.thread);
	for (u32 i = 0; i < made; i++) {
		thread_join(crowd[i].thread);
		start = MAX(start, crowd[i].sleeper.left);
		EXPECT_EQ(t, crowd[i].sleeper.after, LEAVING);
	}
	EXPECT_EQ(t, k.result, 0);
	EXPECT(t, k.ended >= start, "CPU %u went before the last section's end", LEAVING);
	test_note("%u pinned threads: down %lu us after the last section's end", n,
		  (k.ended - start) / NS_PER_US);
	bring_back(t, LEAVING);
}

TEST("cpu.pinned", latency_with_0_1_and_100, .cpus = 2)
{
	measure_down(t, 0);
	measure_down(t, 1);
	measure_down(t, ARRAY_SIZE(crowd));
}
