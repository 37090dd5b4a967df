/* SPDX-License-Identifier: MIT */
/*
 * kernel/sys_task.c - what tasks can do with tasks.
 */
#include "arch/x86_64/layout.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/uaccess.h"
#include "kernel/abi.h"
#include "kernel/archive.h"
#include "kernel/sched.h"
#include "kernel/sys_task.h"
#include "kernel/system.h"
#include "kernel/user_wait.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/asid.h"
#include "mm/budget.h"

STATIC_ASSERT(TASK_INFO_CPUS == MAX_CPUS && TASK_NAME_MAX == THREAD_NAME_MAX && NO_SLOT > ASIDS_MAX,
	      "struct task_info has room for all");
STATIC_ASSERT(RIGHT_REVOKE <= UINT16_MAX, "a handle's entry has 16 bits for rights");

#define PROGRAM_NAME_MAX 64u /* bytes */
#define TASK_RIGHTS	 (RIGHT_CONTROL | RIGHT_INSPECT | RIGHT_DUPLICATE | RIGHT_REVOKE)

struct task *task_by_handle(u64 handle, u32 rights)
{
	struct task *me = current->user->task;
	struct kobj *k = &me->kobj;

	if (handle == 0)
		kobj_get(k);
	else
		k = handle_get(&me->handles, handle, KOBJ_TASK, rights);
	return k != NULL ? container_of(k, struct task, kobj) : NULL;
}

/* --- making tasks -------------------------------------------------------------------------- */

static const char *last_part(const char *name)
{
	const char *part = name;

	for (; *name != '\0'; name++)
		if (*name == '/')
			part = name + 1;
	return part;
}

int task_load(struct task *task, const void *file, size_t size, const struct exec_args *args)
{
	char why[EXEC_WHY_MAX];
	int err = exec_load(task->mm, file, size, &task->image, why, sizeof(why));

	if (err) {
		printk("%s: not loaded: %s\n", task->name, why);
		return err;
	}
	return exec_args_put(task->mm, &task->image, args);
}

/* What SYS_TASK asks for. */
struct request {
	char name[PROGRAM_NAME_MAX + 1]; /* "": no program */
	const void *file;
	size_t size;
	struct exec_args args;
};

static s64 make_task(const struct request *r, u64 pages)
{
	struct task *me = current->user->task;
	const char *name = r->size != 0 ? last_part(r->name) : me->name;
	struct task *task = task_create_limited(name, pages, me->budget);
	int err;

	if (task == NULL)
		return -ENOMEM;
	err = r->size != 0 ? task_load(task, r->file, r->size, &r->args) : 0;
	if (err == 0)
		return handle_add_or_put(&me->handles, &task->kobj, TASK_RIGHTS);
	kobj_put(&task->kobj);
	return err;
}

static s64 read_name(struct request *r, vaddr_t from, u64 bytes)
{
	if (bytes > PROGRAM_NAME_MAX)
		return -E2BIG;
	if (copy_from_user(r->name, from, bytes) != 0)
		return -EFAULT;
	r->name[bytes] = '\0';
	if (bytes != 0 && archive_find(r->name, &r->file, &r->size) != 0)
		return -ENOENT;
	return bytes != 0 && r->size == 0 ? -ENOEXEC : 0;
}

static s64 read_args(struct request *r, vaddr_t from, u64 bytes)
{
	if (bytes > ARGS_MAX)
		return -E2BIG;
	if (r->size == 0 && bytes != 0)
		return -EINVAL;
	if (copy_from_user(r->args.text, from, bytes) != 0)
		return -EFAULT;
	return exec_args_check(&r->args, bytes);
}

s64 sys_task(struct syscall_frame *f)
{
	struct request r;
	s64 err;

	r.size = 0;
	err = read_name(&r, f->rdi, f->rsi);
	if (err == 0)
		err = read_args(&r, f->r10, f->r8);
	return err == 0 ? make_task(&r, f->rdx) : err;
}

/* --- threads ------------------------------------------------------------------------------- */

/* Nobody gives another a higher priority than he has. */
static int check_priority(u64 *priority)
{
	u32 own = current->base_priority;

	if (*priority == 0)
		*priority = MIN(own, PRIORITY_DEFAULT);
	if (*priority >= PRIORITIES)
		return -EINVAL;
	return *priority <= own ? 0 : -EPERM;
}

/* IRET to an address that is not canonical would fault in the kernel. */
static bool can_begin_at(u64 rip, u64 rsp)
{
	return rip < USER_MAP_END && rsp <= USER_END;
}

static int start_thread(struct task *task, struct user_start *start)
{
	if (start->rip == 0) {
		if (task->image.entry == 0)
			return -EINVAL;
		start->rip = task->image.entry;
		start->rsp = task->image.stack;
	}
	return task_start_thread(task, start);
}

