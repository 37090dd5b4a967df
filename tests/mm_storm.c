/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_storm.c - map, unmap, protect, fork, share and end address spaces from all CPUs
 * at once, and know what each address must hold.
 *
 * Stormers are threads.  They use the address spaces of a few places, more than there are
 * slots; any of them may put a new one into a place, and the old one dies with its last
 * user.  In each a stormer owns some pages, which it alone maps, unmaps, protects and
 * writes: what they hold it knows exactly.  Every word written says where it belongs
 * (address space, owner, page) and has a serial number of its owner's.
 *
 * Others read those pages.  They see nothing, zero, or a word of that very page whose
 * serial is not below the floor that the owner raises when a change has returned: a lower
 * one is an old page, read through a translation that should be gone (R3).
 *
 * One page of each owner is open: all write it.  When the owner has taken the right to
 * write away, or in the snapshot that a fork made, it must not change any more.
 */
#include "arch/x86_64/irq.h"
#include "kernel/sched.h"
#include "mm/object.h"
#include "mm/slab.h"
#include "tests/harness.h"
#include "tests/mm_place.h"
#include "tests/slots.h"
#include "tests/storm.h"
#include "tests/threads.h"
#include "tests/user_memory.h"

#define BASE	     0x20000000ul
#define PLACES_MAX   24u
#define CROWDED	     8u	  /* with more CPUs there is one stormer on each, else two */
#define STORMERS_MAX 256u /* word_of() has eight bits for them */
#define FORKS_MAX    4u	  /* children at a time */
#define SLOTS_WANTED 128u
#define SLOTS_SCARCE 8u
#define HOT_PLACE    0u	       /* where a few stormers meet more often */
#define LOOK_NS	     NS_PER_MS /* at a page: its translation is there when it goes */
#define OPEN_SAMPLE  16u       /* open pages that a child is asked for */

STATIC_ASSERT(MAX_CPUS <= STORMERS_MAX && 2 * CROWDED <= STORMERS_MAX, "a number for each stormer");

/* The pages of an owner. */
#define DENSE	    0u /* side by side, in a table with those of others */
#define DENSE_PAGES 3u
#define LONE	    3u /* alone in its table, which goes with it */
#define OPEN	    4u /* everybody writes it */
#define SHARED	    5u /* of the owner's object, the same in all address spaces */
#define SPAN	    6u /* on both sides of a top-level entry's end; one owner in each mm */
#define SPAN_PAGES  4u
#define OWN_PAGES   10u

#define SPAN_END 40u /* ... which is that of the entry before this one */

/* What a stormer knows of its pages in the address space of a place. */
struct view {
	u64 ctx_id; /* of whom it is true */
	u64 word[OWN_PAGES];
	bool has_object;
};

struct stormer {
	struct storm *s;
	u32 number, serial;
	struct rand r;
	struct object *object;
	u64 object_word;
	struct view view[PLACES_MAX];
	u64 floor[PLACES_MAX][OWN_PAGES]; /* read by others */
};

struct storm {
	struct test *t;
	struct storm_clock clock;
	u32 places, stormers;
	u32 forks; /* atomic */
	struct mm_place place[PLACES_MAX];
	struct stormer *stormer[STORMERS_MAX];
};

/* --- words -------------------------------------------------------------------------------- */

static u64 word_of(u64 ctx_id, u32 owner, u32 page, u32 serial)
{
	return (ctx_id & 0xfffff) << 44 | (u64)owner << 36 | (u64)page << 32 | serial;
}

/* May somebody who has seen @floor before read @word? */
static bool may_read(u64 word, u64 belongs, u64 floor)
{
	if (word == 0 || word == NO_VALUE)
		return true;
	return word >> 32 == belongs >> 32 &&
	       (floor >> 32 != word >> 32 || (u32)word >= (u32)floor);
}

