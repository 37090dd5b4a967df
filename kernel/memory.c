/* SPDX-License-Identifier: MIT */
/*
 * kernel/memory.c - see memory.h.
 *
 * What a call would do is checked first; the address space then does all of it or nothing
 * (mm/mm.h).  Whose thread changes an address space does not matter: its lock is taken.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/layout.h"
#include "kernel/abi.h"
#include "kernel/memory.h"
#include "kernel/sys_task.h"
#include "kernel/task.h"
#include "lib/err.h"
#include "mm/mm.h"
#include "mm/object.h"
#include "mm/slab.h"

#define MAP_RIGHTS (MAP_READ | MAP_WRITE | MAP_EXEC)
#define MAP_FLAGS  (MAP_RIGHTS | MAP_SHARED | MAP_OWN_TOP_ENTRY | MAP_LARGE | MAP_NOT_FORKED)

STATIC_ASSERT(MAP_READ == REGION_READ && MAP_WRITE == REGION_WRITE && MAP_EXEC == REGION_EXEC &&
		      MAP_SHARED == REGION_SHARED && MAP_OWN_TOP_ENTRY == REGION_OWN_TOP_ENTRY &&
		      MAP_LARGE == REGION_LARGE && MAP_NOT_FORKED == REGION_NOT_FORKED,
	      "flags of abi.h are those of regions");

static KMEM_CACHE(memory_cache, "memory", sizeof(struct memory), 0);

/* --- objects ------------------------------------------------------------------------------- */

static struct memory *memory_create(u64 pages, struct budget *budget)
{
	struct memory *m = kmem_cache_alloc(&memory_cache);

	if (m == NULL)
		return NULL;
	kobj_init(&m->kobj, KOBJ_MEMORY);
	m->object = object_create(pages);
	if (m->object != NULL && object_set_budget(m->object, budget) == 0)
		return m;
	if (m->object != NULL)
		object_put(m->object);
	kmem_cache_free(&memory_cache, m);
	return NULL;
}

struct memory *memory_of_device(paddr_t phys, u64 pages, pte_t cache, void (*ended)(void))
{
	struct memory *m = kmem_cache_alloc(&memory_cache);

	if (m == NULL)
		return NULL;
	kobj_init(&m->kobj, KOBJ_MEMORY);
	m->object = object_create_device(phys, pages, cache, ended);
	if (m->object != NULL)
		return m;
	kmem_cache_free(&memory_cache, m);
	return NULL;
}

void memory_free(struct memory *m)
{
	object_put(m->object);
	kmem_cache_free(&memory_cache, m);
}

s64 sys_memory(struct syscall_frame *f)
{
	struct task *me = current->user->task;
	u64 pages = f->rdi / PAGE_SIZE + (f->rdi % PAGE_SIZE != 0);
	struct memory *m;

	if (pages == 0 || pages > OBJECT_MAX_PAGES)
		return -EINVAL;
	m = memory_create(pages, me->budget);
	if (m == NULL)
		return -ENOMEM;
	return handle_add_or_put(&me->handles, &m->kobj,
				 RIGHT_WRITE | RIGHT_DUPLICATE | RIGHT_REVOKE);
}

/* --- ranges -------------------------------------------------------------------------------- */

/* Whole pages, some, in user memory. */
static bool is_range(u64 start, u64 bytes)
{
	return bytes != 0 && IS_ALIGNED(start | bytes, PAGE_SIZE) && start < USER_MAP_END &&
	       bytes <= USER_MAP_END - start;
}

static bool are_rights(u64 rights)
{
	return (rights & ~(u64)MAP_RIGHTS) == 0 &&
	       (rights & (MAP_WRITE | MAP_EXEC)) != (MAP_WRITE | MAP_EXEC);
}

/* --- mapping ------------------------------------------------------------------------------- */

/* May what @k is, to which a handle with @rights leads, be mapped with *@flags, which then say so?
 */
static ALWAYS_INLINE int check_memory(const struct kobj *k, u32 rights, u32 *flags)
{
	if (k == NULL || k->type != KOBJ_MEMORY)
		return -EBADF;
	if ((*flags & MAP_WRITE) && !(rights & RIGHT_WRITE))
		return -EPERM;
	*flags |= rights & RIGHT_WRITE ? 0 : REGION_NEVER_WRITE;
	return 0;
}

