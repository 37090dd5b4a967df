/* SPDX-License-Identifier: MIT */
/*
 * tests/fault_alloc.c - whichever allocation of an operation fails, an error comes back,
 * nothing is lost, and the next try succeeds.
 *
 * Two injectors: the k-th block of pages, and the k-th object of any cache.  With each, k goes
 * up until the operation is over before the k-th.  Each k is tried twice: the operation is
 * given up after its failure, or made once more.  Then all that was made is taken down, and
 * pages, objects and threads are compared with what there was before.  Those that keep nothing
 * of a failed attempt are compared at once, too.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/smp.h"
#include "kernel/hotplug.h"
#include "lib/err.h"
#include "mm/asid.h"
#include "mm/cpu_tables.h"
#include "mm/kmap.h"
#include "mm/object.h"
#include "mm/slab.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/user_memory.h"

#define HERE	0x60000000ul
#define LARGE	(HERE + GIB)
#define MIDDLE	(LARGE + LARGE_PAGE_SIZE / 2)
#define OBJECT	(HERE + 2 * GIB)
#define PAGES	4u   /* of the object */
#define ROUNDS	200u /* more allocations than an operation makes */
#define SOMEHOW 7ul

/* What a trial works on: made by its .prepare, taken down by take_down(). */
struct scene {
	struct test *t;
	struct mm *mm, *child;
	struct object *object;
	struct page *page;
	struct thread *thread;
	struct cpumask down; /* CPUs to bring up again */
};

struct trial {
	const char *name;
	bool (*prepare)(struct scene *s); /* nothing fails */
	int (*act)(struct scene *s);	  /* 0 or -ENOMEM; again after a failure */
	bool (*holds)(struct scene *s);	  /* after a failure: nothing has changed */
	u32 cpus;			  /* needs so many */
	bool exact;			  /* an attempt that fails keeps nothing */
	bool takes_nothing;		  /* it allocates nothing at all */
};

/* --- scenes ------------------------------------------------------------------------------ */

static bool nothing_yet(struct scene *s)
{
	(void)s;
	return true;
}

static bool an_mm(struct scene *s)
{
	s->mm = mm_create();
	return s->mm != NULL;
}

static bool a_region(struct scene *s)
{
	return an_mm(s) && map_anon(s->mm, HERE, 2 * PAGE_SIZE, RW) == 0;
}

static bool a_region_in_use(struct scene *s)
{
	if (!a_region(s))
		return false;
	use(s->mm);
	return true;
}

static bool a_page_in_use(struct scene *s)
{
	return a_region_in_use(s) && put(HERE, SOMEHOW);
}

static bool a_large_region_in_use(struct scene *s)
{
	if (!an_mm(s) || map_anon(s->mm, LARGE, 2 * LARGE_PAGE_SIZE, RW | REGION_LARGE) != 0)
		return false;
	use(s->mm);
	return true;
}

static bool a_large_page_in_use(struct scene *s)
{
	return a_large_region_in_use(s) && put(MIDDLE, SOMEHOW);
}

static bool a_shared_page_in_use(struct scene *s)
{
	if (!a_page_in_use(s))
		return false;
	s->child = mm_fork(s->mm);
	return s->child != NULL;
}

static bool a_large_family_in_use(struct scene *s)
{
	if (!a_large_page_in_use(s))
		return false;
	s->child = mm_fork(s->mm);
	return s->child != NULL;
}

static bool an_object(struct scene *s)
{
	s->object = object_create(PAGES);
	return s->object != NULL;
}

static bool an_object_and_an_mm(struct scene *s)
{
	return an_object(s) && an_mm(s);
}

static int map_object(struct scene *s)
{
	struct map_request q = { .start = OBJECT,
				 .size = PAGES * PAGE_SIZE,
				 .flags = RW,
				 .kind = REGION_OBJECT,
				 .object = s->object };

	return mm_map(s->mm, &q);
}

static bool a_mapped_object(struct scene *s)
{
	if (!an_object_and_an_mm(s) || map_object(s) != 0)
		return false;
	use(s->mm);
	return true;
}

static bool a_page(struct scene *s)
{
	s->page = alloc_page(ZONE_USER);
	return s->page != NULL;
}

/* The one that goes and comes. */
static u32 victim(void)
{
	return cpumask_next(&cpus_online, BOOT_CPU);
}

static bool a_cpu_down(struct scene *s)
{
	u32 cpu = victim();

	cpumask_set(&s->down, cpu);
	return cpu_down(cpu, 0) == 0;
}

static void bring_up(struct scene *s)
{
	u32 cpu;

	for_each_cpu (cpu, &s->down)
		if (!cpumask_test(&cpus_online, cpu))
			EXPECT_EQ(s->t, cpu_up(cpu), 0);
}

