/* SPDX-License-Identifier: MIT */
/*
 * kernel/kobj.h - what all objects that handles lead to have in common: a type, and a count of
 * references: handles, and whoever else must find it alive.
 *
 * A system call finds an object by its handle with interrupts off (handle.h), and needs no
 * reference as long as they stay off: whoever takes a handle away waits, before he drops its
 * reference, until each CPU has had them on again.
 */
#pragma once

#include "lib/assert.h"
#include "lib/types.h"

struct task;

enum kobj_type {
	KOBJ_TASK = 1,
	KOBJ_ENDPOINT,
	KOBJ_NOTIFICATION,
	KOBJ_TIMER,
	KOBJ_IRQ,
	KOBJ_PORTS,
	KOBJ_MEMORY,
	KOBJ_SYSTEM, /* there is one, which never ends: what may be known of all tasks */
};

struct kobj {
	u32 refs;	 /* atomic */
	u32 type;	 /* constant: enum kobj_type */
	u32 revocations; /* atomic: begun and ended (revoke.c): odd while one goes on */
};

static inline void kobj_init(struct kobj *k, enum kobj_type type)
{
	k->refs = 1;
	k->type = type;
	k->revocations = 0;
}

static inline u32 kobj_revocations(const struct kobj *k)
{
	return __atomic_load_n(&k->revocations, __ATOMIC_ACQUIRE);
}

static inline bool is_being_revoked(u32 revocations)
{
	return revocations % 2 != 0;
}

/* Another reference, by who has one, or has found it by a handle, interrupts still off. */
static inline void kobj_get(struct kobj *k)
{
	__atomic_fetch_add(&k->refs, 1, __ATOMIC_RELAXED);
}

/* Drop one that is not the last.  Any context. */
static inline void kobj_unget(struct kobj *k)
{
	u32 before = __atomic_fetch_sub(&k->refs, 1, __ATOMIC_RELAXED);

	DEBUG_ASSERT(before > 1, "the last reference to object %p is dropped", (void *)k);
}

/* Drop a reference; with the last one the object ends.  Interrupts on, no lock held. */
void kobj_put(struct kobj *k);

/* Of a handle with @rights there is one more; one less, interrupts on and no lock held. */
void kobj_handle_opened(struct kobj *k, u32 rights);
void kobj_handle_closed(struct kobj *k, u32 rights);

/* Of the tasks' threads that wait at @k only those of @task go on waiting; the others: -EIDRM. */
void kobj_revoked(struct kobj *k, const struct task *task);

/*
 * When this returns, each CPU has had interrupts on since it was called: nobody is still at
 * what he had found before.  As run_on_cpus(); may be moved to another CPU meanwhile.
 */
void kobj_wait_for_lookers(void);
