/* SPDX-License-Identifier: MIT */
/*
 * lib/lock_check.h - what lock protects what, said so that a compiler checks it.
 *
 *	struct queue {
 *		struct spinlock lock;
 *		u32 mask GUARDED_BY(lock);
 *	};
 *	void insert(struct queue *q, struct item *i) REQUIRES(q->lock);
 *
 * `make check-locks` has clang read the kernel with LOCK_CHECK; elsewhere these words say
 * it to people alone.  A field's guard is that lock of some object of its type: clang cannot
 * name the very one in C, and two of a rank are never held together.  An access by its
 * address is not seen: READ_ONCE() and the lists' functions.  A function's is the very one.
 */
#pragma once

#ifdef LOCK_CHECK
#define LOCK_ATTRIBUTE(...) __attribute__((__VA_ARGS__))
#else
#define LOCK_ATTRIBUTE(...)
#endif

/* Of a struct: it can be held.  @name: how messages call it. */
#define CAPABILITY(name) LOCK_ATTRIBUTE(capability(name))

#ifdef LOCK_CHECK
/* Held while this CPU's interrupts are off.  There is no such variable. */
extern struct CAPABILITY("state") irq_state {
	int off;
} irqs_off;
#endif

/* Of a member of a struct: its lock is the member @lock. */
#define GUARDED_BY(lock) LOCK_ATTRIBUTE(guarded_by(&lock))

/* Of a variable. */
#define GUARDED_BY_THE(lock) LOCK_ATTRIBUTE(guarded_by(lock))

/* Of a function: who calls it holds them all along; comes to hold them; ceases to. */
#define REQUIRES(...) LOCK_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define ACQUIRES(...) LOCK_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASES(...) LOCK_ATTRIBUTE(release_capability(__VA_ARGS__))

/* It comes to hold @lock if it returns true. */
#define TRY_ACQUIRES(lock) LOCK_ATTRIBUTE(try_acquire_capability(true, lock))

/* Who calls it must not hold them: it takes them itself. */
#define EXCLUDES(...) LOCK_ATTRIBUTE(locks_excluded(__VA_ARGS__))

/* After it they count as held: for what another function took and could not say so. */
#define ASSERTS_HELD(...) LOCK_ATTRIBUTE(assert_capability(__VA_ARGS__))

/* Its body is not looked at.  A comment says why. */
#define NO_LOCK_CHECK LOCK_ATTRIBUTE(no_thread_safety_analysis)
