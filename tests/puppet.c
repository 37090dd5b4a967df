/* SPDX-License-Identifier: MIT */
/*
 * tests/puppet.c - see puppet.h.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/time.h"
#include "tests/cpus.h"
#include "tests/puppet.h"

static void obey(struct puppet *p, enum order what)
{
	if (what == ORDER_ENTER)
		migrate_disable();
	if (what == ORDER_LEAVE)
		migrate_enable();
	WRITE_ONCE(p->cpu, this_cpu_read(cpu_id));
	__atomic_fetch_add(&p->done, 1, __ATOMIC_RELEASE);
}

static int be_puppet(void *arg)
{
	struct puppet *p = arg;
	enum order what = ORDER_SLEEP;

	for (;;) {
		u32 done = p->done;

		if (what == ORDER_SPIN)
			while (READ_ONCE(p->order) == done)
				cpu_pause();
		else
			wait_event(&p->orders, READ_ONCE(p->order) != done);
		what = READ_ONCE(p->what);
		obey(p, what);
		if (what == ORDER_END)
			return 0;
	}
}

bool has_done(const struct puppet *p)
{
	return __atomic_load_n(&p->done, __ATOMIC_ACQUIRE) == p->order;
}

void tell(struct puppet *p, enum order what)
{
	WRITE_ONCE(p->what, what);
	__atomic_fetch_add(&p->order, 1, __ATOMIC_RELEASE);
	wake_all(&p->orders);
}

void order(struct puppet *p, enum order what)
{
	tell(p, what);
	while (!has_done(p))
		sleep_ns(A_MOMENT);
}

bool make_puppet(struct test *t, struct puppet *p, u32 cpu)
{
	*p = (struct puppet){ 0 };
	wait_queue_init(&p->orders);
	p->thread = thread_create_on(cpu, "puppet", be_puppet, p);
	EXPECT(t, p->thread != NULL, "no memory for a thread");
	if (p->thread == NULL)
		return false;
	thread_start(p->thread);
	order(p, ORDER_SLEEP);
	return true;
}

void end_puppet(struct puppet *p)
{
	tell(p, ORDER_END);
	thread_join(p->thread);
}

int move(struct puppet *p, u32 cpu)
{
	struct cpumask mask = only(cpu);

	return thread_set_affinity(p->thread, &mask);
}
