/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fuzz/kept_fuzz.c - whatever lies in memory or in the note: nothing is read outside of
 * it, and a note that is taken names a file and whole pages, and is the same when written again.
 *
 * No memory of chance has a good checksum.  So it is tried as it is, and with the header put right
 * by kept_end().
 */
#include "lib/kept.h"
#include "lib/string.h"
#include "tests/host/fuzz/fuzz.h"

static void check_memory(const u8 *data, size_t size)
{
	struct kept *kept = malloc(sizeof(*kept) + size);
	u32 whole = (u32)(sizeof(*kept) + size);
	char why[KEPT_WHY_MAX] = "";

	memset(kept, 0, whole);
	memcpy(kept, data, size);
	if (kept_check(kept, whole, "a", why) != 0)
		ASSERT(why[0] != '\0', "no reason given");
	kept->magic = KEPT_MAGIC;
	kept->size = whole;
	kept_end(kept);
	if (kept_check(kept, whole, "a", why) == 0)
		ASSERT(kept->text_bytes <= size, "%u bytes of %zu", kept->text_bytes, size);
	free(kept);
}

static void check_note(const u8 *data, size_t size)
{
	struct kept_note note, again;
	char text[KEPT_NOTE_MAX];
	int len;

	if (kept_note_parse(&note, (const char *)data, size) != 0)
		return;
	ASSERT(strlen(note.id) > 0 && strchr(note.id, '\\') == NULL, "id %s", note.id);
	ASSERT(IS_ALIGNED(note.address | note.size, PAGE_SIZE) && note.size != 0, "pages");
	len = kept_note_format(&note, text, sizeof(text));
	ASSERT(len > 0, "error %d", len);
	ASSERT(kept_note_parse(&again, text, (size_t)len) == 0, "not read again");
	ASSERT(strcmp(note.id, again.id) == 0 && strcmp(note.next, again.next) == 0 &&
		       note.address == again.address && note.size == again.size,
	       "not the same");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 *copy = malloc(MAX(size, 1ul));

	memcpy(copy, data, size);
	check_memory(copy, size);
	check_note(copy, size);
	free(copy);
	return 0;
}
