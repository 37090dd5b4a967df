/* SPDX-License-Identifier: MIT */
/*
 * boot/uefi/results.c - results of runs, from memory that survived a reset to the disk.
 *
 *	reserve_results()	memory, and \prague\results\pending.txt, the note that names it
 *	(the kernel)		runs, and resets the machine
 *	collect_results()	\prague\results\RUN.jsonl, and the note is gone
 *
 * A note is taken once, whatever it leads to, and the run that it says comes next has a note of its
 * own, with one run less: so a chain ends, also where a kernel resets the machine at once.  It
 * goes on only if the run before came to its end.
 */
#include "boot/uefi/firmware.h"
#include "lib/cmdline.h"
#include "lib/format.h"
#include "lib/kept.h"
#include "lib/string.h"

#define FOLDER	     "results"
#define NOTE	     FOLDER "\\pending.txt"
#define FILE_MAX     (sizeof(FOLDER) + KEPT_ID_MAX + sizeof(".jsonl"))
#define RESULTS_SIZE (256 * KIB)

static struct kept_note note; /* that was there */
static bool pending, goes_on;

bool results_were_pending(void)
{
	return pending;
}

const char *next_words(void)
{
	return goes_on ? note.next : NULL;
}

/* --- after ------------------------------------------------------------------------------------ */

/* True: the run's lines are on the disk, and it came to its end. */
static bool save(const struct kept *kept)
{
	char name[FILE_MAX], why[KEPT_WHY_MAX];

	if (kept_check(kept, note.size, note.id, why) != 0) {
		say("the results of run %s are lost: %s", note.id, why);
		return false;
	}
	format(name, sizeof(name), FOLDER "\\%s.jsonl", note.id);
	if (!write_file(name, kept->text, kept->text_bytes)) {
		say("the results of run %s are lost: \\prague\\%s cannot be written", note.id,
		    name);
		return false;
	}
	say("the results of run %s are in \\prague\\%s (%u bytes)", note.id, name,
	    kept->text_bytes);
	if (kept->lost)
		say("%u lines of run %s had no room in memory", kept->lost, note.id);
	if (!kept->ended)
		say("run %s did not come to its end", note.id);
	return kept->ended;
}

static bool save_from_memory(void)
{
	struct kept *kept = reserve_at(note.address, note.size);
	bool ended;

	if (!kept) {
		say("the results of run %s are lost: the firmware uses their memory", note.id);
		return false;
	}
	ended = save(kept);
	kept->magic = 0; /* nobody takes them twice */
	give_back(kept, note.size);
	return ended;
}

void collect_results(void)
{
	static char text[KEPT_NOTE_MAX];
	size_t size = read_small_file(NOTE, text, sizeof(text));
	bool ended = false;

	if (size == 0)
		return;
	pending = true;
	if (kept_note_parse(&note, text, size) != 0)
		say("\\prague\\" NOTE " is not one that this loader has written");
	else
		ended = save_from_memory();
	if (!delete_file(NOTE))
		say("\\prague\\" NOTE " cannot be deleted: delete it");
	else
		goes_on = ended && note.next[0] != '\0';
}

/* --- before ----------------------------------------------------------------------------------- */

static bool word_is(const char *name, const char *value)
{
	size_t len;
	const char *word = cmdline_find(handoff->cmdline, name, &len);

	return word && len == strlen(value) && memcmp(word, value, len) == 0;
}

/* A date, where the machine knows it, and a number so that no two runs are the same. */
static void make_id(char *id)
{
	EFI_TIME now = { 0 };
	u32 low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	if (EFI_ERROR(firmware->RuntimeServices->GetTime(&now, NULL)))
		now = (EFI_TIME){ 0 };
	format(id, KEPT_ID_MAX, "%04u%02u%02u-%02u%02u%02u-%08x", now.Year, now.Month, now.Day,
	       now.Hour, now.Minute, now.Second, low ^ high);
}

/* The words of this run but for the kernel, which is the one that next= names. */
static void make_next(struct kept_note *n)
{
	size_t len;
	const char *next = cmdline_find(handoff->cmdline, "next", &len);

	if (!next || word_is("next", "none"))
		return;
	if ((size_t)format(n->next, sizeof(n->next), "%s kernel=%.*s next=none", handoff->cmdline,
			   (int)len, next) >= sizeof(n->next))
		fail("the command line is too long for next=: shorten cmdline.txt or the menu "
		     "entry");
}

static bool write_note(const struct kept_note *n)
{
	static char text[KEPT_NOTE_MAX];
	int len = kept_note_format(n, text, sizeof(text));

	return len > 0 && make_folder(FOLDER) && write_file(NOTE, text, (size_t)len);
}

void reserve_results(void)
{
	static struct kept_note n = { .size = RESULTS_SIZE };
	struct kept *kept;

	if (!word_is("save", "on") && !word_is("save", "reboot"))
		return;
	kept = reserve_in_the_middle(RESULTS_SIZE);
	if (!kept) {
		say("no %lu KiB for results: they are not saved", RESULTS_SIZE / KIB);
		return;
	}
	n.address = (uintptr_t)kept;
	make_id(n.id);
	make_next(&n);
	if (!write_note(&n)) {
		say("\\prague\\" NOTE " cannot be written: results are not saved");
		give_back(kept, RESULTS_SIZE);
		return;
	}
	kept_begin(kept, RESULTS_SIZE, n.id);
	handoff->results_phys = n.address;
	handoff->results_size = RESULTS_SIZE;
	say("results of run %s are kept at %#llx until a reset", n.id,
	    (unsigned long long)n.address);
}
