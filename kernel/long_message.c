/* SPDX-License-Identifier: MIT */
/*
 * kernel/long_message.c - see long_message.h.
 */
#include "kernel/long_message.h"
#include "kernel/memory.h"
#include "lib/err.h"
#include "mm/object.h"

/* @page of @memory, which is held, is @me's buffer; both NULL: it has none any more. */
static void set_buffer(struct user_thread *me, struct kobj *memory, struct page *page)
{
	struct kobj *before = me->buffer_memory;

	me->buffer_memory = memory;
	me->buffer = page;
	if (before != NULL)
		kobj_put(before);
}

void long_message_thread_ends(struct user_thread *u)
{
	set_buffer(u, NULL, NULL);
}

static int find_page(struct object *object, u64 offset, struct page **page)
{
	if (!IS_ALIGNED(offset, PAGE_SIZE) || offset / PAGE_SIZE >= object_pages(object) ||
	    object_device_page(object, offset / PAGE_SIZE) != 0)
		return -EINVAL;
	return object_page(object, offset / PAGE_SIZE, page);
}

s64 sys_buffer(struct syscall_frame *f)
{
	struct user_thread *me = current->user;
	struct kobj *memory = NULL;
	struct page *page = NULL;
	int err = 0;

	if (f->rdi != 0) {
		memory = handle_get(&me->task->handles, f->rdi, KOBJ_MEMORY, RIGHT_WRITE);
		if (memory == NULL)
			return -EBADF;
		err = find_page(container_of(memory, struct memory, kobj)->object, f->rsi, &page);
	}
	if (err == 0)
		set_buffer(me, memory, page);
	else
		kobj_put(memory);
	return err;
}
