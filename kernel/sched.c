/* SPDX-License-Identifier: MIT */
/*
 * kernel/sched.c - which thread a CPU runs: choice, switch, preemption, waking, idling.
 * run_queue.h says what a queue is; place.c on which one a thread is; sched_check.c what
 * must hold at each switch.
 *
 * A switch holds the run queue's lock from before the choice until after the stacks have
 * changed: reschedule() takes it on the old thread's stack, finish_switch() releases it on the
 * new one's.  It is the CPU that holds a lock (its number is in .holder, its preempt_count is 1,
 * its rank is noted), and the CPU stays the same, so that taking and releasing need not be
 * done by the same thread.  Under that lock nobody sees a thread that is neither running nor
 * completely saved.  Interrupts are off all along.  What needs other locks (telling a
 * joiner, moving a thread elsewhere) is noted in .after and done when the lock is free.
 *
 * Who is preempted stays runnable whatever its state says: it may be about to block, and has
 * not looked at its condition yet.
 *
 * need_resched asks a CPU to choose again.  It is looked at when an interrupt returns to the
 * kernel, in the last preempt_enable(), before user mode, and by idle.  Set with interrupts
 * off by a wake-up, it waits for the next of these.
 *
 * An IPI goes to another CPU when what it runs must give way, or when it must start its
 * tick; not when it has been told by one that came before.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/switch.h"
#include "arch/x86_64/syscall.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/trap.h"
#include "arch/x86_64/upcall.h"
#include "arch/x86_64/user_state.h"
#include "kernel/hotplug.h"
#include "kernel/run_queue.h"
#include "kernel/sched.h"
#include "lib/assert.h"
#include "mm/kspace.h"
#include "mm/switch.h"

#define TICK_NS (10 * NS_PER_MS)

DEFINE_PER_CPU(struct thread *, current);
DEFINE_PER_CPU(struct run_queue *, run_queue);

struct run_queue run_queues[MAX_CPUS];
struct cpumask cpus_idle;

/* Which lock it returns with, the checker is told by spin_assert_held(). */
NO_LOCK_CHECK struct run_queue *lock_queue_of(const struct thread *t)
{
	for (;;) {
		struct run_queue *q = &run_queues[READ_ONCE(t->cpu)];

		spin_lock(&q->lock);
		if (likely(q->cpu == READ_ONCE(t->cpu)))
			return q;
		spin_unlock(&q->lock); /* it moved meanwhile */
	}
}

/* --- asking a CPU to think again ---------------------------------------------------------- */

void tick_start(struct run_queue *q)
{
	if (q->ticking)
		return;
	q->ticking = true;
	timer_start(&q->tick, time_ns() + TICK_NS);
}

void kick(const struct run_queue *q)
{
	if (q->cpu == cpu_id)
		need_resched = 1;
	else
		apic_send_ipi(cpus[q->cpu].apic_id, IRQ_RESCHEDULE);
}

/* Does somebody on this CPU's queue wait whose priority is @least or more?  A hint. */
static bool waits_with(const struct run_queue *q, u32 least)
{
	return (u64)READ_ONCE(q->mask) >> least != 0;
}

/* A CPU that has nothing to do comes and pulls what waits here. */
static void wake_an_idle_cpu(void)
{
	u32 cpu = claim_idle(&cpus_active);

	if (cpu < MAX_CPUS)
		kick(&run_queues[cpu]);
}

/* While somebody waits: the turn of who runs is over. */
static void on_tick(struct timer *t)
{
	struct run_queue *q = container_of(t, struct run_queue, tick);

	q->ticking = false;
	if (READ_ONCE(q->nr_ready) == 0)
		return;
	if (waits_with(q, current->priority))
		need_resched = 1;
	wake_an_idle_cpu();
	tick_start(q);
}

/* Another CPU has put a thread on this one's queue, or wants the one that runs looked at. */
static void on_reschedule(struct trapframe *f)
{
	struct run_queue *q = run_queue;
	struct thread *t = current;

	(void)f;
	if (t == q->idle || t->attention || waits_with(q, t->priority + 1))
		need_resched = 1;
	if (READ_ONCE(q->nr_ready) != 0)
		tick_start(q);
}

