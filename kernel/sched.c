/* SPDX-License-Identifier: MIT */
/*
 * kernel/sched.c - see sched.h.
 *
 * A switch holds the run queue's lock from before the choice until after the stacks have
 * changed: schedule() takes it on the old thread's stack, sched_finish_switch() releases
 * it on the new one's.  It is the CPU that holds a lock (its number is in .holder, its
 * preempt_count is 1, its rank is noted), and the CPU stays the same, so that taking and
 * releasing need not be done by the same thread.  Under that lock nobody sees a thread
 * that is neither running nor completely saved.  Interrupts are off all along.
 *
 * A dead thread is announced to its joiner by sched_finish_switch() too: only then
 * nobody runs on its stack.
 *
 * An IPI wakes another CPU when its ready list was empty: it may be halted, or it must
 * start its tick.  Otherwise it has work or an IPI on the way already.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/switch.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/trap.h"
#include "arch/x86_64/user_call.h"
#include "kernel/hotplug.h"
#include "kernel/sched.h"
#include "kernel/timer.h"
#include "lib/assert.h"
#include "lib/ksyms.h"
#include "mm/kspace.h"
#include "mm/switch.h"

#define TICK_NS (10 * NS_PER_MS)

DEFINE_PER_CPU(struct thread *, current);
DEFINE_PER_CPU(u32, need_resched);

static struct run_queue {
	struct spinlock lock;	/* rank LOCK_RANK_RUNQUEUE */
	struct list_node ready; /* [lock] runnable threads that do not run, first come first */
	struct thread *running; /* [lock] the CPU's current */
	struct thread *before;	/* [lock] who ran before it, during a switch */
	struct thread *idle;	/* constant */
	struct timer tick;	/* its CPU's */
	bool ticking;		/* its CPU's: the tick is started */
} ALIGNED(64) queues[MAX_CPUS];

static void NORETURN cannot_block(const void *caller, const char *why)
{
	u64 offset;
	const char *name = ksym_find((u64)caller, &offset);

	panic("thread %s blocks %s (preempt_count %u), in %s+%#lx", current->name, why,
	      preempt_count, name != NULL ? name : "?", offset);
}

void check_may_block(const void *caller)
{
	if (irq_depth != 0 || nmi_depth != 0)
		cannot_block(caller, "in an interrupt");
	if (preempt_count != 0)
		cannot_block(caller, "while it must not be preempted");
	if (!irqs_enabled())
		cannot_block(caller, "with interrupts off");
}

/* --- the tick: runs while a thread waits for one that runs -------------------------------- */

static void tick_start(struct run_queue *q)
{
	if (q->ticking)
		return;
	q->ticking = true;
	timer_start(&q->tick, time_ns() + TICK_NS);
}

static void on_tick(struct timer *t)
{
	struct run_queue *q = container_of(t, struct run_queue, tick);

	q->ticking = false;
	if (list_empty(&q->ready))
		return; /* another CPU that adds a thread now sends an IPI */
	need_resched = 1;
	tick_start(q);
}

