/* SPDX-License-Identifier: MIT */
/*
 * tests/load_slow.c - a CPU that does nothing for a long time, with interrupts off, as one of a
 * virtual machine does whose host runs another: whoever needs it waits, and nobody goes on
 * without it, or gives up before his time.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/shared.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/trap.h"
#include "kernel/hotplug.h"
#include "kernel/sched.h"
#include "lib/err.h"
#include "tests/hotplug.h"
#include "tests/load.h"

#define HOLD_NS	  (100 * NS_PER_MS)
#define SHORT_NS  (20 * NS_PER_MS)
#define OLD_VALUE 1ul
#define HOLDS	  6u /* in a storm without stress= */

/* --- one is slow, and others want something of it --------------------------------------------- */

/* A thread on the slow CPU. */
struct holder {
	struct test *t;
	struct thread *thread;
	struct mm *mm; /* it runs on, and reads all the time; or NULL */
	u32 held;      /* from when interrupts are off, until just before they are on again */
	u64 wrong;     /* how often it read, while it was held, what was never there */
};

static int hold(void *arg)
{
	struct holder *h = arg;
	u64 flags, end;

	use(h->mm);
	if (h->mm != NULL)
		EXPECT_EQ(h->t, get(BASE), OLD_VALUE);
	flags = irq_save();
	shared_store(&h->held, 1);
	end = time_ns() + HOLD_NS;
	while (time_ns() < end) {
		u64 value = h->mm != NULL ? get(BASE) : NO_VALUE;

		h->wrong += value != OLD_VALUE && value != NO_VALUE;
		cpu_pause();
	}
	shared_store(&h->held, 0);
	irq_restore(flags);
	use(NULL);
	return 0;
}

/* Returns when it is held; false: no memory. */
static bool hold_cpu(struct test *t, struct holder *h, u32 cpu, struct mm *mm)
{
	*h = (struct holder){ .t = t, .mm = mm };
	h->thread = thread_create_on(cpu, "holder", hold, h);
	EXPECT(t, h->thread != NULL, "no memory for a thread");
	if (h->thread == NULL)
		return false;
	thread_start(h->thread);
	while (!shared_load(&h->held))
		cpu_pause();
	return true;
}

static void replace(struct test *t, struct mm *mm)
{
	EXPECT_EQ(t, mm_unmap(mm, BASE, BASE + PAGE_SIZE), 0);
}

static void take_rights(struct test *t, struct mm *mm)
{
	EXPECT_EQ(t, mm_protect(mm, BASE, BASE + PAGE_SIZE, 0), 0);
}

static void copy_it(struct test *t, struct mm *mm)
{
	struct mm *child = mm_fork(mm);

	EXPECT(t, child != NULL, "no memory for a fork");
	if (child != NULL)
		mm_put(child);
}

static void call_it(struct test *t, struct mm *mm)
{
	u64 ran = 0;

	(void)mm;
	on_each_cpu(count_call, &ran);
	EXPECT_EQ(t, ran, cpumask_weight(&cpus_online));
}

/* R3: each of these returns when the slow CPU has answered, and not before. */
static const struct demand {
	const char *name;
	void (*make)(struct test *t, struct mm *mm);
} demands[] = {
	{ "unmap", replace },
	{ "protect", take_rights },
	{ "fork", copy_it },
	{ "call", call_it },
};

static void demand_of(struct test *t, u32 cpu, const struct demand *d)
{
	static struct holder h;
	struct mm *mm = mm_create();
	u64 start;

	if (mm == NULL || map_anon(mm, BASE, PAGE_SIZE, RW) != 0) {
		EXPECT(t, false, "no memory for an mm");
		return;
	}
	use(mm);
	EXPECT(t, put(BASE, OLD_VALUE), "no access");
	if (hold_cpu(t, &h, cpu, mm)) {
		start = time_ns();
		d->make(t, mm);
		EXPECT(t, !shared_load(&h.held), "%s does not wait for CPU %u", d->name, cpu);
		test_note("%s: %lu ms", d->name, (time_ns() - start) / NS_PER_MS);
		thread_join(h.thread);
		EXPECT_EQ(t, h.wrong, 0);
	}
	use(NULL);
	mm_put(mm);
}

TEST("load.slow", changers_and_callers_wait, .cpus = 2)
{
	for (u32 i = 0; i < ARRAY_SIZE(demands); i++)
		demand_of(t, cpumask_next(&cpus_online, cpu_id), &demands[i]);
}

/* --- ... and others go and come ------------------------------------------------------------------
 */

