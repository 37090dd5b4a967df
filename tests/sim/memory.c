/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/memory.c - see memory.h.  A frame is taken at random among the free ones, so
 * that one is often reused soon; a free one is full of words that look like entries.
 */
#include <string.h>
#include <sys/mman.h>

#include "arch/x86_64/pti.h"
#include "mm/kspace.h"
#include "mm/page_alloc.h"
#include "mm/page_zero.h"
#include "mm/slab.h"
#include "tests/sim/machine.h"
#include "tests/sim/memory.h"
#include "tests/sim/sanitizer.h"
#include "tests/sim/tlb.h"

#define FREE_BYTE   0xfb
#define REUSE_LAST  8u	 /* one in so many allocations takes the frame freed last */
#define CHOICE	    256u /* one of the last so many freed is taken */
#define HEAP_BYTES  (32 * MIB)
#define OBJECT_GAP  32u /* bytes that nobody may touch between objects */
#define FREE_OBJECT 0x6b

char sim_page_array[SIM_RAM_FRAMES * sizeof(struct page)] ALIGNED(64);

static u32 free_frames[SIM_RAM_FRAMES];
static u32 free_places[SIM_RAM_SMALL]; /* where a free frame is in free_frames */
static u32 free_count;
static u32 lowest_place;	/* of free_frames that was ever changed since the last reset */
static u32 run_users[SIM_RUNS]; /* frames of each run that are allocated */
static u32 ages[SIM_RAM_FRAMES], run_ages[SIM_RUNS]; /* raised when freed */
static bool run_touched[SIM_RUNS];
static struct page *kernel_root;

/* Objects of one schedule; none is reused in it, so that a use after free is seen. */
static char *heap, *heap_next;