/* Another CPU has put a thread on this one's empty ready list; idle sees it by itself. */
static void on_reschedule(struct trapframe *f)
{
	struct run_queue *q = &queues[cpu_id];

	(void)f;
	if (current != q->idle && !list_empty(&q->ready))
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

/* Put @t on its CPU's ready list, and see to it that the CPU notices. */
static void enqueue_woken(struct run_queue *q, struct thread *t)
{
	bool was_empty = list_empty(&q->ready);

	list_add_tail(&t->queue, &q->ready);
	if (!was_empty)
		return;
	if (t->cpu != cpu_id)
		apic_send_ipi(cpus[t->cpu].apic_id, IRQ_RESCHEDULE);
	else if (q->running != q->idle)
		tick_start(q);
}

bool thread_wake(struct thread *t)
{
	struct run_queue *q = &queues[t->cpu];
	u64 flags = spin_lock_irqsave(&q->lock); /* locked: a full barrier before .state is read */
	bool blocked = READ_ONCE(t->state) == THREAD_BLOCKED;

	thread_check(t);
	if (blocked) {
		WRITE_ONCE(t->state, THREAD_RUNNABLE);
		if (t != q->running) /* else it has not left the CPU yet, and now will not */
			enqueue_woken(q, t);
	}
	spin_unlock_irqrestore(&q->lock, flags);
	return blocked;
}

bool thread_on_cpu(const struct thread *t)
{
	struct run_queue *q = &queues[t->cpu];
	u64 flags = spin_lock_irqsave(&q->lock);
	bool running = q->running == t;

	spin_unlock_irqrestore(&q->lock, flags);
	return running;
}

/* --- switching ---------------------------------------------------------------------------- */

static void check_switch(const struct run_queue *q, const struct thread *prev,
			 const struct thread *next)
{
	vaddr_t sp = (vaddr_t)__builtin_frame_address(0);

	thread_check(prev);
	thread_check(next);
	ASSERT(next->cpu == cpu_id && spin_held(&q->lock), "thread %s of CPU %u runs on CPU %u",
	       next->name, next->cpu, cpu_id);
	ASSERT(preempt_count == 1, "CPU %u: switch with preempt_count %u", cpu_id, preempt_count);
	ASSERT(sp < prev->stack_top && sp >= prev->stack_top - KERNEL_STACK_SIZE,
	       "thread %s runs on a stack at %p, not on its own", prev->name, (void *)sp);
	ASSERT(!is_cpu_local(sp) && !is_cpu_local(next->sp),
	       "CPU-local stack: thread %s at %p, thread %s at %p", prev->name, (void *)sp,
	       next->name, (void *)next->sp);
	ASSERT(!user_call_active(), "thread %s blocks inside user_call()", prev->name);
}

/* The thread to run next, off the ready list.  @prev goes to its end if it still wants to run. */
static struct thread *choose(struct run_queue *q, struct thread *prev)
{
	struct thread *next = q->idle;

	ASSERT(prev != q->idle || READ_ONCE(prev->state) == THREAD_RUNNABLE, "idle thread blocks");
	if (READ_ONCE(prev->state) == THREAD_RUNNABLE && prev != q->idle)
		list_add_tail(&prev->queue, &q->ready);
	if (!list_empty(&q->ready)) {
		next = list_first(&q->ready, struct thread, queue);
		list_del(&next->queue);
	}
	return next;
}

void migrate_enable_slow(void)
{
	this_cpu_write(migrate_count, 0);
}

/* What arch/x86_64/migrate.h keeps for the current thread goes with it. */
static void switch_migrate(struct thread *prev, struct thread *next)
{
	u32 count = migrate_count;

	prev->migrate_count = count;
	if (unlikely(count != 0))
		prev->migrate_site = migrate_site;
	this_cpu_write(migrate_count, next->migrate_count);
	if (unlikely(next->migrate_count != 0))
		this_cpu_write(migrate_site, next->migrate_site);
}

static void switch_threads(struct run_queue *q, struct thread *prev, struct thread *next)
{
	if (CONFIG_DEBUG)
		check_switch(q, prev, next);
	q->before = prev;
	q->running = next;
	current = next;
	switch_migrate(prev, next);
	kernel_stack_top = next->stack_top;
	if (next->mm != NULL)
		switch_mm(next->mm); /* else it borrows what is loaded */
	switch_stacks(&prev->sp, next->sp);
}

void sched_finish_switch(void)
{
	struct run_queue *q = &queues[cpu_id];
	struct thread *before = q->before;
	bool died = READ_ONCE(before->state) == THREAD_DEAD;

	spin_unlock(&q->lock);
	if (died)
		complete(&before->dead); /* otherwise it may have run on and be gone by now */
	irq_enable();
}

void schedule(void)
{
	struct thread *prev = current, *next;
	struct run_queue *q;

	might_block(__builtin_return_address(0));
	irq_disable();
	q = &queues[cpu_id];
	spin_lock(&q->lock);
	need_resched = 0;
	next = choose(q, prev);
	if (!list_empty(&q->ready))
		tick_start(q);
	if (next == prev) {
		spin_unlock(&q->lock);
		irq_enable();
		return;
	}
	switch_threads(q, prev, next);
	sched_finish_switch();
}

void yield(void)
{
	schedule();
}

void cond_resched(void)
{
	if (unlikely(need_resched))
		schedule();
}

/* --- idle, and the start ------------------------------------------------------------------ */

void sched_run_idle(void)
{
	struct run_queue *q = &queues[cpu_id];

	for (;;) {
		/*
		 * A thread that is added after the test comes with an interrupt, which stays
		 * pending until STI; HLT, and ends the HLT.
		 */
		irq_disable();
		if (list_empty(&q->ready) && unlikely(cpu_told_to_die())) {
			cpu_die();
		} else if (list_empty(&q->ready)) {
			irq_enable_and_halt();
		} else {
			irq_enable();
			schedule();
		}
	}
}

static int run_boot_cpu_idle(void *arg)
{
	(void)arg;
	sched_run_idle();
}

/* @idle runs on @cpu from its start, unless @running does. */
static void set_up_cpu(u32 cpu, struct thread *idle, struct thread *running)
{
	struct run_queue *q = &queues[cpu];

	spin_init(&q->lock, "run queue", LOCK_RANK_RUNQUEUE);
	list_init(&q->ready);
	timer_init_cpu(cpu);
	timer_init(&q->tick, on_tick);
	q->idle = idle;
	q->running = running;
	*per_cpu_ptr(&current, cpu) = running;
}

vaddr_t sched_prepare_cpu(u32 cpu)
{
	vaddr_t top;
	struct thread *idle;

	if (queues[cpu].idle != NULL)
		return queues[cpu].idle->stack_top;
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
	kernel_stack_top = boot->stack_top;
	irq_set_handler(IRQ_RESCHEDULE, on_reschedule);
}