static ALWAYS_INLINE struct object *object_of(struct kobj *k)
{
	return container_of(k, struct memory, kobj)->object;
}

/* The object's reference is @memory's until the region has one. */
static s64 map_into(struct task *task, struct kobj *memory, u32 rights, struct map_request *q)
{
	int err = 0;

	if (q->kind == REGION_OBJECT) {
		err = check_memory(memory, rights, &q->flags);
		q->object = err ? NULL : object_of(memory);
	}
	if (!err)
		err = q->start == 0 ? mm_map_anywhere(task->mm, q) : mm_map(task->mm, q);
	return err ? err : (s64)q->start;
}

static NOINLINE s64 map(const struct syscall_frame *f)
{
	struct map_request q = { .start = f->rdx,
				 .offset = f->r10,
				 .size = f->r8,
				 .flags = (u32)f->r9,
				 .kind = f->rsi == 0 ? REGION_ANON : REGION_OBJECT };
	struct task *task = task_by_handle(f->rdi, RIGHT_CONTROL);
	struct kobj *memory = NULL;
	u32 rights = 0;
	s64 result;

	if (task == NULL)
		return -EBADF;
	if (f->rsi != 0)
		memory = handle_get_any(&current->user->task->handles, f->rsi, &rights);
	result = map_into(task, memory, rights, &q);
	if (memory != NULL)
		kobj_put(memory);
	kobj_put(&task->kobj);
	return result;
}

/*
 * What a pager does: what comes next of an object behind what there is of it, in another task. What
 * both handles lead to is good as long as interrupts are off.  False: that it is not, and nothing
 * has changed.
 */
static ALWAYS_INLINE bool map_quickly(const struct syscall_frame *f) REQUIRES(irqs_off)
{
	const struct handle_table *own = &current->user->task->handles;
	const struct kobj *task = handle_find(own, f->rdi, KOBJ_TASK, RIGHT_CONTROL);
	struct kobj *memory = handle_find(own, f->rsi, KOBJ_MEMORY, RIGHT_WRITE);
	struct extent more = {
		.start = f->rdx, .end = f->rdx + f->r8, .offset = f->r10, .flags = (u32)f->r9
	};

	if (task == NULL || memory == NULL)
		return false;
	more.object = object_of(memory);
	return mm_map_quick(container_of(task, struct task, kobj)->mm, &more);
}

s64 sys_map(struct syscall_frame *f)
{
	s64 result;

	if ((f->r9 & ~(u64)MAP_FLAGS) != 0 || !are_rights(f->r9 & MAP_RIGHTS) ||
	    !is_range(f->rdx, f->r8) || (f->rdx != 0 && f->rdx < MAP_LOWEST) ||
	    (f->rsi == 0 ? f->r10 != 0 : (f->r9 & (MAP_SHARED | MAP_LARGE)) != 0))
		return -EINVAL;
	if (likely(f->rdx != 0) && map_quickly(f))
		return (s64)f->rdx;
	irq_enable();
	result = map(f);
	irq_disable();
	return result;
}

s64 sys_unmap(struct syscall_frame *f)
{
	struct task *task;
	s64 result;

	if (!is_range(f->rsi, f->rdx))
		return -EINVAL;
	task = task_by_handle(f->rdi, RIGHT_CONTROL);
	if (task == NULL)
		return -EBADF;
	result = mm_unmap(task->mm, f->rsi, f->rsi + f->rdx);
	kobj_put(&task->kobj);
	return result;
}

s64 sys_protect(struct syscall_frame *f)
{
	struct task *task;
	s64 result;

	if (!is_range(f->rsi, f->rdx) || !are_rights(f->r10))
		return -EINVAL;
	task = task_by_handle(f->rdi, RIGHT_CONTROL);
	if (task == NULL)
		return -EBADF;
	result = mm_protect(task->mm, f->rsi, f->rsi + f->rdx, (u32)f->r10);
	kobj_put(&task->kobj);
	return result;
}
