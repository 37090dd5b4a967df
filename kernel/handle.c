/* SPDX-License-Identifier: MIT */
/*
 * kernel/handle.c - see handle.h.
 */
#include "arch/x86_64/irq.h"
#include "kernel/abi.h"
#include "kernel/handle.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/slab.h"

STATIC_ASSERT(HANDLE_FIRST == (1 << HANDLE_INDEX_BITS | 1), "the first use of entry 1, then of 2");
STATIC_ASSERT(HANDLES_MAX * sizeof(struct handle_entry) == PAGE_SIZE, "a table is a page");

int handle_table_init(struct handle_table *t)
{
	spin_init(&t->lock, "handles", LOCK_RANK_HANDLES);
	memset(t->uses, 0, sizeof(t->uses));
	t->entries = kzalloc(HANDLES_MAX * sizeof(struct handle_entry));
	return t->entries != NULL ? 0 : -ENOMEM;
}

/* A free entry's index, or HANDLES_MAX. */
static u32 find_free(const struct handle_table *t) REQUIRES(t->lock)
{
	u32 i = 1;

	while (i < HANDLES_MAX && (t->entries[i].object != NULL || t->uses[i] == HANDLE_USES_MAX))
		i++;
	return i;
}

/* @revocations: as many as there were when @object was found. */
static s64 add(struct handle_table *t, struct kobj *object, u32 rights, u32 revocations)
{
	s64 handle = -ENOSPC;
	struct handle_entry *e;
	u32 i;

	spin_lock(&t->lock);
	i = find_free(t);
	if (t->closed) {
		handle = -ESRCH;
	} else if (kobj_revocations(object) != revocations) {
		handle = -EBADF;
	} else if (i < HANDLES_MAX) {
		e = &t->entries[i];
		e->object = object;
		e->rights = (u16)rights;
		e->type = (u16)object->type;
		t->end = MAX(t->end, i + 1);
		handle = (s64)(++t->uses[i] << HANDLE_INDEX_BITS | i);
		kobj_handle_opened(object, rights); /* before anybody can close it */
		shared_store(&e->handle, (u32)handle);
	}
	spin_unlock(&t->lock);
	return handle;
}

s64 handle_add(struct handle_table *t, struct kobj *object, u32 rights)
{
	return add(t, object, rights, kobj_revocations(object));
}

s64 handle_add_or_put(struct handle_table *t, struct kobj *object, u32 rights)
{
	s64 handle = handle_add(t, object, rights);

	if (handle < 0)
		kobj_put(object);
	return handle;
}

s64 handle_copy_to(struct handle_table *t, const struct handle_copy *copy, u32 rights)
{
	return add(t, copy->object, rights, copy->revocations);
}

s64 handle_copy_to_or_put(struct handle_table *t, const struct handle_copy *copy, u32 rights)
{
	s64 handle = handle_copy_to(t, copy, rights);

	if (handle < 0)
		kobj_put(copy->object);
	return handle;
}

int handle_close(struct handle_table *t, u64 handle)
{
	struct handle_entry *e = &t->entries[handle & (HANDLES_MAX - 1)];
	struct kobj *object = NULL;
	u32 rights = 0;

	spin_lock(&t->lock);
	if (handle != 0 && e->handle == handle) {
		object = e->object;
		rights = e->rights;
		shared_store(&e->handle, 0);
	}
	spin_unlock(&t->lock);
	if (object == NULL)
		return -EBADF;
	kobj_wait_for_lookers();
	spin_lock(&t->lock);
	e->object = NULL; /* from here on it may be filled again */
	spin_unlock(&t->lock);
	kobj_handle_closed(object, rights);
	kobj_put(object);
	return 0;
}

/* The first handle of @object from entry *@i on, where the next look begins; 0: none. */
static u64 find_next(struct handle_table *t, const struct kobj *object, u32 *i)
{
	u64 handle = 0;

	spin_lock(&t->lock);
	for (; *i < t->end && handle == 0; ++*i)
		if (t->entries[*i].object == object)
			handle = t->entries[*i].handle;
	spin_unlock(&t->lock);
	return handle;
}

