/* SPDX-License-Identifier: MIT */
/*
 * user/bin/check_tasks.c - the system calls about tasks, with arguments good, bad and hostile.
 * The argument is a handle of the system.
 */
#include "lib/string.h"
#include "user/lib/check.h"

#define HELLO	  "bin/hello"
#define HELLO_LEN (sizeof(HELLO) - 1)
#define NS_PER_MS 1000000ul
#define PATTERN	  0x5eed5eed5eedul
#define TASKS_MAX 64 /* that a list is asked for */

static volatile u64 shared; /* by threads */

/* --- SYS_TASK ------------------------------------------------------------------------------ */

static void runs_a_program(void)
{
	s64 task = sys_task(HELLO, HELLO_LEN, 0);

	CHECK(task > 0);
	CHECK_EQ(sys_thread((u64)task, 0, 0, 0, 0, ANY_CPU), 0);
	CHECK_EQ(check_wait((u64)task), 0);
}

static void names_are_checked(void)
{
	static const u64 bad[] = BAD_ADDRESSES;
	u64 end = check_page_end();

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(sys_task((const char *)bad[i], 16, 0), -EFAULT);
	CHECK_EQ(sys_task((const char *)end - 8, 9, 0), -EFAULT);
	CHECK_EQ(sys_task((const char *)end - 8, 8, 0), -ENOENT);
	CHECK_EQ(sys_task(HELLO, 65, 0), -E2BIG);
	CHECK_EQ(sys_task(HELLO, ~0ul, 0), -E2BIG);
	CHECK_EQ(sys_task(HELLO, HELLO_LEN - 1, 0), -ENOENT);
	CHECK_EQ(sys_task("text/welcome.txt", 16, 0), -ENOEXEC);
	memcpy((char *)end - HELLO_LEN, HELLO, HELLO_LEN);
	CHECK_EQ(sys_close((u64)sys_task((const char *)end - HELLO_LEN, HELLO_LEN, 0)), 0);
}

/* --- arguments ------------------------------------------------------------------------------- */

#define CHECK_ARGS     "bin/check_args"
#define CHECK_ARGS_LEN (sizeof(CHECK_ARGS) - 1)

static char args[ARGS_MAX + 1];

/* Number i is i letters of the alphabet's i-th: how many bytes @n of them are. */
static size_t make_args(u64 n)
{
	size_t at = 0;

	for (u64 i = 0; i < n; i++) {
		memset(args + at, (int)('a' + i % 26), i);
		at += i;
		args[at++] = '\0';
	}
	return at;
}

static void arguments_arrive(void)
{
	for (u64 n = 0; n <= ARGS_COUNT_MAX; n++) {
		size_t bytes = make_args(n);
		s64 task = sys_task_with(CHECK_ARGS, CHECK_ARGS_LEN, 0, args, bytes);

		CHECK(task > 0);
		memset(args, 'x', bytes); /* the task has a copy */
		CHECK_EQ(sys_thread((u64)task, 0, 0, 0, 0, ANY_CPU), 0);
		CHECK_EQ(check_wait((u64)task), n);
	}
}

