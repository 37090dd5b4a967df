/* SPDX-License-Identifier: MIT */
/*
 * kernel/thread.h - threads: what runs on a CPU.
 *
 *	struct thread *t = thread_create_on(cpu, "worker", work, &job);
 *	if (t == NULL)
 *		return -ENOMEM;
 *	thread_start(t);
 *	...
 *	status = thread_join(t);		t is gone
 *
 * A thread is pinned to the CPU it was created on.  It runs until it blocks, yields or
 * ends; the tick asks it to yield, and cond_resched() (kernel/sched.h) is where it does.
 * Threads and their stacks lie at addresses that all CPUs share.
 */
#pragma once

#include "arch/x86_64/migrate.h"
#include "arch/x86_64/percpu.h"
#include "kernel/wait.h"
#include "lib/list.h"
#include "lib/types.h"
#include "mm/kmap.h"

struct mm;

enum thread_state {
	THREAD_NEW,	 /* made, not started */
	THREAD_RUNNABLE, /* on its CPU's run queue, or running */
	THREAD_BLOCKED,	 /* waits for thread_wake(), or is about to */
	THREAD_DEAD,	 /* has run its last; the next thread of its CPU says so to the joiner */
};

/* What a thread runs; the value is its exit status. */
typedef int (*thread_fn)(void *arg);

#define THREAD_NAME_MAX 24
#define THREAD_MAGIC	0x6461657268543a50ul
#define STACK_MAGIC	0x6d6f74746f423a50ul /* the lowest word of each stack */

/*
 * [I]: constant after creation.  [q]: under the lock of its CPU's run queue.  [s]: its
 * own while it runs, its CPU's switch code's otherwise.
 */
struct thread {
	u64 magic;	   /* [I] THREAD_MAGIC while it exists */
	u64 sp;		   /* [s] stack pointer while it does not run */
	vaddr_t stack_top; /* [I] */
	u32 cpu;	   /* [I] where it runs */
	u32 state;	   /* [q] enum thread_state; BLOCKED is set by itself, without the lock */
	struct list_node queue;	    /* [q] of its run queue's ready list, or of none */
	u32 migrate_count;	    /* [s] arch/x86_64/migrate.h's, while it does not run */
	u64 migrate_site;	    /* [s] */
	struct kmap_stack kmap;	    /* [s] its mappings, while it does not run */
	struct mm *mm;		    /* [s] its address space, held; NULL: a kernel thread */
	thread_fn fn;		    /* [I] */
	void *arg;		    /* [I] */
	int status;		    /* [s] from thread_exit() */
	struct completion dead;	    /* state is DEAD and nobody runs on its stack */
	char name[THREAD_NAME_MAX]; /* [I] */
};

/* The thread that runs on this CPU. */
DECLARE_PER_CPU(struct thread *, current);

/*
 * A thread that will run @fn(@arg) on @cpu, which must be online by its start.  The name
 * is copied.  NULL: out of memory.  Any context.
 */
struct thread *thread_create_on(u32 cpu, const char *name, thread_fn fn,
				void *arg) WARN_UNUSED_RESULT;

/* Let a new thread run.  Any context. */
void thread_start(struct thread *t);

/* For thread_check_leaks(). */
NORETURN void thread_panic_leak(const char *what);

/* Panic if the current thread holds a mapping or a migrate-disabled section where it must not. */
static ALWAYS_INLINE void thread_check_leaks(const char *what)
{
	if (unlikely((kmap_depth | migrate_count) != 0))
		thread_panic_leak(what);
}

/* End the thread that runs.  No lock, no mapping held, no section open. */
NORETURN void thread_exit(int status);

/*
 * Wait until @t, started, has ended, and free it: its status.  Exactly one thread joins
 * each thread.  May block.
 */
int thread_join(struct thread *t);

/* How many threads there are, dead ones that nobody has joined included. */
u64 thread_count(void);

/*
 * Make a thread of what runs on the stack below @stack_top, which stays the caller's:
 * for the boot, and for the idle thread of a CPU that is about to start.
 * NULL: out of memory.
 */
struct thread *thread_adopt(u32 cpu, const char *name, vaddr_t stack_top) WARN_UNUSED_RESULT;

/* Debug builds: panic unless @t is a thread whose stack has not overflowed. */
void thread_check(const struct thread *t);

/*
 * Run the current thread on @mm, of which it takes a hold, until kthread_unuse_mm().  What
 * is loaded stays loaded after that, borrowed, until another mm is wanted (lazy TLB).
 * kthread_unuse_mm() may be the mm's end: interrupts on, no lock held.
 */
void kthread_use_mm(struct mm *mm);
void kthread_unuse_mm(void);