/* One that its task closes meanwhile is found by neither. */
void handle_close_all_of(struct handle_table *t, const struct kobj *object)
{
	u32 i = 0;
	u64 handle;

	while ((handle = find_next(t, object, &i)) != 0)
		(void)handle_close(t, handle);
}

void handle_table_destroy(struct handle_table *t)
{
	if (t->entries != NULL)
		handle_table_close(t);
	kfree(t->entries);
}

/*
 * Empty an entry, which nobody looks at: so there is nobody to wait for.  What it was; .object
 * NULL: it was empty, or is being revoked.  Not in line: the end of a task may end others.
 */
static NOINLINE struct handle_entry take_out(struct handle_table *t, struct handle_entry *e)
{
	struct handle_entry was = { 0 };

	if (shared_load(&e->handle) == 0)
		return was; /* and stays so */
	spin_lock(&t->lock);
	if (e->handle != 0) {
		was = *e;
		e->object = NULL;
		shared_store(&e->handle, 0);
	}
	spin_unlock(&t->lock);
	return was;
}

/* Nobody fills an entry from here on. */
void handle_table_close(struct handle_table *t)
{
	u32 end;

	spin_lock(&t->lock);
	t->closed = true;
	end = t->end;
	spin_unlock(&t->lock);
	for (u32 i = 0; i < end; i++) {
		struct handle_entry was = take_out(t, &t->entries[i]);

		if (was.object == NULL)
			continue;
		kobj_handle_closed(was.object, was.rights);
		kobj_put(was.object);
	}
}

/* Nobody else knows @to, but who revokes, and then not what is left out here (revoke.c). */
NO_LOCK_CHECK void handle_table_copy(struct handle_table *to, struct handle_table *from)
{
	spin_lock(&from->lock);
	for (u32 i = 0; i < from->end; i++) {
		const struct handle_entry *e = &from->entries[i];

		to->uses[i] = from->uses[i];
		if (e->handle == 0 || !(e->rights & RIGHT_DUPLICATE) ||
		    is_being_revoked(kobj_revocations(e->object)))
			continue;
		kobj_get(e->object);
		kobj_handle_opened(e->object, e->rights);
		to->entries[i] = *e;
		to->entries[i].rights &= (u16)~RIGHT_REVOKE;
	}
	to->end = from->end;
	spin_unlock(&from->lock);
}

struct kobj *handle_find_any(const struct handle_table *t, u64 handle, u32 *rights)
{
	const struct handle_entry *e = &t->entries[handle & (HANDLES_MAX - 1)];

	if (handle == 0 || shared_load(&e->handle) != handle)
		return NULL;
	*rights = e->rights;
	return e->object;
}

struct kobj *handle_get(const struct handle_table *t, u64 handle, enum kobj_type type, u32 rights)
{
	u64 flags = irq_save();
	struct kobj *k = handle_find(t, handle, type, rights);

	if (k != NULL)
		kobj_get(k);
	irq_restore(flags);
	return k;
}

struct kobj *handle_get_any(const struct handle_table *t, u64 handle, u32 *rights)
{
	u64 flags = irq_save();
	struct kobj *k = handle_find_any(t, handle, rights);

	if (k != NULL)
		kobj_get(k);
	irq_restore(flags);
	return k;
}

int handle_copy_from(const struct handle_table *t, u64 handle, struct handle_copy *copy)
{
	u64 flags = irq_save();
	struct kobj *k = handle_find_any(t, handle, &copy->rights);
	int err = -EBADF;

	if (k != NULL) {
		copy->object = k;
		copy->revocations = kobj_revocations(k);
		err = is_being_revoked(copy->revocations) ? -EBUSY : 0;
	}
	if (err == 0)
		kobj_get(k);
	irq_restore(flags);
	return err;
}
