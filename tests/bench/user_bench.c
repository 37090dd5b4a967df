/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/user_bench.c - what user mode pays, measured there: from a reading of the TSC
 * in ring 3 to the next.
 */
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/uaccess.h"
#include "kernel/abi.h"
#include "kernel/notification.h"
#include "kernel/wait.h"
#include "lib/assert.h"
#include "mm/page_zero.h"
#include "tests/bench/bench.h"
#include "tests/user_memory.h"
#include "tests/user_pair.h"
#include "tests/user_task.h"

USER_PROGRAM(measures_nothing);
USER_PROGRAM(measures_null);
USER_PROGRAM(measures_call);
USER_PROGRAM(echoes);
USER_PROGRAM(measures_call_long);
USER_PROGRAM(echoes_long);
USER_PROGRAM(measures_wake);
USER_PROGRAM(signals_the_time);
USER_PROGRAM(measures_yield);
USER_PROGRAM(yields);
USER_PROGRAM(measures_fault);
USER_PROGRAM(maps_pages);
USER_PROGRAM(ends);
USER_PROGRAM(forks_once);

#define FAULT_PLACE 0x600000ul
#define FAULT_PAGES 256ul /* more than are measured, in the reach of one page table */

static struct task *make(const char *name, const u8 *code, size_t size)
{
	struct task *task = user_task(NULL, name, code, size);

	ASSERT(task != NULL, "out of memory");
	return task;
}

/*
 * Let @task's only thread, of @priority, measure on this CPU, and take what it wrote.  What it
 * measured is @n times what is to be reported.
 */
static void run_at(struct bench *b, struct task *task, u32 priority, u32 n)
{
	ASSERT(user_task_start_at(NULL, task, USER_DATA_AT, cpu_id, priority), "no thread");
	(void)task_wait(task);
	kthread_use_mm(task->mm);
	for (u32 i = 0; bench_more(b); i++)
		bench_add(b, (get(USER_DATA_AT + i * sizeof(u64)) - b->overhead) / n + b->overhead);
	kthread_unuse_mm();
	kobj_put(&task->kobj);
}

static void run(struct bench *b, struct task *task)
{
	run_at(b, task, PRIORITY_DEFAULT, 1);
}

BENCH(user_clock)
{
	run(b, make("bench", USER_CODE(measures_nothing)));
}

BENCH(null_syscall)
{
	run(b, make("bench", USER_CODE(measures_null)));
}

/* @client measures calls to @server, which ends with the endpoint. */
static void run_calls(struct bench *b, struct task *client, struct task *server)
{
	struct endpoint *ep = endpoint_create();
	u64 call, receive;

	ASSERT(ep != NULL, "out of memory");
	call = user_task_handle(NULL, client, ep, RIGHT_CALL);
	receive = user_task_handle(NULL, server, ep, RIGHT_RECEIVE);
	kobj_put(&ep->kobj);
	ASSERT(user_task_start(NULL, server, receive, cpu_id), "no thread");
	kthread_use_mm(client->mm);
	ASSERT(put(USER_DATA_AT, call), "no memory");
	kthread_unuse_mm();
	run(b, client);
	(void)handle_close(&server->handles, receive);
	(void)user_task_end(server);
}

BENCH(ipc_round_trip)
{
	run_calls(b, make("client", USER_CODE(measures_call)), make("server", USER_CODE(echoes)));
}

/* With 64 words of a buffer one way. */
BENCH(ipc_round_trip_64w)
{
	run_calls(b, make("client", USER_CODE(measures_call_long)),
		  make("server", USER_CODE(echoes_long)));
}

