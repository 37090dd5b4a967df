/* SPDX-License-Identifier: MIT */
/*
 * tests/host/region_test.c - region trees against a model that keeps one cell for each
 * page of a small user half, edges, and running out of memory at each allocation.
 *
 * The caches and the objects are the test's own: each region is a malloc() of its own,
 * so that sanitizers see any use after its end, and allocations fail as told.
 */
#include "tests/host/cmocka_host.h"

#include "lib/err.h"
#include "lib/rand.h"
#include "mm/object.h"
#include "mm/region.h"
#include "mm/slab.h"
#include "tests/host/host_panic.h"

#define BASE	     0x10000000ul /* page 0 of the model */
#define LIMIT	     (1ul << 47)
#define MODEL_PAGES  512
#define OBJECTS	     3
#define OBJECT_PAGES 2048
#define STEPS	     40000
#define SEEDS	     4
#define ALL_FLAGS    (REGION_READ | REGION_WRITE | REGION_EXEC | REGION_SHARED)
#define MANY	     10000

struct object {
	u64 pages;
	u64 refs;
};

/* What the model knows about one page; the pages of one region have the same id. */
struct cell {
	u64 id;		  /* 0: nothing is mapped */
	struct region at; /* what a region that began here would say */
};

static struct cell model[MODEL_PAGES];
static u64 next_id;
static struct region_tree tree;
static struct object objects[OBJECTS];
static struct rand rnd;
static u64 live;       /* regions that exist */
static u64 fail_after; /* the allocation that fails, counted down; 0: none */

/* --- what the tree stands on ---------------------------------------------------------- */

bool list_address_ok(const void *p)
{
	return p != NULL;
}

void *kmem_cache_alloc(struct kmem_cache *cache)
{
	void *p;

	if (fail_after > 0 && --fail_after == 0)
		return NULL;
	p = malloc(cache->size);
	assert_non_null(p);
	live++;
	return memset(p, 0xa5, cache->size);
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	(void)cache;
	live--;
	free(object);
}

void object_get(struct object *object)
{
	assert_true(object->refs > 0);
	object->refs++;
}

void object_put(struct object *object)
{
	assert_true(object->refs > 1);
	object->refs--;
}

u64 object_pages(const struct object *object)
{
	return object->pages;
}

static int start(void **state)
{
	(void)state;
	region_tree_init(&tree, LIMIT);
	memset(model, 0, sizeof(model));
	next_id = 1;
	for (u64 i = 0; i < OBJECTS; i++)
		objects[i] = (struct object){ OBJECT_PAGES, 1 };
	live = 0;
	fail_after = 0;
	rand_seed(&rnd, 1);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	fail_after = 0;
	region_tree_destroy(&tree);
	assert_int_equal(tree.count, 0);
	assert_int_equal(live, 0);
	for (u64 i = 0; i < OBJECTS; i++)
		assert_int_equal(objects[i].refs, 1);
	return 0;
}

/* --- the model ------------------------------------------------------------------------ */

static vaddr_t va_of(u64 index)
{
	return BASE + index * PAGE_SIZE;
}

static struct region advanced(struct region r, u64 pages)
{
	if (r.kind == REGION_PHYS)
		r.phys += pages * PAGE_SIZE;
	if (r.kind == REGION_OBJECT)
		r.offset += pages * PAGE_SIZE;
	return r;
}

static bool same_memory(const struct region *a, const struct region *b)
{
	return a->kind == b->kind && a->flags == b->flags && a->phys == b->phys &&
	       a->object == b->object && a->offset == b->offset;
}

/* The model's extent that begins at cell @from: one past its last cell. */
static u64 extent_end(u64 from)
{
	u64 to = from;

	while (to < MODEL_PAGES && model[to].id == model[from].id)
		to++;
	return to;
}

/* @r is the model's extent from cell @from on; returns one past its last cell. */
static u64 compare_extent(const struct region *r, u64 from)
{
	u64 to = extent_end(from);

	assert_non_null(r);
	assert_int_equal(r->start, va_of(from));
	assert_int_equal(r->end, va_of(to));
	assert_true(same_memory(r, &model[from].at));
	return to;
}