void enqueue(struct run_queue *q, struct thread *t)
{
	bool alone = q->nr_ready == 0;
	bool told = !alone && top_priority(q) >= t->priority;

	queue_insert(q, t, false);
	if (told)
		return;
	if (t->priority > running_on(q)->priority || (alone && q->cpu != cpu_id))
		kick(q);
	else if (alone)
		tick_start(q);
}

/* --- blocking and waking ------------------------------------------------------------------ */

void thread_prepare_to_block(void)
{
	/* Full barrier: the state is written before the condition is read. */
	(void)__atomic_exchange_n(&current->state, THREAD_BLOCKED, __ATOMIC_SEQ_CST);
}

void thread_stay_awake(void)
{
	WRITE_ONCE(current->state, THREAD_RUNNABLE);
}

bool thread_wake(struct thread *t)
{
	u64 flags = irq_save();
	struct run_queue *q = lock_queue_of(t); /* a full barrier before .state is read */
	bool blocked = READ_ONCE(t->state) == THREAD_BLOCKED, elsewhere = false;

	spin_assert_held(&q->lock);
	thread_check(t);
	if (blocked)
		WRITE_ONCE(t->state, THREAD_RUNNABLE);
	if (blocked && !t->on_rq) { /* else it has not left the CPU yet, and now will not */
		t->on_rq = true;
		t->cpu = select_cpu(t);
		elsewhere = t->cpu != q->cpu;
		if (!elsewhere)
			enqueue(q, t);
	}
	spin_unlock(&q->lock);
	if (elsewhere)
		place(t);
	leave(flags);
	return blocked;
}

bool thread_on_cpu(const struct thread *t)
{
	u64 flags = irq_save();
	struct run_queue *q = lock_queue_of(t);
	bool running;

	spin_assert_held(&q->lock);
	running = running_on(q) == t;
	spin_unlock(&q->lock);
	leave(flags);
	return running;
}

/* --- priorities --------------------------------------------------------------------------- */

void sched_set_effective_priority(struct thread *t, u32 priority)
{
	u64 flags = irq_save();
	struct run_queue *q = lock_queue_of(t);

	spin_assert_held(&q->lock);
	if (is_queued(t)) {
		queue_remove(q, t);
		t->priority = priority;
		enqueue(q, t);
	} else {
		t->priority = priority;
		if (running_on(q) == t && q->nr_ready != 0 && top_priority(q) > priority)
			kick(q);
	}
	spin_unlock(&q->lock);
	leave(flags);
}

void thread_set_priority(struct thread *t, u32 priority)
{
	ASSERT(priority >= PRIORITY_LOW && priority < PRIORITIES, "thread %s: priority %u", t->name,
	       priority);
	mutex_set_base_priority(t, priority);
}

/* --- switching ---------------------------------------------------------------------------- */

/* @prev gives the CPU up for good or until it is woken. */
static ALWAYS_INLINE void put_blocked(struct run_queue *q, struct thread *prev, u32 state)
{
	ASSERT(prev != q->idle, "the idle thread of CPU %u blocks", q->cpu);
	prev->on_rq = false;
	if (unlikely(state == THREAD_DEAD))
		q->after |= AFTER_DEAD;
}

/* The thread to run next, off the queue. */
static ALWAYS_INLINE struct thread *take_first(struct run_queue *q) REQUIRES(q->lock)
{
	struct thread *next;

	if (q->mask == 0)
		return q->idle;
	next = list_first(&q->ready[top_priority(q)], struct thread, queue);
	queue_remove(q, next);
	return next;
}

/* @prev's turn is over: the first of its equals is next, and it goes behind the last. */
static ALWAYS_INLINE struct thread *take_turn(struct run_queue *q, struct thread *prev)
	REQUIRES(q->lock)
{
	struct list_node *equals = &q->ready[prev->priority];
	struct thread *next = list_first(equals, struct thread, queue);

	list_del(&next->queue);
	list_add_tail(&prev->queue, equals);
	return next;
}

