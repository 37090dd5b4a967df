/* SPDX-License-Identifier: MIT */
/* tests/host/glob_test.c - patterns, and a plain recursive matcher to compare with. */
#include "tests/host/cmocka_host.h"
#include "lib/glob.h"

static void test_plain(void **state)
{
	(void)state;
	assert_true(glob_match("", ""));
	assert_false(glob_match("", "a"));
	assert_false(glob_match("a", ""));
	assert_true(glob_match("mm.asid", "mm.asid"));
	assert_false(glob_match("mm.asid", "mm.asids"));
	assert_true(glob_match("*", ""));
	assert_true(glob_match("**", "abc"));
	assert_true(glob_match("mm.*", "mm."));
	assert_true(glob_match("*.?sid", "mm.asid"));
	assert_false(glob_match("?", ""));
	assert_true(glob_match("*ab*ab", "abxabab"));
	assert_false(glob_match("*ab*abc", "abxabab"));
}

static const struct {
	const char *patterns, *name, *group;
	bool chosen;
} lists[] = {
	{ "mm.*,arch.*", "arch.x", NULL, true },
	{ "mm.*,arch.*", "mm.x", NULL, true },
	{ "mm.*,arch.*", "ipc.x", NULL, false },
	{ "", "", NULL, false },
	{ ",,", "", NULL, false },
	{ ",,x,", "x", NULL, true },
	{ "a,b", "a,b", NULL, false },
	{ "mm.*,-mm.page*", "mm.page", NULL, false },
	{ "mm.*,-mm.page*", "mm.kmap", NULL, true },
	{ "-mm.page*,mm.*", "mm.page", NULL, true },
	{ "mm.*,-mm.*,mm.page", "mm.page", NULL, true },
	{ "-mm.*", "arch.x", NULL, false },
	{ "-", "-", NULL, false },
	{ "mm.page", "mm.page.split", "mm.page", true },
	{ "mm.page", "mm.page.split", NULL, false },
	{ "mm.*,-mm.page", "mm.page.split", "mm.page", false },
	{ "mm.*,-mm.page", "mm.pages.split", "mm.pages", true },
	{ "mm.page,-mm.page.join", "mm.page.split", "mm.page", true },
	{ "mm.page,-mm.page.split", "mm.page.split", "mm.page", false },
};

static void test_list(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (glob_match_list(lists[i].patterns, lists[i].name, lists[i].group) !=
		    lists[i].chosen)
			fail_msg("patterns %s, name %s, group %s", lists[i].patterns, lists[i].name,
				 lists[i].group != NULL ? lists[i].group : "none");
}

static bool match_slowly(const char *p, const char *t)
{
	if (*p == '*')
		return match_slowly(p + 1, t) || (*t != '\0' && match_slowly(p, t + 1));
	if (*p == '\0' || *t == '\0')
		return *p == *t;
	return (*p == '?' || *p == *t) && match_slowly(p + 1, t + 1);
}

static void random_text(char *to, const char *alphabet, int max)
{
	int n = rand() % max;

	for (int i = 0; i < n; i++)
		to[i] = alphabet[(size_t)rand() % strlen(alphabet)];
	to[n] = '\0';
}

static void test_random(void **state)
{
	char pattern[8], text[10];

	(void)state;
	srand(1);
	for (int i = 0; i < 200000; i++) {
		random_text(pattern, "ab*?", sizeof(pattern));
		random_text(text, "ab", sizeof(text));
		if (glob_match(pattern, text) != match_slowly(pattern, text))
			fail_msg("pattern %s, text %s", pattern, text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
