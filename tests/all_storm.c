/* SPDX-License-Identifier: MIT */
/*
 * tests/all_storm.c - all of it together: threads that hold mappings, sections, mutexes and
 * address spaces, are moved and preempted anywhere, while every CPU goes and comes back.
 *
 * A stormer does one random thing inside another, three deep at most: what it holds (mappings,
 * a migrate-disabled section, a mutex, an address space with pages of its own) is there
 * unchanged behind whatever it did meanwhile.  Meddlers change the stormers' affinities and
 * priorities, and wake them for no reason.  The operator takes CPUs down, the boot CPU too,
 * and up again, with time-outs that are over soon and others that are not.
 *
 * In the end everything is as before, and accounted for: CPUs, pages, PGDs, records of slots,
 * threads, time-outs, and each time somebody rang for another.
 *
 * A wait can end: what a stormer holds is waited for by others of its kind that hold less, or
 * mutexes of lower ranks; what it waits for needs nothing of the meddlers and the operator.
 */
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/smp.h"
#include "kernel/hotplug.h"
#include "kernel/mutex.h"
#include "kernel/sched.h"
#include "lib/err.h"
#include "mm/kmap.h"
#include "mm/slab.h"
#include "tests/cpus.h"
#include "tests/hotplug.h"
#include "tests/slots.h"
#include "tests/storm.h"
#include "tests/threads.h"

#define STORMERS     3u	    /* for each CPU ... */
#define STORMERS_MAX 24u    /* ... but no more: an emulator runs many CPUs on few */
#define LIMIT_MS     240000 /* a walk of a CPU waits for whatever the others do */
#define LEVELS	     3u	    /* things inside each other */
#define PLACES	     4u
#define SLOTS_SCARCE 3u	 /* fewer than places: they are stolen all the time */
#define HELD_MAX     10u /* mappings of a stormer, two of a copy, ... */
#define IN_IRQ	     4u	 /* ... and these on top of them */
#define CHILDREN_MAX 6u	 /* threads at a time */
#define FORKS_MAX    3u	 /* address spaces at a time */
#define MEDDLERS     2u
#define DOWN_MAX     3u /* CPUs at a time */
#define WARM_UP_NS   (100 * NS_PER_MS)
#define SHORT_NS     (100 * NS_PER_US) /* time-outs of cpu_down(): too short if it has to wait */
#define LONG_NS	     (10 * NS_PER_SEC)
#define OWN_PAGES    3u
#define OWN_BYTES    (64 * KIB) /* of addresses, at each level */
#define WORDS	     (PAGE_SIZE / sizeof(u64))
#define COPIED	     64u /* words without a break */

STATIC_ASSERT(HELD_MAX + 2 + IN_IRQ <= KMAP_DEPTH, "mappings for all");

struct stormer {
	struct storm *s;
	struct thread *thread;
	struct rand r;
	u32 number;
	u32 mutexes; /* those of lower ranks may be held */
	u32 held;    /* mappings */
	u64 *p[HELD_MAX];
	struct page *page[HELD_MAX]; /* each with a number of its own */
	struct page *source, *copy;
	struct completion bell;
	u64 rung, heard; /* by it for others; for it */
	struct timer timer;
	u64 expired; /* atomic */
	u64 steps, sections, moves;
};

struct place {
	struct spinlock lock;
	struct mm *mm; /* [lock] held */
};

static struct storm {
	struct test *t;
	u32 n;
	bool calm, over; /* meddlers and operator are to end; and the stormers */
	struct cpumask cpus;
	struct page *page;   /* for interrupts */
	u32 children, forks; /* atomic */
	struct mutex mutex[4];
	struct place place[PLACES];
	struct stormer *stormer[STORMERS_MAX];
	u64 downs, busy; /* the operator's */
} storm;

static void act(struct stormer *w, u32 level);

/* Whatever comes inside of what @w holds at @level. */
static void inside(struct stormer *w, u32 level)
{
	for (u64 n = 1 + rand_below(&w->r, 2); n > 0; n--)
		act(w, level + 1);
}

/* The stormer waits, is preempted, or goes on. */
static void pass_time(struct stormer *w, u32 level)
{
	(void)level;
	switch (rand_below(&w->r, 4)) {
	case 0:
		yield();
		break;
	case 1:
		sleep_ns(rand_below(&w->r, A_MOMENT));
		break;
	default:
		for (u64 i = rand_below(&w->r, 3000); i > 0; i--)
			cpu_pause();
	}
}

