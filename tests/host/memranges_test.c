/* SPDX-License-Identifier: MIT */
/* tests/host/memranges_test.c - fixed cases, and random ones against a map with one type a byte. */
#include "tests/host/cmocka_host.h"
#include "lib/err.h"
#include "lib/memranges.h"
#include "lib/rand.h"

#define PAGES	   24
#define BYTES	   (PAGES * PAGE_SIZE)
#define MAX_PIECES 12
#define MAX_OUT	   64

static struct rand rng;

static struct handoff_range out[MAX_OUT];

/* Weakest first. */
static const u32 by_strength[] = {
	MEM_USABLE, MEM_LOADER, MEM_KERNEL, MEM_ARCHIVE, MEM_RESULTS, MEM_ACPI, MEM_RESERVED,
};

static void assert_range(size_t i, u64 start, u64 end, u32 type)
{
	assert_int_equal(out[i].start, start);
	assert_int_equal(out[i].end, end);
	assert_int_equal(out[i].type, type);
	assert_int_equal(out[i].reserved, 0);
}

static void test_nothing(void **state)
{
	const struct handoff_range empty[] = {
		{ 0x1000, 0x1000, MEM_RESERVED, 0 },
		{ 0x5000, 0x1000, MEM_RESERVED, 0 },
		{ 0x1001, 0x2fff, MEM_USABLE, 0 },
		{ 0x1800, 0x1900, MEM_USABLE, 0 },
		{ UINT64_MAX - 8, UINT64_MAX, MEM_USABLE, 0 },
		{ UINT64_MAX - 8, UINT64_MAX, MEM_RESERVED, 0 },
	};

	(void)state;
	assert_int_equal(memranges_build(NULL, 0, out, MAX_OUT), 0);
	assert_int_equal(memranges_build(empty, ARRAY_SIZE(empty), out, MAX_OUT), 0);
	assert_int_equal(memranges_build(empty, ARRAY_SIZE(empty), out, 0), 0);
}

/* What a PC's firmware says, out of order. */
static void test_typical(void **state)
{
	const struct handoff_range raw[] = {
		{ 0x100000, 0x8000000, MEM_USABLE, 0 },
		{ 0xfffc0000, 0x100000000, MEM_RESERVED, 0 },
		{ 0, 0x9fc00, MEM_USABLE, 0 },
		{ 0x9fc00, 0xa0000, MEM_RESERVED, 0 },
		{ 0xf0000, 0x100000, MEM_RESERVED, 0 },
		{ 0x200000, 0x312345, MEM_KERNEL, 0 },
		{ 0x7ffe123, 0x7ffff00, MEM_ACPI, 0 },
		{ 0x100000000, 0x140000000, MEM_USABLE, 0 },
		{ 0x140000000, 0x180000000, MEM_USABLE, 0 },
	};

	(void)state;
	assert_int_equal(memranges_build(raw, ARRAY_SIZE(raw), out, MAX_OUT), 9);
	assert_range(0, 0, 0x9f000, MEM_USABLE);
	assert_range(1, 0x9f000, 0xa0000, MEM_RESERVED);
	assert_range(2, 0xf0000, 0x100000, MEM_RESERVED);
	assert_range(3, 0x100000, 0x200000, MEM_USABLE);
	assert_range(4, 0x200000, 0x313000, MEM_KERNEL);
	assert_range(5, 0x313000, 0x7ffe000, MEM_USABLE);
	assert_range(6, 0x7ffe000, 0x8000000, MEM_ACPI);
	assert_range(7, 0xfffc0000, 0x100000000, MEM_RESERVED);
	assert_range(8, 0x100000000, 0x180000000, MEM_USABLE);
}

static void test_strength_is_not_order(void **state)
{
	(void)state;
	for (size_t weak = 0; weak < ARRAY_SIZE(by_strength); weak++) {
		for (size_t strong = weak + 1; strong < ARRAY_SIZE(by_strength); strong++) {
			struct handoff_range raw[2] = {
				{ 0, 0x3000, by_strength[weak], 0 },
				{ 0x1000, 0x2000, by_strength[strong], 0 },
			};
			struct handoff_range turned[2] = { raw[1], raw[0] };

			assert_int_equal(memranges_build(raw, 2, out, MAX_OUT), 3);
			assert_range(1, 0x1000, 0x2000, by_strength[strong]);
			assert_int_equal(memranges_build(turned, 2, out, MAX_OUT), 3);
			assert_range(1, 0x1000, 0x2000, by_strength[strong]);
		}
	}
}

static void test_odd_pieces(void **state)
{
	const struct handoff_range raw[] = {
		{ 0x1000, 0x2000, 0, 0 },
		{ 0x3000, 0x3800, 77, 0 },
		{ 0x3800, 0x4000, MEM_ARCHIVE + 1, 0 },
		{ 0xfffffffffffe0000, UINT64_MAX, MEM_RESERVED, 0 },
	};

	(void)state;
	assert_int_equal(memranges_build(raw, ARRAY_SIZE(raw), out, MAX_OUT), 3);
	assert_range(0, 0x1000, 0x2000, MEM_RESERVED);
	assert_range(1, 0x3000, 0x4000, MEM_RESERVED);
	assert_range(2, 0xfffffffffffe0000, PAGE_MASK, MEM_RESERVED);
}

