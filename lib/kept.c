/* SPDX-License-Identifier: MIT */
/*
 * lib/kept.c - see kept.h.
 */
#include "lib/kept.h"
#include "lib/cmdline.h"
#include "lib/crc32.h"
#include "lib/err.h"
#include "lib/format.h"
#include "lib/string.h"

#define FIRST_LINE_MAX (KEPT_NOTE_MAX - KEPT_WORDS_MAX)
#define NOTE_SIZE_MIN  PAGE_SIZE
#define NOTE_SIZE_MAX  (16 * MIB)

static u32 head_crc(const struct kept *kept)
{
	return crc32(0, kept, offsetof(struct kept, head_crc));
}

void kept_begin(struct kept *kept, u32 size, const char *id)
{
	memset(kept, 0, size);
	kept->magic = KEPT_MAGIC;
	kept->size = size;
	strlcpy(kept->id, id, sizeof(kept->id));
	kept->head_crc = head_crc(kept);
}

bool kept_append(struct kept *kept, const char *line, size_t len)
{
	bool fits = len <= kept->size - sizeof(*kept) - kept->text_bytes;

	if (fits) {
		memcpy(kept->text + kept->text_bytes, line, len);
		kept->text_crc = crc32(kept->text_crc, line, len);
		kept->text_bytes += (u32)len;
	} else {
		kept->lost++;
	}
	kept->head_crc = head_crc(kept);
	return fits;
}

void kept_end(struct kept *kept)
{
	kept->ended = 1;
	kept->head_crc = head_crc(kept);
}

int kept_check(const struct kept *kept, u32 size, const char *id, char *why)
{
	if (kept->magic != KEPT_MAGIC) {
		format(why, KEPT_WHY_MAX, "memory was cleared or used meanwhile");
		return -ENOENT;
	}
	if (kept->head_crc != head_crc(kept) || kept->size != size ||
	    kept->text_bytes > size - sizeof(*kept)) {
		format(why, KEPT_WHY_MAX, "the header in memory has a wrong checksum");
		return -EINVAL;
	}
	if (strncmp(kept->id, id, sizeof(kept->id)) != 0) {
		format(why, KEPT_WHY_MAX, "memory holds another run");
		return -ESRCH;
	}
	if (kept->text_crc != crc32(0, kept->text, kept->text_bytes)) {
		format(why, KEPT_WHY_MAX, "the %u bytes in memory have a wrong checksum",
		       kept->text_bytes);
		return -EINVAL;
	}
	return 0;
}

/* --- the note --------------------------------------------------------------------------------- */

int kept_note_format(const struct kept_note *note, char *text, size_t size)
{
	int len = format(text, size, "run=%s address=%#llx size=%u\n%s\n", note->id,
			 (unsigned long long)note->address, note->size, note->next);

	return (size_t)len < size ? len : -ENOSPC;
}

static bool names_a_file(const char *id)
{
	for (const char *s = id; *s; s++)
		if (!(*s >= '0' && *s <= '9') && !(*s >= 'a' && *s <= 'z') && *s != '-')
			return false;
	return id[0] != '\0';
}

/* How many bytes of @text lie before its first line's end. */
static size_t line_length(const char *text, size_t size)
{
	size_t n = 0;

	while (n < size && text[n] != '\n' && text[n] != '\r' && text[n] != '\0')
		n++;
	return n;
}

int kept_note_parse(struct kept_note *note, const char *text, size_t size)
{
	const struct cmdline_option words[] = {
		{ "run", CMDLINE_STRING, note->id, sizeof(note->id), NULL, 0, 0, "" },
		{ "address", CMDLINE_UINT, &note->address, sizeof(note->address), NULL, PAGE_SIZE,
		  0, "" },
		{ "size", CMDLINE_UINT, &note->size, sizeof(note->size), NULL, NOTE_SIZE_MIN,
		  NOTE_SIZE_MAX, "" },
	};
	char first[FIRST_LINE_MAX];
	size_t n = line_length(text, size);

	memset(note, 0, sizeof(*note));
	if (n >= sizeof(first))
		return -EINVAL;
	memcpy(first, text, n);
	first[n] = '\0';
	if (cmdline_parse(first, words, ARRAY_SIZE(words), NULL) != 0 || !names_a_file(note->id) ||
	    !IS_ALIGNED(note->address, PAGE_SIZE) || !IS_ALIGNED(note->size, PAGE_SIZE) ||
	    note->address == 0 || note->size == 0)
		return -EINVAL;
	while (n < size && (text[n] == '\n' || text[n] == '\r'))
		n++;
	text += n;
	n = line_length(text, size - n);
	if (n >= sizeof(note->next))
		return -EINVAL;
	memcpy(note->next, text, n);
	return 0;
}