/* Others than @prev's equals are to be looked at.  It is on the queue, or not to be. */
static struct thread *take_best(struct run_queue *q) REQUIRES(q->lock)
{
	struct thread *next = take_first(q);

	if (q->nr_ready != 0)
		tick_start(q);
	return next;
}

/*
 * Who runs next, now that @prev, which may stay here, still wants to run.  In a turn as many
 * wait after it as before, and the tick is started.
 */
static ALWAYS_INLINE struct thread *choose_with(struct run_queue *q, struct thread *prev,
						bool preempted) REQUIRES(q->lock)
{
	u32 top;

	if (q->mask == 0)
		return prev;
	top = top_priority(q);
	if (likely(top == prev->priority))
		return take_turn(q, prev);
	if (top < prev->priority)
		return prev;
	if (prev == q->idle)
		cpumask_clear_atomic(&cpus_idle, q->cpu);
	else
		queue_insert(q, prev, preempted);
	return take_best(q);
}

static ALWAYS_INLINE struct thread *choose(struct run_queue *q, struct thread *prev, bool preempted)
	REQUIRES(q->lock)
{
	u32 state = READ_ONCE(prev->state);
	bool stays = true;

	if (unlikely(prev->attention || migrate_count != 0))
		stays = settle(q, prev);
	if (!preempted && state != THREAD_RUNNABLE)
		put_blocked(q, prev, state);
	else if (likely(stays))
		return choose_with(q, prev, preempted);
	else
		q->after |= AFTER_PLACE;
	return take_best(q);
}

/*
 * What arch/x86_64/migrate.h keeps for the current thread goes with it.  While the thread runs
 * its own copy is 0.
 */
static ALWAYS_INLINE void switch_migrate(struct thread *prev, struct thread *next)
{
	if (likely((migrate_count | next->migrate_count) == 0))
		return;
	prev->migrate_count = migrate_count;
	prev->migrate_site = migrate_site;
	this_cpu_write(migrate_count, next->migrate_count);
	this_cpu_write(migrate_site, next->migrate_site);
	next->migrate_count = 0;
}

static ALWAYS_INLINE void switch_threads(struct run_queue *q, struct thread *prev,
					 struct thread *next) REQUIRES(q->lock, irqs_off)
{
	if (CONFIG_DEBUG)
		check_switch(q, prev, next);
	q->before = prev;
	current = next;
	switch_migrate(prev, next);
	kmap_switch_out(&prev->kmap);
	kernel_stack_top = next->stack_top;
	if (likely(next->mm != NULL))
		switch_mm(next->mm); /* else it borrows what is loaded */
	kmap_switch_in(&next->kmap);
	if (likely(prev->user_state != NULL && next->user_state != NULL))
		user_state_swap(prev->user_state, next->user_state);
	else if (((u64)prev->user_state | (u64)next->user_state) != 0)
		user_state_switch(prev->user_state, next->user_state);
	switch_stacks(&prev->sp, next->sp);
}

void sched_do_after(struct run_queue *q, u32 after)
{
	struct thread *before = q->before;

	q->after = 0;
	if (after & AFTER_PLACE)
		place(before);
	if (after & AFTER_TELL)
		answer_requests(q);
	if (after & AFTER_DEAD)
		complete(&before->dead);
	if (after & AFTER_EMPTY)
		wake_all(&q->drained);
}

void sched_finish_first_switch(void)
{
	finish_switch();
	irq_enable();
}

/*
 * Interrupts off, before and after; the CPU may be another one after.  The lock that it takes,
 * finish_switch() releases, of this queue or, on another stack, of that one: too much for a
 * checker.
 */
static ALWAYS_INLINE void reschedule(bool preempted) REQUIRES(irqs_off) NO_LOCK_CHECK
{
	struct run_queue *q = run_queue;
	struct thread *prev = current, *next;

	spin_lock_irqs_off(&q->lock);
	need_resched = 0;
	next = choose(q, prev, preempted);
	if (next != prev)
		switch_threads(q, prev, next);
	finish_switch();
}