static vaddr_t address_of(u32 owner, u32 page)
{
	switch (page) {
	case LONE:
		return (9 + owner % 8) * TOP_ENTRY + BASE + owner * 2 * MIB;
	case OPEN:
		return (17 + owner % 4) * TOP_ENTRY + BASE + owner * PAGE_SIZE;
	case SHARED:
		return (21 + owner % 4) * TOP_ENTRY + BASE + owner * PAGE_SIZE;
	default:
		if (page >= SPAN)
			return SPAN_END * TOP_ENTRY - SPAN_PAGES / 2 * PAGE_SIZE +
			       (page - SPAN) * PAGE_SIZE;
		return (1 + owner % 8) * TOP_ENTRY + BASE + owner * 64 * KIB + page * PAGE_SIZE;
	}
}

/* --- a stormer's own pages ------------------------------------------------------------------ */

static vaddr_t mine(const struct stormer *w, u32 page)
{
	return address_of(w->number, page);
}

static bool owns_span(const struct stormer *w, u32 place)
{
	return place % w->s->stormers == w->number;
}

/*
 * From now on nobody reads a word of @page, in the address space of @place, that was written
 * before.
 */
static void raise_floor(struct stormer *w, u32 place, u32 page, u32 serial)
{
	shared_store(&w->floor[place][page],
		     word_of(w->view[place].ctx_id, w->number, page, serial));
}

static void write_own(struct stormer *w, u32 place, u32 page)
{
	u64 word = word_of(w->view[place].ctx_id, w->number, page, ++w->serial);

	EXPECT(w->s->t, put(mine(w, page), word), "stormer %u: page %u", w->number, page);
	w->view[place].word[page] = word;
	raise_floor(w, place, page, w->serial);
}

static void check_own(struct stormer *w, u32 place, u32 page)
{
	u64 got = get(mine(w, page));

	EXPECT(w->s->t, got == w->view[place].word[page],
	       "stormer %u: place %u page %u holds %#lx, expected %#lx", w->number, place, page,
	       got, w->view[place].word[page]);
}

/* Pages first .. first + n - 1 have gone: what they held must not be seen again. */
static void forget_own(struct stormer *w, u32 place, u32 first, u32 n)
{
	for (u32 page = first; page < first + n; page++) {
		w->view[place].word[page] = 0;
		raise_floor(w, place, page, ++w->serial);
	}
}

static bool map_pages(const struct stormer *w, struct mm *mm, u32 first, u32 n)
{
	int err = map_anon(mm, mine(w, first), n * PAGE_SIZE, RW);

	EXPECT(w->s->t, !err, "stormer %u: pages %u to %u: error %d", w->number, first,
	       first + n - 1, err);
	return !err;
}

/* Run on the address space that is in @place now, and have all pages there. */
static struct mm *enter(struct stormer *w, u32 place)
{
	struct mm *mm = mm_place_get(&w->s->place[place]);

	use(mm);
	mm_put(mm);
	if (w->view[place].ctx_id == mm->ctx_id)
		return mm;
	w->view[place] = (struct view){ .ctx_id = mm->ctx_id };
	map_pages(w, mm, DENSE, DENSE_PAGES);
	map_pages(w, mm, LONE, 1);
	map_pages(w, mm, OPEN, 1);
	if (owns_span(w, place))
		map_pages(w, mm, SPAN, SPAN_PAGES);
	return mm;
}

/* --- what it does --------------------------------------------------------------------------- */

/* Some dense ones, or the lone one, or all of a span. */
static u32 any_range(struct stormer *w, u32 place, u32 *n)
{
	u32 kind = (u32)rand_below(&w->r, 4), first = (u32)rand_below(&w->r, DENSE_PAGES);

	*n = 1;
	if (kind == 0)
		return LONE;
	if (kind == 1 && owns_span(w, place)) {
		*n = SPAN_PAGES;
		return SPAN;
	}
	*n = 1 + (u32)rand_below(&w->r, DENSE_PAGES - first);
	return DENSE + first;
}

