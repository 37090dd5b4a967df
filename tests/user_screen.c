/* SPDX-License-Identifier: MIT */
/*
 * tests/user_screen.c - the screen in user mode: a program that checks what it gets, and some that
 * paint and are killed at any moment.  What the kernel printed is on the screen behind them.
 */
#include "arch/x86_64/time.h"
#include "kernel/abi.h"
#include "kernel/console.h"
#include "kernel/system.h"
#include "lib/err.h"
#include "lib/log.h"
#include "tests/storm.h"
#include "tests/user_check.h"

#define SYSTEM	     (RIGHT_SCREEN | RIGHT_DUPLICATE)
#define PAINT	     (1ul << 32) /* of check_screen */
#define PAGES	     2048u
#define PAINTERS     3u
#define ROUNDS	     12u
#define KILL_SPAN_NS (20 * NS_PER_MS)

static bool has_screen(struct test *t)
{
	struct handoff_framebuffer fb;
	int err = console_lend_screen(&fb);

	if (err == -ENODEV)
		test_skip(t, "no framebuffer");
	else
		EXPECT_EQ(t, err, 0);
	if (err == 0)
		console_take_screen_back();
	return err == 0;
}

TEST("user.screen", arguments_of_all_kinds)
{
	if (!has_screen(t))
		return;
	user_check_often(t, "check_screen", &system_object, SYSTEM);
	EXPECT(t, console_screen_is_shown(), "what check_screen painted is still there");
}

static bool round_of_killing(struct test *t, struct rand *r, void *unused)
{
	struct task *task[PAINTERS];

	(void)unused;
	for (u32 i = 0; i < PAINTERS; i++) {
		task[i] = user_check_load(t, "check_screen", PAGES);
		if (task[i] == NULL)
			return false;
		user_check_start(t, task[i],
				 user_task_give(t, task[i], &system_object, SYSTEM) | PAINT);
	}
	time_spin_ns(rand_below(r, KILL_SPAN_NS));
	printk("# said while the screen may be lent\n");
	for (u32 i = 0; i < PAINTERS; i++) {
		task_kill(task[i]);
		EXPECT_EQ(t, user_task_end(task[i]), -EINTR);
	}
	return true;
}

/* With the last of them the screen is the kernel's, as it should be. */
TEST("user.screen", killed_while_they_paint)
{
	if (!has_screen(t))
		return;
	user_check_rounds(t, ROUNDS, round_of_killing);
	EXPECT(t, console_screen_is_shown(), "what was painted is still there");
	EXPECT(t, has_screen(t), "somebody still has it");
}