/* Is there a place for one more? */
static bool enter(u32 *n, u32 most)
{
	if (__atomic_fetch_add(n, 1, __ATOMIC_RELAXED) < most)
		return true;
	__atomic_fetch_sub(n, 1, __ATOMIC_RELAXED);
	return false;
}

static void leave(u32 *n)
{
	__atomic_fetch_sub(n, 1, __ATOMIC_RELAXED);
}

/* --- mappings ----------------------------------------------------------------------------- */

/* What word @i of page @page of stormer @number holds. */
static u64 word_of(u32 number, u32 page, u64 i)
{
	return (u64)number << 32 | page << 16 | i;
}

static struct page *make_page(u32 number, u32 n)
{
	struct page *page = alloc_page(ZONE_USER);
	u64 *p;

	if (page == NULL)
		return NULL;
	p = kmap_local_page(page);
	for (u64 i = 0; i < WORDS; i++)
		p[i] = word_of(number, n, i);
	kunmap_local(p);
	return page;
}

static void check_page(struct stormer *w, const u64 *p, u32 n, u64 step)
{
	for (u64 i = 0; i < WORDS; i += step) {
		u64 word = READ_ONCE(p[i]);

		EXPECT(w->s->t, word == word_of(w->number, n, i),
		       "stormer %u: word %lu of page %u, %u held, is %#lx", w->number, i, n,
		       w->held, word);
	}
}

static void check_held(struct stormer *w)
{
	for (u32 n = 0; n < w->held; n++)
		check_page(w, w->p[n], n, WORDS - 1);
}

static void with_mappings(struct stormer *w, u32 level)
{
	u64 n = 1 + rand_below(&w->r, 4);

	n = MIN(n, HELD_MAX - w->held);
	for (u64 i = 0; i < n; i++, w->held++)
		w->p[w->held] = kmap_local_page(w->page[w->held]);
	inside(w, level);
	check_held(w);
	for (u64 i = 0; i < n; i++)
		kunmap_local(w->p[--w->held]);
}

/* From one mapping to another, and moved in the middle of it. */
static void copy_page(struct stormer *w, u32 level)
{
	const u64 *from = kmap_local_page(w->source);
	u64 *to = kmap_local_page(w->copy);

	for (u64 i = 0; i < WORDS; i++)
		WRITE_ONCE(to[i], 0);
	for (u64 i = 0; i < WORDS; i++) {
		if (i % COPIED == 0)
			pass_time(w, level);
		WRITE_ONCE(to[i], READ_ONCE(from[i]));
	}
	check_page(w, to, HELD_MAX, 1);
	kunmap_local(to);
	kunmap_local(from);
}

/* --- sections and mutexes ------------------------------------------------------------------ */

/* R7. */
static void in_section(struct stormer *w, u32 level)
{
	u32 cpu;

	migrate_disable();
	cpu = cpu_id;
	inside(w, level);
	EXPECT_EQ(w->s->t, cpu_id, cpu);
	EXPECT(w->s->t, cpumask_test(&cpus_online, cpu), "CPU %u is not online", cpu);
	migrate_enable();
	w->sections++;
}

/*
 * A mutex goes to the most urgent: one that is less so may wait in its section for as long as
 * others want it.  So they stop when the operator and the meddlers, who wait for sections,
 * are to end.
 */
static void with_mutex(struct stormer *w, u32 level)
{
	u32 before = w->mutexes, n = before + (u32)rand_below(&w->r, 2);
	struct mutex *m = &w->s->mutex[n];

	if (n >= ARRAY_SIZE(w->s->mutex) || READ_ONCE(w->s->calm))
		return;
	mutex_lock(m);
	w->mutexes = n + 1;
	inside(w, level);
	EXPECT(w->s->t, mutex_held(m), "stormer %u: mutex %u has gone", w->number, n);
	w->mutexes = before;
	mutex_unlock(m);
}

/* --- address spaces ------------------------------------------------------------------------- */

static vaddr_t own_address(const struct stormer *w, u32 level)
{
	return (1 + w->number % 4) * TOP_ENTRY + BASE +
	       (w->number * (LEVELS + 1ul) + level) * OWN_BYTES;
}

