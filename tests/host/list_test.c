/* SPDX-License-Identifier: MIT */
/* tests/host/list_test.c - order, removal, and the refusal of CPU-local addresses. */
#include "tests/host/cmocka_host.h"
#include "lib/list.h"
#include "tests/host/host_panic.h"

struct item {
	int value;
	struct list_node node;
};

static const void *cpu_local;

bool list_address_ok(const void *p)
{
	return p != cpu_local;
}

static void check(struct list_node *head, const char *expected)
{
	struct item *item;
	char text[32];
	size_t n = 0;

	list_for_each_entry (item, head, node)
		text[n++] = (char)('0' + item->value);
	text[n] = '\0';
	assert_string_equal(text, expected);
}

static void test_order(void **state)
{
	struct item items[4] = { { .value = 0 }, { .value = 1 }, { .value = 2 }, { .value = 3 } };
	struct list_node head = LIST_INIT(head);
	struct item *item, *next;

	(void)state;
	assert_true(list_empty(&head));
	list_add_tail(&items[1].node, &head);
	list_add_tail(&items[2].node, &head);
	list_add(&items[0].node, &head);
	list_add_tail(&items[3].node, &head);
	check(&head, "0123");
	assert_ptr_equal(list_first(&head, struct item, node), &items[0]);
	list_del(&items[2].node);
	assert_true(list_empty(&items[2].node));
	list_del(&items[2].node);
	check(&head, "013");
	list_for_each_entry_safe (item, next, &head, node)
		list_del(&item->node);
	assert_true(list_empty(&head));
}

static void test_cpu_local_is_refused(void **state)
{
	struct list_node head = LIST_INIT(head);
	struct item item;

	(void)state;
	cpu_local = &item.node;
	expect_panic("CPU-local address", list_add(&item.node, &head));
	cpu_local = &head;
	expect_panic("CPU-local address", list_add_tail(&item.node, &head));
	assert_true(list_empty(&head));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_cpu_local_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
