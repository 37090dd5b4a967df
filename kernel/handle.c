/* SPDX-License-Identifier: MIT */
/*
 * kernel/handle.c - see handle.h.
 */
#include "kernel/handle.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/slab.h"

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

s64 handle_add(struct handle_table *t, struct kobj *object, u32 rights)
{
	s64 handle = -ENOSPC;
	struct handle_entry *e;
	u32 i;

	spin_lock(&t->lock);
	i = find_free(t);
	if (i < HANDLES_MAX) {
		e = &t->entries[i];
		e->object = object;
		e->rights = (u16)rights;
		e->type = (u16)object->type;
		handle = (s64)(++t->uses[i] << HANDLE_INDEX_BITS | i);
		kobj_handle_opened(object, rights); /* before anybody can close it */
		shared_store(&e->handle, (u32)handle);
	}
	spin_unlock(&t->lock);
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

void handle_table_destroy(struct handle_table *t)
{
	for (u32 i = 0; i < HANDLES_MAX && t->entries != NULL; i++)
		if (t->entries[i].object != NULL) {
			kobj_handle_closed(t->entries[i].object, t->entries[i].rights);
			kobj_put(t->entries[i].object);
		}
	kfree(t->entries);
}

struct kobj *handle_find_any(const struct handle_table *t, u64 handle, u32 *rights)
{
	const struct handle_entry *e = &t->entries[handle & (HANDLES_MAX - 1)];

	if (handle == 0 || shared_load(&e->handle) != handle)
		return NULL;
	*rights = e->rights;
	return e->object;
}