static void put_own(struct stormer *w, u32 level, u64 value)
{
	for (u64 i = 0; i < OWN_PAGES; i++)
		EXPECT(w->s->t, put(own_address(w, level) + i * PAGE_SIZE, value + i),
		       "stormer %u: no access", w->number);
}

static void check_own(struct stormer *w, u32 level, u64 value)
{
	for (u64 i = 0; i < OWN_PAGES; i++) {
		u64 got = get(own_address(w, level) + i * PAGE_SIZE);

		EXPECT(w->s->t, got == value + i, "stormer %u: page %lu holds %#lx, expected %#lx",
		       w->number, i, got, value + i);
	}
}

/* A copy, in which this stormer writes and the parent's pages stay as they are. */
static void fork_space(struct stormer *w, u32 level, struct mm *mm, u64 value)
{
	struct mm *child;

	if (!enter(&w->s->forks, FORKS_MAX))
		return;
	child = mm_fork(mm);
	EXPECT(w->s->t, child != NULL, "no memory for a fork");
	if (child != NULL) {
		use(child);
		check_own(w, level, value);
		put_own(w, level, ~value);
		pass_time(w, level);
		check_own(w, level, ~value);
		use(mm);
		check_own(w, level, value);
		mm_put(child);
	}
	leave(&w->s->forks);
}

/* What was there is not readable, or not writable, for a while. */
static void change_rights(struct stormer *w, u32 level, struct mm *mm, u64 value)
{
	vaddr_t va = own_address(w, level), end = va + OWN_PAGES * PAGE_SIZE;

	EXPECT_EQ(w->s->t, mm_protect(mm, va, end, REGION_READ), 0);
	EXPECT(w->s->t, !put(va, 0), "stormer %u: it is writable", w->number);
	check_own(w, level, value);
	EXPECT_EQ(w->s->t, mm_protect(mm, va, end, RW), 0);
	EXPECT_EQ(w->s->t, mm_unmap(mm, va, va + PAGE_SIZE), 0);
	EXPECT_EQ(w->s->t, get(va), NO_VALUE);
	EXPECT_EQ(w->s->t, map_anon(mm, va, PAGE_SIZE, RW), 0);
	put_own(w, level, value);
}

/* The address space of some place; the caller has a hold. */
static struct mm *some_space(struct stormer *w)
{
	struct place *p = &w->s->place[rand_below(&w->r, PLACES)];
	struct mm *mm;

	spin_lock(&p->lock);
	mm = p->mm;
	mm_get(mm);
	spin_unlock(&p->lock);
	return mm;
}

static void in_space(struct stormer *w, u32 level)
{
	vaddr_t va = own_address(w, level);
	struct mm *before = current->mm, *mm = some_space(w);
	u64 value = rand_next(&w->r) >> 1;

	if (before != NULL)
		mm_get(before);
	use(mm);
	EXPECT_EQ(w->s->t, map_anon(mm, va, OWN_PAGES * PAGE_SIZE, RW), 0);
	put_own(w, level, value);
	inside(w, level);
	check_own(w, level, value);
	switch (rand_below(&w->r, 4)) {
	case 0:
		fork_space(w, level, mm, value);
		break;
	case 1:
		change_rights(w, level, mm, value);
		break;
	}
	EXPECT_EQ(w->s->t, mm_unmap(mm, va, va + OWN_PAGES * PAGE_SIZE), 0);
	EXPECT_EQ(w->s->t, get(va), NO_VALUE);
	use(before);
	mm_put(mm);
	if (before != NULL)
		mm_put(before);
}

/* A new address space takes a place; the old one ends with its last user, wherever. */
static void renew_space(struct stormer *w, u32 level)
{
	struct place *p = &w->s->place[rand_below(&w->r, PLACES)];
	struct mm *mm = mm_create(), *old;

	(void)level;
	EXPECT(w->s->t, mm != NULL, "no memory for an address space");
	if (mm == NULL)
		return;
	spin_lock(&p->lock);
	old = p->mm;
	p->mm = mm;
	spin_unlock(&p->lock);
	mm_put(old);
}

/* --- others ------------------------------------------------------------------------------- */

static struct cpumask some_cpus(struct rand *r)
{
	struct cpumask mask = { 0 };
	u32 cpu;

