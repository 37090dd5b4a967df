/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/sched_bench.c - what a switch between two kernel threads costs, from the
 * yield of one to behind that of the other; and a migrate-disabled section with nothing in it.
 */
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/percpu.h"
#include "kernel/sched.h"
#include "lib/assert.h"
#include "mm/mm.h"
#include "tests/bench/partner.h"

static struct mm *new_mm(void)
{
	struct mm *mm = mm_create();

	ASSERT(mm != NULL, "out of memory");
	return mm;
}

/*
 * There is measured; the way back is alike.  Inline: who counts instructions by the places
 * of the marks names them by the function that these are in.
 */
static ALWAYS_INLINE void measure(struct bench *b, struct mm *own, struct mm *other)
{
	struct partner p = { .mm = other };
	struct thread *t = thread_create_on(cpu_id, "partner", partner_run, &p);

	ASSERT(t != NULL, "out of memory");
	kthread_use_mm(own);
	thread_start(t);
	yield();
	while (bench_more(b)) {
		u64 start = bench_clock(COUNT_BEGIN);

		yield();
		bench_add(b, p.arrived - start);
	}
	WRITE_ONCE(p.stop, true);
	thread_join(t);
	kthread_unuse_mm();
}

BENCH(thread_switch_same_mm)
{
	struct mm *mm = new_mm();

	measure(b, mm, mm);
	mm_put(mm);
}

BENCH(thread_switch_other_mm)
{
	struct mm *own = new_mm(), *other = new_mm();

	measure(b, own, other);
	mm_put(own);
	mm_put(other);
}

/* The common path: the outermost section, which nobody noticed. */
BENCH(migrate_pair)
{
	while (bench_more(b))
		bench_sample(b, migrate_disable(); migrate_enable());
}
