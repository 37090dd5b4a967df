/* SPDX-License-Identifier: MIT */
/* tests/host/tar_test.c - a good archive, and each way in which one can be bad. */
#include "tests/host/cmocka_host.h"

#include "lib/err.h"
#include "lib/tar.h"

/* POSIX.1: the ustar header. */
struct header {
	char name[100];
	char mode[8], uid[8], gid[8];
	char size[12], mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6], version[2];
	char user[32], group[32];
	char major[8], minor[8];
	char prefix[155];
	char rest[12];
};

STATIC_ASSERT(sizeof(struct header) == TAR_BLOCK, "a header is a block");

#define BLOCKS 16

/* An archive under test: files are put into it, and then one thing may be spoilt. */
static struct header blocks[BLOCKS];
static size_t used; /* blocks */
static char why[TAR_WHY_MAX];

static void put_checksum(struct header *h)
{
	unsigned int sum = 0;

	memset(h->checksum, ' ', sizeof(h->checksum));
	for (size_t i = 0; i < sizeof(*h); i++)
		sum += ((const u8 *)h)[i];
	snprintf(h->checksum, sizeof(h->checksum), "%06o", sum);
}

static struct header *put_header(const char *name, char type, size_t size)
{
	struct header *h = &blocks[used++];

	memset(h, 0, sizeof(*h));
	strncpy(h->name, name, sizeof(h->name));
	snprintf(h->size, sizeof(h->size), "%011zo", size);
	h->type = type;
	memcpy(h->magic, "ustar", 6);
	memcpy(h->version, "00", 2);
	put_checksum(h);
	return h;
}

static struct header *put_file(const char *name, const char *text)
{
	struct header *h = put_header(name, '0', strlen(text));

	strcpy(h[1].name, text);
	used += DIV_ROUND_UP(strlen(text), TAR_BLOCK);
	return h;
}

/* Two files, a directory between them, and the end. */
static int make_good(void **state)
{
	(void)state;
	memset(blocks, 0, sizeof(blocks));
	used = 0;
	put_file("bin/first", "1st file");
	put_header("text/", '5', 0);
	put_file("text/second", "the second");
	used += 2;
	return 0;
}

#define FIRST	  (&blocks[0])
#define DIRECTORY (&blocks[2])
#define SECOND	  (&blocks[3])
#define END	  (&blocks[5])

/* In memory of just its size, so that the sanitizer sees any excess.  The files, or an error. */
static int count(size_t bytes)
{
	char *copy = malloc(bytes + 1);
	struct tar_reader r = { .archive = copy + 1, .size = bytes };
	struct tar_file file;
	int n = 0, found;

	memcpy(copy + 1, blocks, bytes);
	while ((found = tar_next(&r, &file, why, sizeof(why))) > 0)
		n++;
	free(copy);
	return found < 0 ? found : n;
}

static void assert_bad(const char *expected)
{
	strcpy(why, "nothing said");
	assert_int_equal(count(used * TAR_BLOCK), -EINVAL);
	if (strstr(why, expected) == NULL)
		fail_msg("\"%s\", not \"%s\"", why, expected);
	make_good(NULL);
}

static void test_good(void **state)
{
	struct tar_reader r = { .archive = blocks, .size = used * TAR_BLOCK };
	struct tar_file file;

	(void)state;
	assert_int_equal(tar_next(&r, &file, why, sizeof(why)), 1);
	assert_string_equal(file.name, "bin/first");
	assert_int_equal(file.size, 8);
	assert_memory_equal(file.data, "1st file", 8);
	assert_int_equal(tar_next(&r, &file, why, sizeof(why)), 1);
	assert_string_equal(file.name, "text/second");
	assert_ptr_equal(file.data, SECOND + 1);
	assert_int_equal(tar_next(&r, &file, why, sizeof(why)), 0);
	assert_int_equal(tar_next(&r, &file, why, sizeof(why)), 0);
}

static void test_find(void **state)
{
	struct tar_file file;

	(void)state;
	put_file("more", "not seen: behind the end");
	assert_int_equal(tar_find(blocks, used * TAR_BLOCK, "text/second", &file, why, sizeof(why)),
			 0);
	assert_int_equal(file.size, 10);
	assert_int_equal(tar_find(blocks, used * TAR_BLOCK, "bin/firs", &file, why, sizeof(why)),
			 -ENOENT);
	assert_int_equal(tar_find(blocks, used * TAR_BLOCK, "text/", &file, why, sizeof(why)),
			 -ENOENT);
	assert_int_equal(tar_find(blocks, used * TAR_BLOCK, "more", &file, why, sizeof(why)),
			 -ENOENT);
}

static void test_find_the_first_and_past_no_error(void **state)
{
	struct tar_file file;

	(void)state;
	strcpy(SECOND->name, "bin/first");
	put_checksum(SECOND);
	assert_int_equal(tar_find(blocks, used * TAR_BLOCK, "bin/first", &file, why, sizeof(why)),
			 0);
	assert_ptr_equal(file.data, FIRST + 1);
	SECOND->mode[0] ^= 1;
	assert_int_equal(tar_find(blocks, used * TAR_BLOCK, "bin/first", &file, why, sizeof(why)),
			 0);
	assert_int_equal(tar_find(blocks, used * TAR_BLOCK, "text/second", &file, why, sizeof(why)),
			 -EINVAL);
}

