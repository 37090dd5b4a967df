/* SPDX-License-Identifier: MIT */
/*
 * tests/user_task.h - tasks that run a program of user_programs.asm, here or in bench/.
 */
#pragma once

#include "kernel/ipc.h"
#include "kernel/task.h"
#include "tests/harness.h"

#define USER_CODE_AT  0x400000ul /* the program, a page */
#define USER_DATA_AT  0x500000ul /* a page to write to; its second half is the stack */
#define USER_STACK_AT (USER_DATA_AT + PAGE_SIZE)

/* A program of a user_programs.asm. */
#define USER_PROGRAM(name) extern const u8 user_##name[], user_##name##_end[]
#define USER_CODE(name)	   user_##name, (size_t)(user_##name##_end - user_##name)

/* Put the program into @task, which is empty.  False: out of memory. */
bool user_task_fill(struct task *task, const u8 *code, size_t size);

/* A task with the program in it, and no thread.  NULL: the test has failed. */
struct task *user_task(struct test *t, const char *name, const u8 *code, size_t size);

/* Let a thread of @task begin, on @cpu or ANY_USER_CPU, with @arg in RDI. */
bool user_task_start(struct test *t, struct task *task, u64 arg, u32 cpu);

/* The same with a @priority; 0: the default. */
bool user_task_start_at(struct test *t, struct task *task, u64 arg, u32 cpu, u32 priority);

/* @n threads, or as many as show all there is: on many CPUs of an emulator more are only slow. */
static inline u32 user_threads(u32 n)
{
	return MIN(n, 12u);
}

/* All three: the status that the task's only thread ends with. */
int user_task_run(struct test *t, const char *name, const u8 *code, size_t size, u64 arg);

/* A handle of @task's for an object, of which it gets a reference of its own. */
u64 user_task_give(struct test *t, struct task *task, struct kobj *object, u32 rights);

static inline u64 user_task_handle(struct test *t, struct task *task, struct endpoint *ep,
				   u32 rights)
{
	return user_task_give(t, task, &ep->kobj, rights);
}

/* Wait for it, give it back: its status. */
int user_task_end(struct task *task);