/* @slow is o->cpu, or another: it need not be asked about threads, only about its calls. */
static void go_while_held(struct operation *o, u32 slow, u64 timeout)
{
	static struct holder h;
	u64 start;
	int err;

	if (!hold_cpu(o->t, &h, slow, NULL))
		return;
	start = time_ns();
	err = cpu_down(o->cpu, timeout);
	if (err)
		EXPECT(o->t, err == -EBUSY && timeout != 0 && time_ns() - start >= timeout,
		       "%s after %lu ns, of %lu", err_name(err), time_ns() - start, timeout);
	else
		EXPECT(o->t, !shared_load(&h.held), "CPU %u goes, and CPU %u was not asked", o->cpu,
		       slow);
	test_note("CPU %u goes, CPU %u is slow: %s after %lu ms, of %lu", o->cpu, slow,
		  err ? err_name(err) : "done", (time_ns() - start) / NS_PER_MS,
		  timeout / NS_PER_MS);
	thread_join(h.thread);
	EXPECT_EQ(o->t, cpumask_test(&cpus_online, o->cpu), err != 0);
	if (!err)
		EXPECT_EQ(o->t, cpu_up(o->cpu), 0);
	check_works(o);
}

static int go_while_another_is_slow(void *arg)
{
	struct operation *o = arg;
	u32 cpu, other = MAX_CPUS;

	for_each_cpu (cpu, &cpus_online)
		if (cpu != o->cpu && cpu != cpu_id)
			other = cpu;
	go_while_held(o, o->cpu, 0);
	go_while_held(o, o->cpu, SHORT_NS);
	if (other != MAX_CPUS) {
		go_while_held(o, other, 0);
		go_while_held(o, other, SHORT_NS);
	}
	return 0;
}

TEST("load.slow", who_goes_waits, .cpus = 3)
{
	operate(t, cpumask_next(&cpus_online, BOOT_CPU), go_while_another_is_slow);
	operate(t, BOOT_CPU, go_while_another_is_slow);
}

/* --- at any point
 * ---------------------------------------------------------------------------------- */

static u64 held_by_irq, held_by_nmi; /* atomic */
static u32 storm_over;		     /* atomic */

static void hold_here(u64 *count)
{
	time_spin_ns(HOLD_NS);
	__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}

/* Wherever interrupts are on. */
static void on_irq(struct trapframe *f)
{
	(void)f;
	hold_here(&held_by_irq);
}

/* Anywhere: in the middle of a switch, with a lock held, in an answer to others. */
static void on_nmi(struct trapframe *f)
{
	(void)f;
	hold_here(&held_by_nmi);
}

static void step(struct worker *w)
{
	worker_change(w);
	worker_look(w);
	if (rand_below(&w->r, 2) == 0)
		worker_sleep(w);
	if (rand_below(&w->r, 2) == 0)
		run_on_cpu(worker_any_cpu(w), count_call, &w->value);
}

/* In a thread of its own, which is held, too, sometimes. */
static int hold_some(void *arg)
{
	struct gang *g = arg;
	struct rand r = test_rand(g->t);
	u64 n = 0;

	while (!__atomic_load_n(&storm_over, __ATOMIC_ACQUIRE) &&
	       (options.stress != 0 || n++ < HOLDS)) {
		u64 which = rand_below(&r, cpumask_weight(&g->cpus));
		u32 cpu = cpumask_first(&g->cpus);

		while (which-- > 0)
			cpu = cpumask_next(&g->cpus, cpu);
		if (rand_below(&r, 2) == 0)
			apic_send_ipi(cpus[cpu].apic_id, IRQ_TEST);
		else
			apic_send_nmi(cpus[cpu].apic_id);
		sleep_ns(rand_below(&r, 2 * HOLD_NS));
	}
	return 0;
}

static void rage(struct gang *g)
{
	struct thread *thread = thread_create("slow", hold_some, g);

	EXPECT(g->t, thread != NULL, "no memory for a thread");
	if (thread == NULL)
		return;
	held_by_irq = held_by_nmi = 0;
	__atomic_store_n(&storm_over, 0, __ATOMIC_RELAXED);
	irq_set_handler(IRQ_TEST, on_irq);
	WRITE_ONCE(nmi_hook, on_nmi);
	thread_start(thread);
	gang_start(g, step);
	gang_join(g);
	__atomic_store_n(&storm_over, 1, __ATOMIC_RELEASE);
	thread_join(thread);
	WRITE_ONCE(nmi_hook, NULL);
	test_note("held for %lu ms %lu times with interrupts off, %lu times in an NMI",
		  HOLD_NS / NS_PER_MS, held_by_irq, held_by_nmi);
}

TEST("load.slow", held_anywhere, .cpus = 2)
{
	static struct gang g;

	if (gang_make(t, &g))
		rage(&g);
	gang_end(&g);
}
