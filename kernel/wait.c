/* SPDX-License-Identifier: MIT */
/*
 * kernel/wait.c - see wait.h.
 *
 * A waker takes each waiter off the queue and wakes it while it holds the queue's lock.
 * The waiter takes that lock before it returns, so neither it nor, for a completion, the
 * queue itself goes away under the waker.
 */
#include "arch/x86_64/layout.h"
#include "arch/x86_64/shared.h"
#include "arch/x86_64/time.h"
#include "kernel/sched.h"
#include "kernel/timer.h"
#include "kernel/wait.h"
#include "lib/assert.h"

static void check_address(const struct wait_queue *q)
{
	DEBUG_ASSERT(!is_cpu_local((vaddr_t)q), "wait queue at CPU-local address %p",
		     (const void *)q);
}

void wait_queue_init(struct wait_queue *q)
{
	check_address(q);
	spin_init(&q->lock, "wait queue", LOCK_RANK_WAIT);
	list_init(&q->waiters);
}

/* Under the lock. */
static void wake_first(struct wait_queue *q)
{
	struct waiter *w = list_first(&q->waiters, struct waiter, node);

	list_del(&w->node);
	thread_wake(w->thread);
}

void wake_one(struct wait_queue *q)
{
	u64 flags;

	check_address(q);
	flags = spin_lock_irqsave(&q->lock);
	if (!list_empty(&q->waiters))
		wake_first(q);
	spin_unlock_irqrestore(&q->lock, flags);
}

void wake_all(struct wait_queue *q)
{
	u64 flags;

	check_address(q);
	flags = spin_lock_irqsave(&q->lock);
	while (!list_empty(&q->waiters))
		wake_first(q);
	spin_unlock_irqrestore(&q->lock, flags);
}

/* Under the lock: @w is on the queue, its thread blocks next. */
static void enqueue(struct wait_queue *q, struct waiter *w)
{
	if (w->thread == NULL) {
		w->thread = current;
		list_init(&w->node);
	}
	if (list_empty(&w->node))
		list_add_tail(&w->node, &q->waiters);
	thread_prepare_to_block();
}

void wait_prepare(struct wait_queue *q, struct waiter *w)
{
	u64 flags;

	check_address(q);
	might_block(__builtin_return_address(0));
	flags = spin_lock_irqsave(&q->lock);
	enqueue(q, w);
	spin_unlock_irqrestore(&q->lock, flags);
}

void wait_finish(struct wait_queue *q, struct waiter *w)
{
	u64 flags = spin_lock_irqsave(&q->lock);

	if (list_empty(&w->node) && !list_empty(&q->waiters))
		wake_first(q);
	list_del(&w->node);
	thread_stay_awake();
	spin_unlock_irqrestore(&q->lock, flags);
}

void wait_block(void)
{
	schedule();
}

/* --- time-outs ---------------------------------------------------------------------------- */

/*
 * .over is written before thread_wake() reads the thread's state, and read after the thread
 * wrote that: blocking as in sched.h, with .over as the condition.
 */
static void on_time_out(struct timer *timer)
{
	struct time_out *o = container_of(timer, struct time_out, timer);

	shared_store(&o->over, true);
	thread_wake(o->thread);
}

/* The flag counts too: the clock of the CPU with the timer may be ahead of this one's. */
bool time_out_is_over(const struct time_out *o)
{
	return shared_load(&o->over) || time_ns() >= o->deadline;
}

void time_out_block(struct time_out *o)
{
	if (o->thread == NULL && o->deadline != NO_DEADLINE) {
		o->thread = current;
		timer_init(&o->timer, on_time_out);
		timer_start(&o->timer, o->deadline);
	}
	schedule();
}

/* When this returns nobody looks at @o any more, and no wake-up of its comes late. */
void time_out_stop(struct time_out *o)
{
	if (o->thread != NULL)
		timer_cancel(&o->timer);
}

/* --- completions ------------------------------------------------------------------------- */

void completion_init(struct completion *c)
{
	wait_queue_init(&c->queue);
	c->done = 0;
}

void complete(struct completion *c)
{
	u64 flags;

	check_address(&c->queue);
	flags = spin_lock_irqsave(&c->queue.lock);
	c->done++;
	if (!list_empty(&c->queue.waiters))
		wake_first(&c->queue);
	spin_unlock_irqrestore(&c->queue.lock, flags);
}

static int wait_for(struct completion *c, u64 deadline)
{
	struct time_out o = { .deadline = deadline };
	struct waiter w = { .thread = NULL };
	int err = 0;
	u64 flags;

	check_address(&c->queue);
	flags = spin_lock_irqsave(&c->queue.lock);
	while (c->done == 0) {
		if (time_out_is_over(&o)) {
			err = -ETIMEDOUT;
			break;
		}
		enqueue(&c->queue, &w);
		spin_unlock_irqrestore(&c->queue.lock, flags);
		time_out_block(&o);
		flags = spin_lock_irqsave(&c->queue.lock);
	}
	if (!err)
		c->done--;
	if (w.thread != NULL)
		list_del(&w.node); /* another's wake-up may have come between */
	spin_unlock_irqrestore(&c->queue.lock, flags);
	time_out_stop(&o);
	return err;
}

void wait_for_completion(struct completion *c)
{
	might_block(__builtin_return_address(0));
	(void)wait_for(c, NO_DEADLINE);
}

int wait_for_completion_timeout(struct completion *c, u64 deadline)
{
	might_block(__builtin_return_address(0));
	return wait_for(c, deadline);
}

/* --- sleep ------------------------------------------------------------------------------- */

struct sleeper {
	struct timer timer;
	struct completion over;
};

/* The sleeper may be gone, and @t with it, before this returns. */
static void end_sleep(struct timer *t)
{
	complete(&container_of(t, struct sleeper, timer)->over);
}

void sleep_until(u64 deadline)
{
	struct sleeper s;

	might_block(__builtin_return_address(0));
	timer_init(&s.timer, end_sleep);
	completion_init(&s.over);
	timer_start(&s.timer, deadline);
	wait_for_completion(&s.over);
}

void sleep_ns(u64 ns)
{
	sleep_until(time_ns() + ns);
}
