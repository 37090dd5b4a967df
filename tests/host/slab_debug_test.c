/* SPDX-License-Identifier: MIT */
/*
 * tests/host/slab_debug_test.c - misuse of objects that debug builds must catch: each
 * test ends in a panic that names cache, object and place.
 */
#include "tests/host/cmocka_host.h"

#include "mm/page_alloc.h"
#include "mm/poison.h"
#include "mm/slab.h"
#include "tests/host/fake/machine.h"
#include "tests/host/host_panic.h"

#define FRAMES 256
#define SIZE   40

static struct kmem_cache cache, other;
static char *victim;

static int start(void **state)
{
	(void)state;
	machine_start();
	page_alloc_init(false);
	machine_add_ram(1 * MIB, 1 * MIB + FRAMES * PAGE_SIZE, true);
	assert_int_equal(page_alloc_add_range(ZONE_KERNEL, 1 * MIB, 1 * MIB + FRAMES * PAGE_SIZE),
			 0);
	kmem_cache_init(&cache, "victims", SIZE, 8);
	kmem_cache_init(&other, "others", SIZE, 8);
	victim = kmem_cache_alloc(&cache);
	assert_non_null(victim);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	machine_after_panic();
	kmem_shrink();
	machine_stop();
	return 0;
}

/* The panic's message has @text, and the victim's address. */
static void message_has(const char *text)
{
	char address[32];

	snprintf(address, sizeof(address), "%p", (void *)victim);
	if (!strstr(host_panic_message, text) || !strstr(host_panic_message, address))
		fail_msg("panic says \"%s\"", host_panic_message);
	machine_after_panic();
}

static void test_overrun(void **state)
{
	(void)state;
	victim[SIZE] = 0x41;
	expect_panic("cache victims: right red zone", kmem_cache_free(&cache, victim));
	message_has("offset 40 is 0x41, expected 0x9e");
}

static void test_overrun_past_red_zone(void **state)
{
	(void)state;
	memset(victim + SIZE + 8, POISON_RED, 64);
	expect_panic("the word behind its red zone", kmem_cache_free(&cache, victim));
	message_has("cache victims");
}

static void test_underrun(void **state)
{
	(void)state;
	victim[-1] = 0;
	expect_panic("cache victims: left red zone", kmem_cache_free(&cache, victim));
	message_has("offset -1 is 0, expected 0x9e");
}

/* The free list's next object is the one freed last. */
static void test_write_after_free(void **state)
{
	(void)state;
	kmem_cache_free(&cache, victim);
	assert_int_equal((u8)victim[0], POISON_FREE);
	victim[17] = 3;
	expect_panic("cache victims: free memory", assert_null(kmem_cache_alloc(&cache)));
	message_has("offset 17 is 0x3, expected 0xd5");
}

static void test_overrun_while_free(void **state)
{
	(void)state;
	kmem_cache_free(&cache, victim);
	victim[SIZE + 1] = 3;
	expect_panic("right red zone", assert_null(kmem_cache_alloc(&cache)));
	message_has("offset 41");
}

static void test_double_free(void **state)
{
	(void)state;
	kmem_cache_free(&cache, victim);
	expect_panic("cache victims: double free", kmem_cache_free(&cache, victim));
	message_has("freed from");
}

static void test_wrong_cache(void **state)
{
	(void)state;
	expect_panic("cache others: free of object", kmem_cache_free(&other, victim));
	message_has("it belongs to cache victims");
	expect_panic("kfree of object", kfree(victim));
	message_has("it belongs to cache victims");
}

static void test_inside_object(void **state)
{
	(void)state;
	victim += 8;
	expect_panic("not the start of an object", kmem_cache_free(&cache, victim));
	message_has("cache victims");
}

static void test_not_a_slab(void **state)
{
	struct page *page = alloc_page(ZONE_KERNEL);

	(void)state;
	victim = page_address(page);
	expect_panic("is allocated", kmem_cache_free(&cache, victim));
	message_has("cache victims: free of");
	expect_panic("is allocated", kfree(victim));
	message_has("kfree of");
}