static void test_sizes(void **state)
{
	char text[2 * TAR_BLOCK + 1];

	(void)state;
	for (size_t size = TAR_BLOCK - 1; size <= 2 * TAR_BLOCK; size++) {
		struct tar_file file;

		memset(blocks, 0, sizeof(blocks));
		memset(text, 'x', size);
		text[size] = '\0';
		used = 0;
		put_file("some", text);
		put_file("none", "");
		used += 2;
		assert_int_equal(
			tar_find(blocks, used * TAR_BLOCK, "some", &file, why, sizeof(why)), 0);
		assert_int_equal(file.size, size);
		assert_int_equal(
			tar_find(blocks, used * TAR_BLOCK, "none", &file, why, sizeof(why)), 0);
		assert_int_equal(file.size, 0);
	}
}

static void test_names(void **state)
{
	struct tar_file file;
	char name[102];

	(void)state;
	memset(&file, 'x', sizeof(file));
	memset(name, 'n', sizeof(name));
	name[100] = '\0';
	memcpy(FIRST->name, name, 100);
	put_checksum(FIRST);
	assert_int_equal(tar_find(blocks, used * TAR_BLOCK, name, &file, why, sizeof(why)), 0);
	assert_string_equal(file.name, name);
	FIRST->prefix[0] = 'p';
	put_checksum(FIRST);
	assert_bad("header at 0: the name has more than 100 bytes");
	FIRST->name[0] = '\0';
	put_checksum(FIRST);
	assert_bad("header at 0: there is no name");
}

/* Not a byte too few: each cut is seen. */
static void test_cut(void **state)
{
	(void)state;
	assert_int_equal(count(used * TAR_BLOCK), 2);
	for (size_t bytes = 0; bytes < used * TAR_BLOCK; bytes++) {
		assert_int_equal(count(bytes), -EINVAL);
		make_good(NULL);
	}
	used -= 2;
	assert_bad("header at 0xa00: the archive ends before its end mark");
	used -= 1;
	assert_bad("header at 0xa00: one block of zeros, not two");
	END[1].rest[11] = 1;
	assert_bad("header at 0xa00: one block of zeros, not two");
	used -= 3;
	assert_bad("header at 0x600: the file lies outside the archive");
}

static void test_checksum(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(*SECOND); i++) {
		if (i >= offsetof(struct header, checksum) && i < offsetof(struct header, type))
			continue;
		((u8 *)SECOND)[i] ^= 0x20;
		assert_int_equal(count(used * TAR_BLOCK), -EINVAL);
		make_good(NULL);
	}
	SECOND->uid[0] = 1;
	assert_bad("header at 0x600: the checksum is ");
	SECOND->checksum[2] = '8';
	assert_bad("header at 0x600: the checksum is not a number");
	memset(SECOND->checksum, '\0', sizeof(SECOND->checksum));
	assert_bad("header at 0x600: the checksum is not a number");
	memset(SECOND->checksum, '7', sizeof(SECOND->checksum));
	assert_bad("header at 0x600: the checksum is ");
}

static void test_magic(void **state)
{
	(void)state;
	memcpy(FIRST->magic, "ustar  ", 8); /* GNU's own format */
	put_checksum(FIRST);
	assert_bad("header at 0: not a ustar header");
	memset(FIRST, 0xff, sizeof(*FIRST));
	assert_bad("header at 0: not a ustar header");
}

static void test_type(void **state)
{
	static const char others[] = "12346xgLK";

	(void)state;
	FIRST->type = '\0';
	put_checksum(FIRST);
	assert_int_equal(count(used * TAR_BLOCK), 2);
	for (size_t i = 0; i < sizeof(others) - 1; i++) {
		SECOND->type = others[i];
		put_checksum(SECOND);
		assert_bad("is neither file nor directory");
	}
}

static void set_size(struct header *h, const char *text)
{
	memcpy(h->size, text, sizeof(h->size));
	put_checksum(h);
}

static void test_size(void **state)
{
	(void)state;
	set_size(FIRST, "10          ");
	assert_int_equal(count(used * TAR_BLOCK), 2);
	set_size(FIRST, "000000000010");
	assert_int_equal(count(used * TAR_BLOCK), 2);
	set_size(FIRST, "            ");
	assert_bad("header at 0: the size is not a number");
	set_size(FIRST, "10 10       ");
	assert_bad("header at 0: the size is not a number");
	set_size(FIRST, "-0000000010");
	assert_bad("header at 0: the size is not a number");
	set_size(FIRST, "\x80\0\0\0\0\0\0\0\0\0\0\x08");
	assert_bad("header at 0: the size is not a number");
	set_size(FIRST, "777777777777");
	assert_bad("header at 0: the file lies outside the archive");
	set_size(SECOND, "00000003001");
	assert_bad("header at 0x600: the file lies outside the archive");
	set_size(DIRECTORY, "00000000001");
	assert_bad("header at 0x400: a directory of 1 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_good, make_good),
		cmocka_unit_test_setup(test_find, make_good),
		cmocka_unit_test_setup(test_find_the_first_and_past_no_error, make_good),
		cmocka_unit_test_setup(test_sizes, make_good),
		cmocka_unit_test_setup(test_names, make_good),
		cmocka_unit_test_setup(test_cut, make_good),
		cmocka_unit_test_setup(test_checksum, make_good),
		cmocka_unit_test_setup(test_magic, make_good),
		cmocka_unit_test_setup(test_type, make_good),
		cmocka_unit_test_setup(test_size, make_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
