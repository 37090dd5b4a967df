/* SPDX-License-Identifier: MIT */
/*
 * kernel/summary.c - see summary.h.
 *
 * The screen is lent to the picture (console.h): the kernel's text goes on behind it, to the serial
 * line and the log, and a panic takes the screen back.
 */
#include <stdarg.h>

#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/pcid.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/time.h"
#include "kernel/console.h"
#include "kernel/font.h"
#include "kernel/options.h"
#include "kernel/summary.h"
#include "kernel/wait.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/sheet.h"
#include "lib/string.h"
#include "mm/kmap.h"
#include "mm/pgd.h"

#define ENTRIES_MAX    128u
#define TABLE_COLUMNS  2u
#define TABLE_LONG     16u /* entries: fewer stand in one column */
#define TABLE_MAX      (16 * KIB)
#define CODE_MAX       2953u /* bytes, of the largest code */
#define CODE_WORDS_MAX 300   /* bytes of the command line in a code */
#define END_MAX	       24u   /* bytes of its last line */
#define NAME_WIDTH_MAX 40
#define LINE_WIDTH_MAX 90

struct entry {
	const char *name;
	u64 min, median, max;
	u32 n;
};

static struct entry entries[ENTRIES_MAX];
static u32 entry_count, left_off;

/* Text that grows until @size bytes, its 0 too, are full. */
struct text {
	char *at;
	size_t size, len;
	bool full;
};