void memory_init(void)
{
	void *want = (void *)SIM_RAM_BASE;
	void *got = mmap(want, SIM_RAM_FRAMES * PAGE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	ASSERT(got == want, "no memory at %p", want);
	for (u32 n = 0; n < SIM_RAM_SMALL; n++)
		memset(phys_to_virt(n * PAGE_SIZE), FREE_BYTE, PAGE_SIZE);
	heap = mmap(NULL, HEAP_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT(heap != MAP_FAILED, "no memory for objects");
	heap_next = heap;
	poison(heap, HEAP_BYTES);
}

static void free_place(u32 n)
{
	free_places[n] = free_count;
	free_frames[free_count++] = n;
}

/* Only what has been in use is touched: the list of free frames is longer than a cache. */
static void reset_frames(void)
{
	for (free_count = lowest_place; free_count < SIM_RAM_SMALL - 1;) {
		u32 n = (u32)SIM_RAM_SMALL - 1 - free_count;

		if (pfn_to_page(n)->refcount != 0)
			memset(phys_to_virt(n * PAGE_SIZE), FREE_BYTE, PAGE_SIZE);
		pfn_to_page(n)->refcount = 0;
		free_place(n);
	}
	lowest_place = free_count;
}

void memory_reset(void)
{
	reset_frames();
	memset(run_users, 0, sizeof(run_users));
	for (u32 run = 0; run < SIM_RUNS; run++)
		if (run_touched[run])
			memset(pfn_to_page(SIM_RAM_SMALL + ((u64)run << SIM_RUN_ORDER)), 0,
			       sizeof(struct page) << SIM_RUN_ORDER);
	memset(run_touched, 0, sizeof(run_touched));
	poison(heap, (u64)(heap_next - heap));
	heap_next = heap;
	kernel_root = alloc_pages(ZONE_KERNEL, pti_pgd_order());
	memset(page_address(kernel_root), 0, PAGE_SIZE << pti_pgd_order());
}

u32 memory_in_use(void)
{
	u32 n = (u32)SIM_RAM_SMALL - 1 - free_count;

	for (u32 run = 0; run < SIM_RUNS; run++)
		n += run_users[run];
	return n;
}

/* The run that @page is in. */
static u32 run_of(const struct page *page)
{
	return (u32)((page_to_pfn(page) - SIM_RAM_SMALL) >> SIM_RUN_ORDER);
}

static struct page *alloc_run(void)
{
	for (u32 run = 0; run < SIM_RUNS; run++) {
		struct page *first = pfn_to_page(SIM_RAM_SMALL + ((u64)run << SIM_RUN_ORDER));

		if (run_users[run] != 0)
			continue;
		first->refcount = 1;
		run_touched[run] = true;
		return first;
	}
	return NULL;
}

void page_split(struct page *block, unsigned order)
{
	for (u64 i = 0; i < BIT(order); i++) {
		block[i].refcount = 1;
		block[i].zone = ZONE_USER;
	}
	run_users[run_of(block)] = 1u << order;
}

static void free_small(struct page *page)
{
	memset(page_address(page), FREE_BYTE, PAGE_SIZE);
	free_place((u32)page_to_pfn(page));
}

/* The last reference to each of the @n frames from @first on is dropped. */
static void free_frames_from(struct page *first, u64 n)
{
	sim_drain(); /* the allocator's lock */
	for (u64 i = 0; i < n; i++) {
		first[i].refcount = 0;
		ages[page_to_pfn(first) + i]++;
	}
	if (page_to_pfn(first) < SIM_RAM_SMALL) {
		free_small(first);
	} else {
		run_users[run_of(first)] -= (u32)n;
		run_ages[run_of(first)]++;
	}
	tlb_frames_freed(page_to_phys(first), n * PAGE_SIZE);
}

bool memory_is(paddr_t pa, bool table)
{
	const struct page *page;

	if (pa >= SIM_RAM_FRAMES * PAGE_SIZE)
		return false;
	page = phys_to_page(pa);
	return page->refcount != 0 && page->zone == (table ? ZONE_KERNEL : ZONE_USER);
}

u32 memory_age(paddr_t pa, bool run)
{
	const struct page *page = phys_to_page(pa);

	return run && page_to_pfn(page) >= SIM_RAM_SMALL ? run_ages[run_of(page)]
							 : ages[page_to_pfn(page)];
}

/* Now and then, so that slots are taken and spare pages used while others are free. */
bool page_alloc_is_low(void)
{
	return sim_chance(4);
}

static struct page *take(u32 at, enum zone_id zone)
{
	struct page *page = pfn_to_page(free_frames[at]);

	lowest_place = MIN(lowest_place, at);
	free_frames[at] = free_frames[--free_count];
	free_places[free_frames[at]] = at;
	page->refcount = 1;
	page->zone = (u8)zone;
	return page;
}

static bool is_free(u32 pfn)
{
	return pfn < SIM_RAM_SMALL && pfn_to_page(pfn)->refcount == 0;
}

/* One of those that were freed last. */
static u32 some_free(void)
{
	return free_count - 1 - sim_random(MIN(free_count, CHOICE));
}

/* Two neighbours, the first even: from a random place on. */
static struct page *alloc_pair(enum zone_id zone)
{
	u32 first = some_free();

	for (u32 i = 0; i < free_count; i++) {
		u32 pfn = free_frames[(first + i) % free_count];

		if (pfn % 2 != 0 || !is_free(pfn + 1))
			continue;
		take(free_places[pfn], zone);
		take(free_places[pfn + 1], zone);
		return pfn_to_page(pfn);
	}
	sim_fail("no pair among %u free frames", free_count);
}

struct page *alloc_pages(enum zone_id preferred, unsigned order)
{
	if (order == SIM_RUN_ORDER)
		return alloc_run();
	if (order == 1)
		return alloc_pair(preferred);
	ASSERT(order == 0 && free_count > 0, "order %u, %u frames free", order, free_count);
	return take(sim_chance(REUSE_LAST) ? free_count - 1 : some_free(), preferred);
}

struct page *page_alloc_pop(enum zone_id zone)
{
	return alloc_pages(zone, 0);
}

void free_pages(struct page *page, unsigned order)
{
	ASSERT(order <= 1, "order %u", order);
	for (u64 i = 0; i < BIT(order); i++) {
		ASSERT(page[i].refcount == 1, "frame %lu, %u references", page_to_pfn(&page[i]),
		       page[i].refcount);
		free_frames_from(&page[i], 1);
	}
}

void put_page(struct page *page)
{
	ASSERT(page->refcount > 0, "frame %lu is free", page_to_pfn(page));
	if (page->refcount == 1)
		free_pages(page, 0);
	else
		page->refcount--;
}

/* A stretch at a time, because the oracles look at each. */
void put_page_run(struct page *first, unsigned order)
{
	u64 n = BIT(order), last = 0;

	for (u64 i = 0; i < n; i++) {
		ASSERT(first[i].refcount > 0, "frame %lu is free", page_to_pfn(first + i));
		if (first[i].refcount == 1) {
			last++;
			continue;
		}
		first[i].refcount--;
		if (last > 0)
			free_frames_from(first + i - last, last);
		last = 0;
	}
	if (last > 0)
		free_frames_from(first + n - last, last);
}

/* Programs do not look at what pages hold; which page it is, the oracles check. */
void page_zero(struct page *page)
{
	(void)page;
}

void page_copy(struct page *to, struct page *from)
{
	(void)to;
	(void)from;
}

paddr_t kspace_root(void)
{
	return page_to_phys(kernel_root);
}

bool list_address_ok(const void *p)
{
	(void)p;
	return true;
}

/* The size stands before it. */
void *kmalloc(size_t size)
{
	char *p = heap_next;

	heap_next += OBJECT_GAP + ALIGN_UP(size, OBJECT_GAP);
	if (heap_next > heap + HEAP_BYTES)
		sim_fail("objects of more than %lu bytes", HEAP_BYTES);
	unpoison(p, sizeof(size));
	memcpy(p, &size, sizeof(size));
	poison(p, sizeof(size));
	unpoison(p + OBJECT_GAP, size);
	return p + OBJECT_GAP;
}

void *kzalloc(size_t size)
{
	return memset(kmalloc(size), 0, size);
}

void kfree(const void *p)
{
	char *object = (char *)(u64)p, *start = object - OBJECT_GAP;
	size_t size;

	sim_drain(); /* the cache's lock */
	if (p == NULL)
		return;
	unpoison(start, sizeof(size));
	memcpy(&size, start, sizeof(size));
	poison(start, sizeof(size));
	memset(object, FREE_OBJECT, size);
	poison(object, size);
}

void *kmem_cache_alloc(struct kmem_cache *cache)
{
	return kmalloc(cache->size);
}

void *kmem_cache_zalloc(struct kmem_cache *cache)
{
	return kzalloc(cache->size);
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	(void)cache;
	kfree(object);
}
