/* SPDX-License-Identifier: MIT */
/*
 * kernel/sched.h - which thread runs.
 *
 * Each CPU has a run queue with a list for each priority, first in, first out, and an idle
 * thread for when all are empty.
 *
 * To block until a condition holds, without losing the wake-up that comes just before:
 *
 *	thread				waker
 *	  thread_prepare_to_block()	  makes the condition true
 *	  condition true? do not block	  thread_wake()
 *	  schedule()
 *	  thread_stay_awake()
 *
 * The thread writes its state before it reads the condition, the waker writes the
 * condition before it reads the state, each with a full barrier in between: at least one
 * of them sees what the other wrote.  kernel/wait.h wraps this up.
 */
#pragma once

#include "kernel/thread.h"
#include "lib/lock_check.h"

/* The boot becomes the thread "boot", and this CPU can switch.  Panics without memory. */
void sched_init(void);

/*
 * Make @cpu's idle thread and run queue, before the CPU starts: the top of the stack it
 * shall start on; 0: out of memory.  A second call returns the same.
 */
vaddr_t sched_prepare_cpu(u32 cpu) WARN_UNUSED_RESULT;

/* What a started CPU does from now on: run threads, halt when there is none. */
NORETURN void sched_run_idle(void);

/* The current thread blocks at the next schedule(), unless it is woken before. */
void thread_prepare_to_block(void);

/* It does not, after all. */
void thread_stay_awake(void);

/*
 * Make @t runnable if it is blocked, or about to be.  Was it?  Any context but NMI; the
 * caller knows that @t has not ended.
 */
bool thread_wake(struct thread *t);

/*
 * Give the CPU to the thread that has waited longest for it.  Returns when the current
 * thread's turn comes again: at once if nobody else waits and it is runnable.
 * Interrupts on, no lock held.
 */
void schedule(void);

/* As schedule(), for who has interrupts off: they are on meanwhile, if others run. */
void schedule_irqs_off(void) REQUIRES(irqs_off);

/* The system call (abi.h), here so that the choice and the switch are in line. */
struct syscall_frame;
s64 sys_yield(struct syscall_frame *f) REQUIRES(irqs_off);

/* If @t runs, let its CPU come into the kernel.  Any context but NMI. */
void sched_look_at(struct thread *t);

/* Let others of the same priority run first. */
static inline void yield(void)
{
	schedule();
}

/* CPUs on which threads are placed: those that are online and do not leave. */
extern struct cpumask cpus_active;

/*
 * CPU @cpu is to leave: place nothing there any more, move away what may move, and wait until
 * the last thread there has ended its migrate-disabled section.  Says on the console who takes
 * long.  0, or -EBUSY when time_ns() is @deadline (0: none), with the CPU as before.  May block.
 */
int sched_cpu_deactivate(u32 cpu, u64 deadline) WARN_UNUSED_RESULT;

/* On a CPU that has been deactivated and leaves now: panic if R8 does not hold. */
void sched_check_drained(void);

/* CPU @cpu, whose idle thread runs, takes threads, those that belong there first. */
void sched_cpu_activate(u32 cpu);

/*
 * What counts of @t's priority from now on: for who lends it another's.  Any context but NMI;
 * no run queue's lock held.
 */
void sched_set_effective_priority(struct thread *t, u32 priority);

/* Panic, naming @caller, unless the current thread may block here. */
void check_may_block(const void *caller);

/* The same, in debug builds: first in each function that may block, even if it then does not. */
static inline void might_block(const void *caller)
{
	if (CONFIG_DEBUG)
		check_may_block(caller);
}

/* Does @t run, or is it being switched to or from? */
bool thread_on_cpu(const struct thread *t);

/* The second half of a thread's first switch, on its stack; turns interrupts on. */
void sched_finish_first_switch(void) RELEASES(irqs_off);
