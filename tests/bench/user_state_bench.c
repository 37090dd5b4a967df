/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/user_state_bench.c - what user mode's registers cost at a switch
 * (docs/user-state.md).
 */
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/user_state.h"
#include "kernel/sched.h"
#include "lib/assert.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "tests/bench/partner.h"

/* --- the parts alone, of states that nobody runs with ------------------------------------ */

static struct user_state *new_state(void)
{
	struct user_state *s = kmalloc(ALIGN_UP((u64)user_state_size(), PAGE_SIZE) + PAGE_SIZE);

	ASSERT(s != NULL && IS_ALIGNED((u64)s, FPU_ALIGN), "out of memory, or not aligned");
	user_state_init(s);
	return s;
}

BENCH(fpu_save_load)
{
	struct user_state *own = new_state(), *other = new_state();

	while (bench_more(b))
		bench_sample(b, fpu_save(own->fpu); fpu_load(other->fpu));
	kfree(own);
	kfree(other);
}

/* From a thread whose registers are loaded to another whose are not. */
BENCH(user_state_other)
{
	struct user_state *own = new_state(), *other = new_state(), *tmp;
	u64 flags = irq_save();

	user_state_switch(NULL, own);
	while (bench_more(b)) {
		bench_sample(b, user_state_switch(own, other));
		tmp = own;
		own = other;
		other = tmp;
	}
	user_state_forget();
	irq_restore(flags);
	kfree(own);
	kfree(other);
}

/* From a kernel thread to the thread whose registers are loaded still. */
BENCH(user_state_kept)
{
	struct user_state *own = new_state();
	u64 flags = irq_save();

	user_state_switch(NULL, own);
	while (bench_more(b))
		bench_sample(b, user_state_switch(NULL, own));
	user_state_forget();
	irq_restore(flags);
	kfree(own);
}

/* --- whole switches ---------------------------------------------------------------------- */

struct pair {
	struct bench *b;
	struct partner partner;
};

static int measuring(void *arg)
{
	struct pair *p = arg;

	kthread_use_mm(p->partner.mm);
	yield();
	while (bench_more(p->b)) {
		u64 start = bench_clock(COUNT_BEGIN);

		yield();
		bench_add(p->b, p->partner.arrived - start);
	}
	WRITE_ONCE(p->partner.stop, true);
	kthread_unuse_mm();
	return 0;
}

static struct thread *make(thread_fn fn, void *arg, bool user)
{
	struct thread *t = thread_create_on(cpu_id, "pair", fn, arg);

	ASSERT(t != NULL && (!user || thread_add_user_state(t) == 0), "out of memory");
	return t;
}

/* From one thread to another in the same address space; which of them have user's registers? */
static void measure(struct bench *b, bool from_user, bool to_user)
{
	struct pair p = { .b = b, .partner = { .mm = mm_create() } };
	struct thread *from = make(measuring, &p, from_user);
	struct thread *to = make(partner_run, &p.partner, to_user);

	ASSERT(p.partner.mm != NULL, "out of memory");
	thread_start(from);
	thread_start(to);
	thread_join(from);
	thread_join(to);
	mm_put(p.partner.mm);
}

BENCH(thread_switch_user)
{
	measure(b, true, true);
}

BENCH(thread_switch_user_to_kernel)
{
	measure(b, true, false);
}

BENCH(thread_switch_kernel_to_user)
{
	measure(b, false, true);
}