	for_each_cpu (cpu, &storm.cpus)
		if (rand_below(r, 3) == 0)
			cpumask_set(&mask, cpu);
	if (cpumask_empty(&mask))
		mask = storm.cpus;
	return mask;
}

static u32 some_cpu(struct rand *r)
{
	u32 cpu = cpumask_first(&storm.cpus);

	for (u64 i = rand_below(r, cpumask_weight(&storm.cpus)); i > 0; i--)
		cpu = cpumask_next(&storm.cpus, cpu);
	return cpu;
}

/* -EINVAL: none of those CPUs is up. */
static void move_itself(struct stormer *w, u32 level)
{
	struct cpumask mask = some_cpus(&w->r);
	u32 sections = this_cpu_read(migrate_count);
	int err = thread_set_affinity(w->thread, &mask);

	(void)level;
	EXPECT(w->s->t, err == -EINVAL || err == (sections != 0 ? -EBUSY : 0), "%s", err_name(err));
}

/* In an interrupt, or in its place: on top of the mappings of whoever runs. */
static void answer(void *arg)
{
	u64 *p[IN_IRQ];

	for (u32 i = 0; i < IN_IRQ; i++)
		p[i] = kmap_local_page(storm.page);
	EXPECT_EQ(storm.t, *p[IN_IRQ - 1], word_of(STORMERS_MAX, 0, 0));
	for (u32 i = IN_IRQ; i-- > 0;)
		kunmap_local(p[i]);
	count_call(arg);
}

static void call_others(struct stormer *w, u32 level)
{
	struct cpumask mask = some_cpus(&w->r);
	u32 cpu = cpumask_first(&mask);
	u64 ran = 0;

	(void)level;
	if (rand_below(&w->r, 4) == 0) {
		run_on_cpus(&mask, answer, &ran);
		EXPECT(w->s->t, ran <= cpumask_weight(&mask), "%lu calls too many", ran);
	} else {
		bool runs = run_on_cpu(cpu, answer, &ran) == 0;

		EXPECT_EQ(w->s->t, ran, runs);
	}
}

static void on_time(struct timer *t)
{
	__atomic_fetch_add(&container_of(t, struct stormer, timer)->expired, 1, __ATOMIC_RELAXED);
}

/* It expires or is cancelled: one of them. */
static void race_timer(struct stormer *w, u32 level)
{
	u64 before = __atomic_load_n(&w->expired, __ATOMIC_RELAXED);
	bool cancelled;

	timer_start(&w->timer, time_ns() + rand_below(&w->r, A_MOMENT));
	pass_time(w, level);
	cancelled = timer_cancel(&w->timer);
	EXPECT_EQ(w->s->t, __atomic_load_n(&w->expired, __ATOMIC_RELAXED) + cancelled, before + 1);
}

static void ring(struct stormer *w, u32 level)
{
	(void)level;
	w->rung++;
	complete(&w->s->stormer[rand_below(&w->r, w->s->n)]->bell);
}

static void listen(struct stormer *w, u32 level)
{
	int err = wait_for_completion_timeout(&w->bell, time_ns() + rand_below(&w->r, A_MOMENT));

	(void)level;
	EXPECT(w->s->t, err == 0 || err == -ETIMEDOUT, "%s", err_name(err));
	w->heard += err == 0;
}

struct child {
	struct stormer *parent;
	struct rand r;
	struct mm *mm;
};

/* Its parent's page in a mapping of its own, over a sleep. */
static int be_child(void *arg)
{
	struct child *c = arg;
	struct stormer *w = c->parent;
	const u64 *p = kmap_local_page(w->source);

	use(c->mm);
	sleep_ns(rand_below(&c->r, A_MOMENT));
	EXPECT_EQ(w->s->t, *p, word_of(w->number, HELD_MAX, 0));
	use(NULL);
	kunmap_local(p);
	return (int)w->number;
}

/* Anywhere, or on one CPU, which may be down. */
static void make_child(struct stormer *w, u32 level)
{
	struct child c = { .parent = w, .mm = current->mm };
	u32 cpu = some_cpu(&w->r);
	struct thread *t;

	if (!enter(&w->s->children, CHILDREN_MAX))
		return;
	rand_seed(&c.r, rand_next(&w->r));
	t = rand_below(&w->r, 2) == 0 ? thread_create_on(cpu, "child", be_child, &c)
				      : thread_create("child", be_child, &c);
	EXPECT(w->s->t, t != NULL, "no memory for a thread");
	if (t != NULL) {
		thread_start(t);
		pass_time(w, level);
		EXPECT_EQ(w->s->t, thread_join(t), w->number);
	}
	leave(&w->s->children);
}

