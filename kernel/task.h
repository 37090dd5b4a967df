/* SPDX-License-Identifier: MIT */
/*
 * kernel/task.h - tasks: an address space and a table of handles; and their threads, which are
 * in user mode but for system calls, faults and interrupts.
 *
 *	struct task *task = task_create("server");
 *	map what it needs into task->mm
 *	err = task_start_thread(task, &(struct user_start){ .rip = ..., .rsp = ... });
 *	status = task_wait(task);		all its threads have ended
 *	kobj_put(&task->kobj);
 *
 * A thread ends by a system call, by a fault that nobody resolves, or when it is told to
 * (task_kill()): at the latest when it would be in user mode again.  Nothing of it is left
 * when task_wait() returns.
 */
#pragma once

#include "arch/x86_64/syscall.h"
#include "arch/x86_64/trapframe.h"
#include "kernel/exec.h"
#include "kernel/handle.h"
#include "kernel/thread.h"

#define TASK_THREADS_MAX 64u

/*
 * What a task and a thread cost beside the pages of the address space: its table of handles and
 * its records; its stack, and the registers of user mode.
 */
#define TASK_PAGES   3u
#define THREAD_PAGES 5u

struct task {
	struct kobj kobj;
	u64 id;			 /* [I] never used again */
	struct list_node node;	 /* task.c: of all tasks, by .id */
	struct mm *mm;		 /* [I] held */
	struct budget *budget;	 /* [I] held; NULL: no limit */
	struct exec_image image; /* [I] .entry 0: there is no program */
	bool ends_with_threads;	 /* [I] made by a system call: with its last thread its handles
				    are closed, and it takes no more of either */
	struct handle_table handles;
	u64 pager;	  /* shared: a handle of its own, where its faults are told; 0: nowhere */
	u64 pager_cookie; /* constant once .pager is not 0 */
	struct spinlock lock;			   /* rank LOCK_RANK_TASK */
	struct list_node threads GUARDED_BY(lock); /* struct user_thread */
	u32 nr_threads GUARDED_BY(lock);
	bool started GUARDED_BY(lock); /* it has, or had, a thread */
	bool killed GUARDED_BY(lock);
	bool pager_taken GUARDED_BY(lock); /* .pager is not 0, or about to be */
	int status GUARDED_BY(lock);	   /* of the thread that ended last */
	struct wait_queue ended;	   /* nr_threads is 0 */
	char name[THREAD_NAME_MAX];	   /* [I] */
};

/* Where a thread begins in user mode. */
struct user_start {
	u64 rip, rsp, arg;	 /* arg: in RDI */
	u32 priority;		 /* 0: the default */
	u32 cpu;		 /* the only one it may run on, or ANY_USER_CPU */
	struct trapframe *frame; /* NULL, or all registers, by kmalloc(): the thread frees it */
};

#define ANY_USER_CPU MAX_CPUS

/* Instead of a result: it waits for a message, or for the reply to one. */
#define IPC_WAITS	   ((s64)INT32_MIN)
#define IPC_WAITS_DIRECTLY (IPC_WAITS + 1) /* and nothing on its stack is missed: ipc_direct.c */

/* What a thread of a task has that others have not.  [s]: its own. */
struct user_thread {
	struct list_node ipc_node; /* [*.waits_under] of the list on which it waits; the first
				      member: its address is the thread's */
	struct task *task;	   /* [I] held */
	struct thread *thread;	   /* [I] */
	const struct handle_entry *handles; /* [I] of the task's table */
	struct list_node node;	 /* task->lock: of task->threads; then of the dead, in task.c */
	struct user_start start; /* [I] */