void schedule(void)
{
	might_block(__builtin_return_address(0));
	irq_disable();
	reschedule(false);
	irq_enable();
}

void schedule_irqs_off(void)
{
	reschedule(false);
}

s64 sys_yield(struct syscall_frame *f)
{
	(void)f;
	reschedule(false);
	return 0;
}

void sched_look_at(struct thread *t)
{
	u64 flags = irq_save();
	struct run_queue *q = lock_queue_of(t);

	spin_assert_held(&q->lock);
	if (running_on(q) == t)
		kick(q);
	spin_unlock(&q->lock);
	leave(flags);
}

/* --- preemption --------------------------------------------------------------------------- */

void preempt_in_interrupt(void)
{
	reschedule(true);
}

void preempt_now(void)
{
	if (preempt_count != 0 || irq_depth != 0 || nmi_depth != 0 || !irqs_enabled())
		return; /* whoever makes that end looks at need_resched again */
	do {
		irq_disable();
		reschedule(true);
		irq_enable();
	} while (need_resched);
}

/* --- idle, and the start ------------------------------------------------------------------ */

/*
 * A thread that is added after the test comes with an interrupt, which stays pending until
 * STI; HLT, and ends the HLT.
 */
void sched_run_idle(void)
{
	struct run_queue *q = run_queue;

	for (;;) {
		irq_disable();
		cpumask_set_atomic(&cpus_idle, q->cpu);
		pull();
		if (READ_ONCE(q->nr_ready) == 0 && unlikely(cpu_told_to_die()))
			cpu_die();
		else if (READ_ONCE(q->nr_ready) == 0 && !need_resched)
			irq_enable_and_halt();
		else
			reschedule(false);
		irq_enable();
	}
}

static int run_boot_cpu_idle(void *arg)
{
	(void)arg;
	sched_run_idle();
}

/* @idle runs on @cpu from its start, unless @running does.  Nobody else looks at its queue yet. */
static NO_LOCK_CHECK void set_up_cpu(u32 cpu, struct thread *idle, struct thread *running)
{
	struct run_queue *q = &run_queues[cpu];

	spin_init(&q->lock, "run queue", LOCK_RANK_RUNQUEUE);
	q->cpu = cpu;
	q->blocked_here = THREAD_STANDING_AT(cpu, THREAD_BLOCKED, false);
	q->long_way = !cpu_features.quick_user_state;
	for (u32 i = 0; i < PRIORITIES; i++)
		list_init(&q->ready[i]);
	list_init(&q->pinned);
	list_init(&q->answered);
	wait_queue_init(&q->drained);
	timer_init_cpu(cpu);
	timer_init_pinned(&q->tick, on_tick);
	idle->priority = PRIORITY_IDLE;
	q->idle = idle;
	*per_cpu_ptr(&current, cpu) = running;
	*per_cpu_ptr(&run_queue, cpu) = q;
}

vaddr_t sched_prepare_cpu(u32 cpu)
{
	vaddr_t top;
	struct thread *idle;

	if (run_queues[cpu].idle != NULL)
		return run_queues[cpu].idle->stack_top + sizeof(struct stack_head);
	top = kspace_alloc_stack();
	if (top == 0)
		return 0;
	idle = thread_adopt(cpu, "idle", top);
	if (idle == NULL) {
		kspace_free_stack(top);
		return 0;
	}
	set_up_cpu(cpu, idle, idle);
	return top;
}

void sched_init(void)
{
	extern u8 boot_stack_top[]; /* entry.asm */
	struct thread *boot = thread_adopt(0, "boot", (vaddr_t)boot_stack_top);
	struct thread *idle = thread_create_on(0, "idle", run_boot_cpu_idle, NULL);

	if (boot == NULL || idle == NULL)
		panic("too little memory for the first two threads");
	idle->state = THREAD_RUNNABLE; /* never on the ready list */
	set_up_cpu(0, idle, boot);
	boot->on_rq = true;
	cpumask_set(&cpus_active, 0);
	kernel_stack_top = boot->stack_top;
	irq_set_handler(IRQ_RESCHEDULE, on_reschedule);
}
