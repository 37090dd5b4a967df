/* SPDX-License-Identifier: MIT */
/*
 * user/bin/check_memory.c - the system calls about memory, with arguments good, bad and hostile.
 */
#include "lib/string.h"
#include "user/lib/check.h"

#define RW	(MAP_READ | MAP_WRITE)
#define PLACE	0x100000000000ul /* nothing else is near */
#define FOUR	(4 * PAGE_SIZE)
#define PATTERN 0x5eed5eed5eedul
#define ROUNDS	300u

/* How a fork that reads, or writes, at @address ends: 0 if it can. */
static s64 try_access(u64 address, bool write)
{
	s64 child = sys_fork();

	if (child == 0) {
		volatile u64 *p = (volatile u64 *)address;

		if (write)
			*p = 1;
		else
			(void)*p;
		sys_exit(0);
	}
	return check_wait((u64)child);
}

/* --- private memory ------------------------------------------------------------------------ */

static void maps_and_unmaps(void)
{
	volatile u64 *p = (volatile u64 *)PLACE;
	s64 elsewhere;

	CHECK_EQ(sys_map(0, 0, PLACE, 0, FOUR, RW), PLACE);
	CHECK_EQ(p[0], 0);
	p[0] = PATTERN;
	p[512 * 3] = PATTERN;
	CHECK_EQ(sys_map(0, 0, PLACE + PAGE_SIZE, 0, PAGE_SIZE, RW), -EEXIST);
	elsewhere = sys_map(0, 0, 0, 0, FOUR, RW);
	CHECK(elsewhere > 0 && (u64)elsewhere != PLACE);
	CHECK_EQ(sys_unmap(0, (u64)elsewhere, FOUR), 0);
	CHECK_EQ(sys_unmap(0, PLACE, PAGE_SIZE), 0);
	CHECK_EQ(try_access(PLACE, false), -EFAULT);
	CHECK_EQ(p[512 * 3], PATTERN);
	CHECK_EQ(sys_protect(0, PLACE + 3 * PAGE_SIZE, PAGE_SIZE, MAP_READ), 0);
	CHECK_EQ(p[512 * 3], PATTERN);
	CHECK_EQ(try_access(PLACE + 3 * PAGE_SIZE, true), -EFAULT);
	CHECK_EQ(sys_protect(0, PLACE + 3 * PAGE_SIZE, PAGE_SIZE, 0), 0);
	CHECK_EQ(try_access(PLACE + 3 * PAGE_SIZE, false), -EFAULT);
	CHECK_EQ(sys_unmap(0, PLACE, FOUR), 0);
	CHECK_EQ(sys_unmap(0, PLACE, FOUR), 0); /* nothing is there, and stays so */
}

/* Ranges that are none: misaligned, empty, that wrap, or reach beyond the user's half. */
static void ranges_are_checked(void)
{
	static const u64 starts[] = { 1,	 PLACE + 8,  PLACE + 1, USER_END_MAX,
				      1ul << 63, ~0ul << 12, ~0ul };
	static const u64 sizes[] = {
		0, 1, PAGE_SIZE - 1, PAGE_SIZE + 1, USER_END_MAX, 1ul << 63, ~0ul << 12, ~0ul
	};

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		CHECK_EQ(sys_map(0, 0, starts[i], 0, PAGE_SIZE, RW), -EINVAL);
		CHECK_EQ(sys_unmap(0, starts[i], PAGE_SIZE), -EINVAL);
		CHECK_EQ(sys_protect(0, starts[i], PAGE_SIZE, RW), -EINVAL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		CHECK_EQ(sys_map(0, 0, PLACE, 0, sizes[i], RW), -EINVAL);
		CHECK_EQ(sys_map(0, 0, 0, 0, sizes[i], RW), -EINVAL);
		CHECK_EQ(sys_unmap(0, PLACE, sizes[i]), -EINVAL);
		CHECK_EQ(sys_protect(0, PLACE, sizes[i], RW), -EINVAL);
	}
	CHECK_EQ(sys_map(0, 0, PAGE_SIZE, 0, PAGE_SIZE, RW),
		 -EINVAL); /* where null pointers point */
	CHECK_EQ(sys_map(0, 0, PLACE, PAGE_SIZE, PAGE_SIZE, RW), -EINVAL);
}