static void put(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void put(struct text *t, const char *fmt, ...)
{
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = (size_t)format_v(t->at + t->len, t->size - t->len, fmt, args);
	va_end(args);
	if (len < t->size - t->len) {
		t->len += len;
		return;
	}
	t->at[t->len] = '\0';
	t->full = true;
}

void summary_add(const char *name, u32 n, u64 min, u64 median, u64 max)
{
	if (entry_count == ENTRIES_MAX) {
		left_off++;
		return;
	}
	entries[entry_count++] =
		(struct entry){ .name = name, .n = n, .min = min, .median = median, .max = max };
}

static const char *unit(void)
{
	return options.icount ? "instructions" : "tsc";
}

/* --- the table -------------------------------------------------------------------------------- */

static int digits(u64 value)
{
	int n = 1;

	while (value >= 10) {
		value /= 10;
		n++;
	}
	return n;
}

static void put_head(struct text *t, const struct handoff *h, const char *id, bool passed)
{
	put(t, "Prague, %s kernel, %s build, run %s: %s\n", PRAGUE_KERNEL, PRAGUE_BUILD, id,
	    passed ? "passed" : "failed");
	put(t, "%s family %u model %u stepping %u, %u CPUs, TSC %lu kHz%s\n", cpu_features.vendor,
	    cpu_features.family, cpu_features.model_number, cpu_features.stepping,
	    cpumask_weight(&cpus_online), time_tsc_khz(),
	    cpu_features.hypervisor ? ", a hypervisor" : "");
	put(t, "%s\n", cpu_features.model);
	put(t, "pcid=%s pti=%s asids=%u fill=%s pgd=%s kmap=%s\n", pcid_mode_name(),
	    pti_on ? "on" : "off", asids, fill_policy == FILL_SETUP ? "setup" : "touch",
	    pgd_words[pgd_kind], kmap_words[kmap_kind]);
	for (const char *at = h->cmdline; *at != '\0'; at += strnlen(at, LINE_WIDTH_MAX))
		put(t, "%.*s\n", LINE_WIDTH_MAX, at);
	put(t, "minimum and median of %u samples, unit: %s\n", entries[0].n, unit());
}

/* Down the first column, then the second. */
static void put_table(struct text *t)
{
	u32 columns = entry_count < TABLE_LONG ? 1 : TABLE_COLUMNS;
	u32 rows = DIV_ROUND_UP(entry_count, columns);
	int name = 0, number = 0;

	for (u32 i = 0; i < entry_count; i++) {
		name = MAX(name, (int)strnlen(entries[i].name, NAME_WIDTH_MAX));
		number = MAX(number, digits(entries[i].median));
	}
	for (u32 row = 0; row < rows; row++) {
		for (u32 i = row; i < entry_count; i += rows)
			put(t, "%s%-*.*s %*lu %*lu", i == row ? "" : "  ", name, NAME_WIDTH_MAX,
			    entries[i].name, number, entries[i].min, number, entries[i].median);
		put(t, "\n");
	}
	if (left_off != 0)
		put(t, "and %u more\n", left_off);
}

static void print_lines(const char *text)
{
	while (*text != '\0') {
		const char *end = strchr(text, '\n');
		size_t len = end != NULL ? (size_t)(end - text) : strnlen(text, TABLE_MAX);

		printk("summary: %.*s\n", (int)len, text);
		text += len + (end != NULL);
	}
}

/* --- the code --------------------------------------------------------------------------------- */

/* A value ends with its line: no character in it may end one. */
static void put_value(struct text *t, const char *name, const char *value, size_t max)
{
	put(t, "%s=", name);
	for (size_t i = 0; i < max && value[i] != '\0'; i++)
		put(t, "%c", value[i] < ' ' ? '?' : value[i]);
	put(t, "\n");
}

static void put_run(struct text *t, const struct handoff *h, const char *id, bool passed)
{
	put(t, "PRAGUE1\nid=%s\nkernel=%s\nbuild=%s\ncpus=%u\ntsc_khz=%lu\n", id, PRAGUE_KERNEL,
	    PRAGUE_BUILD, cpumask_weight(&cpus_online), time_tsc_khz());
	put_value(t, "vendor", cpu_features.vendor, sizeof(cpu_features.vendor));
	put_value(t, "cpu", cpu_features.model, sizeof(cpu_features.model));
	put(t, "family=%u\nmodel=%u\nstepping=%u\nhypervisor=%u\npassed=%u\nms=%lu\n",
	    cpu_features.family, cpu_features.model_number, cpu_features.stepping,
	    cpu_features.hypervisor, passed, time_ns() / NS_PER_MS);
	put(t, "unit=%s\nn=%u\npcid=%s\nasids=%u\nfill=%s\npgd=%s\npti=%s\nkmap=%s\n", unit(),
	    entries[0].n, pcid_mode_name(), asids, fill_policy == FILL_SETUP ? "setup" : "touch",
	    pgd_words[pgd_kind], pti_on ? "on" : "off", kmap_words[kmap_kind]);
	put_value(t, "cmdline", h->cmdline, CODE_WORDS_MAX);
	put(t, "-\n");
}

static void put_entry(struct text *t, const struct entry *e)
{
	put(t, "%s=%lu", e->name, e->min);
	if (e->n != 1)
		put(t, ",%lu,%lu", e->median, e->max);
	if (e->n != 1 && e->n != entries[0].n)
		put(t, ",%u", e->n);
	put(t, "\n");
}

/* "end=PAIRS,LEFT_OFF": a code that was copied in part has none. */
static void put_end(struct text *t, u32 there)
{
	put(t, "end=%u,%u\n", there, entry_count - there + left_off);
}

/* As many results as there is room for, from the first on.  False: not even one has. */
static bool put_code(struct text *t, const struct handoff *h, const char *id, bool passed)
{
	size_t size = t->size;
	u32 there = 0;

	put_run(t, h, id, passed);
	t->size -= MIN(t->size - t->len - 1, END_MAX);
	while (!t->full && there < entry_count) {
		size_t before = t->len;

		put_entry(t, &entries[there]);
		if (t->full)
			t->len = before;
		else
			there++;
	}
	t->size = size;
	put_end(t, there);
	return there != 0;
}

/* --- the screen ------------------------------------------------------------------------------- */

/* Pixels of a module, or 0: no code was drawn. */
static u32 draw(const struct handoff_framebuffer *fb, const char *table, const struct handoff *h,
		const char *id)
{
	static struct qr code;
	static struct font font;
	static char text[CODE_MAX + 1];
	const struct screen s = { fb->width,	 fb->height,	  fb->pitch,
				  fb->red_shift, fb->green_shift, fb->blue_shift };
	u32 version = sheet_version_max(&s);
	struct text t = { .at = text };

	if (version == 0 || font_parse(font_begin, (size_t)(font_end - font_begin), &font) != 0)
		return 0;
	t.size = qr_capacity(version) + 1;
	if (!put_code(&t, h, id, true) || qr_encode(&code, text, t.len, version) != 0)
		return 0;
	return sheet_draw(&s, console_screen(), &font, table, &code);
}

static void show_on_screen(const char *table, const struct handoff *h, const char *id)
{
	struct handoff_framebuffer fb;
	u32 module;

	if (console_lend_screen(&fb) != 0) {
		printk("photo: no screen, no code\n");
		return;
	}
	module = draw(&fb, table, h, id);
	if (module == 0) {
		console_take_screen_back();
		printk("photo: no code fits a screen of %ux%u\n", fb.width, fb.height);
		return;
	}
	printk("photo: the screen shows the results, %u pixels a module\n", module);
	if (options.photo == 0)
		return;
	printk("photo: for %u s\n", options.photo);
	sleep_ns(options.photo * NS_PER_SEC);
	printk("photo: goes on\n");
}

void summary_show(const struct handoff *h, const char *id, bool passed, bool kept)
{
	static char text[TABLE_MAX];
	struct text t = { .at = text, .size = sizeof(text) };

	if (entry_count == 0)
		return;
	put_head(&t, h, id, passed);
	put_table(&t);
	if (kept)
		put(&t, "A reset that does not cut the power brings these results to the disk.\n");
	print_lines(text);
	if (passed)
		show_on_screen(text, h, id);
}
