/* SPDX-License-Identifier: MIT */
/*
 * kernel/mutex.c - see mutex.h.
 *
 * A free mutex is taken, and one that nobody waits for is given back, with one
 * compare-and-exchange of .owner.  All else is done under pi_lock.  Bit 0 of .owner is set
 * and cleared under it; while it is set the owner can only unlock under it too, so that the
 * owner of a mutex with waiters changes under pi_lock alone.
 *
 * An unlock hands the mutex over: it is never free while somebody waits, and nobody overtakes
 * who is woken.  A waiter takes pi_lock before it goes on, so that neither it nor the mutex
 * goes away under the one that hands over.
 *
 * Invariants, whenever pi_lock is free:
 *   - waiters are sorted by effective priority;
 *   - m is on the .lenders of its owner if and only if m has waiters;
 *   - t->priority = max(t->base_priority, t->pi.lent, the first waiters of all its lenders).
 * sched_set_effective_priority() is called here only, under pi_lock: reading t->priority
 * needs no run queue's lock here.
 */
#include "arch/x86_64/layout.h"
#include "arch/x86_64/spinlock.h"
#include "arch/x86_64/trap.h"
#include "kernel/mutex.h"
#include "kernel/sched.h"
#include "lib/assert.h"
#include "lib/format.h"

#define WAITERS BIT(0)

static struct spinlock pi_lock = SPINLOCK_INIT("priority inheritance", LOCK_RANK_PI);

void mutex_init(struct mutex *m, const char *name, enum mutex_rank rank)
{
	*m = (struct mutex)MUTEX_INIT(*m, rank);
	m->name = name;
}

void mutex_init_thread(struct thread *t)
{
	list_init(&t->pi.waiter);
	list_init(&t->pi.lenders);
	list_init(&t->pi.held);
}

static struct thread *owner_of(const struct mutex *m)
{
	return (struct thread *)(READ_ONCE(m->owner) & ~WAITERS);
}

bool mutex_held(const struct mutex *m)
{
	return owner_of(m) == current;
}

/* --- priorities.  All under pi_lock ------------------------------------------------------- */

static struct thread *first_waiter(const struct mutex *m) REQUIRES(pi_lock)
{
	return list_first(&m->waiters, struct thread, pi.waiter);
}

/* Behind those of the same priority. */
static void queue_waiter(struct mutex *m, struct thread *t) REQUIRES(pi_lock)
{
	struct thread *lower;

	list_for_each_entry (lower, &m->waiters, pi.waiter)
		if (lower->priority < t->priority)
			break;
	list_add_tail(&t->pi.waiter, &lower->pi.waiter);
}

/* What @t's priority should be. */
static u32 priority_of(const struct thread *t) REQUIRES(pi_lock)
{
	u32 priority = MAX(t->base_priority, t->pi.lent);
	const struct mutex *m;

	list_for_each_entry (m, &t->pi.lenders, lender)
		priority = MAX(priority, first_waiter(m)->priority);
	return priority;
}

/* Something that counts for @t's priority has changed: for @t, whom it waits for, and so on. */
static void update_priorities(struct thread *t) REQUIRES(pi_lock)
{
	struct mutex *m;

	for (; t != NULL; t = owner_of(m)) {
		u32 priority = priority_of(t);

		if (priority == t->priority)
			break;
		sched_set_effective_priority(t, priority);
		m = t->pi.blocked_on;
		if (m == NULL)
			break;
		list_del(&t->pi.waiter);
		queue_waiter(m, t);
	}
}

void mutex_set_base_priority(struct thread *t, u32 priority)
{
	u64 flags = spin_lock_irqsave(&pi_lock);

	t->base_priority = priority;
	update_priorities(t);
	spin_unlock_irqrestore(&pi_lock, flags);
}

void mutex_set_lent_priority(struct thread *t, u32 priority)
{
	u64 flags = spin_lock_irqsave(&pi_lock);

	t->pi.lent = priority;
	update_priorities(t);
	spin_unlock_irqrestore(&pi_lock, flags);
}

/* --- checks of debug builds ---------------------------------------------------------------- */

#define CHAIN_MAX   400u  /* bytes; a longer chain is cut off */
#define CHAIN_LINKS 1024u /* more than there are in any chain but a cycle without its start */

/* Would @t, waiting for @m, wait for itself? */
static bool is_cycle(const struct thread *t, const struct mutex *m)
{
	for (u32 n = 0; m != NULL && n < CHAIN_LINKS; n++) {
		const struct thread *owner = owner_of(m);

		if (owner == t)
			return true;
		m = owner != NULL ? owner->pi.blocked_on : NULL;
	}
	return false;
}

/* Under pi_lock: panic, naming the chain, if @t waits for @m in vain. */
static void check_deadlock(const struct thread *t, const struct mutex *m)
{
	char chain[CHAIN_MAX];
	const struct thread *owner = NULL;
	size_t used = 0;

	if (!is_cycle(t, m))
		return;
	while (owner != t && used < sizeof(chain)) {
		owner = owner_of(m);
		used += (size_t)format(chain + used, sizeof(chain) - used,
				       "%s waits for mutex %s of thread %s",
				       used != 0 ? ", which" : "", m->name, owner->name);
		m = owner->pi.blocked_on;
	}
	panic("deadlock: thread %s%s", t->name, chain);
}