static void test_fresh_object(void **state)
{
	(void)state;
	for (u32 i = 0; i < SIZE; i++)
		assert_int_equal((u8)victim[i], POISON_NEW);
}

static void test_leak(void **state)
{
	char site[32];

	(void)state;
	victim = kmem_cache_alloc_from(&other, (void *)0xabcd);
	expect_panic("cache others is destroyed with 1 objects", kmem_cache_destroy(&other));
	snprintf(site, sizeof(site), "allocated from %p", (void *)0xabcd);
	message_has(site);
}

static void test_kmalloc_overrun(void **state)
{
	(void)state;
	victim = kmalloc(64);
	victim[64] = 1;
	expect_panic("cache kmalloc-64: right red zone", kfree(victim));
	message_has("offset 64");
	victim[64] = (char)POISON_RED;
	kfree(victim);
	expect_panic("cache kmalloc-64: double free", kfree(victim));
	message_has("kmalloc-64");
}

/* The class has room for 32 bytes; 20 were asked for. */
static void test_kmalloc_slack(void **state)
{
	(void)state;
	victim = kmalloc(20);
	victim[20] = 1;
	expect_panic("cache kmalloc-32: right red zone", kfree(victim));
	message_has("offset 20 is 0x1, expected 0x9e");
	victim[20] = (char)POISON_RED;
	kfree(victim);
	victim = kmalloc(32);
	victim[31] = 1;
	kfree(victim);
}

static void test_kmalloc_pages(void **state)
{
	const size_t size = 3 * PAGE_SIZE - 5;
	char *piece = kmalloc(size);

	(void)state;
	expect_panic("inside the piece", kfree(piece + PAGE_SIZE));
	victim = piece;
	piece[size] = 0;
	expect_panic("offset 12283 is 0, expected 0x9e", kfree(piece));
	message_has("12283 bytes is damaged");
	piece[size] = (char)POISON_RED;
	kfree(piece);
	expect_panic("is free", kfree(piece));
}

/* The slab itself goes back: its pages are the page allocator's to watch. */
static void test_write_after_slab_is_gone(void **state)
{
	(void)state;
	kmem_cache_free(&cache, victim);
	kmem_cache_destroy(&cache);
	victim[0] = 1;
	expect_panic("was written to", while (alloc_page(ZONE_KERNEL)));
}

static void test_bad_shapes(void **state)
{
	(void)state;
	kmem_cache_init(&cache, "none", 0, 8);
	expect_panic("cache none: objects of 0 bytes", assert_null(kmem_cache_alloc(&cache)));
	machine_after_panic();
	kmem_cache_init(&cache, "odd", 8, 24);
	expect_panic("aligned to 24", assert_null(kmem_cache_alloc(&cache)));
	machine_after_panic();
	kmem_cache_init(&cache, "huge", 40000, 8);
	expect_panic("objects of 40000 bytes are too large", assert_null(kmem_cache_alloc(&cache)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_overrun, start, stop),
		cmocka_unit_test_setup_teardown(test_overrun_past_red_zone, start, stop),
		cmocka_unit_test_setup_teardown(test_underrun, start, stop),
		cmocka_unit_test_setup_teardown(test_write_after_free, start, stop),
		cmocka_unit_test_setup_teardown(test_overrun_while_free, start, stop),
		cmocka_unit_test_setup_teardown(test_double_free, start, stop),
		cmocka_unit_test_setup_teardown(test_wrong_cache, start, stop),
		cmocka_unit_test_setup_teardown(test_inside_object, start, stop),
		cmocka_unit_test_setup_teardown(test_not_a_slab, start, stop),
		cmocka_unit_test_setup_teardown(test_fresh_object, start, stop),
		cmocka_unit_test_setup_teardown(test_leak, start, stop),
		cmocka_unit_test_setup_teardown(test_kmalloc_overrun, start, stop),
		cmocka_unit_test_setup_teardown(test_kmalloc_slack, start, stop),
		cmocka_unit_test_setup_teardown(test_kmalloc_pages, start, stop),
		cmocka_unit_test_setup_teardown(test_write_after_slab_is_gone, start, stop),
		cmocka_unit_test_setup_teardown(test_bad_shapes, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
