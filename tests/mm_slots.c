/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_slots.c - slots run out, are used again, and follow an mm from CPU to CPU (R5).
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/migrate.h"
#include "kernel/sched.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/asid.h"
#include "mm/slab.h"
#include "tests/harness.h"
#include "tests/slots.h"
#include "tests/storm.h"
#include "tests/threads.h"
#include "tests/user_memory.h"

#define BASE	  0x30000000ul
#define FEW_SLOTS 3u
#define MANY_MMS  40u

struct many {
	struct test *t;
	u64 seed;
	struct storm_clock turns;
	struct mm *mm[MANY_MMS];
};

/* Page of CPU @cpu in mm @m: the same address in all. */
static vaddr_t page_of(u32 cpu)
{
	return (1 + cpu % 4) * TOP_ENTRY + BASE + cpu * PAGE_SIZE;
}

static int use_many(void *arg)
{
	struct many *s = arg;
	vaddr_t va = page_of(cpu_id);
	u64 word[MANY_MMS] = { 0 };
	struct rand r;

	rand_seed(&r, s->seed + cpu_id);
	while (storm_step_due(&s->turns) && !test_failed(s->t)) {
		u32 m = (u32)rand_below(&r, MANY_MMS);

		use(s->mm[m]);
		EXPECT_EQ(s->t, get(va), word[m]);
		word[m] = rand_next(&r) >> 1 | 1;
		EXPECT(s->t, put(va, word[m]), "CPU %u, mm %u", cpu_id, m);
	}
	use(NULL);
	return 0;
}

static bool make_many(struct many *s)
{
	u32 cpu;

	for (u32 m = 0; m < MANY_MMS; m++) {
		s->mm[m] = mm_create();
		if (s->mm[m] == NULL)
			return false;
		for_each_cpu (cpu, &cpus_online)
			if (map_anon(s->mm[m], page_of(cpu), PAGE_SIZE, RW) != 0)
				return false;
	}
	return true;
}

/* At one address each mm has a word of its own; a slot is taken from one for another. */
TEST("mm.slots", many_mms_on_few_slots)
{
	static struct many s;
	struct rand r = test_rand(t);
	u32 cpus = cpumask_weight(&cpus_online), before;
	u64 set_up;

	if (free_pages_now() < MANY_MMS * (16ul + 2 * cpus)) {
		test_skip(t, "too little memory for %u address spaces", MANY_MMS);
		return;
	}
	s = (struct many){ .t = t, .seed = rand_next(&r) };
	before = limit_slots(MIN(asids, FEW_SLOTS));
	set_up = event_total(SLOTS_SET_UP);
	storm_start_in_crowds(&s.turns, 10 * MANY_MMS);
	if (make_many(&s)) {
		threads_in_crowds(t, use_many, &s);
		set_up = event_total(SLOTS_SET_UP) - set_up;
		test_note("%lu slots set up in %lu steps", set_up,
			  storm_steps(t, &s.turns, &cpus_online));
		EXPECT(t, set_up >= cpus, "%lu slots set up", set_up);
	} else {
		EXPECT(t, false, "out of memory");
	}
	for (u32 m = 0; m < MANY_MMS; m++)
		if (s.mm[m] != NULL)
			mm_put(s.mm[m]);
	limit_slots(before);
}

#define TAGS 280u /* more than a byte can count, where asids= has so many */

/* Each slot of this CPU has a tag of its own.  How many there are. */
static u32 check_tags(struct test *t)
{
	static bool seen[PCID_MASK + 1];
	u64 flags = irq_save();
	const struct slot *s = cpu_tlb.hand;
	u32 n = 0;

	memset(seen, 0, sizeof(seen));
	do {
		u64 tag = s->cr3 & PCID_MASK;

		EXPECT(t, tag != PCID_NONE && !seen[tag], "tag %lu twice", tag);
		seen[tag] = true;
		s = s->next;
		n++;
	} while (s != cpu_tlb.hand);
	irq_restore(flags);
	return n;
}

TEST("mm.slots", tags_are_apart)
{
	static struct mm *mm[TAGS];
	u32 n = MIN(asids, TAGS), made = 0;

	if (free_pages_now() < TAGS * 16ul) {
		test_skip(t, "too little memory for %u address spaces", TAGS);
		return;
	}
	migrate_disable();
	for (; made < n && (mm[made] = mm_create()) != NULL; made++)
		use(mm[made]);
	EXPECT_EQ(t, made, n);
	EXPECT(t, check_tags(t) >= n, "fewer slots than address spaces");
	use(NULL);
	migrate_enable();
	while (made > 0)
		mm_put(mm[--made]);
}