static void test_no_space(void **state)
{
	const struct handoff_range raw[] = {
		{ 0, 0x6000, MEM_USABLE, 0 },
		{ 0x1000, 0x2000, MEM_RESERVED, 0 },
		{ 0x2000, 0x3000, MEM_RESERVED, 0 },
	};
	size_t count;

	(void)state;
	assert_int_equal(memranges_build(raw, 3, out, 2), -ENOSPC);
	assert_int_equal(memranges_build(raw, 3, out, 3), 3);
	count = 3;
	assert_int_equal(memranges_carve(out, &count, 4, 0x4800, 0x4900, MEM_LOADER), -ENOSPC);
	assert_int_equal(count, 3);
	assert_range(2, 0x3000, 0x6000, MEM_USABLE);
	assert_int_equal(memranges_carve(out, &count, 4, 0x3000, 0x3100, MEM_LOADER), 0);
	assert_int_equal(count, 4);
	assert_range(2, 0x3000, 0x4000, MEM_LOADER);
	assert_range(3, 0x4000, 0x6000, MEM_USABLE);
}

/* The model: a type for each byte, index into by_strength plus one; 0 is none. */
static u8 model[BYTES];

static void model_rounded(u64 *start, u64 *end, u32 type)
{
	if (type == MEM_USABLE) {
		while (*start % PAGE_SIZE != 0)
			++*start;
		while (*end % PAGE_SIZE != 0)
			--*end;
	} else {
		while (*start % PAGE_SIZE != 0)
			--*start;
		while (*end % PAGE_SIZE != 0)
			++*end;
	}
}

static u8 model_value(u32 type)
{
	u8 i = 0;

	while (by_strength[i] != type)
		i++;
	return i + 1;
}

static void model_add(u64 start, u64 end, u32 type, bool always)
{
	if (end <= start)
		return;
	model_rounded(&start, &end, type);
	for (u64 at = start; at < end; at++) {
		if (always || model[at] < model_value(type))
			model[at] = model_value(type);
	}
}

/* Sorted, aligned, merged, and the same as the model at each byte. */
static void compare_with_model(size_t count)
{
	u64 at = 0;

	for (size_t i = 0; i < count; i++) {
		assert_true(out[i].start < out[i].end && out[i].end <= BYTES);
		assert_true(IS_ALIGNED(out[i].start | out[i].end, PAGE_SIZE));
		if (i > 0 && out[i - 1].type == out[i].type)
			assert_true(out[i - 1].end < out[i].start);
		for (; at < out[i].start; at++)
			assert_int_equal(model[at], 0);
		for (; at < out[i].end; at++) {
			if (model[at] != model_value(out[i].type))
				fail_msg("byte %#lx is of another type", at);
		}
	}
	for (; at < BYTES; at++)
		assert_int_equal(model[at], 0);
}

/* Half of the numbers at page boundaries or next to one. */
static u64 random_address(void)
{
	u64 page = rand_below(&rng, PAGES + 1) * PAGE_SIZE;

	switch (rand_below(&rng, 4)) {
	case 0:
		return page;
	case 1:
		return MIN(page + 1, BYTES);
	case 2:
		return page > 0 ? page - 1 : 0;
	default:
		return rand_below(&rng, BYTES + 1);
	}
}

static u32 random_type(void)
{
	return by_strength[rand_below(&rng, ARRAY_SIZE(by_strength))];
}

static size_t random_list(void)
{
	struct handoff_range raw[MAX_PIECES];
	size_t n = rand_below(&rng, MAX_PIECES + 1);
	int count;

	memset(model, 0, sizeof(model));
	for (size_t i = 0; i < n; i++) {
		raw[i] = (struct handoff_range){ random_address(), random_address(), random_type(),
						 0 };
		model_add(raw[i].start, raw[i].end, raw[i].type, false);
	}
	count = memranges_build(raw, n, out, MAX_OUT);
	assert_in_range(count, 0, MAX_OUT);
	if (count > 0)
		assert_int_equal(memranges_build(raw, n, out, (size_t)count - 1), -ENOSPC);
	assert_int_equal(memranges_build(raw, n, out, (size_t)count), count);
	return (size_t)count;
}

static void test_random_builds(void **state)
{
	(void)state;
	for (int round = 0; round < 2000; round++)
		compare_with_model(random_list());
}

static void test_random_carves(void **state)
{
	(void)state;
	for (int round = 0; round < 300; round++) {
		size_t count = random_list();

		for (int i = 0; i < 8; i++) {
			u64 start = random_address(), end = random_address();
			u32 type = random_type();

			model_add(start, end, type, true);
			assert_int_equal(memranges_carve(out, &count, MAX_OUT, start, end, type),
					 0);
			compare_with_model(count);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_typical),
		cmocka_unit_test(test_strength_is_not_order),
		cmocka_unit_test(test_odd_pieces),
		cmocka_unit_test(test_no_space),
		cmocka_unit_test(test_random_builds),
		cmocka_unit_test(test_random_carves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
