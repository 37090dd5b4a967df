/* SPDX-License-Identifier: MIT */
/*
 * tests/host/region_storm_test.c - random operations on a region tree, each compared with
 * the model.
 */
#include "tests/host/region_model.h"

#include "lib/err.h"

#define STEPS 40000
#define SEEDS 4

/* The pieces that were handed out are the model's, in order. */
static void compare_removed(const struct list_node *removed, u64 from, u64 to)
{
	const struct list_node *n = removed->next;

	for (u64 i = from; i < to;) {
		if (model[i].id == 0) {
			i++;
			continue;
		}
		i = compare_extent(list_entry(n, struct region, node), i);
		n = n->next;
	}
	assert_ptr_equal(n, removed);
}

static void do_remove(void)
{
	struct list_node removed = LIST_INIT(removed);
	u64 from, to;

	random_span(&from, &to, rand_below(&rnd, 10) == 0 ? 100 : 16);
	model_split(from);
	model_split(to);
	assert_int_equal(region_remove_range(&tree, va_of(from), va_of(to), &removed), 0);
	compare_removed(&removed, from, to);
	assert_int_equal(live, tree.count + list_length(&removed));
	region_free_list(&removed);
	assert_true(list_empty(&removed));
	memset(&model[from], 0, (to - from) * sizeof(model[0]));
}

static void do_split(void)
{
	u64 at = rand_below(&rnd, MODEL_PAGES);
	struct region *r = region_find(&tree, va_of(at));

	if (!r)
		return;
	assert_int_equal(region_split(&tree, r, va_of(at)), r->start == va_of(at) ? -EINVAL : 0);
	model_split(at);
}

/* Cut out a span and change its rights: what mprotect does. */
static void do_protect(void)
{
	u32 flags = (u32)rand_below(&rnd, 4);
	struct region *r;
	u64 from, to;

	random_span(&from, &to, 16);
	model_split(from);
	model_split(to);
	assert_int_equal(region_split_range(&tree, va_of(from), va_of(to)), 0);
	r = region_first_at_or_after(&tree, va_of(from));
	for (; r && r->start < va_of(to); r = region_next(r)) {
		assert_true(r->start >= va_of(from) && r->end <= va_of(to));
		r->flags = flags;
	}
	for (u64 i = from; i < to; i++)
		if (model[i].id != 0)
			model[i].at.flags = flags;
}

/* Does cell @at continue, in another region, what cell @at - 1 maps? */
static bool model_continues(u64 at)
{
	struct region expected;

	if (at == 0 || at >= MODEL_PAGES || model[at].id == 0 || model[at - 1].id == 0)
		return false;
	expected = advanced(model[at - 1].at, 1);
	return same_memory(&expected, &model[at].at) && !(expected.flags & REGION_OWN_TOP_ENTRY);
}

static u64 extent_start(u64 at)
{
	u64 from = at;

	while (from > 0 && model[from - 1].id == model[at].id)
		from--;
	return from;
}

static void model_rename(u64 from, u64 id)
{
	u64 to = extent_end(from);

	for (u64 i = from; i < to; i++)
		model[i].id = id;
}

/* Is what cells [@from, @to) are to become the end of a region, and of one only? */
static bool model_extends(u64 from, u64 to, const struct region *found)
{
	return model_continues(from) && !model_continues(to) && found && found->end == va_of(from);
}

static bool extend(const struct region *spec)
{
	struct extent more = { spec->start, spec->end, spec->object, spec->offset, spec->flags };

	return spec->kind == REGION_OBJECT && region_extend(&tree, &more);
}

static void do_add(void)
{
	struct region spec;
	bool is_free, extends;
	u64 from, to, id;

	random_new(&spec, &from, &to);
	is_free = model_is_free(from, to);
	if (is_free) {
		model_set(from, to, &spec);
		id = model[from].id;
		extends = model_extends(from, to, tree.found);
		if (model_continues(to))
			model_rename(to, id);
		if (model_continues(from))
			model_rename(extent_start(from - 1), id);
		if (extend(&spec))
			assert_true(extends);
		else
			assert_int_equal(region_add(&tree, &spec), 0);
		return;
	}
	assert_false(extend(&spec));
	assert_int_equal(region_add(&tree, &spec), -EEXIST);
}

static void do_merge(void)
{
	u64 at = rand_below(&rnd, MODEL_PAGES), id = model[at].id, from = extent_start(at);
	struct region *r = region_find(&tree, va_of(at));
	u64 to = extent_end(at);

	if (!r)
		return;
	if (model_continues(to))
		model_rename(to, id);
	if (model_continues(from))
		model_rename(extent_start(from - 1), id);
	r = region_merge(&tree, r);
	assert_int_equal(r->start, va_of(extent_start(at)));
	assert_int_equal(r->end, va_of(extent_end(at)));
}

static u64 model_gap(u64 size, u64 align, u64 lo, u64 hi)
{
	for (u64 i = lo; i + size <= hi; i++)
		if (IS_ALIGNED(va_of(i), align * PAGE_SIZE) && model_is_free(i, i + size))
			return va_of(i);
	return 0;
}

static void do_find_gap(void)
{
	u64 lo = rand_below(&rnd, MODEL_PAGES), size = 1 + rand_below(&rnd, 24);
	u64 hi = lo + rand_below(&rnd, MODEL_PAGES - lo + 1), align = 1ul << rand_below(&rnd, 5);

	assert_int_equal(
		region_find_gap(&tree, size * PAGE_SIZE, align * PAGE_SIZE, va_of(lo), va_of(hi)),
		model_gap(size, align, lo, hi));
}

static void do_find(void)
{
	u64 at = rand_below(&rnd, MODEL_PAGES), next = at;
	vaddr_t va = va_of(at) + rand_below(&rnd, PAGE_SIZE);
	struct region *r = region_find(&tree, va);

	assert_true((r != NULL) == (model[at].id != 0));
	assert_true(!r || (r->start <= va && va < r->end));
	while (next < MODEL_PAGES && model[next].id == 0)
		next++;
	r = region_first_at_or_after(&tree, va);
	assert_true((r != NULL) == (next < MODEL_PAGES));
	if (r)
		assert_int_equal(r->start, va_of(extent_start(next)));
}

static void (*const operations[])(void) = {
	do_insert,  do_insert, do_add,	 do_add,      do_remove, do_split,
	do_protect, do_merge,  do_merge, do_find_gap, do_find,
};

static void test_storm(void **state)
{
	u64 most = 0;

	(void)state;
	for (u64 seed = 0; seed < SEEDS; seed++) {
		rand_seed(&rnd, seed);
		for (u64 i = 0; i < STEPS; i++) {
			operations[rand_below(&rnd, ARRAY_SIZE(operations))]();
			compare(0);
			most = MAX(most, tree.count);
		}
	}
	assert_true(most > MODEL_PAGES / 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
