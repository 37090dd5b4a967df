/* SPDX-License-Identifier: MIT */
/*
 * tests/host/region_memory_test.c - memory runs out at each allocation of an operation on a
 * region tree: an error, and nothing has changed.
 */
#include "tests/host/region_model.h"

#include "lib/err.h"

/*
 * @operation once for each allocation it makes, that one failing: nothing has changed.
 * Then with none failing.  Returns how many allocations it makes.
 */
static u64 with_each_failure(int (*operation)(void))
{
	u64 k = 1;

	for (;; k++) {
		int err;

		fail_after = k;
		err = operation();
		if (fail_after > 0)
			break;
		assert_int_equal(err, -ENOMEM);
		compare(0);
	}
	fail_after = 0;
	return k - 1;
}

static u64 span_from, span_to;

static int insert_at_span(void)
{
	struct region spec = { .start = va_of(span_from),
			       .end = va_of(span_to),
			       .kind = REGION_OBJECT,
			       .object = &objects[0] };
	int err = region_insert(&tree, &spec, NULL);

	if (!err)
		model_set(span_from, span_to, &spec);
	return err;
}

static int split_at_span(void)
{
	int err = region_split(&tree, region_find(&tree, va_of(span_from)), va_of(span_from));

	if (!err)
		model_split(span_from);
	return err;
}

static int remove_span(void)
{
	struct list_node removed = LIST_INIT(removed);
	int err = region_remove_range(&tree, va_of(span_from), va_of(span_to), &removed);

	if (err) {
		assert_true(list_empty(&removed));
		return err;
	}
	region_free_list(&removed);
	model_split(span_from);
	model_split(span_to);
	memset(&model[span_from], 0, (span_to - span_from) * sizeof(model[0]));
	return 0;
}

static void test_out_of_memory(void **state)
{
	(void)state;
	span_from = 100;
	span_to = 200;
	assert_int_equal(with_each_failure(insert_at_span), 1);
	compare(0);
	span_from = 150;
	assert_int_equal(with_each_failure(split_at_span), 1);
	compare(0);
	span_from = 160; /* inside one region: two cuts */
	span_to = 170;
	assert_int_equal(with_each_failure(remove_span), 2);
	compare(0);
	span_from = 120; /* from inside one to inside another */
	span_to = 180;
	assert_int_equal(with_each_failure(remove_span), 2);
	compare(0);
	span_from = 100; /* nothing to cut */
	span_to = 200;
	assert_int_equal(with_each_failure(remove_span), 0);
	compare(0);
}

static void assert_same_tree(const struct region_tree *a, const struct region_tree *b)
{
	const struct region *r = region_first(a), *s = region_first(b);

	assert_int_equal(a->count, b->count);
	for (; r && s; r = region_next(r), s = region_next(s)) {
		assert_ptr_not_equal(r, s);
		assert_int_equal(r->start, s->start);
		assert_int_equal(r->end, s->end);
		assert_true(same_memory(r, s));
	}
	assert_true(!r && !s);
}

static void test_clone(void **state)
{
	struct region_tree copy;

	(void)state;
	fill_model();
	region_tree_init(&copy, LIMIT);
	for (u64 k = 1; k <= tree.count; k++) {
		fail_after = k;
		assert_int_equal(region_tree_clone(&copy, &tree), -ENOMEM);
		assert_null(copy.root);
		compare(0);
	}
	fail_after = 0;
	assert_int_equal(region_tree_clone(&copy, &tree), 0);
	region_tree_check(&copy);
	assert_same_tree(&copy, &tree);
	assert_int_equal(live, 2 * tree.count);
	region_tree_destroy(&copy);
	compare(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_out_of_memory),
		TEST(test_clone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