static void take_down(struct scene *s)
{
	use(NULL);
	if (s->thread != NULL) {
		thread_start(s->thread);
		thread_join(s->thread);
	}
	if (s->child != NULL)
		mm_put(s->child);
	if (s->mm != NULL)
		mm_put(s->mm);
	if (s->object != NULL)
		object_put(s->object);
	if (s->page != NULL)
		free_page(s->page);
	bring_up(s);
}

/* --- operations ---------------------------------------------------------------------------- */

static int to_error(bool done)
{
	return done ? 0 : -ENOMEM;
}

static int do_mm_create(struct scene *s)
{
	return to_error(an_mm(s));
}

static int do_map(struct scene *s)
{
	return map_anon(s->mm, HERE, PAGE_SIZE, RW);
}

static int do_map_anywhere(struct scene *s)
{
	struct map_request q = { .size = PAGE_SIZE, .flags = RW | REGION_OWN_TOP_ENTRY };

	return mm_map_anywhere(s->mm, &q);
}

static int do_switch(struct scene *s)
{
	use(s->mm);
	return 0;
}

static int do_touch(struct scene *s)
{
	(void)s;
	return to_error(put(HERE, SOMEHOW) && get(HERE) == SOMEHOW);
}

static int do_touch_large(struct scene *s)
{
	(void)s;
	return to_error(put(MIDDLE, SOMEHOW) && get(MIDDLE) == SOMEHOW);
}

static int do_touch_object(struct scene *s)
{
	(void)s;
	return to_error(put(OBJECT, SOMEHOW) && get(OBJECT) == SOMEHOW);
}

static int do_unmap_half(struct scene *s)
{
	return mm_unmap(s->mm, MIDDLE + PAGE_SIZE, MIDDLE + 2 * PAGE_SIZE);
}

static int do_protect_half(struct scene *s)
{
	return mm_protect(s->mm, MIDDLE, MIDDLE + PAGE_SIZE, REGION_READ);
}

static bool large_page_holds(struct scene *s)
{
	(void)s;
	return get(MIDDLE) == SOMEHOW && get(MIDDLE + PAGE_SIZE) == 0 && put(MIDDLE, SOMEHOW);
}

static int do_fork(struct scene *s)
{
	s->child = mm_fork(s->mm);
	return to_error(s->child != NULL);
}

static bool page_holds(struct scene *s)
{
	(void)s;
	return get(HERE) == SOMEHOW;
}

static int do_copy(struct scene *s)
{
	(void)s;
	return to_error(put(HERE, SOMEHOW + 1) && get(HERE) == SOMEHOW + 1);
}

/* A large page that is shared is split, and one small page of it copied. */
static int do_copy_large(struct scene *s)
{
	(void)s;
	return to_error(put(MIDDLE, SOMEHOW + 1) && get(MIDDLE) == SOMEHOW + 1);
}

static bool shared_large_page_holds(struct scene *s)
{
	(void)s;
	return get(MIDDLE) == SOMEHOW;
}

static int do_object_create(struct scene *s)
{
	return to_error(an_object(s));
}

static int do_object_page(struct scene *s)
{
	struct page *page;

	return object_page(s->object, PAGES - 1, &page);
}

static int nothing(void *unused)
{
	(void)unused;
	return 0;
}

static int do_thread_create(struct scene *s)
{
	s->thread = thread_create("test", nothing, NULL);
	return to_error(s->thread != NULL);
}

static int do_kmap(struct scene *s)
{
	u64 *outer = kmap_local_page(s->page), *inner = kmap_local_page(s->page);

	*outer = SOMEHOW;
	EXPECT_EQ(s->t, *inner, SOMEHOW);
	kunmap_local(inner);
	kunmap_local(outer);
	return 0;
}

static int do_cpu_up(struct scene *s)
{
	return cpu_up(cpumask_first(&s->down));
}

static bool is_still_down(struct scene *s)
{
	return !cpumask_test(&cpus_online, cpumask_first(&s->down));
}

static int do_cpu_down(struct scene *s)
{
	u32 cpu = victim();
	int err = cpu_down(cpu, 0);

	if (!err)
		cpumask_set(&s->down, cpu);
	return err;
}

