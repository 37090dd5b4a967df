/* SPDX-License-Identifier: MIT */
/*
 * kernel/handle.h - a task's handles: numbers that stand for objects, with rights.
 *
 * A handle is an entry's index and how often the entry was used, so that one that was closed is
 * not taken for its successor.  A table is a page of HANDLES_MAX entries; the first is never
 * filled, so that 0 is no handle and needs no look.  The others are the task's limit.
 *
 * handle_find() takes no lock: interrupts are off, and an entry that was emptied is not filled
 * again before everybody who may have seen what it was has had them on.
 */
#pragma once

#include "arch/x86_64/shared.h"
#include "arch/x86_64/spinlock.h"
#include "kernel/kobj.h"

#define HANDLE_INDEX_BITS 8u
#define HANDLES_MAX	  (1u << HANDLE_INDEX_BITS)
#define HANDLE_USES_MAX	  (1u << 22) /* then the entry is not used again; keeps handles positive */

struct handle_entry {
	struct kobj *object; /* what .handle stands for; NULL: the entry is free */
	u32 handle;	     /* 0: none; written last when it is filled, first when it is emptied */
	u16 rights;
	u16 type;
};

struct handle_table {
	struct spinlock lock; /* rank LOCK_RANK_HANDLES: who fills and empties */
	struct handle_entry *entries;
	bool closed GUARDED_BY(lock);		/* it takes no more */
	u32 end GUARDED_BY(lock);		/* entries from here on were never used */
	u32 uses[HANDLES_MAX] GUARDED_BY(lock); /* of each entry, so far */
};

/* An empty table.  0 or -ENOMEM. */
int handle_table_init(struct handle_table *t) WARN_UNUSED_RESULT;

/* Close all; nobody uses the table any more.  Interrupts on, no lock held. */
void handle_table_destroy(struct handle_table *t);

/*
 * Close all, and take no more: -ESRCH from now on.  No thread looks handles up in it any more, but
 * others may still want to add some, or revoke one, which is then theirs to end.  Interrupts on, no
 * lock held.
 */
void handle_table_close(struct handle_table *t);

/*
 * Of each handle in @from that may be duplicated, put the same number, with the same rights but
 * that to revoke, into @to, which is new.  What is being revoked is left out.
 */
void handle_table_copy(struct handle_table *to, struct handle_table *from);

/*
 * A new handle for @object, which takes over the caller's reference.  -ENOSPC: the table is full;
 * -ESRCH: closed.  Interrupts may be off.
 */
s64 handle_add(struct handle_table *t, struct kobj *object, u32 rights) WARN_UNUSED_RESULT;

/* The same, and the reference is dropped if that fails.  Interrupts on, no lock held. */
s64 handle_add_or_put(struct handle_table *t, struct kobj *object, u32 rights) WARN_UNUSED_RESULT;

/*
 * What a handle led to, on its way to another: with a reference, and good until it is revoked.
 */
struct handle_copy {
	struct kobj *object;
	u32 rights;
	u32 revocations; /* of the object's, when it was found; even */
};

/*
 * Find what @handle leads to, for another handle of it; the reference is the caller's.  0; -EBADF;
 * -EBUSY: it is being revoked.  Interrupts on.
 */
int handle_copy_from(const struct handle_table *t, u64 handle,
		     struct handle_copy *copy) WARN_UNUSED_RESULT;

/*
 * A new handle in @t, with @rights, for what was found, whose reference it takes over.  As
 * handle_add(); -EBADF: it was revoked since.
 */
s64 handle_copy_to(struct handle_table *t, const struct handle_copy *copy,
		   u32 rights) WARN_UNUSED_RESULT;
s64 handle_copy_to_or_put(struct handle_table *t, const struct handle_copy *copy,
			  u32 rights) WARN_UNUSED_RESULT;

/* Close each handle of @object, which is being revoked, so that no more come.  As handle_close().
 */
void handle_close_all_of(struct handle_table *t, const struct kobj *object);

/*
 * Take @handle away, wait until nobody looks at what it led to, and drop its reference.  0, or
 * -EBADF.  Interrupts on, no lock held.
 */
int handle_close(struct handle_table *t, u64 handle);

/*
 * What @handle leads to, if it is of @type and has all of @rights, good while interrupts stay
 * off; NULL else.
 */
static ALWAYS_INLINE struct kobj *handle_find(const struct handle_table *t, u64 handle,
					      enum kobj_type type, u32 rights)
{
	const struct handle_entry *e = &t->entries[handle & (HANDLES_MAX - 1)];

	if (unlikely(shared_load(&e->handle) != handle || e->type != type ||
		     (e->rights & rights) != rights))
		return NULL;
	if (e->object == NULL)
		__builtin_unreachable(); /* so that callers do not look again */
	return e->object;
}

/*
 * The same where the right says the type: no object of another has a handle with @right.  @entries
 * are the table's.
 */
static ALWAYS_INLINE struct kobj *handle_find_by_right(const struct handle_entry *entries,
						       u64 handle, u32 right)
{
	const struct handle_entry *e = &entries[handle & (HANDLES_MAX - 1)];

	if (unlikely(shared_load(&e->handle) != handle || !(e->rights & right)))
		return NULL;
	if (e->object == NULL)
		__builtin_unreachable();
	return e->object;
}

/* The same for any type, with what else there is to know. */
struct kobj *handle_find_any(const struct handle_table *t, u64 handle, u32 *rights);

/* As the two above, with a reference for the caller; interrupts on. */
struct kobj *handle_get(const struct handle_table *t, u64 handle, enum kobj_type type, u32 rights);
struct kobj *handle_get_any(const struct handle_table *t, u64 handle, u32 *rights);