static void rights_are_checked(void)
{
	static const u64 flags[] = { 6, 7, 64, 256, 1ul << 32 | 1, ~0ul };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		CHECK_EQ(sys_map(0, 0, PLACE, 0, PAGE_SIZE, flags[i]), -EINVAL);
		CHECK_EQ(sys_protect(0, PLACE, PAGE_SIZE, flags[i]), -EINVAL);
	}
	CHECK_EQ(sys_protect(0, PLACE, PAGE_SIZE, MAP_READ | MAP_SHARED), -EINVAL);
	CHECK_EQ(sys_protect(0, PLACE, PAGE_SIZE, MAP_READ | MAP_NOT_FORKED), -EINVAL);
	CHECK_EQ(sys_map(77, 0, PLACE, 0, PAGE_SIZE, RW), -EBADF);
	CHECK_EQ(sys_unmap(77, PLACE, PAGE_SIZE), -EBADF);
	CHECK_EQ(sys_protect(77, PLACE, PAGE_SIZE, RW), -EBADF);
}

/* A program that was written a moment ago runs, and cannot be written then. */
static void code_is_written_then_run(void)
{
	static const u8 returns_42[] = { 0xb8, 42, 0, 0, 0, 0xc3 };

	CHECK_EQ(sys_map(0, 0, PLACE, 0, PAGE_SIZE, RW), PLACE);
	memcpy((void *)PLACE, returns_42, sizeof(returns_42));
	CHECK_EQ(sys_protect(0, PLACE, PAGE_SIZE, MAP_READ | MAP_EXEC), 0);
	CHECK_EQ(((s64(*)(void))PLACE)(), 42);
	CHECK_EQ(try_access(PLACE, true), -EFAULT);
	CHECK_EQ(sys_unmap(0, PLACE, PAGE_SIZE), 0);
}

/* --- memory objects ----------------------------------------------------------------------------
 */

/* Two places of one object, and it lives as long as one of them. */
static void object_is_shared(void)
{
	volatile u64 *p = (volatile u64 *)PLACE, *q = (volatile u64 *)(PLACE + FOUR);
	u64 memory = (u64)sys_memory(FOUR - 1);

	CHECK_EQ(sys_map(0, memory, PLACE, 0, FOUR, RW), PLACE);
	CHECK_EQ(sys_map(0, memory, PLACE + FOUR, PAGE_SIZE, PAGE_SIZE, MAP_READ), PLACE + FOUR);
	CHECK_EQ(sys_close(memory), 0);
	p[512] = PATTERN;
	CHECK_EQ(q[0], PATTERN);
	CHECK_EQ(sys_unmap(0, PLACE, FOUR), 0);
	CHECK_EQ(q[0], PATTERN);
	CHECK_EQ(sys_map(0, memory, PLACE, 0, FOUR, RW), -EBADF);
	CHECK_EQ(sys_unmap(0, PLACE + FOUR, PAGE_SIZE), 0);
}

/* A fork sees the same. */
static void fork_shares_objects(void)
{
	volatile u64 *p = (volatile u64 *)PLACE, *q = (volatile u64 *)(PLACE + FOUR);
	u64 memory = (u64)sys_memory(FOUR);
	s64 child;

	CHECK_EQ(sys_map(0, memory, PLACE, 0, FOUR, RW), PLACE);
	CHECK_EQ(sys_map(0, 0, PLACE + FOUR, 0, FOUR, RW | MAP_SHARED), PLACE + FOUR);
	p[0] = 1;
	q[0] = 1;
	child = sys_fork();
	if (child == 0) {
		p[0] = 2;
		q[0] = 2;
		sys_exit(0);
	}
	CHECK_EQ(check_wait((u64)child), 0);
	CHECK_EQ(p[0], 2);
	CHECK_EQ(q[0], 2);
	CHECK_EQ(sys_unmap(0, PLACE, 2 * FOUR), 0);
	CHECK_EQ(sys_close(memory), 0);
}

/* Without RIGHT_WRITE it is never written, by no way round. */
static void object_without_the_right(void)
{
	u64 memory = (u64)sys_memory(FOUR), weak = (u64)sys_duplicate(memory, 0);

	CHECK_EQ(sys_map(0, weak, PLACE, 0, FOUR, RW), -EPERM);
	CHECK_EQ(sys_map(0, weak, PLACE, 0, FOUR, MAP_READ), PLACE);
	CHECK_EQ(sys_protect(0, PLACE, FOUR, RW), -EPERM);
	CHECK_EQ(sys_protect(0, PLACE + PAGE_SIZE, PAGE_SIZE, MAP_WRITE), -EPERM);
	CHECK_EQ(sys_protect(0, PLACE, FOUR, MAP_READ | MAP_EXEC), 0);
	CHECK_EQ(try_access(PLACE, true), -EFAULT);
	CHECK_EQ(try_access(PLACE, false), 0);
	CHECK_EQ(sys_unmap(0, PLACE, FOUR), 0);
	CHECK_EQ(sys_close(weak), 0);
	CHECK_EQ(sys_close(memory), 0);
}