static const struct trial trials[] = {
	{ .name = "mm_create", .prepare = nothing_yet, .act = do_mm_create, .exact = true },
	{ .name = "mm_map", .prepare = an_mm, .act = do_map, .exact = true },
	{ .name = "mm_map_anywhere", .prepare = an_mm, .act = do_map_anywhere, .exact = true },
	{ .name = "map an object",
	  .prepare = an_object_and_an_mm,
	  .act = map_object,
	  .exact = true },
	{ .name = "switch", .prepare = a_region, .act = do_switch },
	{ .name = "touch", .prepare = a_region_in_use, .act = do_touch },
	{ .name = "touch a large page", .prepare = a_large_region_in_use, .act = do_touch_large },
	{ .name = "touch an object", .prepare = a_mapped_object, .act = do_touch_object },
	{ .name = "unmap a part",
	  .prepare = a_large_page_in_use,
	  .act = do_unmap_half,
	  .holds = large_page_holds },
	{ .name = "protect a part",
	  .prepare = a_large_page_in_use,
	  .act = do_protect_half,
	  .holds = large_page_holds },
	{ .name = "fork",
	  .prepare = a_page_in_use,
	  .act = do_fork,
	  .holds = page_holds,
	  .exact = true },
	{ .name = "fork large pages",
	  .prepare = a_large_page_in_use,
	  .act = do_fork,
	  .holds = shared_large_page_holds,
	  .exact = true },
	{ .name = "copy", .prepare = a_shared_page_in_use, .act = do_copy, .holds = page_holds },
	{ .name = "copy a part",
	  .prepare = a_large_family_in_use,
	  .act = do_copy_large,
	  .holds = shared_large_page_holds },
	{ .name = "object_create", .prepare = nothing_yet, .act = do_object_create, .exact = true },
	{ .name = "object_page", .prepare = an_object, .act = do_object_page },
	{ .name = "thread_create", .prepare = nothing_yet, .act = do_thread_create, .exact = true },
	{ .name = "kmap_local_page", .prepare = a_page, .act = do_kmap, .takes_nothing = true },
	{ .name = "cpu_up",
	  .prepare = a_cpu_down,
	  .act = do_cpu_up,
	  .holds = is_still_down,
	  .cpus = 2,
	  .exact = true },
	{ .name = "cpu_down",
	  .prepare = nothing_yet,
	  .act = do_cpu_down,
	  .cpus = 2,
	  .exact = true },
};

/* --- failures -------------------------------------------------------------------------------- */

static const struct injector {
	const char *name;
	u64 (*fail_after)(u64 k);
} injectors[] = {
	{ "pages", page_alloc_fail_after },
	{ "objects", kmem_fail_after },
};

struct account {
	u64 pages, objects, threads;
};

/* What is kept in case goes first, so that an operation wants it again. */
static struct account account(void)
{
	u64 flags = irq_save();

	asid_give_back();
	irq_restore(flags);
	kmem_shrink();
	return (struct account){
		.pages = free_pages_now(),
		.objects = kmem_in_use(),
		.threads = thread_count(),
	};
}

static void compare(struct test *t, const char *name, u64 k, const struct account *before,
		    const struct account *now)
{
	EXPECT(t, now->pages == before->pages,
	       "%s, allocation %lu fails: %lu pages are free, and were %lu", name, k, now->pages,
	       before->pages);
	EXPECT(t, now->objects == before->objects,
	       "%s, allocation %lu fails: %lu objects in use, and were %lu", name, k, now->objects,
	       before->objects);
	EXPECT(t, now->threads == before->threads,
	       "%s, allocation %lu fails: %lu threads, and were %lu", name, k, now->threads,
	       before->threads);
}

/* After an attempt that failed. */
static void look(struct scene *s, const struct trial *trial, u64 k, const struct account *before)
{
	struct account now;

	EXPECT(s->t, trial->holds == NULL || trial->holds(s),
	       "%s, allocation %lu fails: something has changed", trial->name, k);
	if (!trial->exact)
		return;
	now = account();
	compare(s->t, trial->name, k, before, &now);
}

/* One scene, in which the k-th allocation fails.  True: there was a k-th. */
static bool attempt(struct test *t, const struct trial *trial, const struct injector *injector,
		    u64 k, bool again)
{
	struct scene s = { .t = t };
	bool prepared = trial->prepare(&s), failed;
	struct account before = account();
	int err;

	EXPECT(t, prepared, "%s cannot be prepared", trial->name);
	injector->fail_after(k);
	err = trial->act(&s);
	failed = injector->fail_after(0) == 0 && k != 0;
	EXPECT(t, err == 0 || (err == -ENOMEM && failed), "%s, allocation %lu fails: %s",
	       trial->name, k, err_name(err));
	if (err) {
		look(&s, trial, k, &before);
		if (again)
			EXPECT(t, trial->act(&s) == 0, "%s fails again", trial->name);
	}
	take_down(&s);
	return failed;
}