#define GENERATIONS 30u

struct reuse {
	struct test *t;
	struct storm_clock generations;
};

/*
 * A new mm begins empty, whosever slot it gets: where the last ones had pages there are
 * zeroes, or nothing at all below entries that it does not use.
 */
static int reuse_slots(void *arg)
{
	struct reuse *s = arg;
	struct mm *last = NULL;

	for (u64 i = 0; storm_step_due(&s->generations) && !test_failed(s->t); i++) {
		struct mm *mm = mm_create();
		vaddr_t here = (1 + i % 3) * TOP_ENTRY + BASE, above = here + TOP_ENTRY;

		if (mm == NULL || map_anon(mm, BASE, PAGE_SIZE, RW) ||
		    map_anon(mm, here, PAGE_SIZE, RW)) {
			EXPECT(s->t, false, "CPU %u: out of memory", cpu_id);
			break;
		}
		use(mm);
		EXPECT_EQ(s->t, get(BASE), 0);
		EXPECT_EQ(s->t, get(here), 0);
		EXPECT_EQ(s->t, get(above), NO_VALUE);
		EXPECT(s->t, put(BASE, i + 1) && put(here, i + 1), "CPU %u, mm %lu", cpu_id, i);
		EXPECT_EQ(s->t, get(BASE), i + 1);
		if (last != NULL)
			mm_put(last); /* dies where it is cached, or just now was */
		last = mm;
	}
	use(NULL);
	if (last != NULL)
		mm_put(last);
	return 0;
}

TEST("mm.slots", slots_are_used_again)
{
	static struct reuse s;
	u32 before = limit_slots(MIN(asids, ASIDS_RESERVE));
	u64 set_up = event_total(SLOTS_SET_UP), steps;

	s.t = t;
	storm_start_in_crowds(&s.generations, GENERATIONS);
	threads_in_crowds(t, reuse_slots, &s);
	steps = storm_steps(t, &s.generations, &cpus_online);
	EXPECT_EQ(t, event_total(SLOTS_SET_UP) - set_up, steps);
	limit_slots(before);
}

#define MOVES	  16u /* of each mm */
#define MOVE_PAGE (BASE + 5 * TOP_ENTRY)

/* A ring of CPUs: each hands the mm it has been on, if any, to the one before it. */
struct station {
	struct test *t;
	u32 number, count, mms;
	struct mm **mm; /* of all stations */
	struct station *before;
	struct completion arrived;
};

/* What the CPU before wrote is there; it goes, or changes rights, and comes with another. */
static void visit(struct station *s, struct mm *mm, u64 move)
{
	bool was_unmapped = move & 1;

	use(mm);
	EXPECT_EQ(s->t, get(MOVE_PAGE), move);
	EXPECT_EQ(s->t, get(MOVE_PAGE + PAGE_SIZE), was_unmapped ? NO_VALUE : 0);
	if (was_unmapped)
		EXPECT_EQ(s->t, map_anon(mm, MOVE_PAGE + PAGE_SIZE, PAGE_SIZE, RW), 0);
	else
		EXPECT_EQ(s->t, mm_unmap(mm, MOVE_PAGE + PAGE_SIZE, MOVE_PAGE + 2 * PAGE_SIZE), 0);
	EXPECT_EQ(s->t, mm_protect(mm, MOVE_PAGE, MOVE_PAGE + PAGE_SIZE, REGION_READ), 0);
	EXPECT(s->t, !put(MOVE_PAGE, 0), "move %lu: written though read-only", move);
	EXPECT_EQ(s->t, mm_protect(mm, MOVE_PAGE, MOVE_PAGE + PAGE_SIZE, RW), 0);
	EXPECT(s->t, put(MOVE_PAGE, move + 1), "move %lu", move);
}

static int man_station(void *arg)
{
	struct station *s = arg;
	u32 m;

	for (u32 move = 0; move < MOVES; move++) {
		if (move > 0)
			wait_for_completion(&s->arrived);
		m = (s->number + move) % s->count;
		if (m < s->mms)
			visit(s, s->mm[m], move);
		complete(&s->before->arrived);
	}
	use(NULL);
	return 0;
}