static void storm_write(struct stormer *w, u32 place, struct mm *mm)
{
	u32 n, first = any_range(w, place, &n);

	(void)mm;
	for (u32 page = first; page < first + n; page++)
		write_own(w, place, page);
}

static void storm_unmap(struct stormer *w, u32 place, struct mm *mm)
{
	u32 n, first = any_range(w, place, &n);
	vaddr_t start = mine(w, first);

	EXPECT_EQ(w->s->t, mm_unmap(mm, start, start + n * PAGE_SIZE), 0);
	forget_own(w, place, first, n);
	for (u32 page = first; page < first + n; page++)
		EXPECT_EQ(w->s->t, get(mine(w, page)), NO_VALUE);
	map_pages(w, mm, first, n);
}

/* Take the right to write away, or every right: then what was there is gone. */
static void storm_protect(struct stormer *w, u32 place, struct mm *mm)
{
	u32 n, first = any_range(w, place, &n), rights = rand_below(&w->r, 3) ? REGION_READ : 0;
	vaddr_t start = mine(w, first), end = start + n * PAGE_SIZE;

	EXPECT_EQ(w->s->t, mm_protect(mm, start, end, rights), 0);
	if (rights == 0)
		forget_own(w, place, first, n);
	for (u32 page = first; page < first + n; page++) {
		EXPECT(w->s->t, !put(mine(w, page), 1),
		       "stormer %u: page %u of a place is writable", w->number, page);
		if (rights != 0)
			check_own(w, place, page);
		else
			EXPECT_EQ(w->s->t, get(mine(w, page)), NO_VALUE);
	}
	EXPECT_EQ(w->s->t, mm_protect(mm, start, end, RW), 0);
}

/* Nobody writes the open page while it is read-only, whatever they try. */
static void storm_close(struct stormer *w, u32 place, struct mm *mm)
{
	vaddr_t va = mine(w, OPEN);
	u64 before;

	(void)place;
	EXPECT_EQ(w->s->t, mm_protect(mm, va, va + PAGE_SIZE, REGION_READ), 0);
	before = get(va);
	for (u32 i = 0; i < 4; i++) {
		yield();
		EXPECT_EQ(w->s->t, get(va), before);
	}
	EXPECT_EQ(w->s->t, mm_protect(mm, va, va + PAGE_SIZE, RW), 0);
}

/* Read a page that somebody else owns.  False: it cannot be read. */
static bool look_at(struct stormer *w, u32 place, u64 ctx_id, u32 owner, u32 page)
{
	u64 floor = shared_load(&w->s->stormer[owner]->floor[place][page]);
	u64 word = get(address_of(owner, page));

	EXPECT(w->s->t, may_read(word, word_of(ctx_id, owner, page, 0), floor),
	       "stormer %u: mm %lu: page %u of stormer %u holds %#lx, its floor is %#lx", w->number,
	       ctx_id, page, owner, word, floor);
	return word != NO_VALUE;
}

/* Read what another owns, and write what is open, as long as it is there, and not for long. */
static void storm_look(struct stormer *w, u32 place, struct mm *mm)
{
	u32 owner = (u32)rand_below(&w->r, w->s->stormers);
	u32 page = (u32)rand_below(&w->r, LONE + 1);

	u64 end = time_ns() + LOOK_NS;
	bool there = true, writable = true;

	while ((there || writable) && time_ns() < end) {
		there = there && look_at(w, place, mm->ctx_id, owner, page);
		writable = writable &&
			   put(address_of(owner, OPEN), word_of(mm->ctx_id, owner, OPEN, 1));
	}
	look_at(w, place, mm->ctx_id, owner, OPEN);
	look_at(w, place, mm->ctx_id, place % w->s->stormers,
		SPAN + (u32)rand_below(&w->r, SPAN_PAGES));
}

