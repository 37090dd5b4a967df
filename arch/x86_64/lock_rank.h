/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/lock_rank.h - the order of all spinlocks, outermost first: a CPU that
 * holds one may take those below it in this list only.
 */
#pragma once

enum lock_rank {
	LOCK_RANK_NONE, /* holds nothing */
	LOCK_RANK_TEST_OUTER,
	LOCK_RANK_TEST_INNER,
	LOCK_RANK_MM,	   /* mm/mm.h: one address space; held while other CPUs are waited for */
	LOCK_RANK_KSPACE,  /* mm/kspace.c: the kernel half's page tables and windows */
	LOCK_RANK_OBJECT,  /* mm/object.c: one memory object's array of pages */
	LOCK_RANK_TASK,	   /* kernel/task.c: one task's threads; those that wait for the reaper */
	LOCK_RANK_HANDLES, /* kernel/handle.c: one task's handles */
	LOCK_RANK_SLAB,	   /* mm/slab.c: one cache's lists */
	LOCK_RANK_DEVICES, /* kernel/device_irq.c: interrupts of devices, and whom they wake */
	LOCK_RANK_WAIT,	   /* kernel/wait.c: one wait queue */
	LOCK_RANK_NOTIFICATION, /* kernel/notification.c: one's bits and who waits for them */
	LOCK_RANK_ENDPOINT,	/* kernel/ipc.c: who waits at one endpoint */
	LOCK_RANK_PI,		/* kernel/mutex.c: who waits for which mutex, and priorities */
	LOCK_RANK_RUNQUEUE,	/* kernel/sched.c: one CPU's run queue; held across a switch, which
				   may give a slot its PGD */
	LOCK_RANK_TIMERS,	/* kernel/timer.c: one CPU's timers */
	LOCK_RANK_PGDS,		/* mm/percpu/pgd_space.c: one CPU's PGDs of mms */
	LOCK_RANK_ZONE,		/* mm/page_alloc.c: one zone's free lists */
	LOCK_RANK_IOAPIC,	/* arch/x86_64/ioapic.c: registers behind an index */
	LOCK_RANK_CONSOLE, /* kernel/console.c: one line at a time; innermost, anyone may print */
};
