/* SPDX-License-Identifier: MIT */
/*
 * tests/provoke.h - what provoke.c starts and does not do itself: in threads, so that the
 * panic comes a moment after the call.  Each is called in an interrupt.
 */
#pragma once

void provoke_mutex_twice(void *arg);
void provoke_mutex_order(void *arg);
void provoke_mutex_unlock(void *arg);
void provoke_mutex_exit(void *arg);
void provoke_mutex_deadlock(void *arg);
void provoke_timer_cancels_itself(void *arg);
void provoke_timer_cancel_locked(void *arg);