static void objects_are_checked(void)
{
	u64 memory = (u64)sys_memory(FOUR), ep = (u64)sys_endpoint();

	CHECK_EQ(sys_memory(0), -EINVAL);
	CHECK_EQ(sys_memory(~0ul), -EINVAL);
	CHECK_EQ(sys_memory(1ul << 40), -EINVAL);
	CHECK_EQ(sys_memory(1ul << 36), -ENOMEM); /* more than it may have */
	CHECK_EQ(sys_map(0, memory, PLACE, 0, FOUR + PAGE_SIZE, RW), -EINVAL);
	CHECK_EQ(sys_map(0, memory, PLACE, PAGE_SIZE, FOUR, RW), -EINVAL);
	CHECK_EQ(sys_map(0, memory, PLACE, 8, PAGE_SIZE, RW), -EINVAL);
	CHECK_EQ(sys_map(0, memory, PLACE, ~0ul << 12, PAGE_SIZE, RW), -EINVAL);
	CHECK_EQ(sys_map(0, memory, PLACE, 0, FOUR, RW | MAP_LARGE), -EINVAL);
	CHECK_EQ(sys_map(0, ep, PLACE, 0, FOUR, RW), -EBADF);
	CHECK_EQ(sys_map(0, ~0ul, PLACE, 0, FOUR, RW), -EBADF);
	CHECK_EQ(sys_map(memory, 0, PLACE, 0, FOUR, RW), -EBADF);
	CHECK_EQ(sys_close(ep), 0);
	CHECK_EQ(sys_close(memory), 0);
}

/* --- another's address space, and other threads --------------------------------------------------
 */

/* Into a task that does not run: its program finds there what this one has written. */
static void maps_into_another(void)
{
	u64 memory = (u64)sys_memory(PAGE_SIZE), task = (u64)sys_task(NULL, 0, 0);
	/* mov rdi, [PLACE + PAGE_SIZE - 8]; mov eax, SYS_EXIT; syscall */
	static const u8 code[] = { 0x48, 0x8b, 0x3f, 0xb8, SYS_EXIT, 0, 0, 0, 0x0f, 0x05 };

	CHECK_EQ(sys_map(0, memory, PLACE, 0, PAGE_SIZE, RW), PLACE);
	memcpy((void *)PLACE, code, sizeof(code));
	*(volatile u64 *)(PLACE + PAGE_SIZE - 8) = 33;
	CHECK_EQ(sys_map(task, memory, PLACE, 0, PAGE_SIZE, MAP_READ | MAP_EXEC), PLACE);
	CHECK_EQ(sys_thread(task, PLACE, 0, PLACE + PAGE_SIZE - 8, 0, ANY_CPU), 0);
	CHECK_EQ(check_wait(task), 33);
	CHECK_EQ(sys_unmap(0, PLACE, PAGE_SIZE), 0);
	CHECK_EQ(sys_close(memory), 0);
}

static volatile u64 unmapping; /* 1: wanted, 2: over */

static void unmaps_again_and_again(u64 unused)
{
	(void)unused;
	for (u32 i = 0; i < ROUNDS; i++) {
		sys_unmap(0, PLACE, PAGE_SIZE);
		sys_map(0, 0, PLACE, 0, PAGE_SIZE, RW);
	}
	unmapping = 2;
	sys_exit(0);
}

/* What the kernel reads and writes goes meanwhile: an error or none, and nothing else. */
static void unmapped_meanwhile(void)
{
	u64 good = 0, bad = 0;

	unmapping = 1;
	check_thread(unmaps_again_and_again, 0);
	while (unmapping == 1) {
		s64 result = sys_task((const char *)PLACE, 8, 0);

		CHECK(result == -ENOENT || result == -EFAULT);
		good += result == -ENOENT;
		bad += result == -EFAULT;
	}
	print("unmapped meanwhile: %lu times, and %lu times not\n", bad, good);
	CHECK_EQ(sys_unmap(0, PLACE, PAGE_SIZE), 0);
}

int main(void)
{
	maps_and_unmaps();
	ranges_are_checked();
	rights_are_checked();
	code_is_written_then_run();
	object_is_shared();
	fork_shares_objects();
	object_without_the_right();
	objects_are_checked();
	maps_into_another();
	unmapped_meanwhile();
	return check_failures;
}
