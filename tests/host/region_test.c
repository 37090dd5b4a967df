/* SPDX-License-Identifier: MIT */
/*
 * tests/host/region_test.c - region trees: what is refused, edges, and what the check notices.
 */
#include "tests/host/region_model.h"

#include "lib/err.h"
#include "tests/host/host_panic.h"

#define ALL_FLAGS (REGION_READ | REGION_WRITE | REGION_EXEC | REGION_SHARED)
#define MANY	  10000

static int insert_span(vaddr_t from, vaddr_t to)
{
	struct region spec = { .start = from, .end = to, .flags = ALL_FLAGS };

	return region_insert(&tree, &spec, NULL);
}

static void test_invalid_spans(void **state)
{
	(void)state;
	assert_int_equal(insert_span(BASE, BASE), -EINVAL);
	assert_int_equal(insert_span(BASE + PAGE_SIZE, BASE), -EINVAL);
	assert_int_equal(insert_span(BASE + 1, BASE + PAGE_SIZE), -EINVAL);
	assert_int_equal(insert_span(BASE, BASE + PAGE_SIZE - 1), -EINVAL);
	assert_int_equal(insert_span(LIMIT - PAGE_SIZE, LIMIT + PAGE_SIZE), -EINVAL);
	assert_int_equal(insert_span(LIMIT, LIMIT + PAGE_SIZE), -EINVAL);
	assert_null(tree.root);
	assert_int_equal(insert_span(LIMIT - PAGE_SIZE, LIMIT), 0);
	assert_int_equal(insert_span(0, PAGE_SIZE), 0);
	assert_int_equal(insert_span(0, LIMIT), -EEXIST);
	assert_int_equal(insert_span(0, PAGE_SIZE), -EEXIST);
	assert_int_equal(insert_span(PAGE_SIZE, LIMIT - PAGE_SIZE), 0);
	assert_int_equal(tree.count, 3);
	region_tree_check(&tree);
}

static void test_invalid_memory(void **state)
{
	struct region phys = { .start = BASE,
			       .end = BASE + 4 * PAGE_SIZE,
			       .kind = REGION_PHYS,
			       .phys = 0ul - 4 * PAGE_SIZE };
	struct region object = { .start = BASE, .end = phys.end, .kind = REGION_OBJECT };
	struct region unknown = { .start = BASE, .end = phys.end, .kind = (enum region_kind)3 };

	(void)state;
	assert_int_equal(region_insert(&tree, &phys, NULL), -EINVAL);
	phys.phys = 1;
	assert_int_equal(region_insert(&tree, &phys, NULL), -EINVAL);
	assert_int_equal(region_insert(&tree, &object, NULL), -EINVAL);
	assert_int_equal(region_insert(&tree, &unknown, NULL), -EINVAL);
	object.object = &objects[0];
	object.offset = (OBJECT_PAGES - 3) * PAGE_SIZE;
	assert_int_equal(region_insert(&tree, &object, NULL), -EINVAL);
	object.offset = 0ul - PAGE_SIZE;
	assert_int_equal(region_insert(&tree, &object, NULL), -EINVAL);
	object.offset = 8;
	assert_int_equal(region_insert(&tree, &object, NULL), -EINVAL);
	object.offset = (OBJECT_PAGES - 4) * PAGE_SIZE;
	assert_int_equal(region_insert(&tree, &object, NULL), 0);
	assert_int_equal(objects[0].refs, 2);
}

/* What does not belong to a kind is not taken from the spec. */
static void test_normalised(void **state)
{
	struct region spec = { .start = BASE,
			       .end = BASE + PAGE_SIZE,
			       .phys = PAGE_SIZE,
			       .object = &objects[0],
			       .offset = 3 };
	struct region *r;

	(void)state;
	assert_int_equal(region_insert(&tree, &spec, &r), 0);
	assert_true(r->phys == 0 && r->object == NULL && r->offset == 0);
	assert_int_equal(objects[0].refs, 1);
}

