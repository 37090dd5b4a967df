/* SPDX-License-Identifier: MIT */
/*
 * lib/tar.c - each header is checked before it is believed.  Numbers are the archive's and
 * may be anything; the largest that a field can hold has 36 bits, so sums do not wrap.
 */
#include "lib/tar.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/format.h"

/* Fields of a header: where each is, and its size if that is not plain from the next. */
enum header_offset {
	HEADER_NAME = 0,
	HEADER_SIZE = 124,
	HEADER_CHECKSUM = 148,
	HEADER_TYPE = 156,
	HEADER_MAGIC = 257,
	HEADER_PREFIX = 345,
};

#define SIZE_FIELD     12
#define CHECKSUM_FIELD 8

static const char magic[] = "ustar\0" /* and the version: */ "00";
#define MAGIC_FIELD 8

#define TYPE_FILE      '0'
#define TYPE_OLD_FILE  '\0'
#define TYPE_DIRECTORY '5'

/* A header, and where a reason goes. */
struct check {
	const u8 *header;
	size_t at; /* in the archive */
	char *why;
	size_t why_size;
};

#define REFUSE(c, what, ...)                                                                       \
	(format((c)->why, (c)->why_size, "header at %#zx: " what, (c)->at, ##__VA_ARGS__), -EINVAL)

/* Octal digits, then spaces or zeros to the end of the field. */
static bool read_octal(const u8 *field, size_t size, u64 *value)
{
	size_t i = 0;

	*value = 0;
	while (i < size && field[i] >= '0' && field[i] <= '7')
		*value = *value * 8 + (field[i++] - '0');
	if (i == 0)
		return false;
	while (i < size && (field[i] == ' ' || field[i] == '\0'))
		i++;
	return i == size;
}

/* Of all bytes, as if those of the checksum itself were spaces. */
static u64 checksum(const u8 *header)
{
	u64 sum = CHECKSUM_FIELD * ' ';

	for (size_t i = 0; i < TAR_BLOCK; i++)
		if (i < HEADER_CHECKSUM || i >= HEADER_CHECKSUM + CHECKSUM_FIELD)
			sum += header[i];
	return sum;
}

static bool is_zero_block(const u8 *block)
{
	for (size_t i = 0; i < TAR_BLOCK; i++)
		if (block[i] != 0)
			return false;
	return true;
}

static int check_header(const struct check *c)
{
	u64 sum;

	if (memcmp(c->header + HEADER_MAGIC, magic, MAGIC_FIELD) != 0)
		return REFUSE(c, "not a ustar header");
	if (!read_octal(c->header + HEADER_CHECKSUM, CHECKSUM_FIELD, &sum))
		return REFUSE(c, "the checksum is not a number");
	if (sum != checksum(c->header))
		return REFUSE(c, "the checksum is %llu, not %llu", (unsigned long long)sum,
			      (unsigned long long)checksum(c->header));
	if (c->header[HEADER_PREFIX] != '\0')
		return REFUSE(c, "the name has more than %u bytes", TAR_NAME_MAX);
	if (c->header[HEADER_NAME] == '\0')
		return REFUSE(c, "there is no name");
	return 0;
}

/* What kind of entry, and how large?  @room: bytes of the archive behind the header. */
static int check_size(const struct check *c, size_t room, u64 *size)
{
	u8 type = c->header[HEADER_TYPE];

	if (type != TYPE_FILE && type != TYPE_OLD_FILE && type != TYPE_DIRECTORY)
		return REFUSE(c, "type %#x is neither file nor directory", type);
	if (!read_octal(c->header + HEADER_SIZE, SIZE_FIELD, size))
		return REFUSE(c, "the size is not a number");
	if (type == TYPE_DIRECTORY && *size != 0)
		return REFUSE(c, "a directory of %llu bytes", (unsigned long long)*size);
	if (ALIGN_UP(*size, (u64)TAR_BLOCK) > room)
		return REFUSE(c, "the file lies outside the archive");
	return 0;
}

static int read_entry(const struct check *c, size_t room, struct tar_file *file)
{
	u64 size;
	int err = check_header(c);

	if (!err)
		err = check_size(c, room, &size);
	if (err)
		return err;
	memcpy(file->name, c->header + HEADER_NAME, TAR_NAME_MAX);
	file->name[TAR_NAME_MAX] = '\0';
	file->data = c->header + TAR_BLOCK;
	file->size = size;
	return 0;
}

/* At the first block of zeros: is the second there? */
static int check_end(const struct check *c, size_t room)
{
	if (room < TAR_BLOCK || !is_zero_block(c->header + TAR_BLOCK))
		return REFUSE(c, "one block of zeros, not two");
	return 0;
}

int tar_next(struct tar_reader *r, struct tar_file *file, char *why, size_t why_size)
{
	struct check c = { .why = why, .why_size = why_size };
	u8 type;

	do {
		size_t room;
		int err;

		c.at = r->next;
		if (r->next > r->size || r->size - r->next < TAR_BLOCK)
			return REFUSE(&c, "the archive ends before its end mark");
		room = r->size - r->next - TAR_BLOCK;
		c.header = (const u8 *)r->archive + r->next;
		if (is_zero_block(c.header))
			return check_end(&c, room);
		err = read_entry(&c, room, file);
		if (err)
			return err;
		type = c.header[HEADER_TYPE];
		r->next += TAR_BLOCK + ALIGN_UP(file->size, (size_t)TAR_BLOCK);
	} while (type == TYPE_DIRECTORY);
	return 1;
}

int tar_find(const void *archive, size_t size, const char *name, struct tar_file *file, char *why,
	     size_t why_size)
{
	struct tar_reader r = { .archive = archive, .size = size };
	int found;

	do {
		found = tar_next(&r, file, why, why_size);
	} while (found > 0 && strcmp(file->name, name) != 0);
	if (found < 0)
		return found;
	return found > 0 ? 0 : -ENOENT;
}