/* --- who storms ----------------------------------------------------------------------------- */

static void act(struct stormer *w, u32 level)
{
	static void (*const around[])(struct stormer * w, u32 level) = {
		with_mappings, with_mappings, in_section, with_mutex, in_space,
	};
	static void (*const within[])(struct stormer * w, u32 level) = {
		pass_time, pass_time,	copy_page, copy_page, renew_space, move_itself,
		ring,	   call_others, listen,	   listen,    race_timer,  make_child,
	};

	if (level < LEVELS && rand_below(&w->r, 3) != 0)
		around[rand_below(&w->r, ARRAY_SIZE(around))](w, level);
	else
		within[rand_below(&w->r, ARRAY_SIZE(within))](w, level);
	check_held(w);
}

static int be_stormer(void *arg)
{
	struct stormer *w = arg;
	u32 cpu = this_cpu_read(cpu_id);

	do {
		u32 now;

		act(w, 0);
		now = this_cpu_read(cpu_id);
		w->moves += now != cpu;
		cpu = now;
		w->steps++;
	} while (!READ_ONCE(w->s->over));
	return 0;
}

static void meddle_with(struct stormer *w, struct rand *r)
{
	struct cpumask mask = some_cpus(r);
	int err = thread_set_affinity(w->thread, &mask);

	EXPECT(w->s->t, err == 0 || err == -EINVAL, "%s", err_name(err));
	/* Not above the operator's helpers, who wait for each other by yielding. */
	thread_set_priority(w->thread, PRIORITY_DEFAULT - (u32)rand_below(r, 4));
	thread_wake(w->thread);
}

static int be_meddler(void *arg)
{
	struct rand *r = arg;

	do {
		meddle_with(storm.stormer[rand_below(r, storm.n)], r);
		sleep_ns(rand_below(r, A_MOMENT));
	} while (!READ_ONCE(storm.calm));
	return 0;
}

static void take_down(struct rand *r, u32 cpu)
{
	int err = cpu_down(cpu, rand_below(r, 3) == 0 ? 1 + rand_below(r, SHORT_NS) : LONG_NS);

	EXPECT(storm.t, err == 0 || err == -EBUSY || err == -ENODEV, "CPU %u: %s", cpu,
	       err_name(err)); /* -ENODEV: it is down already */
	EXPECT(storm.t, err != 0 || !cpumask_test(&cpus_online, cpu), "CPU %u is online", cpu);
	storm.downs += err == 0;
	storm.busy += err == -EBUSY;
}

static void bring_up(u32 cpu)
{
	int err = cpu_up(cpu);

	EXPECT(storm.t, err == 0 || err == -EEXIST, "CPU %u: %s", cpu, err_name(err));
	EXPECT(storm.t, cpumask_test(&cpus_online, cpu), "CPU %u is not online", cpu);
}

/* The boot CPU is the first to go. */
static int be_operator(void *arg)
{
	struct rand *r = arg;
	u32 cpu = BOOT_CPU;

	do {
		for (u64 i = rand_below(r, DOWN_MAX); i > 0; i--) {
			take_down(r, cpu);
			cpu = some_cpu(r);
		}
		take_down(r, cpu);
		sleep_ns(rand_below(r, 10 * A_MOMENT));
		for_each_cpu (cpu, &storm.cpus)
			if (!cpumask_test(&cpus_online, cpu))
				bring_up(cpu);
		cpu = some_cpu(r);
	} while (!READ_ONCE(storm.calm));
	return 0;
}

/* --- the test --------------------------------------------------------------------------------- */

struct account {
	u64 cpus, free, pgds, records, threads;
};

/* Nobody runs on an address space. */
static struct account account(void)
{
	struct page_alloc_stats k, u;

	on_each_cpu(give_slots_back, NULL);
	kmalloc_shrink();
	page_alloc_stats(ZONE_KERNEL, &k);
	page_alloc_stats(ZONE_USER, &u);
	return (struct account){
		.cpus = cpumask_weight(&cpus_online),
		.free = k.free + k.pcp + u.free + u.pcp,
		.pgds = pgd_pages_now(),
		.records = slot_pages(),
		.threads = thread_count(),
	};
}

