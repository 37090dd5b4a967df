/* SPDX-License-Identifier: MIT */
/*
 * kernel/thread.h - threads: what runs on a CPU.
 *
 *	struct thread *t = thread_create("worker", work, &job);
 *	if (t == NULL)
 *		return -ENOMEM;
 *	thread_start(t);
 *	...
 *	status = thread_join(t);		t is gone
 *
 * A thread may be preempted by one of a higher priority, or by one of its own when its turn
 * is over, wherever interrupts are on and preempt_count is 0; and then go on on another
 * CPU, one of its affinity mask.  migrate_disable() (arch/x86_64/migrate.h) keeps it
 * where it is.  When no CPU of the mask is active, it runs on any other until one is.
 * Threads and their stacks lie at addresses that all CPUs share.
 */
#pragma once

#include "arch/x86_64/migrate.h"
#include "arch/x86_64/percpu.h"
#include "kernel/mutex.h"
#include "kernel/wait.h"
#include "lib/cpumask.h"
#include "lib/list.h"
#include "lib/lock_check.h"
#include "lib/types.h"
#include "mm/kmap.h"

struct mm;
struct user_state;

enum thread_state {
	THREAD_NEW,	 /* made, not started */
	THREAD_RUNNABLE, /* on its CPU's run queue, or running */
	THREAD_BLOCKED,	 /* waits for thread_wake(), or is about to */
	THREAD_DEAD,	 /* has run its last; the next thread of its CPU says so to the joiner */
};

/* struct thread.standing of one that needs no attention. */
#define THREAD_STANDING(state, on_rq)	      ((u32)(state) | (u32)(on_rq) << 8)
#define THREAD_STANDING_AT(cpu, state, on_rq) ((u64)THREAD_STANDING(state, on_rq) << 32 | (cpu))

/* What a thread runs; the value is its exit status. */
typedef int (*thread_fn)(void *arg);

#define THREAD_NAME_MAX 24
#define THREAD_MAGIC	0x6461657268543a50ul
#define STACK_MAGIC	0x6d6f74746f423a50ul /* the lowest word of each stack */

/* Higher runs first. */
#define PRIORITIES	 32u
#define PRIORITY_IDLE	 0u /* idle threads': they run when nobody wants to */
#define PRIORITY_LOW	 1u
#define PRIORITY_DEFAULT 16u
#define PRIORITY_HIGH	 31u

/*
 * [I]: constant after creation.  [q]: under the lock of the run queue of .cpu.  [s]: its
 * own while it runs, its CPU's switch code's otherwise.
 */
struct thread {
	u64 magic;	   /* [I] THREAD_MAGIC while it exists */
	u64 sp;		   /* [s] stack pointer while it does not run */
	vaddr_t stack_top; /* [I] where it enters the kernel; above it a struct stack_head */
	struct mm *mm;	   /* [s] its address space, held; NULL: a kernel thread */
	struct user_state *user_state; /* [I] user mode's registers beside the frame; NULL: none */

	union {
		struct {
			u32 cpu; /* [q] where it runs, or ran last */
			union {
				struct {
					u8 state;	/* [q] enum thread_state; BLOCKED is set by
							   itself, without the lock */
					bool on_rq;	/* [q] it runs, is ready, or is on its way
							   to a queue */
					bool attention; /* [q] look at it closely when it is
							   switched out */
				};
				u32 standing; /* THREAD_STANDING(): all of them in one look */
			};
		};
		u64 standing_there; /* THREAD_STANDING_AT(): with .cpu */
	};
	u32 priority;		/* [q] what counts; changes under mutex.c's lock too */
	u32 base_priority;	/* its own, without what it has inherited; under mutex.c's lock */
	struct list_node queue; /* [q] of its run queue, or of none */

	struct cpumask affinity;      /* [q] where it may run */
	struct list_node requests;    /* [q] struct affinity_request, first come first */
	u32 migrate_count;	      /* [s] arch/x86_64/migrate.h's, while it does not run */
	u32 pinned_cpu;		      /* [q] while it is in a section: its CPU, for checks */
	u64 migrate_site;	      /* [s] */
	u64 pinned_since;	      /* [q] when it was first switched out in its section, */
	u64 pinned_site;	      /* [q] and where that begins */
	struct list_node pinned_node; /* [q] of its run queue's .pinned */
	struct kmap_stack kmap;	      /* [s] its mappings, while it does not run */

	thread_fn fn;		    /* [I] */
	void *arg;		    /* [I] */
	int status;		    /* [s] from thread_exit() */
	int fault_error;	    /* [s] what came of its last page fault in user mode, */
	vaddr_t fault_address;	    /* [s] and where that was */
	struct thread_pi pi;	    /* kernel/mutex.h */
	struct user_thread *user;   /* [I] kernel/task.h; NULL: a kernel thread */
	struct completion dead;	    /* state is DEAD and nobody runs on its stack */
	char name[THREAD_NAME_MAX]; /* [I] */
};

/* The thread that runs on this CPU. */
DECLARE_PER_CPU(struct thread *, current);

/*
 * A thread that will run @fn(@arg) where there is room; its priority is the default.  The
 * name is copied.  NULL: out of memory.  Any context.
 */
struct thread *thread_create(const char *name, thread_fn fn, void *arg) WARN_UNUSED_RESULT;

/* The same, with an affinity mask of @cpu alone. */
struct thread *thread_create_on(u32 cpu, const char *name, thread_fn fn,
				void *arg) WARN_UNUSED_RESULT;

/*
 * Let @t, which has not started, have user mode's registers; thread_join() frees them.  Who goes
 * to user mode without leaves there what another thread may own.  0 or -ENOMEM.  Any context.
 */
int thread_add_user_state(struct thread *t) WARN_UNUSED_RESULT;

/* @t, which has not started, gets what the current thread has in them; both have some. */
void thread_copy_user_state(struct thread *t);

/* For thread_join(). */
void thread_free_user_state(struct thread *t);

/* Before the first thread_add_user_state(): once. */
void thread_user_init(void);

/* Free a thread that was never started. */
void thread_discard(struct thread *t);

/* Let a new thread run.  Any context. */
void thread_start(struct thread *t);

/*
 * Let @t run on the CPUs of @mask only.  Returns when that is so: a thread that is in a
 * migrate-disabled section, or runs, must first come to where it may move.  Several changes
 * take effect in the order they were asked for.  May block; who holds what @t needs to leave
 * its section waits for ever.  0; -EINVAL: no CPU of @mask is active; -EBUSY: @t is the caller,
 * in such a section; -ESRCH: it ended first.
 */
int thread_set_affinity(struct thread *t, const struct cpumask *mask) WARN_UNUSED_RESULT;

/* Give @t another priority, below PRIORITIES.  Any context but NMI. */
void thread_set_priority(struct thread *t, u32 priority);

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
