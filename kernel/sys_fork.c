/* SPDX-License-Identifier: MIT */
/*
 * kernel/sys_fork.c - a copy of a task: its memory, copied when one side writes; its handles, as
 * far as they may be duplicated, by the same numbers; and of its threads the one that asks.
 *
 * The child's thread has the registers of the system call, from three places: the frame, those
 * that C functions keep, and those that no frame holds (user_state.h).
 */
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/irq.h"
#include "kernel/abi.h"
#include "kernel/task.h"
#include "lib/err.h"
#include "mm/budget.h"
#include "mm/mm.h"
#include "mm/slab.h"

/* As after the system call, with 0 for its result; RCX and R11 are what SYSRET leaves there. */
static struct trapframe *copy_registers(const struct syscall_frame *f,
					const struct kept_registers *kept)
{
	struct trapframe *t = kmalloc(sizeof(*t));

	if (t == NULL)
		return NULL;
	*t = (struct trapframe){
		.rdi = f->rdi,
		.rsi = f->rsi,
		.rdx = f->rdx,
		.r10 = f->r10,
		.r8 = f->r8,
		.r9 = f->r9,
		.r12 = f->r12,
		.r13 = f->r13,
		.rbx = kept->rbx,
		.rbp = kept->rbp,
		.r14 = kept->r14,
		.r15 = kept->r15,
		.rcx = f->rip,
		.r11 = f->rflags,
		.rip = f->rip,
		.cs = SEL_USER_CODE | RPL_USER,
		.rflags = f->rflags,
		.rsp = f->rsp,
		.ss = SEL_USER_DATA | RPL_USER,
	};
	return t;
}

/* Without a thread.  NULL: out of memory. */
static struct task *copy_task(struct task *me)
{
	struct task *child = task_create_limited(me->name, 0, me->budget);

	if (child == NULL)
		return NULL;
	child->image = me->image;
	if (mm_fork_into(me->mm, child->mm) != 0) {
		kobj_put(&child->kobj);
		return NULL;
	}
	handle_table_copy(&child->handles, &me->handles);
	return child;
}

/*
 * The parent's handle comes first, since it may not fail when the thread runs.  Who guesses it
 * and kills the child before that has killed it.
 */
static s64 start_child(struct task *me, struct task *child, struct user_start *start)
{
	s64 handle;
	int err;

	kobj_get(&child->kobj);
	handle = handle_add_or_put(&me->handles, &child->kobj,
				   RIGHT_CONTROL | RIGHT_INSPECT | RIGHT_DUPLICATE | RIGHT_REVOKE);
	if (handle < 0)
		return handle;
	err = task_start_copy(child, start);
	if (err == 0)
		return handle;
	handle_table_close(&child->handles);
	if (err != -ESRCH) {
		(void)handle_close(&me->handles, (u64)handle);
		return err;
	}
	kfree(start->frame);
	start->frame = NULL;
	return handle;
}

static s64 fork_current(struct syscall_frame *f, const struct kept_registers *kept)
{
	struct task *me = current->user->task, *child;
	struct user_start start = { .cpu = ANY_USER_CPU, .priority = current->base_priority };
	s64 result = -ENOMEM;

	start.frame = copy_registers(f, kept);
	if (start.frame == NULL)
		return -ENOMEM;
	child = copy_task(me);
	if (child != NULL) {
		result = start_child(me, child, &start);
		kobj_put(&child->kobj);
	}
	if (result < 0)
		kfree(start.frame);
	return result;
}

s64 sys_fork(struct syscall_frame *f, const struct kept_registers *kept)
{
	s64 result;

	irq_enable();
	result = fork_current(f, kept);
	irq_disable();
	return result;
}
