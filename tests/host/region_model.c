/* SPDX-License-Identifier: MIT */
/*
 * tests/host/region_model.c - see region_model.h.
 */
#include "tests/host/region_model.h"

#include "lib/err.h"
#include "mm/slab.h"

struct cell model[MODEL_PAGES];
u64 next_id;
struct region_tree tree;
struct object objects[OBJECTS];
struct rand rnd;
u64 live;
u64 fail_after;

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

int start(void **state)
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

int stop(void **state)
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

vaddr_t va_of(u64 index)
{
	return BASE + index * PAGE_SIZE;
}

struct region advanced(struct region r, u64 pages)
{
	if (r.kind == REGION_PHYS)
		r.phys += pages * PAGE_SIZE;
	if (r.kind == REGION_OBJECT)
		r.offset += pages * PAGE_SIZE;
	return r;
}

bool same_memory(const struct region *a, const struct region *b)
{
	return a->kind == b->kind && a->flags == b->flags && a->phys == b->phys &&
	       a->object == b->object && a->offset == b->offset;
}

/* The model's extent that begins at cell @from: one past its last cell. */
u64 extent_end(u64 from)
{
	u64 to = from;

	while (to < MODEL_PAGES && model[to].id == model[from].id)
		to++;
	return to;
}

/* @r is the model's extent from cell @from on; returns one past its last cell. */
u64 compare_extent(const struct region *r, u64 from)
{
	u64 to = extent_end(from);

	assert_non_null(r);
	assert_int_equal(r->start, va_of(from));
	assert_int_equal(r->end, va_of(to));
	assert_true(same_memory(r, &model[from].at));
	return to;
}

/* Every region, in order, both ways; the references to objects; the regions alive. */
void compare(u64 loose)
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

bool model_is_free(u64 from, u64 to)
{
	for (u64 i = from; i < to; i++)
		if (model[i].id != 0)
			return false;
	return true;
}

void model_set(u64 from, u64 to, const struct region *spec)
{
	for (u64 i = from; i < to; i++)
		model[i] = (struct cell){ next_id, advanced(*spec, i - from) };
	next_id++;
}

/* Cells from @at on that belong to the extent across @at get an id of their own. */
void model_split(u64 at)
{
	u64 old, to;

	if (at == 0 || at >= MODEL_PAGES || model[at].id == 0 || model[at - 1].id != model[at].id)
		return;
	old = model[at].id;
	for (to = at; to < MODEL_PAGES && model[to].id == old; to++)
		model[to].id = next_id;
	next_id++;
}

u64 list_length(const struct list_node *head)
{
	u64 length = 0;

	for (const struct list_node *n = head->next; n != head; n = n->next)
		length++;
	return length;
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

void random_span(u64 *from, u64 *to, u64 max)
{
	*from = rand_below(&rnd, MODEL_PAGES);
	*to = *from + 1 + rand_below(&rnd, max);
	*to = MIN(*to, (u64)MODEL_PAGES);
}

void random_new(struct region *spec, u64 *from, u64 *to)
{
	u64 kind = rand_below(&rnd, 4), pages;

	random_span(from, to, 12);
	pages = *to - *from;
	*spec = random_spec();
	/* Three of four continue a neighbour, below or above, so that there is something to join.
	 */
	if (kind < 2 && *from > 0 && model[*from - 1].id != 0)
		*spec = advanced(model[*from - 1].at, 1);
	else if (kind == 2 && *to < MODEL_PAGES && model[*to].id != 0 &&
		 (model[*to].at.phys | model[*to].at.offset) >= pages * PAGE_SIZE)
		*spec = advanced(model[*to].at, -pages);
	spec->start = va_of(*from);
	spec->end = va_of(*to);
}

void do_insert(void)
{
	struct region spec, *inserted = NULL;
	bool is_free;
	u64 from, to;

	random_new(&spec, &from, &to);
	is_free = model_is_free(from, to);
	assert_int_equal(region_insert(&tree, &spec, &inserted), is_free ? 0 : -EEXIST);
	if (!is_free)
		return;
	assert_int_equal(inserted->start, spec.start);
	model_set(from, to, &spec);
}

void fill_model(void)
{
	for (u64 i = 0; i < 200; i++)
		do_insert();
	compare(0);
}
