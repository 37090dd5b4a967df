/* SPDX-License-Identifier: MIT */
/*
 * kernel/thread_user.c - the registers of user threads: their memory.
 */
#include "arch/x86_64/user_state.h"
#include "kernel/thread.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "mm/slab.h"

static struct kmem_cache cache KMEM_KNOWN;

void thread_user_init(void)
{
	kmem_cache_init(&cache, "user state", user_state_size(), FPU_ALIGN);
}

int thread_add_user_state(struct thread *t)
{
	struct user_state *s = kmem_cache_alloc(&cache);

	ASSERT(t->state == THREAD_NEW && t->user_state == NULL, "thread %s gets registers too late",
	       t->name);
	if (s == NULL)
		return -ENOMEM;
	user_state_init(s);
	t->user_state = s;
	return 0;
}

void thread_copy_user_state(struct thread *t)
{
	user_state_copy(t->user_state, current->user_state);
}

void thread_free_user_state(struct thread *t)
{
	kmem_cache_free(&cache, t->user_state);
	t->user_state = NULL;
}
