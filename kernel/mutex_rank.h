/* SPDX-License-Identifier: MIT */
/*
 * kernel/mutex_rank.h - the order of all mutexes, outermost first: a thread that holds one
 * may wait for those below it in this list only.  Spinlocks come after all of them.
 */
#pragma once

enum mutex_rank {
	MUTEX_RANK_NONE,    /* holds nothing */
	MUTEX_RANK_HOTPLUG, /* kernel/hotplug.c: one CPU on its way up or down; held while threads
			       in sections are waited for, so nothing may be held that they want */
	MUTEX_RANK_TIMER_OBJECT, /* kernel/timer_object.c: who sets one timer of a task's */
	MUTEX_RANK_TEST_FIRST,
	MUTEX_RANK_TEST_SECOND,
	MUTEX_RANK_TEST_THIRD,
	MUTEX_RANK_TEST_FOURTH,
};