/* From before a signal until the more urgent one that waited for it, in another task, runs. */
BENCH(notify_wake)
{
	struct task *waiter = make("waiter", USER_CODE(measures_wake));
	struct task *signaller = make("signaller", USER_CODE(signals_the_time));
	struct notification *n = notification_create();
	u64 wait, signal;

	ASSERT(n != NULL, "out of memory");
	wait = user_task_give(NULL, waiter, &n->kobj, RIGHT_WAIT);
	signal = user_task_give(NULL, signaller, &n->kobj, RIGHT_SIGNAL);
	kobj_put(&n->kobj);
	kthread_use_mm(waiter->mm);
	ASSERT(put(USER_DATA_AT, wait), "no memory");
	kthread_unuse_mm();
	ASSERT(user_task_start_at(NULL, signaller, signal, cpu_id, PRIORITY_LOW), "no thread");
	run_at(b, waiter, PRIORITY_HIGH, 1);
	(void)user_task_end(signaller);
}

/* From one task to another, which yields back; per yield. */
BENCH(yield_other_mm)
{
	struct task *other = make("other", USER_CODE(yields));

	ASSERT(user_task_start(NULL, other, 0, cpu_id), "no thread");
	run_at(b, make("bench", USER_CODE(measures_yield)), PRIORITY_DEFAULT, 2);
	task_kill(other);
	(void)user_task_end(other);
}

/* Of which zero_page is the zeroing. */
BENCH(fault_anon)
{
	struct task *task = make("bench", USER_CODE(measures_fault));

	ASSERT(map_anon(task->mm, FAULT_PLACE, FAULT_PAGES * PAGE_SIZE, RW) == 0, "no memory");
	kthread_use_mm(task->mm);
	ASSERT(put(USER_DATA_AT, FAULT_PLACE + PAGE_SIZE) && put(FAULT_PLACE, 0), "no memory");
	kthread_unuse_mm();
	run(b, task);
}

/* The same from a pager, another task, which maps a page of a memory object. */
BENCH(fault_pager)
{
	struct task *task = make("bench", USER_CODE(measures_fault));
	struct task *pager = make("pager", USER_CODE(maps_pages));
	struct endpoint *ep = endpoint_create();
	u64 words[3] = { [2] = FAULT_PLACE };

	ASSERT(ep != NULL, "out of memory");
	words[0] = user_task_handle(NULL, pager, ep, RIGHT_CALL | RIGHT_RECEIVE | RIGHT_DUPLICATE);
	words[1] = user_task_give(NULL, pager, &task->kobj, RIGHT_CONTROL);
	kthread_use_mm(pager->mm);
	ASSERT(copy_to_user(USER_DATA_AT, words, sizeof(words)) == 0, "no memory");
	kthread_unuse_mm();
	kthread_use_mm(task->mm);
	ASSERT(put(USER_DATA_AT, FAULT_PLACE), "no memory");
	kthread_unuse_mm();
	ASSERT(user_task_start(NULL, pager, USER_DATA_AT, cpu_id), "no thread");
	while (!user_endpoint_has(ep, 0, 1))
		sleep_ns(NS_PER_MS);
	run(b, task);
	task_kill(pager);
	(void)user_task_end(pager);
	kobj_put(&ep->kobj);
}

BENCH(zero_page)
{
	struct page *page = alloc_page(ZONE_USER);

	ASSERT(page != NULL, "out of memory");
	while (bench_more(b))
		bench_sample(b, { page_zero(page); });
	put_page(page);
}

/* A thread of a task, from its making to its end, which is waited for: marks in the kernel. */
static ALWAYS_INLINE void run_whole(struct bench *b, const u8 *code, size_t size)
{
	struct task *task = make("bench", code, size);

	while (bench_more(b)) {
		u64 start = bench_clock(COUNT_BEGIN);

		(void)user_task_start(NULL, task, 0, cpu_id);
		(void)task_wait(task);
		bench_add(b, bench_clock(COUNT_END) - start);
	}
	kobj_put(&task->kobj);
}

/* What the thread of the next costs without its fork. */
BENCH(user_thread)
{
	run_whole(b, USER_CODE(ends));
}

BENCH(fork_exit_wait)
{
	run_whole(b, USER_CODE(forks_once));
}
