/* SPDX-License-Identifier: MIT */
/*
 * tests/provoke.h - the kinds that provoke.c lists and that are elsewhere.
 */
#pragma once

#include "kernel/thread.h"

/* A started thread that does it on @cpu. */
struct thread *in_thread(u32 cpu, const char *name, thread_fn fn, void *arg);

/* provoke_threads.c: in threads, so that the panic comes a moment after the call; and in a call. */
int take_twice(void *arg);
int take_backwards(void *arg);
int take_equals(void *arg);
int keep_first(void *arg);
int end_with_it(void *arg);
int close_the_circle(void *arg);
int let_cpu_0_cancel(void *arg);
void provoke_timer_cancels_itself(void *arg);

/* provoke_kmap.c: in threads, but for what only an interrupt can do. */
int unmap_the_first(void *arg);
int map_for_ever(void *arg);
int exit_mapped(void *arg);
int exit_pinned(void *arg);
int user_mode_mapped(void *arg);
int point_at_own(void *arg);
void provoke_kmap_irq(void *arg);
void provoke_kmap_nmi(void *arg);
void provoke_forgotten_flush(void *arg);
