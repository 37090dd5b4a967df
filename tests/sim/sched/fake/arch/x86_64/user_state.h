/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/sched/fake/arch/x86_64/user_state.h - registers of user mode, which nobody has.
 */
#pragma once

struct user_state;

void user_state_switch(struct user_state *prev, struct user_state *next);

static inline void user_state_swap(struct user_state *prev, struct user_state *next)
{
	user_state_switch(prev, next);
}