static void compare(struct test *t, const struct account *a, const struct account *b)
{
	EXPECT_EQ(t, b->cpus, a->cpus);
	EXPECT_EQ(t, b->free, a->free);
	EXPECT_EQ(t, b->pgds, a->pgds);
	EXPECT_EQ(t, b->records, a->records);
	EXPECT_EQ(t, b->threads, a->threads);
	EXPECT(t, cpumask_equal(&cpus_online, &storm.cpus), "other CPUs are online than before");
	test_note("before and after: %lu, %lu CPUs; %lu, %lu pages free; %lu, %lu PGD pages; "
		  "%lu, %lu pages of records; %lu, %lu threads",
		  a->cpus, b->cpus, a->free, b->free, a->pgds, b->pgds, a->records, b->records,
		  a->threads, b->threads);
}

static struct stormer *make_stormer(u32 number, u64 seed)
{
	struct stormer *w = kzalloc(sizeof(*w));
	bool made = w != NULL;

	if (!made)
		return NULL;
	w->s = &storm;
	w->number = number;
	rand_seed(&w->r, seed);
	completion_init(&w->bell);
	timer_init(&w->timer, on_time);
	for (u32 n = 0; n < HELD_MAX; n++) {
		w->page[n] = make_page(number, n);
		made = made && w->page[n] != NULL;
	}
	w->source = make_page(number, HELD_MAX);
	w->copy = make_page(number, HELD_MAX + 1);
	w->thread = thread_create("stormer", be_stormer, w);
	if (!made || w->source == NULL || w->copy == NULL || w->thread == NULL)
		panic("cpu.storm: no memory for stormer %u", number);
	return w;
}

static void make_all(struct rand *r)
{
	static const char *const names[] = { "first", "second", "third", "fourth" };

	storm.page = make_page(STORMERS_MAX, 0);
	for (u32 i = 0; i < ARRAY_SIZE(storm.mutex); i++)
		mutex_init(&storm.mutex[i], names[i], MUTEX_RANK_TEST_FIRST + i);
	for (u32 i = 0; i < PLACES; i++) {
		spin_init(&storm.place[i].lock, "place", LOCK_RANK_TEST_OUTER);
		storm.place[i].mm = mm_create();
		if (storm.page == NULL || storm.place[i].mm == NULL)
			panic("cpu.storm: no memory for address spaces");
	}
	for (u32 i = 0; i < storm.n; i++)
		storm.stormer[i] = make_stormer(i, rand_next(r));
}

/* Nobody was lost: all have done something, and who was rung for has heard it, or can yet. */
static void end_stormers(struct test *t)
{
	u64 rung = 0, heard = 0, steps = 0, sections = 0, moves = 0;

	for (u32 i = 0; i < storm.n; i++) {
		struct stormer *w = storm.stormer[i];

		EXPECT_EQ(t, thread_join(w->thread), 0);
		EXPECT(t, w->steps != 0, "stormer %u did nothing", i);
		rung += w->rung;
		steps += w->steps;
		sections += w->sections;
		moves += w->moves;
	}
	for (u32 i = 0; i < storm.n; i++)
		heard += storm.stormer[i]->heard + storm.stormer[i]->bell.done;
	EXPECT_EQ(t, heard, rung);
	test_note("%u stormers: %lu steps, %lu sections, %lu moves, %lu rings; CPUs went %lu "
		  "times, and %lu times not",
		  storm.n, steps, sections, moves, rung, storm.downs, storm.busy);
}

static void free_all(void)
{
	for (u32 i = 0; i < storm.n; i++) {
		struct stormer *w = storm.stormer[i];

		for (u32 n = 0; n < HELD_MAX; n++)
			free_page(w->page[n]);
		free_page(w->source);
		free_page(w->copy);
		kfree(w);
	}
	for (u32 i = 0; i < PLACES; i++)
		mm_put(storm.place[i].mm);
	free_page(storm.page);
}

