/* SPDX-License-Identifier: MIT */
/*
 * kernel/user_wait.c - see user_wait.h.
 *
 * The timer of a time-out completes nobody: it wakes the thread, which takes itself out, or
 * finds that somebody else has it.
 */
#include "kernel/user_wait.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/time.h"
#include "kernel/sched.h"
#include "lib/err.h"

/* Nobody will complete @me any more, or has, or is about to: false. */
static bool take_back(struct user_thread *me) REQUIRES(irqs_off)
{
	struct spinlock *lock = READ_ONCE(me->waits_under);
	struct user_thread *callee = READ_ONCE(me->callee), *expected = me;
	bool waited = false;

	if (lock != NULL) {
		spin_lock_irqs_off(lock);
		waited = READ_ONCE(me->waits_under) != NULL; /* who takes it off is not done here */
		if (waited)
			take_off(me);
		spin_unlock_irqs_off(lock);
	}
	return waited || (callee != NULL &&
			  __atomic_compare_exchange_n(&callee->caller, &expected, NULL, false,
						      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
}

/*
 * What @me waits at completes it before it is freed, and is freed when interrupts have been on: so
 * it is looked at only if, with interrupts off, @me is not done.
 */
static bool give_up(struct user_thread *me, s64 result)
{
	u64 flags = irq_save();
	bool mine = !is_done(me) && take_back(me);

	irq_restore(flags);
	if (mine)
		set_done(me, result);
	return mine;
}

void wait_done(struct user_thread *me, u64 deadline)
{
	struct time_out limit = { .deadline = deadline };

	irq_enable();
	for (;;) {
		thread_prepare_to_block();
		if (is_done(me))
			break;
		if (unlikely(user_thread_killed(me)) && give_up(me, -EINTR))
			break;
		if (deadline != NO_DEADLINE && time_out_is_over(&limit) && give_up(me, -ETIMEDOUT))
			break;
		time_out_block(&limit);
	}
	thread_stay_awake();
	time_out_stop(&limit);
	irq_disable();
}

u64 deadline_after(u64 ns)
{
	u64 now = time_ns();

	return ns < NO_DEADLINE - now ? now + ns : NO_DEADLINE;
}

void complete_all(struct list_node *list, s64 result)
{
	struct user_thread *u;

	while ((u = take_first(list)) != NULL) {
		set_done(u, result);
		thread_wake(u->thread);
	}
}

void complete_others(struct list_node *list, const struct task *task, s64 result)
{
	struct user_thread *u, *next;

	list_for_each_entry_safe (u, next, list, ipc_node) {
		if (u->task == task)
			continue;
		take_off(u);
		set_done(u, result);
		thread_wake(u->thread);
	}
}