/* Every region, in order, both ways; the references to objects; the regions alive. */
static void compare(u64 loose)
{
	const struct region *r = region_first(&tree), *prev = NULL;
	u64 refs[OBJECTS] = { 0 };

	region_tree_check(&tree);
	for (u64 i = 0; i < MODEL_PAGES;) {
		if (model[i].id == 0) {
			i++;
			continue;
		}
		i = compare_extent(r, i);
		assert_ptr_equal(region_prev(r), prev);
		if (r->object)
			refs[r->object - objects]++;
		prev = r;
		r = region_next(r);
	}
	assert_null(r);
	assert_int_equal(live, tree.count + loose);
	for (u64 i = 0; i < OBJECTS; i++)
		assert_int_equal(objects[i].refs, 1 + refs[i]);
}

static bool model_is_free(u64 from, u64 to)
{
	for (u64 i = from; i < to; i++)
		if (model[i].id != 0)
			return false;
	return true;
}

static void model_set(u64 from, u64 to, const struct region *spec)
{
	for (u64 i = from; i < to; i++)
		model[i] = (struct cell){ next_id, advanced(*spec, i - from) };
	next_id++;
}

/* Cells from @at on that belong to the extent across @at get an id of their own. */
static void model_split(u64 at)
{
	u64 old, to;

	if (at == 0 || at >= MODEL_PAGES || model[at].id == 0 || model[at - 1].id != model[at].id)
		return;
	old = model[at].id;
	for (to = at; to < MODEL_PAGES && model[to].id == old; to++)
		model[to].id = next_id;
	next_id++;
}

/* --- random operations ---------------------------------------------------------------- */

static struct region random_spec(void)
{
	struct region spec = { .kind = (enum region_kind)rand_below(&rnd, 3),
			       .flags = (u32)rand_below(&rnd, 4) };

	if (rand_below(&rnd, 20) == 0)
		spec.flags |= REGION_OWN_TOP_ENTRY;
	if (spec.kind == REGION_PHYS)
		spec.phys = rand_below(&rnd, 1000) * PAGE_SIZE;
	if (spec.kind == REGION_OBJECT) {
		spec.object = &objects[rand_below(&rnd, OBJECTS)];
		spec.offset = rand_below(&rnd, OBJECT_PAGES - MODEL_PAGES) * PAGE_SIZE;
	}
	return spec;
}

static void random_span(u64 *from, u64 *to, u64 max)
{
	*from = rand_below(&rnd, MODEL_PAGES);
	*to = *from + 1 + rand_below(&rnd, max);
	*to = MIN(*to, (u64)MODEL_PAGES);
}

static void do_insert(void)
{
	struct region spec = random_spec(), *inserted = NULL;
	bool is_free;
	u64 from, to;

	random_span(&from, &to, 12);
	/* Half of them continue the neighbour below, so that there is something to merge. */
	if (from > 0 && model[from - 1].id != 0 && rand_below(&rnd, 2) == 0)
		spec = advanced(model[from - 1].at, 1);
	spec.start = va_of(from);
	spec.end = va_of(to);
	is_free = model_is_free(from, to);
	assert_int_equal(region_insert(&tree, &spec, &inserted), is_free ? 0 : -EEXIST);
	if (!is_free)
		return;
	assert_int_equal(inserted->start, spec.start);
	model_set(from, to, &spec);
}

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

static u64 list_length(const struct list_node *head)
{
	u64 length = 0;

	for (const struct list_node *n = head->next; n != head; n = n->next)
		length++;
	return length;
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
	do_insert,  do_insert, do_insert, do_remove,   do_split,
	do_protect, do_merge,  do_merge,  do_find_gap, do_find,
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

/* --- memory runs out -------------------------------------------------------------------- */

static void fill_model(void)
{
	for (u64 i = 0; i < 200; i++)
		do_insert();
	compare(0);
}

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

/* --- edges ---------------------------------------------------------------------------- */

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

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_storm),	  TEST(test_out_of_memory),  TEST(test_clone),
		TEST(test_invalid_spans), TEST(test_invalid_memory), TEST(test_normalised),
		TEST(test_invalid_cuts),  TEST(test_gap_edges),	     TEST(test_higher_limit),
		TEST(test_height),	  TEST(test_check_notices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