s64 sys_thread(struct syscall_frame *f)
{
	struct user_start start = { .rip = f->rsi, .rsp = f->rdx, .arg = f->r10 };
	u64 priority = f->r8;
	struct task *task;
	int err = check_priority(&priority);

	if (err)
		return err;
	if (!can_begin_at(f->rsi, f->rdx) ||
	    (f->r9 != ANY_CPU && (f->r9 >= MAX_CPUS || !cpumask_test(&cpus_active, (u32)f->r9))))
		return -EINVAL;
	start.priority = (u32)priority;
	start.cpu = f->r9 == ANY_CPU ? ANY_USER_CPU : (u32)f->r9;
	task = task_by_handle(f->rdi, RIGHT_CONTROL);
	if (task == NULL)
		return -EBADF;
	err = start_thread(task, &start);
	kobj_put(&task->kobj);
	return err;
}

s64 sys_kill(struct syscall_frame *f)
{
	struct task *task = task_by_handle(f->rdi, RIGHT_CONTROL);

	if (task == NULL)
		return -EBADF;
	task_kill(task);
	kobj_put(&task->kobj);
	return 0;
}

s64 sys_task_wait(struct syscall_frame *f)
{
	struct task *task = task_by_handle(f->rdi, RIGHT_INSPECT);
	int err, status = 0;

	if (task == NULL)
		return -EBADF;
	err = -EDEADLK;
	if (task != current->user->task)
		err = task_wait_killable(task, deadline_after(f->rsi), &status);
	kobj_put(&task->kobj);
	if (err == 0)
		f->rsi = (u64)(s64)status;
	return err;
}

/* --- handles ------------------------------------------------------------------------------- */

/*
 * A task that never had a thread ends with its last handle; if it had one of a task, that could
 * be a circle for ever.  One that had closes its own when its last thread ends (task.c).
 */
static bool may_have(struct task *task, const struct kobj *k)
{
	return k->type != KOBJ_TASK || task_started(task);
}

/* Takes over the reference of @copy. */
static s64 give(struct task *task, const struct handle_copy *copy, u64 rights)
{
	s64 err = 0;

	if (!(copy->rights & RIGHT_DUPLICATE) || (rights & ~(u64)copy->rights) != 0)
		err = -EPERM;
	else if (!may_have(task, copy->object))
		err = -ESRCH;
	if (err == 0)
		return handle_copy_to_or_put(&task->handles, copy, (u32)rights);
	kobj_put(copy->object);
	return err;
}

s64 sys_give(struct syscall_frame *f)
{
	struct task *task = task_by_handle(f->rdi, RIGHT_CONTROL);
	struct handle_copy copy;
	s64 result;

	if (task == NULL)
		return -EBADF;
	result = handle_copy_from(&current->user->task->handles, f->rsi, &copy);
	if (result == 0)
		result = give(task, &copy, f->rdx);
	kobj_put(&task->kobj);
	return result;
}

/* --- what there is --------------------------------------------------------------------------- */

static void describe(struct task *task, struct task_info *info)
{
	struct mm *mm = task->mm;

	memset(info, 0, sizeof(*info));
	info->id = task->id;
	strlcpy(info->name, task->name, sizeof(info->name));
	spin_lock(&task->lock);
	info->threads = task->nr_threads;
	spin_unlock(&task->lock);
	spin_lock(&mm->lock);
	info->pages = mm->charged;
	spin_unlock(&mm->lock);
	if (task->budget != NULL) {
		info->pages = __atomic_load_n(&task->budget->used, __ATOMIC_RELAXED);
		info->limit = task->budget->limit != BUDGET_UNLIMITED ? task->budget->limit : 0;
	}
	info->cpus = cpu_count;
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++) {
		u32 slot = cpu < cpu_count ? asid_slot_on(mm, cpu) : ASIDS_MAX;

		info->slot[cpu] = slot == ASIDS_MAX ? NO_SLOT : (u16)slot;
	}
}

/* The first task above @id to @to: its id, 0: there is none; or -EFAULT. */
static s64 list_one(u64 id, vaddr_t to, struct task_info *info)
{
	struct task *task = task_next(id);

	if (task == NULL)
		return 0;
	describe(task, info);
	kobj_put(&task->kobj);
	return copy_to_user(to, info, sizeof(*info)) == 0 ? (s64)info->id : -EFAULT;
}

s64 sys_task_list(struct syscall_frame *f)
{
	struct task_info info;
	u64 n = 0;
	s64 id = (s64)f->rsi;

	if (!may_use_system(f->rdi, RIGHT_INSPECT))
		return -EBADF;
	for (; f->r10 / sizeof(info) > n; n++) {
		id = list_one((u64)id, f->rdx + n * sizeof(info), &info);
		if (id <= 0)
			break;
	}
	return id < 0 ? id : (s64)n;
}
