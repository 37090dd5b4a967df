/* SPDX-License-Identifier: MIT */
/*
 * boot/uefi/menu.c - choosing an entry of menu.txt (its form: boot/menu.txt).
 *
 * The prompt is one line, rewritten in place, so that it works on a serial line too.
 * Without a timeout (0) the first entry is taken and nothing is shown.
 */
#include "boot/uefi/firmware.h"
#include "lib/format.h"
#include "lib/string.h"

#define ENTRIES_MAX 9 /* each has a digit */
#define LINE_MAX    100
#define SECOND	    10000000ull /* in the timer's units of 100 ns */

struct text {
	const char *start;
	size_t size;
};

struct menu {
	struct text titles[ENTRIES_MAX], words[ENTRIES_MAX];
	unsigned int n;
	unsigned int timeout; /* seconds */
};

static struct text trim(struct text t)
{
	while (t.size > 0 && (t.start[0] == ' ' || t.start[0] == '\t')) {
		t.start++;
		t.size--;
	}
	while (t.size > 0 && strchr(" \t\r", t.start[t.size - 1]))
		t.size--;
	return t;
}

/* Cut @t at its first @c: what is before it is returned, and what is behind it is left. */
static struct text cut(struct text *t, char c)
{
	struct text head = *t;
	size_t n = 0;

	while (n < t->size && t->start[n] != c)
		n++;
	head.size = n;
	n = MIN(n + 1, t->size);
	t->start += n;
	t->size -= n;
	return head;
}

static unsigned int number(struct text t)
{
	unsigned int value = 0;

	for (size_t i = 0; i < t.size && t.start[i] >= '0' && t.start[i] <= '9'; i++)
		value = value * 10 + (unsigned int)(t.start[i] - '0');
	return value;
}

static void add_line(struct menu *menu, struct text line)
{
	static const char timeout[] = "timeout";
	const size_t len = sizeof(timeout) - 1;
	struct text title = trim(cut(&line, '|')), words = trim(line);

	if (title.size == 0 || title.start[0] == '#')
		return;
	if (words.size == 0 && title.size > len && memcmp(title.start, timeout, len) == 0) {
		menu->timeout = number(trim((struct text){ title.start + len, title.size - len }));
		return;
	}
	if (menu->n == ENTRIES_MAX)
		fail("\\prague\\menu.txt has more than %u entries: remove some", ENTRIES_MAX);
	menu->titles[menu->n] = title;
	menu->words[menu->n] = words;
	menu->n++;
}

static void show(const struct menu *menu)
{
	char line[LINE_MAX];

	console_write("\n");
	for (unsigned int i = 0; i < menu->n; i++) {
		format(line, sizeof(line), "  %u  %.*s\n", i + 1, (int)menu->titles[i].size,
		       menu->titles[i].start);
		console_write(line);
	}
	console_write("\nA digit or Enter boots; arrow keys move.\n");
}

static void show_choice(const struct menu *menu, unsigned int chosen, unsigned int seconds)
{
	char line[LINE_MAX], wait[16] = "";

	if (seconds)
		format(wait, sizeof(wait), " in %u s", seconds);
	format(line, sizeof(line), "\r> %u  %-60.*s%-10s", chosen + 1,
	       (int)menu->titles[chosen].size, menu->titles[chosen].start, wait);
	console_write(line);
}

/* Act on a key.  True: *@chosen is final. */
static bool handle_key(const struct menu *menu, unsigned int *chosen)
{
	EFI_INPUT_KEY key;

	if (EFI_ERROR(firmware->ConIn->ReadKeyStroke(firmware->ConIn, &key)))
		return false;
	if (key.ScanCode == SCAN_UP && *chosen > 0)
		--*chosen;
	if (key.ScanCode == SCAN_DOWN && *chosen + 1 < menu->n)
		++*chosen;
	if (key.UnicodeChar >= '1' && key.UnicodeChar < '1' + menu->n) {
		*chosen = key.UnicodeChar - '1';
		return true;
	}
	return key.UnicodeChar == '\r' || key.UnicodeChar == '\n';
}

static unsigned int ask(const struct menu *menu)
{
	EFI_BOOT_SERVICES *boot = firmware->BootServices;
	EFI_EVENT events[2] = { firmware->ConIn->WaitForKey };
	unsigned int chosen = 0, seconds = menu->timeout;
	UINTN which;

	if (EFI_ERROR(boot->CreateEvent(EVT_TIMER, 0, NULL, NULL, &events[1])))
		fail("the firmware has no timer for the menu: set timeout 0 in \\prague\\menu.txt");
	boot->SetTimer(events[1], TimerPeriodic, SECOND);
	show(menu);
	for (bool done = false; !done;) {
		show_choice(menu, chosen, seconds);
		boot->WaitForEvent(seconds ? 2 : 1, events, &which);
		if (which == 0) {
			seconds = 0; /* somebody is there */
			done = handle_key(menu, &chosen);
		} else {
			done = --seconds == 0;
		}
	}
	boot->CloseEvent(events[1]);
	console_write("\n");
	return chosen;
}

void choose_entry(const char *text, size_t size, bool wait)
{
	struct menu menu = { .n = 0 };
	struct text rest = { text, size };
	unsigned int chosen = 0;

	while (rest.size > 0)
		add_line(&menu, cut(&rest, '\n'));
	if (menu.n == 0)
		fail("\\prague\\menu.txt has no entry: a line is \"title | words\"");
	if (wait)
		menu.timeout = 0;
	if (wait || menu.timeout > 0)
		chosen = ask(&menu);
	say("booting \"%.*s\"", (int)menu.titles[chosen].size, menu.titles[chosen].start);
	handoff_add_words(menu.words[chosen].start, menu.words[chosen].size);
}