static void test_invalid_cuts(void **state)
{
	struct list_node removed = LIST_INIT(removed);
	struct region *r;

	(void)state;
	assert_int_equal(insert_span(BASE, BASE + 4 * PAGE_SIZE), 0);
	r = region_find(&tree, BASE);
	assert_int_equal(region_split(&tree, r, BASE), -EINVAL);
	assert_int_equal(region_split(&tree, r, BASE + 4 * PAGE_SIZE), -EINVAL);
	assert_int_equal(region_split(&tree, r, BASE + 8), -EINVAL);
	assert_int_equal(region_split_range(&tree, BASE + 8, BASE + PAGE_SIZE), -EINVAL);
	assert_int_equal(region_split_range(&tree, BASE, BASE + 8), -EINVAL);
	assert_int_equal(region_remove_range(&tree, BASE + PAGE_SIZE, BASE, &removed), -EINVAL);
	assert_int_equal(region_remove_range(&tree, BASE + PAGE_SIZE, BASE + PAGE_SIZE, &removed),
			 0);
	assert_int_equal(tree.count, 1);
	assert_true(list_empty(&removed));
}

static void test_gap_edges(void **state)
{
	u64 huge = LIMIT - PAGE_SIZE;

	(void)state;
	assert_int_equal(region_find_gap(&tree, huge, PAGE_SIZE, 0, ~0ul), PAGE_SIZE);
	assert_int_equal(region_find_gap(&tree, LIMIT, PAGE_SIZE, 0, ~0ul), 0);
	assert_int_equal(region_find_gap(&tree, PAGE_SIZE, PAGE_SIZE, LIMIT, ~0ul), 0);
	assert_int_equal(region_find_gap(&tree, PAGE_SIZE, PAGE_SIZE, ~0ul, ~0ul), 0);
	assert_int_equal(region_find_gap(&tree, 0, PAGE_SIZE, 0, ~0ul), 0);
	assert_int_equal(region_find_gap(&tree, 12, PAGE_SIZE, 0, ~0ul), 0);
	assert_int_equal(region_find_gap(&tree, PAGE_SIZE, PAGE_SIZE, BASE + 1, ~0ul),
			 BASE + PAGE_SIZE);
	/* A top-level entry of its own. */
	assert_int_equal(insert_span(0, PAGE_SIZE), 0);
	assert_int_equal(region_find_gap(&tree, 512 * GIB, 512 * GIB, 0, LIMIT), 512 * GIB);
	assert_int_equal(insert_span(512 * GIB, LIMIT - 512 * GIB), 0);
	assert_int_equal(region_find_gap(&tree, 512 * GIB, 512 * GIB, 0, LIMIT), LIMIT - 512 * GIB);
	assert_int_equal(insert_span(LIMIT - PAGE_SIZE, LIMIT), 0);
	assert_int_equal(region_find_gap(&tree, 512 * GIB, 512 * GIB, 0, LIMIT), 0);
	assert_int_equal(region_find_gap(&tree, 512 * GIB - PAGE_SIZE, PAGE_SIZE, 0, LIMIT),
			 PAGE_SIZE);
}

/* Five levels: the same tree with a higher limit. */
static void test_higher_limit(void **state)
{
	vaddr_t end = 1ul << 56;

	(void)state;
	region_tree_init(&tree, end);
	assert_int_equal(insert_span(end - PAGE_SIZE, end), 0);
	assert_int_equal(insert_span(end, end + PAGE_SIZE), -EINVAL);
	assert_int_equal(region_find_gap(&tree, PAGE_SIZE, PAGE_SIZE, LIMIT, ~0ul), LIMIT);
}