/* A panic about @t, which takes @m out of order: a deadlock that is there says more. */
static void NORETURN wrong_order(const struct thread *t, const struct mutex *m,
				 const struct mutex *held)
{
	u64 flags = spin_lock_irqsave(&pi_lock);

	check_deadlock(t, m);
	spin_unlock_irqrestore(&pi_lock, flags);
	panic("thread %s takes mutex %s (rank %u) while it holds %s (rank %u)", t->name, m->name,
	      m->rank, held->name, held->rank);
}

static void check_lock(const struct thread *t, const struct mutex *m)
{
	const struct mutex *held;

	ASSERT(!is_cpu_local((vaddr_t)m), "mutex at CPU-local address %p", (const void *)m);
	ASSERT(owner_of(m) != t, "thread %s takes mutex %s, which it holds", t->name, m->name);
	list_for_each_entry (held, &t->pi.held, held)
		if (m->rank <= held->rank)
			wrong_order(t, m, held);
}

void mutex_check_exit(const struct thread *t)
{
	const struct mutex *m = list_first(&t->pi.held, struct mutex, held);

	DEBUG_ASSERT(list_empty(&t->pi.held), "thread %s ends and holds mutex %s", t->name,
		     m->name);
}

static void note_taken(struct thread *t, struct mutex *m)
{
	if (CONFIG_DEBUG)
		list_add(&m->held, &t->pi.held);
}

/* --- lock and unlock ----------------------------------------------------------------------- */

/* Acquire: what the last owner wrote is seen (release in try_release(), or pi_lock). */
static bool try_take(struct mutex *m, const struct thread *t)
{
	u64 free = 0;

	return __atomic_compare_exchange_n(&m->owner, &free, (u64)t, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/* Release; false if somebody waits. */
static bool try_release(struct mutex *m, const struct thread *t)
{
	u64 alone = (u64)t;

	return __atomic_compare_exchange_n(&m->owner, &alone, 0, false, __ATOMIC_RELEASE,
					   __ATOMIC_RELAXED);
}

/* Under pi_lock: take @m if it is free, or see to it that its owner stays who it is. */
static bool take_or_hold_owner(struct mutex *m, const struct thread *t)
{
	u64 owner = READ_ONCE(m->owner);

	while ((owner & WAITERS) == 0) {
		u64 wanted = owner == 0 ? (u64)t : owner | WAITERS;

		if (__atomic_compare_exchange_n(&m->owner, &owner, wanted, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return wanted == (u64)t;
	}
	return false;
}

/* Under pi_lock: @t waits for @m, whose owner gets its priority. */
static void start_waiting(struct thread *t, struct mutex *m) REQUIRES(pi_lock)
{
	struct thread *owner = owner_of(m);

	if (CONFIG_DEBUG)
		check_deadlock(t, m);
	if (list_empty(&m->waiters))
		list_add(&m->lender, &owner->pi.lenders);
	queue_waiter(m, t);
	WRITE_ONCE(t->pi.blocked_on, m);
	update_priorities(owner);
}

static NOINLINE void lock_slowly(struct mutex *m, struct thread *t)
{
	u64 flags = spin_lock_irqsave(&pi_lock);

	if (take_or_hold_owner(m, t)) {
		spin_unlock_irqrestore(&pi_lock, flags);
		return;
	}
	start_waiting(t, m);
	while (READ_ONCE(t->pi.blocked_on) != NULL) { /* until it has been handed over */
		thread_prepare_to_block();
		spin_unlock_irqrestore(&pi_lock, flags);
		schedule();
		flags = spin_lock_irqsave(&pi_lock);
	}
	spin_unlock_irqrestore(&pi_lock, flags);
}

void mutex_lock(struct mutex *m)
{
	struct thread *t = current;

	might_block(__builtin_return_address(0));
	if (CONFIG_DEBUG)
		check_lock(t, m);
	if (!try_take(m, t))
		lock_slowly(m, t);
	note_taken(t, m);
}

bool mutex_trylock(struct mutex *m)
{
	struct thread *t = current;

	DEBUG_ASSERT(irq_depth == 0, "mutex %s is tried in an interrupt", m->name);
	if (!try_take(m, t))
		return false;
	note_taken(t, m);
	return true;
}

/* Under pi_lock: @m, of which @t is the owner, is its first waiter's from now on. */
static void hand_over(struct mutex *m, struct thread *t) REQUIRES(pi_lock)
{
	struct thread *next = first_waiter(m);
	bool more;

	ASSERT(owner_of(m) == t, "thread %s unlocks mutex %s, which it does not hold", t->name,
	       m->name);
	list_del(&m->lender);
	list_del(&next->pi.waiter);
	WRITE_ONCE(next->pi.blocked_on, NULL);
	more = !list_empty(&m->waiters);
	if (more)
		list_add(&m->lender, &next->pi.lenders);
	__atomic_store_n(&m->owner, (u64)next | (more ? WAITERS : 0), __ATOMIC_RELEASE);
	thread_wake(next); /* its priority is at least that of those behind it */
	update_priorities(t);
}

void mutex_unlock(struct mutex *m)
{
	struct thread *t = current;
	u64 flags;

	DEBUG_ASSERT(owner_of(m) == t, "thread %s unlocks mutex %s of thread %s", t->name, m->name,
		     owner_of(m) != NULL ? owner_of(m)->name : "none");
	if (CONFIG_DEBUG)
		list_del(&m->held);
	if (try_release(m, t))
		return;
	flags = spin_lock_irqsave(&pi_lock);
	hand_over(m, t);
	spin_unlock_irqrestore(&pi_lock, flags);
}
