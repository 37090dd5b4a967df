/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fuzz/tar_fuzz.c - whatever tar_next() finds lies in the archive, it comes to an
 * end, and tar_find() finds the same.
 *
 * No input of chance has a good checksum.  So each is tried twice: as it is, and with the
 * checksum of each header put right that a walk by the sizes comes to.
 */
#include "lib/err.h"
#include "lib/tar.h"
#include "tests/host/fuzz/fuzz.h"

#define CHECKSUM_AT    148
#define CHECKSUM_BYTES 8

static void check_reason(int err, const char *why, size_t size)
{
	ASSERT(err == -EINVAL && why[0] != '\0', "no reason given");
	ASSERT(strlen(why) < size - 1, "a reason is cut: %s", why);
}

static void check_found(const u8 *data, size_t size, const struct tar_file *file)
{
	char why[TAR_WHY_MAX] = "";
	struct tar_file again;

	ASSERT(file->name[0] != '\0' && strlen(file->name) <= TAR_NAME_MAX, "name");
	ASSERT((const u8 *)file->data >= data + TAR_BLOCK &&
		       (const u8 *)file->data + file->size <= data + size,
	       "outside the archive");
	ASSERT(tar_find(data, size, file->name, &again, why, sizeof(why)) == 0, "not found again");
	ASSERT((const u8 *)again.data <= (const u8 *)file->data, "not the first");
}

static void check_archive(const u8 *data, size_t size)
{
	struct tar_reader r = { .archive = data, .size = size };
	char why[TAR_WHY_MAX] = "";
	struct tar_file file;
	size_t files = 0;
	int found;

	while ((found = tar_next(&r, &file, why, sizeof(why))) > 0) {
		check_found(data, size, &file);
		files++;
	}
	ASSERT(files <= size / TAR_BLOCK, "more files than headers");
	if (found < 0)
		check_reason(found, why, sizeof(why));
}

static void put_checksum(u8 *header)
{
	unsigned int sum = 0;

	memset(header + CHECKSUM_AT, ' ', CHECKSUM_BYTES);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += header[i];
	snprintf((char *)header + CHECKSUM_AT, CHECKSUM_BYTES, "%06o", sum);
}

/* Put one right, read, and go on with the next, until something else is wrong. */
static void put_right(u8 *data, size_t size)
{
	struct tar_reader r = { .archive = data, .size = size };
	char why[TAR_WHY_MAX];
	struct tar_file file;

	do {
		if (size - r.next >= TAR_BLOCK && data[r.next] != '\0')
			put_checksum(data + r.next);
	} while (tar_next(&r, &file, why, sizeof(why)) > 0);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 *copy = malloc(MAX(size, 1ul));

	check_archive(data, size);
	memcpy(copy, data, size);
	put_right(copy, size);
	check_archive(copy, size);
	free(copy);
	return 0;
}
