/* SPDX-License-Identifier: MIT */
/*
 * kernel/thread.c - see thread.h: a thread's birth and death.
 */
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "arch/x86_64/switch.h"
#include "arch/x86_64/syscall.h"
#include "lib/assert.h"
#include "lib/ksyms.h"
#include "lib/string.h"
#include "mm/kspace.h"
#include "mm/slab.h"

static KMEM_CACHE(cache, "thread", sizeof(struct thread), 64);

static u64 *stack_bottom(const struct thread *t)
{
	return (u64 *)(t->stack_top + sizeof(struct stack_head) - KERNEL_STACK_SIZE);
}

void thread_check(const struct thread *t)
{
	if (!CONFIG_DEBUG)
		return;
	ASSERT(t->magic == THREAD_MAGIC, "no thread at %p", (const void *)t);
	ASSERT(*stack_bottom(t) == STACK_MAGIC, "thread %s has used up its stack", t->name);
}

struct thread *thread_adopt(u32 cpu, const char *name, vaddr_t stack_top)
{
	struct thread *t = kmem_cache_zalloc(&cache);

	if (t == NULL)
		return NULL;
	t->magic = THREAD_MAGIC;
	t->stack_top = stack_top - sizeof(struct stack_head);
	t->cpu = cpu;
	t->state = THREAD_RUNNABLE;
	t->priority = PRIORITY_DEFAULT;
	t->base_priority = PRIORITY_DEFAULT;
	cpumask_set(&t->affinity, cpu);
	list_init(&t->queue);
	mutex_init_thread(t);
	list_init(&t->requests);
	list_init(&t->pinned_node);
	kmap_stack_init(&t->kmap);
	completion_init(&t->dead);
	strlcpy(t->name, name, sizeof(t->name));
	*stack_bottom(t) = STACK_MAGIC;
	return t;
}

/* A new thread's first C, on its own stack, from switch_stacks(). */
static void begin(void) RELEASES(irqs_off)
{
	struct thread *self;

	sched_finish_first_switch();
	self = current;
	thread_exit(self->fn(self->arg));
}

struct thread *thread_create_on(u32 cpu, const char *name, thread_fn fn, void *arg)
{
	vaddr_t top = kspace_alloc_stack();
	struct thread *t;

	if (top == 0)
		return NULL;
	t = thread_adopt(cpu, name, top);
	if (t == NULL) {
		kspace_free_stack(top);
		return NULL;
	}
	t->state = THREAD_NEW;
	t->fn = fn;
	t->arg = arg;
	*stack_head_at(t->stack_top) = (struct stack_head){ 0 };
	t->sp = switch_new_stack(t->stack_top, begin);
	return t;
}

struct thread *thread_create(const char *name, thread_fn fn, void *arg)
{
	struct thread *t = thread_create_on(this_cpu_read(cpu_id), name, fn, arg);

	if (t != NULL)
		memset(&t->affinity, 0xff, sizeof(t->affinity));
	return t;
}

void thread_start(struct thread *t)
{
	ASSERT(t->state == THREAD_NEW, "thread %s was started before", t->name);
	t->state = THREAD_BLOCKED;
	thread_wake(t);
}

void thread_panic_leak(const char *what)
{
	struct ksym_place site;

	if (kmap_depth != 0)
		kmap_panic_leak(current->name, what);
	site = ksym_place(migrate_site);
	panic("thread %s %s in a migrate-disabled section, which began in %s+%#lx", current->name,
	      what, site.function, site.offset);
}

void thread_exit(int status)
{
	struct thread *self = current;

	thread_check_leaks("ends");
	mutex_check_exit(self);
	self->status = status;
	self->state = THREAD_DEAD;
	schedule();
	panic("thread %s runs after its end", self->name);
}

void thread_discard(struct thread *t)
{
	t->magic = 0;
	if (t->user_state != NULL)
		thread_free_user_state(t);
	kspace_free_stack(t->stack_top + sizeof(struct stack_head));
	kmem_cache_free(&cache, t);
}

int thread_join(struct thread *t)
{
	int status;

	ASSERT(t != current, "thread %s joins itself", t->name);
	wait_for_completion(&t->dead);
	DEBUG_ASSERT(!thread_on_cpu(t), "thread %s is joined while it runs", t->name);
	status = t->status;
	thread_discard(t);
	return status;
}

u64 thread_count(void)
{
	struct kmem_cache_stats stats;

	kmem_cache_stats(&cache, &stats);
	return stats.in_use;
}