static void fail_each(struct test *t, const struct trial *trial, const struct injector *injector)
{
	struct account before, now;
	u64 k = 0;
	bool failed;

	if (cpumask_weight(&cpus_online) < trial->cpus)
		return;
	attempt(t, trial, injector, 0, false); /* caches have their slabs */
	before = account();
	do {
		k++;
		failed = attempt(t, trial, injector, k, false);
		attempt(t, trial, injector, k, true);
		now = account();
		compare(t, trial->name, k, &before, &now);
	} while (failed && k < ROUNDS && !test_failed(t));
	EXPECT(t, !failed || test_failed(t), "%s: no end", trial->name);
	EXPECT(t, k == 1 || !trial->takes_nothing, "%s allocates", trial->name);
	test_note("%s: each of %lu %s", trial->name, k - 1, injector->name);
}

TEST("fault.alloc", each_operation_and_each_allocation)
{
	if (!CONFIG_DEBUG) {
		test_skip(t, "release build");
		return;
	}
	for (u32 n = 0; n < ARRAY_SIZE(trials) && !test_failed(t); n++)
		for (u32 i = 0; i < ARRAY_SIZE(injectors); i++)
			fail_each(t, &trials[n], &injectors[i]);
}

/* --- a way down that is given up, and memory for the way back has gone ---------------------------
 */

static bool cannot_stay(struct test *t, const struct injector *injector, u64 k)
{
	u32 cpu = victim();
	bool failed, up;
	int err;

	hotplug_fail_down = "pages"; /* behind "slots", whose memory has been given back */
	injector->fail_after(k);
	err = cpu_down(cpu, 0);
	failed = injector->fail_after(0) == 0;
	up = cpumask_test(&cpus_online, cpu);
	EXPECT(t, (err == -EIO && up) || (failed && (err == -ENOMEM ? up : err == 0 && !up)),
	       "allocation %lu fails: %s, and the CPU is %s", k, err_name(err), up ? "up" : "down");
	hotplug_fail_down = NULL;
	if (!up)
		EXPECT_EQ(t, cpu_up(cpu), 0);
	return failed;
}

TEST("fault.alloc", who_cannot_stay_goes, .cpus = 2)
{
	struct account before, now;

	if (!CONFIG_DEBUG) {
		test_skip(t, "release build");
		return;
	}
	for (u32 i = 0; i < ARRAY_SIZE(injectors); i++) {
		u64 k = 0;
		bool failed;

		cannot_stay(t, &injectors[i], ROUNDS);
		before = account();
		do {
			failed = cannot_stay(t, &injectors[i], ++k);
			now = account();
			compare(t, "cpu_down and back", k, &before, &now);
		} while (failed && k < ROUNDS && !test_failed(t));
		test_note("each of %lu %s", k - 1, injectors[i].name);
	}
}

/* --- a CPU that comes for the first time -------------------------------------------------------
 */

#define NEW_CPU	     (MAX_CPUS - 2)
#define ANOTHER_CPU  (MAX_CPUS - 1)
#define ONE_SUCCEEDS 2u /* each attempt gets one allocation further, if the last ones are kept */
#define ATTEMPTS     100u

/* Pages that it takes to make the tables of @cpu, which there is not, in so many attempts. */
static u64 cost_of_tables(struct test *t, u32 cpu, u32 attempts)
{
	struct account before = account(), now;
	int err = -ENOMEM;

	for (u32 n = 1; n <= attempts && err == -ENOMEM; n++) {
		page_alloc_fail_after(n < attempts ? ONE_SUCCEEDS : 0);
		err = cpu_tables_create(cpu);
		page_alloc_fail_after(0);
	}
	EXPECT(t, err == 0, "%u attempts: %s", attempts, err_name(err));
	now = account();
	EXPECT_EQ(t, now.objects, before.objects);
	return before.pages - now.pages;
}

/*
 * What is made for a CPU is kept for good, also what was made before memory ran out: the next
 * attempt goes on with it.  These are numbers that no CPU has; their tables stay.
 */
TEST("fault.alloc", tables_of_a_new_cpu)
{
	u64 at_once, bit_by_bit;

	if (!CONFIG_DEBUG || cpu_count > NEW_CPU) {
		test_skip(t, CONFIG_DEBUG ? "all numbers are taken" : "release build");
		return;
	}
	at_once = cost_of_tables(t, NEW_CPU, 1); /* first: it may make what both share */
	bit_by_bit = cost_of_tables(t, ANOTHER_CPU, ATTEMPTS);
	EXPECT(t, bit_by_bit <= at_once, "%lu pages at once, %lu bit by bit", at_once, bit_by_bit);
	test_note("%lu pages at once, %lu bit by bit", at_once, bit_by_bit);
}