static bool make_stations(struct test *t, struct station *stations, struct mm **mm, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		stations[i] = (struct station){ .t = t,
						.number = i,
						.mms = MIN(n, options.crowd),
						.count = n,
						.mm = mm,
						.before = &stations[(i + n - 1) % n] };
		completion_init(&stations[i].arrived);
		if (i >= stations[i].mms)
			continue;
		mm[i] = mm_create();
		if (mm[i] == NULL || map_anon(mm[i], MOVE_PAGE, 2 * PAGE_SIZE, RW) != 0)
			return false;
	}
	return true;
}

/* crowd= mms go round all CPUs at the same time, each used by one of them at a time. */
TEST("mm.slots", mms_move_between_cpus)
{
	u32 n = cpumask_weight(&cpus_online);
	struct station *stations = kzalloc(n * sizeof(stations[0]));
	struct mm **mm = kzalloc(n * sizeof(mm[0]));

	if (stations != NULL && mm != NULL && make_stations(t, stations, mm, n))
		threads_on_each_cpu(t, 1, man_station, stations, sizeof(stations[0]));
	else
		EXPECT(t, false, "out of memory");
	for (u32 i = 0; mm != NULL && i < n; i++)
		if (mm[i] != NULL)
			mm_put(mm[i]);
	kfree(mm);
	kfree(stations);
}

/* Tables and pages of an mm with all entries in use, and of its child. */
#define ALL_ENTRIES_PAGES (2 * USER_ENTRIES * 4)

static vaddr_t page_below(u64 entry)
{
	return entry * TOP_ENTRY + BASE;
}

static int read_all_entries(void *arg)
{
	struct many *s = arg;

	use(s->mm[0]);
	for (u64 e = 0; e < USER_ENTRIES; e++)
		EXPECT_EQ(s->t, get(page_below(e)), e + 1);
	use(NULL);
	return 0;
}

static void change_all_entries(struct test *t, struct mm *mm, struct mm *child)
{
	EXPECT_EQ(t, mm_protect(mm, 0, USER_END, REGION_READ), 0);
	for (u64 e = 0; e < USER_ENTRIES; e++) {
		EXPECT(t, !put(page_below(e), 0), "entry %lu: written though read-only", e);
		EXPECT_EQ(t, get(page_below(e)), e + 1);
	}
	use(child);
	for (u64 e = 0; e < USER_ENTRIES; e++) {
		EXPECT_EQ(t, get(page_below(e)), e + 1);
		EXPECT(t, put(page_below(e), e + 2), "entry %lu of the child", e);
	}
	use(mm);
	EXPECT_EQ(t, mm_unmap(mm, 0, USER_END), 0);
	for (u64 e = 0; e < USER_ENTRIES; e++)
		EXPECT_EQ(t, get(page_below(e)), NO_VALUE);
	EXPECT_EQ(t, mm->pages, 0);
	use(child);
	for (u64 e = 0; e < USER_ENTRIES; e++)
		EXPECT_EQ(t, get(page_below(e)), e + 2);
	use(NULL);
}

/* One mm with a page below each of the 256 entries, on all CPUs, forked, changed whole. */
TEST("mm.slots", all_top_level_entries_in_use)
{
	static struct many s;
	struct page_alloc_stats kernel;
	struct mm *child;

	page_alloc_stats(ZONE_KERNEL, &kernel);
	if (kernel.free < ALL_ENTRIES_PAGES) {
		test_skip(t, "too little memory for %lu pages", (u64)ALL_ENTRIES_PAGES);
		return;
	}
	s = (struct many){ .t = t };
	s.mm[0] = mm_create();
	use(s.mm[0]);
	for (u64 e = 0; e < USER_ENTRIES; e++) {
		EXPECT_EQ(t, map_anon(s.mm[0], page_below(e), PAGE_SIZE, RW), 0);
		EXPECT(t, put(page_below(e), e + 1), "entry %lu", e);
	}
	use(NULL);
	threads_on_each_cpu(t, 1, read_all_entries, &s, 0);
	use(s.mm[0]);
	child = mm_fork(s.mm[0]);
	EXPECT(t, child != NULL, "out of memory");
	if (child != NULL) {
		change_all_entries(t, s.mm[0], child);
		mm_put(child);
	}
	use(NULL);
	mm_put(s.mm[0]);
}
