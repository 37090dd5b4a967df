/* SPDX-License-Identifier: MIT */
/*
 * kernel/self_test.c - see self_test.h.
 *
 * Who asks tells all tasks to end, itself too.  The boot's thread, which waits for init's end,
 * ends those that came meanwhile; it is the only one that runs tests.
 */
#include "kernel/self_test.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/uaccess.h"
#include "kernel/abi.h"
#include "kernel/options.h"
#include "kernel/system.h"
#include "kernel/task.h"
#include "kernel/wait.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"

#define LOOK_NS NS_PER_MS

enum state {
	NOT_ALLOWED,
	NOBODY_ASKS,
	IS_ASKED, /* .what and .globs are the asker's */
	ASKED,	  /* and the boot's thread's */
};

static struct {
	u32 state; /* enum state; atomic */
	enum self_test what;
	char globs[SELF_TEST_MAX];
} request;

static bool change(enum state from, enum state to)
{
	u32 expected = from;

	return __atomic_compare_exchange_n(&request.state, &expected, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

s64 sys_self_test(struct syscall_frame *f)
{
	char globs[SELF_TEST_MAX] = "";

	if (!may_use_system(f->rdi, RIGHT_POWER))
		return -EBADF;
	if (f->rsi >= SELF_TEST_KINDS || f->r10 == 0 || f->r10 >= sizeof(globs))
		return -EINVAL;
	if (copy_from_user(globs, f->rdx, f->r10) != 0)
		return -EFAULT;
	if (!change(NOBODY_ASKS, IS_ASKED))
		return -EBUSY;
	request.what = (enum self_test)f->rsi;
	strlcpy(request.globs, globs, sizeof(request.globs));
	change(IS_ASKED, ASKED);
	task_kill_after(0);
	return 0;
}

void self_test_allow(void)
{
	change(NOT_ALLOWED, NOBODY_ASKS);
}

/*
 * Those that were made meanwhile, too.  What a task had, such as interrupts and the screen, is free
 * when there is no task any more.
 */
static void end_all(void)
{
	while (task_count() != 0) {
		task_kill_after(0);
		sleep_ns(LOOK_NS);
	}
}

bool self_test_asked(void)
{
	bool tests;

	if (!change(ASKED, NOT_ALLOWED))
		return false;
	end_all();
	tests = request.what == SELF_TEST_TESTS;
	strlcpy(options.test, tests ? request.globs : "", sizeof(options.test));
	strlcpy(options.bench, tests ? "" : request.globs, sizeof(options.bench));
	return true;
}

void self_test_done(bool passed)
{
	printk("self-test: %s; init begins again\n", passed ? "passed" : "failed");
	self_test_allow();
}