/* The child has what the parent had, and neither sees what the other writes from then on. */
static void compare_child(struct stormer *w, u32 place, struct mm *child)
{
	u64 before[OPEN_SAMPLE];
	u32 first = (u32)rand_below(&w->r, w->s->stormers);

	use(child);
	for (u32 i = 0; i < OPEN_SAMPLE; i++)
		before[i] = get(address_of((first + i) % w->s->stormers, OPEN));
	for (u32 page = DENSE; page <= LONE; page++)
		check_own(w, place, page);
	put(mine(w, DENSE), 1);
	yield();
	for (u32 i = 0; i < OPEN_SAMPLE; i++)
		EXPECT_EQ(w->s->t, get(address_of((first + i) % w->s->stormers, OPEN)), before[i]);
	EXPECT_EQ(w->s->t, get(mine(w, DENSE)), 1);
}

static void storm_fork(struct stormer *w, u32 place, struct mm *mm)
{
	struct storm *s = w->s;
	struct mm *child;

	if (__atomic_fetch_add(&s->forks, 1, __ATOMIC_RELAXED) < FORKS_MAX) {
		child = mm_fork(mm);
		EXPECT(s->t, child != NULL, "stormer %u: no memory for a fork", w->number);
		if (child != NULL) {
			mm_get(mm);
			compare_child(w, place, child);
			use(mm);
			mm_put(mm);
			check_own(w, place, DENSE);
			for (u32 page = DENSE; page <= LONE; page++)
				write_own(w, place, page); /* a copy: the child has it too */
			mm_put(child);
		}
	}
	__atomic_fetch_sub(&s->forks, 1, __ATOMIC_RELAXED);
}

/* The owner's object, mapped in many address spaces: written in one, read in another. */
static void storm_share(struct stormer *w, u32 place, struct mm *mm)
{
	struct map_request q = { .start = mine(w, SHARED),
				 .size = PAGE_SIZE,
				 .flags = RW,
				 .kind = REGION_OBJECT,
				 .object = w->object };

	if (!w->view[place].has_object) {
		EXPECT_EQ(w->s->t, mm_map(mm, &q), 0);
		w->view[place].has_object = true;
	}
	EXPECT_EQ(w->s->t, get(q.start), w->object_word);
	w->object_word = word_of(0, w->number, SHARED, ++w->serial);
	EXPECT(w->s->t, put(q.start, w->object_word), "stormer %u: its object", w->number);
	if (rand_below(&w->r, 3) == 0) {
		EXPECT_EQ(w->s->t, mm_unmap(mm, q.start, q.start + PAGE_SIZE), 0);
		EXPECT_EQ(w->s->t, get(q.start), NO_VALUE);
		w->view[place].has_object = false;
	}
}

static void storm_renew(struct stormer *w, u32 place, struct mm *mm)
{
	(void)mm;
	EXPECT(w->s->t, mm_place_renew(&w->s->place[place]), "stormer %u: no memory for a new mm",
	       w->number);
}

/* Run on none for a while, over what stays loaded until it ends or another is wanted. */
static void storm_lazy(struct stormer *w, u32 place, struct mm *mm)
{
	u32 page = (u32)rand_below(&w->r, LONE + 1);
	bool give_back = rand_below(&w->r, 4) == 0;
	u64 flags, word;

	(void)place;
	(void)mm;
	use(NULL);
	for (u32 i = 0; i < 3; i++) {
		yield();
		word = get(mine(w, page));
		/* Another thread's address space may be what is loaded. */
		EXPECT(w->s->t,
		       word == 1 || may_read(word, word_of(word >> 44, w->number, page, 0), 0),
		       "stormer %u: without an mm it reads %#lx", w->number, word);
	}
	if (!give_back)
		return;
	flags = irq_save();
	asid_give_back();
	irq_restore(flags);
}

