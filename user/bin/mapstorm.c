/* SPDX-License-Identifier: MIT */
/*
 * user/bin/mapstorm.c - mapstorm [THREADS] [ROUNDS] [SEED]: threads of one task map memory by small
 * and large pages, write, protect, read and unmap it, each in a place of its own, all at once.
 */
#include "lib/rand.h"
#include "user/lib/workload.h"

#define RW	   (MAP_READ | MAP_WRITE)
#define PLACES	   0x100000000000ul
#define PLACE_SIZE (1ul << 30) /* of a thread */
#define LARGE_SIZE (2ul << 20)
#define SMALL_MAX  32u /* pages */
#define TOUCHES	   8u  /* in a round */

static struct parameter parameters[] = { { "THREADS", 1, 32, 4, NULL },
					 { "ROUNDS", 1, 1000000, 20, NULL },
					 { "SEED", 0, 1000000000, 1, NULL } };

static u64 over; /* threads; atomic */

/* A word in a page of the range. */
static volatile u64 *somewhere(struct rand *rnd, u64 start, u64 bytes)
{
	return (volatile u64 *)(start + rand_next(rnd) % (bytes / PAGE_SIZE) * PAGE_SIZE);
}

/* What was mapped is zero until it is written, and then what was written, whatever else is done. */
static void use(struct rand *rnd, u64 start, u64 bytes)
{
	volatile u64 *word[TOUCHES];

	for (u32 i = 0; i < TOUCHES; i++) {
		word[i] = somewhere(rnd, start, bytes);
		CHECK(*word[i] == 0 || *word[i] == (uintptr_t)word[i]);
		*word[i] = (uintptr_t)word[i];
	}
	CHECK_EQ(sys_protect(0, start, bytes, MAP_READ), 0);
	for (u32 i = 0; i < TOUCHES; i++)
		CHECK_EQ(*word[i], (uintptr_t)word[i]);
	CHECK_EQ(sys_protect(0, start, bytes, RW), 0);
	for (u32 i = 0; i < TOUCHES; i++)
		*word[i] = (uintptr_t)word[i];
}

static void storm(u64 number)
{
	struct rand rnd = { parameters[2].value + number };
	u64 start = PLACES + number * PLACE_SIZE;

	for (u64 i = 0; i < parameters[1].value; i++) {
		bool large = rand_next(&rnd) % 4 == 0;
		u64 bytes = large ? LARGE_SIZE : (1 + rand_next(&rnd) % SMALL_MAX) * PAGE_SIZE;
		u64 half = bytes / 2 & ~(PAGE_SIZE - 1);

		CHECK_EQ(sys_map(0, 0, start, 0, bytes, large ? RW | MAP_LARGE : RW), start);
		use(&rnd, start, bytes);
		if (half != 0)
			CHECK_EQ(sys_unmap(0, start, half), 0);
		CHECK_EQ(sys_unmap(0, start + half, bytes - half), 0);
	}
	__atomic_fetch_add(&over, 1, __ATOMIC_RELEASE);
	sys_exit(0);
}

int main(void)
{
	u64 threads;

	if (!workload_begin(parameters, ARRAY_SIZE(parameters)))
		return 1;
	threads = parameters[0].value;
	for (u64 i = 0; i < threads; i++)
		check_thread(storm, i);
	check_await(&over, threads);
	return workload_end("%lu threads, %lu rounds each", threads, parameters[1].value);
}
