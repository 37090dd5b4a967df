/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/sched/nothing.c - what the scheduler calls and does nothing here: no mutexes, no
 * kmap, no address spaces, no console.
 */
#include <stdio.h>

#include "arch/x86_64/ipi.h"
#include "arch/x86_64/user_state.h"
#include "kernel/mutex.h"
#include "kernel/sched.h"
#include "lib/assert.h"
#include "lib/ksyms.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/kmap.h"
#include "mm/slab.h"
#include "tests/sim/driver.h"
#include "tests/sim/operations.h"
#include "tests/sim/vcpu.h"

void mutex_init_thread(struct thread *t)
{
	(void)t;
}

void mutex_check_exit(const struct thread *t)
{
	(void)t;
}

void mutex_set_base_priority(struct thread *t, u32 priority)
{
	t->base_priority = priority;
	sched_set_effective_priority(t, priority);
}

const char *ksym_find(u64 address, u64 *offset)
{
	*offset = address;
	return NULL;
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
	return (size_t)snprintf(dst, size, "%s", src);
}

void printk(const char *fmt, ...)
{
	(void)fmt;
}

void kmem_cache_stats(struct kmem_cache *cache, struct kmem_cache_stats *stats)
{
	(void)cache;
	*stats = (struct kmem_cache_stats){ 0 };
}

void kmap_stack_init(struct kmap_stack *s)
{
	*s = (struct kmap_stack){ 0 };
}

void kmap_check_switch(void)
{
}

void kmap_take_down(struct kmap_stack *s)
{
	(void)s;
}

void kmap_put_up(struct kmap_stack *s)
{
	(void)s;
}

void kmap_panic_leak(const char *name, const char *what)
{
	panic("%s %s with a page mapped", name, what);
}

void user_state_switch(struct user_state *prev, struct user_state *next)
{
	ASSERT(prev == NULL && next == NULL, "no thread has been to user mode");
}

void thread_free_user_state(struct thread *t)
{
	(void)t;
}

/* No address spaces here. */
u32 driver_addresses(void)
{
	return 0;
}

vaddr_t driver_address(u32 n)
{
	return n;
}

const pte_t *living_reference_of(u64 ctx_id)
{
	(void)ctx_id;
	return NULL;
}

void run_on_cpus(const struct cpumask *mask, ipi_fn fn, void *arg)
{
	(void)mask;
	fn(arg);
}

void sim_write_cr3(u64 value)
{
	(void)value;
}

void sim_invlpg(vaddr_t va)
{
	(void)va;
}

void sim_invpcid(u32 type, u64 pcid, vaddr_t va)
{
	(void)type;
	(void)pcid;
	(void)va;
}