/* Meddlers and the operator end first: they need the stormers. */
static void rage(struct test *t, struct rand *r, u64 ns)
{
	struct thread *others[MEDDLERS + 1];
	struct rand seeds[MEDDLERS + 1];

	make_all(r);
	for (u32 i = 0; i <= MEDDLERS; i++) {
		rand_seed(&seeds[i], rand_next(r));
		others[i] = i < MEDDLERS ? thread_create("meddler", be_meddler, &seeds[i])
					 : thread_create("operator", be_operator, &seeds[i]);
		if (others[i] == NULL)
			panic("cpu.storm: no memory for a thread");
	}
	for (u32 i = 0; i < storm.n; i++)
		thread_start(storm.stormer[i]->thread);
	for (u32 i = 0; i <= MEDDLERS; i++)
		thread_start(others[i]);
	sleep_ns(ns);
	WRITE_ONCE(storm.calm, true);
	for (u32 i = 0; i <= MEDDLERS; i++)
		thread_join(others[i]);
	WRITE_ONCE(storm.over, true);
	end_stormers(t);
	free_all();
}

static int do_nothing(void *arg)
{
	(void)arg;
	return 0;
}

/* As many threads as there may be at once: their stacks are kept. */
static void make_stacks(struct test *t, u32 n)
{
	struct thread **threads = kmalloc(n * sizeof(*threads));
	u32 made = 0;

	while (threads != NULL && made < n) {
		threads[made] = thread_create("stack", do_nothing, NULL);
		if (threads[made] == NULL)
			break;
		thread_start(threads[made++]);
	}
	EXPECT(t, made == n, "no memory for %u threads", n);
	while (made > 0)
		thread_join(threads[--made]);
	kfree(threads);
}

static int check_cpu(void *arg)
{
	check_works(arg);
	return 0;
}

/* The first storm is short: caches have their slabs then, threads their stacks. */
TEST("cpu.storm", nothing_is_lost, .limit_ms = LIMIT_MS)
{
	u32 n = cpumask_weight(&cpus_online), before = limit_slots(MIN(asids, SLOTS_SCARCE));
	struct storm fresh = { .t = t, .n = MIN(STORMERS * n, STORMERS_MAX), .cpus = cpus_online };
	struct account counted, now;
	struct rand r = test_rand(t);

	make_stacks(t, fresh.n + MEDDLERS + CHILDREN_MAX + 2);
	storm = fresh;
	rage(t, &r, WARM_UP_NS);
	counted = account();
	storm = fresh;
	rage(t, &r, options.stress != 0 ? options.stress * NS_PER_SEC : STORM_NS);
	now = account();
	compare(t, &counted, &now);
	limit_slots(before);
	if (n > 1)
		operate_on_some(t, check_cpu);
}

/* --- who never blocks ------------------------------------------------------------------------- */

#define SPINNERS    3u
#define SPIN_CYCLES 40u
#define GIVE_WAY_NS (2 * NS_PER_SEC) /* far more than it takes */

static int spin(void *over)
{
	while (!READ_ONCE(*(bool *)over))
		cpu_pause();
	return 0;
}

/* Those that belong there come back when they are switched out elsewhere. */
static int take_from_spinners(void *arg)
{
	static struct storm_clock clock;
	struct operation *o = arg;
	struct rand r = test_rand(o->t);

	storm_start(&clock, SPIN_CYCLES);
	while (storm_step_due(&clock) && !test_failed(o->t)) {
		EXPECT_EQ(o->t, cpu_down(o->cpu, GIVE_WAY_NS), 0);
		EXPECT_EQ(o->t, cpu_up(o->cpu), 0);
		sleep_ns(rand_below(&r, 10 * A_MOMENT));
	}
	return 0;
}

/* They are on a CPU that goes, run or wait for their turn, and never give way by themselves. */
TEST("cpu.storm", spinners_give_way, .cpus = 3)
{
	u32 cpu = cpumask_next(&cpus_online, BOOT_CPU), n = 0;
	struct thread *threads[SPINNERS];
	bool over = false;

	for (; n < SPINNERS; n++) {
		threads[n] = thread_create_on(cpu, "spinner", spin, &over);
		EXPECT(t, threads[n] != NULL, "no memory for a thread");
		if (threads[n] == NULL)
			break;
		thread_set_priority(threads[n],
				    PRIORITY_LOW); /* they run beside others, elsewhere */
		thread_start(threads[n]);
	}
	operate(t, cpu, take_from_spinners);
	WRITE_ONCE(over, true);
	while (n > 0)
		thread_join(threads[--n]);
}