	/* kernel/user_wait.h, kernel/ipc.c */
	struct spinlock *waits_under; /* [itself] NULL: it is on none; it may be read without, and
					 is good with interrupts off until it is done */
	struct user_thread *caller;   /* atomic: who waits for this one's reply; taken by xchg */
	struct user_thread *callee;   /* whom it called; written by who takes the call, emptied
					 when it waits again; good with interrupts off while it
					 waits */
	s64 ipc_result;		      /* shared: IPC_WAITS*, or it is done, and so is its frame */
	u64 call_timeout;	      /* [s] ns; 0: none; else USER_WORK_TIME_LIMIT is set */
	struct handle_copy sent; /* .object not NULL: counts as a handle, and goes with the message;
				    [s], read by who takes that */
	u32 long_words;		 /* so many of its buffer go with the message; 0: none; as .sent */
	struct kobj *buffer_memory; /* [s] held; NULL: it has no buffer, */
	struct page *buffer;	    /* else this page of it; who passes a long message to or from
				       this one, which waits, uses it too */
	struct fault_call *fault; /* NULL, or its message is of its fault, and not in its frame: on
				     its stack; as .sent, and written by who replies */
	s64 told_as; /* the receiver's result, if it is not 0: MESSAGE_CLIENT; as .sent */
};

/* An empty task with one reference, without a limit.  NULL: out of memory. */
struct task *task_create(const char *name) WARN_UNUSED_RESULT;

/*
 * The same as system calls make them, with a budget of @pages below @above (budget.h), of which it
 * uses some at once.  NULL: that too, or out of memory.
 */
struct task *task_create_limited(const char *name, u64 pages,
				 struct budget *above) WARN_UNUSED_RESULT;

/*
 * 0; -ENOMEM; -ESRCH: the task is being killed, or has ended; -ENOSPC: it has TASK_THREADS_MAX.
 * After an error @start->frame is still the caller's.
 */
int task_start_thread(struct task *task, const struct user_start *start) WARN_UNUSED_RESULT;

/* The same, with the FPU and segment registers of the current thread, one of a task. */
int task_start_copy(struct task *task, const struct user_start *start) WARN_UNUSED_RESULT;

/* Tell all threads of @task to end.  It takes no more.  Interrupts on, no lock held. */
void task_kill(struct task *task);

/* The same with each task made after the one with @id, 0: all.  It may have made more by then. */
void task_kill_after(u64 id);

/* Wait until the task has no threads; the status of the one that ended last. */
int task_wait(struct task *task);

/*
 * The same for a task's thread: until time_ns() is @deadline, or it shall end itself.  0,
 * -ETIMEDOUT or -EINTR.
 */
int task_wait_killable(struct task *task, u64 deadline, int *status) WARN_UNUSED_RESULT;

/* Has it no thread, any more or yet? */
bool task_has_ended(struct task *task);

/* Has it, or had it, a thread? */
bool task_started(struct task *task);

/* How many tasks there are; one whose end has been waited for may be there a moment longer. */
u64 task_count(void);

/* The task with the lowest id above @id, with a reference for the caller; NULL: none. */
struct task *task_next(u64 id) WARN_UNUSED_RESULT;

/*
 * The one that was made after @task, which the caller has a reference of, as task_next(); NULL: the
 * first of all.
 */
struct task *task_after(struct task *task) WARN_UNUSED_RESULT;

/* The id of the task that was made last; 0: none was. */
u64 task_last_id(void);

/* The current thread, a task's, ends.  Interrupts on, no lock held. */
NORETURN void user_thread_exit(int status);

/* For trap_prepare_user(): something is to be done.  Interrupts off. */
void user_thread_work(void) REQUIRES(irqs_off);

/* Shall @u end?  It does at the latest when it would be in user mode again. */
static ALWAYS_INLINE bool user_thread_killed(const struct user_thread *u)
{
	return READ_ONCE(stack_head_at(u->thread->stack_top)->user_work) & USER_WORK_END;
}

/* Shall it, or have its calls a time limit? */
static ALWAYS_INLINE bool user_thread_has_work(const struct user_thread *u)
{
	return READ_ONCE(stack_head_at(u->thread->stack_top)->user_work) != 0;
}

/* For kobj.c: the last reference is gone. */
void task_free(struct task *task);

/* The frame of the system call that @u is in. */
static ALWAYS_INLINE struct syscall_frame *user_frame(const struct user_thread *u)
{
	return syscall_frame_at(u->thread->stack_top);
}

/* Start what frees ended threads.  Once. */
void task_init(void);