static void storm_step(struct stormer *w)
{
	static void (*const actions[])(struct stormer * w, u32 place, struct mm * mm) = {
		storm_write, storm_write, storm_unmap, storm_unmap, storm_protect, storm_protect,
		storm_look,  storm_look,  storm_look,  storm_close, storm_fork,	   storm_fork,
		storm_share, storm_share, storm_renew, storm_lazy,
	};
	u32 place = (u32)rand_below(&w->r, w->s->places);
	struct mm *mm;

	if (rand_below(&w->r, 2) == 0 && w->s->stormers <= 2 * CROWDED)
		place = HOT_PLACE;
	mm = enter(w, place);
	check_own(w, place, (u32)rand_below(&w->r, LONE + 1));
	actions[rand_below(&w->r, ARRAY_SIZE(actions))](w, place, mm);
}

static int storm_thread(void *arg)
{
	struct stormer *const *w = arg;
	struct storm *s = (*w)->s;

	while (storm_step_due(&s->clock) && !test_failed(s->t))
		storm_step(*w);
	use(NULL);
	return 0;
}

/* --- the test ------------------------------------------------------------------------------- */

/*
 * Address spaces for which there is memory, with @slots on each CPU; tables must be in the
 * kernel's zone.
 */
static u32 places_that_fit(u32 stormers, u32 slots)
{
	u64 pgds = (u64)cpumask_weight(&cpus_online) * slots;
	u64 tables = 80 + stormers, pages = tables + 5ul * stormers; /* of an address space */
	struct page_alloc_stats kernel;
	u64 fit;

	page_alloc_stats(ZONE_KERNEL, &kernel);
	if (kernel.free * 3 / 4 < pgds)
		return 0;
	fit = MIN((kernel.free * 3 / 4 - pgds) / tables, (free_pages_now() * 3 / 4 - pgds) / pages);
	/* Besides: children, and as many old ones that somebody still uses. */
	return fit < FORKS_MAX ? 0 : (u32)MIN((fit - FORKS_MAX) / 2, PLACES_MAX);
}

static bool add_stormers(struct storm *s, struct rand *r)
{
	for (u32 n = 0; n < s->stormers; n++) {
		struct stormer *w = kzalloc(sizeof(*w));

		s->stormer[n] = w;
		if (w == NULL)
			return false;
		w->s = s;
		w->number = n;
		rand_seed(&w->r, rand_next(r));
		w->object = object_create(1);
		if (w->object == NULL)
			return false;
	}
	return true;
}

static bool add_places(struct storm *s)
{
	for (u32 i = 0; i < s->places; i++)
		if (!mm_place_init(&s->place[i]))
			return false;
	return true;
}

static void end_all(struct storm *s)
{
	for (u32 i = 0; i < s->places; i++)
		if (s->place[i].mm != NULL)
			mm_put(s->place[i].mm);
	for (u32 n = 0; n < s->stormers; n++) {
		if (s->stormer[n] != NULL && s->stormer[n]->object != NULL)
			object_put(s->stormer[n]->object);
		kfree(s->stormer[n]);
	}
}

TEST("mm.storm", on_all_cpus)
{
	static struct storm s;
	struct rand r = test_rand(t);
	u32 cpus = cpumask_weight(&cpus_online), each = cpus <= CROWDED ? 2 : 1;
	u32 slots = MIN(asids, SLOTS_WANTED), before;

	s = (struct storm){ .t = t, .stormers = each * cpus };
	s.places = places_that_fit(s.stormers, slots);
	if (s.places < PLACES_MAX) {
		slots = MIN(slots, SLOTS_SCARCE);
		s.places = places_that_fit(s.stormers, slots);
	}
	if (s.places < 2) {
		test_skip(t, "too little memory for %u stormers", s.stormers);
		return;
	}
	before = limit_slots(slots);
	if (add_places(&s) && add_stormers(&s, &r)) {
		storm_start(&s.clock, STORM_UNBOUNDED);
		threads_on_each_cpu(t, each, storm_thread, s.stormer, sizeof(s.stormer[0]));
		storm_steps(t, &s.clock, &cpus_online);
		test_note("%u address spaces on %u slots", s.places, slots);
	} else {
		EXPECT(t, false, "out of memory");
	}
	end_all(&s);
	limit_slots(before);
}