/* AVL: at most 1.44 log2(n) levels, whatever the order. */
static void test_height(void **state)
{
	struct list_node removed = LIST_INIT(removed);

	(void)state;
	for (u64 i = 0; i < MANY; i++) {
		u64 at = BASE + 2 * i * PAGE_SIZE;

		assert_int_equal(insert_span(at, at + PAGE_SIZE), 0);
	}
	region_tree_check(&tree);
	assert_true(tree.root->height <= 20);
	assert_int_equal(region_find_gap(&tree, 2 * PAGE_SIZE, PAGE_SIZE, BASE, LIMIT),
			 BASE + (2 * MANY - 1) * PAGE_SIZE);
	assert_int_equal(region_remove_range(&tree, 0, LIMIT, &removed), 0);
	assert_null(tree.root);
	assert_int_equal(list_length(&removed), MANY);
	region_free_list(&removed);
}

/* Cells [@from, @to) of object 0, which begins with cell 0. */
static int add_cells(u64 from, u64 to, u32 flags)
{
	struct region spec = { .start = va_of(from),
			       .end = va_of(to),
			       .flags = flags,
			       .kind = REGION_OBJECT,
			       .object = &objects[0],
			       .offset = from * PAGE_SIZE };

	return region_add(&tree, &spec);
}

static void expect_one(u64 from, u64 to)
{
	const struct region *r = region_first(&tree);

	region_tree_check(&tree);
	assert_int_equal(tree.count, 1);
	assert_int_equal(live, 1);
	assert_int_equal(objects[0].refs, 2);
	assert_int_equal(r->start, va_of(from));
	assert_int_equal(r->end, va_of(to));
	assert_int_equal(r->offset, from * PAGE_SIZE);
}

/* Above, below, and into the hole between two; memory is asked for once for each that is new. */
static void test_joined(void **state)
{
	(void)state;
	assert_int_equal(add_cells(20, 21, ALL_FLAGS), 0);
	assert_int_equal(add_cells(21, 25, ALL_FLAGS), 0);
	expect_one(20, 25);
	assert_int_equal(add_cells(12, 20, ALL_FLAGS), 0);
	expect_one(12, 25);
	assert_int_equal(add_cells(26, 30, ALL_FLAGS), 0);
	assert_int_equal(tree.count, 2);
	tree.max = 2;
	fail_after = 1;
	assert_int_equal(add_cells(30, 31, ALL_FLAGS), 0);
	assert_int_equal(add_cells(25, 26, ALL_FLAGS), 0);
	expect_one(12, 31);
	assert_int_equal(add_cells(30, 32, ALL_FLAGS), -EEXIST);
	assert_int_equal(add_cells(11, 13, ALL_FLAGS), -EEXIST);
	assert_int_equal(add_cells(10, 40, ALL_FLAGS), -EEXIST);
	assert_int_equal(add_cells(33, 34, ALL_FLAGS), -ENOMEM);
	expect_one(12, 31);
}

/* What is another memory, or other rights, or has an entry of its own, stays apart. */
static void test_not_joined(void **state)
{
	struct region r = { .start = va_of(11), .end = va_of(12), .kind = REGION_OBJECT };

	(void)state;
	assert_int_equal(add_cells(10, 11, REGION_READ), 0);
	r.flags = REGION_READ;
	r.object = &objects[1];
	r.offset = 11 * PAGE_SIZE;
	assert_int_equal(region_add(&tree, &r), 0); /* another object */
	assert_int_equal(add_cells(12, 13, REGION_READ | REGION_WRITE), 0);
	assert_int_equal(add_cells(13, 14, REGION_READ), 0); /* other rights */
	r.start += 3 * PAGE_SIZE;
	r.end += 3 * PAGE_SIZE;
	r.object = &objects[0];
	assert_int_equal(region_add(&tree, &r), 0); /* another place in the object */
	assert_int_equal(add_cells(15, 16, REGION_OWN_TOP_ENTRY), 0);
	assert_int_equal(add_cells(16, 17, REGION_OWN_TOP_ENTRY), 0);
	assert_int_equal(tree.count, 7);
	region_tree_check(&tree);
	r.offset = (OBJECT_PAGES - 1) * PAGE_SIZE;
	r.start = va_of(20);
	r.end = va_of(21);
	assert_int_equal(region_add(&tree, &r), 0);
	r.start = va_of(21);
	r.end = va_of(22);
	r.offset += PAGE_SIZE;
	assert_int_equal(region_add(&tree, &r), -EINVAL); /* beyond the object */
}

