/* SPDX-License-Identifier: MIT */
/*
 * kernel/memory.c - see memory.h.
 *
 * What a call would do is checked first; the address space then does all of it or nothing
 * (mm/mm.h).  Whose thread changes an address space does not matter: its lock is taken.
 */
#include "arch/x86_64/layout.h"
#include "kernel/abi.h"
#include "kernel/memory.h"
#include "kernel/sys_task.h"
#include "lib/err.h"
#include "mm/mm.h"
#include "mm/object.h"
#include "mm/slab.h"

#define MAP_RIGHTS (MAP_READ | MAP_WRITE | MAP_EXEC)
#define MAP_FLAGS  (MAP_RIGHTS | MAP_SHARED | MAP_OWN_TOP_ENTRY | MAP_LARGE)

STATIC_ASSERT(MAP_READ == REGION_READ && MAP_WRITE == REGION_WRITE && MAP_EXEC == REGION_EXEC &&
		      MAP_SHARED == REGION_SHARED && MAP_OWN_TOP_ENTRY == REGION_OWN_TOP_ENTRY &&
		      MAP_LARGE == REGION_LARGE,
	      "flags of abi.h are those of regions");

static struct kmem_cache memory_cache =
	KMEM_CACHE_INIT(memory_cache, "memory", sizeof(struct memory), 0);

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

/* The object's reference is @q's until the region has one. */
static int take_memory(u64 handle, struct map_request *q, struct kobj **held)
{
	u32 rights;

	*held = handle_get_any(&current->user->task->handles, handle, &rights);
	if (*held == NULL)
		return -EBADF;
	if ((*held)->type != KOBJ_MEMORY)
		return -EBADF;
	if ((q->flags & MAP_WRITE) && !(rights & RIGHT_WRITE))
		return -EPERM;
	q->kind = REGION_OBJECT;
	q->object = container_of(*held, struct memory, kobj)->object;
	q->flags |= rights & RIGHT_WRITE ? 0 : REGION_NEVER_WRITE;
	return 0;
}

static s64 map(struct mm *mm, struct map_request *q)
{
	int err = q->start == 0 ? mm_map_anywhere(mm, q) : mm_map(mm, q);

	return err ? err : (s64)q->start;
}

s64 sys_map(struct syscall_frame *f)
{
	struct map_request q = { .start = f->rdx,
				 .offset = f->r10,
				 .size = f->r8,
				 .flags = (u32)f->r9,
				 .kind = REGION_ANON };
	struct kobj *memory = NULL;
	struct task *task;
	s64 result = 0;

	if ((f->r9 & ~(u64)MAP_FLAGS) != 0 || !are_rights(f->r9 & MAP_RIGHTS) ||
	    !is_range(q.start, q.size) || (q.start != 0 && q.start < MAP_LOWEST) ||
	    (f->rsi == 0 ? q.offset != 0 : (q.flags & (MAP_SHARED | MAP_LARGE)) != 0))
		return -EINVAL;
	task = task_by_handle(f->rdi, RIGHT_CONTROL);
	if (task == NULL)
		return -EBADF;
	if (f->rsi != 0)
		result = take_memory(f->rsi, &q, &memory);
	if (result == 0)
		result = map(task->mm, &q);
	if (memory != NULL)
		kobj_put(memory);
	kobj_put(&task->kobj);
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