static void arguments_are_checked(void)
{
	static const u64 bad[] = BAD_ADDRESSES;
	u64 end = check_page_end();
	s64 task;

	memset(args, 'x', sizeof(args));
	CHECK_EQ(sys_task_with(HELLO, HELLO_LEN, 0, args, 1), -EINVAL);
	CHECK_EQ(sys_task_with(HELLO, HELLO_LEN, 0, args, ARGS_MAX), -EINVAL);
	args[ARGS_MAX - 1] = '\0'; /* one that is as long as can be */
	task = sys_task_with(HELLO, HELLO_LEN, 0, args, ARGS_MAX);
	CHECK(task > 0);
	CHECK_EQ(sys_thread((u64)task, 0, 0, 0, 0, ANY_CPU), 0);
	CHECK_EQ(check_wait((u64)task), 0);
	args[ARGS_MAX] = '\0';
	CHECK_EQ(sys_task_with(HELLO, HELLO_LEN, 0, args, ARGS_MAX + 1), -E2BIG);
	CHECK_EQ(sys_task_with(HELLO, HELLO_LEN, 0, args, ~0ul), -E2BIG);
	memset(args, 0, sizeof(args));
	CHECK_EQ(sys_task_with(HELLO, HELLO_LEN, 0, args, ARGS_COUNT_MAX + 1), -E2BIG);
	CHECK_EQ(sys_task_with(NULL, 0, 0, args, 1), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(sys_task_with(HELLO, HELLO_LEN, 0, (const char *)bad[i], 16), -EFAULT);
	CHECK_EQ(sys_task_with(HELLO, HELLO_LEN, 0, (const char *)end - 8, 9), -EFAULT);
}

/* --- tasks ----------------------------------------------------------------------------------- */

/* A task without threads can be killed, and takes none then. */
static void empty_task(void)
{
	u64 task = (u64)sys_task(NULL, 0, 0);
	s64 status = 1;

	CHECK_EQ(sys_thread(task, 0, 0, 0, 0, ANY_CPU), -EINVAL);
	CHECK_EQ(sys_task_wait(task, 0, &status), 0);
	CHECK_EQ(status, 0);
	CHECK_EQ(sys_kill(task), 0);
	CHECK_EQ(sys_kill(task), 0);
	CHECK_EQ(sys_thread(task, 0x400000, 0, 0, 0, ANY_CPU), -ESRCH);
	CHECK_EQ(sys_close(task), 0);
	CHECK_EQ(sys_kill(task), -EBADF);
	CHECK_EQ(sys_task_wait(task, 0, NULL), -EBADF);
}

/* --- SYS_THREAD ------------------------------------------------------------------------------ */

static void adds(u64 n)
{
	__atomic_fetch_add(&shared, n, __ATOMIC_SEQ_CST);
	sys_exit(0);
}

static void threads_of_its_own(void)
{
	shared = 0;
	for (u64 n = 1; n <= 8; n++)
		check_thread(adds, n);
	check_await(&shared, 36);
}

static void threads_are_checked(void)
{
	static const u64 rips[] = { USER_END_MAX, 1ul << 63, 0xffffffff80000000, ~0ul };
	u64 task = (u64)sys_task(HELLO, HELLO_LEN, 0), ep = (u64)sys_endpoint(), weak;

	for (size_t i = 0; i < ARRAY_SIZE(rips); i++)
		CHECK_EQ(sys_thread(task, rips[i], 0, 0, 0, ANY_CPU), -EINVAL);
	CHECK_EQ(sys_thread(task, 0x400000, USER_END_MAX + 8, 0, 0, ANY_CPU), -EINVAL);
	CHECK_EQ(sys_thread(task, 0, 0, 0, 32, ANY_CPU), -EINVAL);
	CHECK_EQ(sys_thread(task, 0, 0, 0, 1ul << 32, ANY_CPU), -EINVAL);
	CHECK_EQ(sys_thread(task, 0, 0, 0, 31, ANY_CPU), -EPERM);
	CHECK_EQ(sys_thread(task, 0, 0, 0, 0, 255), -EINVAL);
	CHECK_EQ(sys_thread(task, 0, 0, 0, 0, 1ul << 32), -EINVAL);
	CHECK_EQ(sys_thread(ep, 0, 0, 0, 0, ANY_CPU), -EBADF);
	CHECK_EQ(sys_thread(task | 1ul << 32, 0, 0, 0, 0, ANY_CPU), -EBADF);
	weak = (u64)sys_duplicate(task, RIGHT_INSPECT);
	CHECK_EQ(sys_thread(weak, 0, 0, 0, 0, ANY_CPU), -EBADF);
	CHECK_EQ(sys_kill(weak), -EBADF);
	CHECK_EQ(sys_task_wait(weak, 0, NULL), 0);
	CHECK_EQ(sys_close(weak), 0);
	CHECK_EQ(sys_close(ep), 0);
	CHECK_EQ(sys_close(task), 0);
}

/* --- SYS_FORK, SYS_KILL, SYS_TASK_WAIT ---------------------------------------------------------
 */

static u64 written = 1; /* by parent and child */

/* A fork with @value in a register of the FPU, and what is there behind it: *@after. */
static s64 fork_with(u64 value, u64 *after)
{
	s64 result;

	__asm__ volatile("movq %3, %%xmm7\n\t"
			 "syscall\n\t"
			 "movq %%xmm7, %1"
			 : "=a"(result), "=&r"(*after)
			 : "a"(SYS_FORK), "r"(value)
			 : "rcx", "r11", "xmm7", "memory");
	return result;
}

/* Each side has its own memory, stack and registers of the FPU. */
static void fork_copies(void)
{
	volatile u64 on_stack = 10;
	u64 in_register = 0;
	s64 child = fork_with(PATTERN, &in_register);

	if (child == 0) {
		CHECK_EQ(written, 1);
		CHECK_EQ(on_stack, 10);
		CHECK_EQ(in_register, PATTERN);
		written = 2;
		on_stack = 20;
		sys_exit(check_failures == 0 ? 7 : 1);
	}
	CHECK(child > 0);
	CHECK_EQ(check_wait((u64)child), 7);
	CHECK_EQ(written, 1);
	CHECK_EQ(on_stack, 10);
	CHECK_EQ(in_register, PATTERN);
}

/* The same numbers in the child, but for those that may not be duplicated. */
static void fork_copies_handles(void)
{
	u64 ep = (u64)sys_endpoint(), bare = (u64)sys_duplicate(ep, RIGHT_CALL);
	s64 child = sys_fork();

	if (child == 0) {
		CHECK_EQ(sys_close(bare), -EBADF);
		CHECK_EQ(sys_close(ep), 0);
		CHECK_EQ(sys_close(ep), -EBADF);
		sys_exit(check_failures);
	}
	CHECK_EQ(check_wait((u64)child), 0);
	CHECK_EQ(sys_close(bare), 0);
	CHECK_EQ(sys_close(ep), 0);
}

/* What a thread ends with: by a fault, killed by itself and by another; and time-outs. */
static void statuses(void)
{
	s64 child = sys_fork(), status = 1;

	if (child == 0) {
		(void)*(volatile u64 *)program_arg; /* a handle is a small number */
		sys_exit(0);
	}
	CHECK_EQ(check_wait((u64)child), -EFAULT);
	child = sys_fork();
	if (child == 0) {
		sys_kill(0);
		sys_exit(0);
	}
	CHECK_EQ(check_wait((u64)child), -EINTR);
	child = sys_fork();
	if (child == 0)
		for (;;)
			;
	CHECK_EQ(sys_task_wait((u64)child, 0, &status), -ETIMEDOUT);
	CHECK_EQ(sys_task_wait((u64)child, NS_PER_MS, &status), -ETIMEDOUT);
	CHECK_EQ(status, 1);
	CHECK_EQ(sys_kill((u64)child), 0);
	CHECK_EQ(sys_task_wait((u64)child, WAIT_FOR_EVER, &status), 0);
	CHECK_EQ(status, -EINTR);
	CHECK_EQ(sys_thread((u64)child, 0x400000, 0, 0, 0, ANY_CPU), -ESRCH);
	CHECK_EQ(sys_give((u64)child, (u64)child, 0), -ESRCH);
	CHECK_EQ(sys_close((u64)child), 0);
	CHECK_EQ(sys_task_wait(0, 0, NULL), -EDEADLK);
}

/* Who waits for a task that does not end ends when it is told to. */
static void waiter_is_killed(void)
{
	s64 idler = sys_fork(), waiter;

	if (idler == 0)
		for (;;)
			sys_yield();
	waiter = sys_fork();
	if (waiter == 0)
		sys_exit(sys_task_wait((u64)idler, WAIT_FOR_EVER, NULL));
	CHECK_EQ(sys_task_wait((u64)waiter, 5 * NS_PER_MS, NULL), -ETIMEDOUT);
	CHECK_EQ(sys_kill((u64)waiter), 0);
	CHECK_EQ(check_wait((u64)waiter), -EINTR);
	CHECK_EQ(sys_kill((u64)idler), 0);
	CHECK_EQ(check_wait((u64)idler), -EINTR);
}

/* --- SYS_GIVE -------------------------------------------------------------------------------- */

static void gives(void)
{
	u64 task = (u64)sys_task(NULL, 0, 0), ep = (u64)sys_endpoint();
	u64 bare = (u64)sys_duplicate(ep, RIGHT_CALL);

	CHECK(sys_give(task, ep, RIGHT_CALL) > 0);
	CHECK_EQ(sys_give(task, ep, RIGHT_CALL | RIGHT_CONTROL), -EPERM);
	CHECK_EQ(sys_give(task, ep, ~0ul), -EPERM);
	CHECK_EQ(sys_give(task, ep, 1ul << 32), -EPERM);
	CHECK_EQ(sys_give(task, bare, RIGHT_CALL), -EPERM);
	CHECK_EQ(sys_give(task, 0, 0), -EBADF);
	CHECK_EQ(sys_give(task, ~0ul, 0), -EBADF);
	CHECK_EQ(sys_give(ep, ep, 0), -EBADF);
	CHECK_EQ(sys_give(~0ul, ep, 0), -EBADF);
	CHECK_EQ(sys_give(task, task, 0), -ESRCH); /* it has no thread */
	CHECK(sys_give(0, task, RIGHT_CONTROL) > 0);
	for (u32 i = 0; i < 300; i++)
		if (sys_give(task, ep, 0) == -ENOSPC)
			break;
	CHECK_EQ(sys_give(task, ep, 0), -ENOSPC);
	CHECK_EQ(sys_close(bare), 0);
	CHECK_EQ(sys_close(ep), 0);
	CHECK_EQ(sys_close(task), 0);
}

/* --- SYS_TASK_LIST ------------------------------------------------------------------------------
 */

static bool is_listed(const struct task_info *list, s64 n, const char *name)
{
	for (s64 i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0 && list[i].threads == 1 && list[i].pages > 10)
			return true;
	return false;
}

static void lists(void)
{
	static const u64 bad[] = BAD_ADDRESSES;
	static struct task_info list[TASKS_MAX];
	u64 system = program_arg, end = check_page_end();
	s64 n = sys_task_list(system, 0, list, sizeof(list));
	bool has_slot = false;

	CHECK(n > 0);
	CHECK(is_listed(list, n, "check_tasks"));
	for (s64 i = 1; i < n; i++)
		CHECK(list[i].id > list[i - 1].id);
	for (u32 cpu = 0; cpu < list[n - 1].cpus; cpu++)
		for (s64 i = 0; i < n; i++)
			has_slot |= list[i].slot[cpu] != NO_SLOT;
	CHECK(has_slot);
	CHECK_EQ(sys_task_list(system, list[n - 1].id, list, sizeof(list)), 0);
	CHECK_EQ(sys_task_list(system, ~0ul >> 1, list, sizeof(list)), 0);
	CHECK_EQ(sys_task_list(system, 0, list, sizeof(list[0]) - 1), 0);
	CHECK_EQ(sys_task_list(system, 0, list, sizeof(list[0])), 1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(sys_task_list(system, 0, (struct task_info *)bad[i], ~0ul), -EFAULT);
	CHECK_EQ(sys_task_list(system, 0, (struct task_info *)(end - 8), sizeof(list[0])), -EFAULT);
	CHECK_EQ(sys_task_list(0, 0, list, sizeof(list)), -EBADF);
	CHECK_EQ(sys_task_list((u64)sys_duplicate(system, 0), 0, list, sizeof(list)), -EBADF);
}

int main(void)
{
	runs_a_program();
	names_are_checked();
	arguments_arrive();
	arguments_are_checked();
	empty_task();
	threads_of_its_own();
	threads_are_checked();
	fork_copies();
	fork_copies_handles();
	statuses();
	waiter_is_killed();
	gives();
	lists();
	return check_failures;
}