static bool extend_cells(u64 from, u64 to, u32 flags)
{
	struct extent more = { .start = va_of(from),
			       .end = va_of(to),
			       .object = &objects[0],
			       .offset = from * PAGE_SIZE,
			       .flags = flags };

	return region_extend(&tree, &more);
}

/* One that was found last becomes longer, as long as it meets nobody. */
static void test_extended(void **state)
{
	(void)state;
	assert_int_equal(add_cells(10, 11, ALL_FLAGS), 0);
	assert_int_equal(add_cells(13, 14, ALL_FLAGS), 0);
	assert_int_equal(insert_span(va_of(20), va_of(21)), 0);
	assert_false(extend_cells(11, 12, ALL_FLAGS)); /* nothing was looked for */
	assert_non_null(region_find(&tree, va_of(13)));
	assert_false(extend_cells(11, 12, ALL_FLAGS)); /* but that */
	assert_non_null(region_find(&tree, va_of(10)));
	assert_false(extend_cells(11, 12, REGION_READ));
	assert_false(extend_cells(12, 13, ALL_FLAGS));
	assert_true(extend_cells(11, 12, ALL_FLAGS));
	region_tree_check(&tree);
	assert_false(extend_cells(11, 12, ALL_FLAGS));
	assert_false(extend_cells(12, 13, ALL_FLAGS)); /* it would touch the next */
	assert_false(extend_cells(12, 12, ALL_FLAGS));
	assert_non_null(region_find(&tree, va_of(20)));
	assert_false(extend_cells(21, 22, ALL_FLAGS)); /* of no object */
	assert_int_equal(tree.count, 3);
}

/* An object ends. */
static void test_not_extended(void **state)
{
	(void)state;
	assert_int_equal(add_cells(OBJECT_PAGES - 2, OBJECT_PAGES - 1, ALL_FLAGS), 0);
	assert_non_null(region_find(&tree, va_of(OBJECT_PAGES - 2)));
	assert_false(extend_cells(OBJECT_PAGES - 1, OBJECT_PAGES + 1, ALL_FLAGS));
	assert_true(extend_cells(OBJECT_PAGES - 1, OBJECT_PAGES, ALL_FLAGS));
	assert_false(extend_cells(OBJECT_PAGES, OBJECT_PAGES + 1, ALL_FLAGS));
	assert_int_equal(add_cells(OBJECT_PAGES, OBJECT_PAGES + 1, ALL_FLAGS), -EINVAL);
	assert_int_equal(add_cells(1, 2, REGION_OWN_TOP_ENTRY), 0);
	assert_non_null(region_find(&tree, va_of(1)));
	assert_false(extend_cells(2, 3, REGION_OWN_TOP_ENTRY));
	region_tree_check(&tree);
}

static void test_check_notices(void **state)
{
	struct region *r;

	(void)state;
	fill_model();
	r = region_next(region_first(&tree));
	r->end += PAGE_SIZE;
	expect_panic("region", region_tree_check(&tree));
	r->end -= PAGE_SIZE;
	tree.count++;
	expect_panic("regions where", region_tree_check(&tree));
	tree.count--;
	tree.root->hole++;
	expect_panic("hole", region_tree_check(&tree));
	tree.root->hole--;
	compare(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_invalid_spans), TEST(test_invalid_memory), TEST(test_normalised),
		TEST(test_invalid_cuts),  TEST(test_gap_edges),	     TEST(test_higher_limit),
		TEST(test_height),	  TEST(test_joined),	     TEST(test_not_joined),
		TEST(test_extended),	  TEST(test_not_extended),   TEST(test_check_notices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
