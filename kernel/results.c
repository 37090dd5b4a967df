/* SPDX-License-Identifier: MIT */
/*
 * kernel/results.c - see results.h.
 *
 * A line is collected until it is whole, so that what is kept has no half lines.  What is kept is
 * written back from the caches at once: nobody says when the machine is reset, or by whom.
 */
#include <stdarg.h>

#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/time.h"
#include "kernel/options.h"
#include "kernel/power.h"
#include "kernel/results.h"
#include "kernel/summary.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/string.h"

#define LINE_MAX 4096 /* the longest has a command line, each byte escaped */

static struct kept *kept;	/* NULL: results are not kept.  Constant after results_init() */
static char line[LINE_MAX + 1]; /* the last byte stays 0 */
static size_t line_bytes;	/* of the line; LINE_MAX: it has no room */

static void put(const char *text, size_t len)
{
	if (len > LINE_MAX - line_bytes) {
		line_bytes = LINE_MAX;
		return;
	}
	memcpy(line + line_bytes, text, len);
	line_bytes += len;
}

/* "bench: {...}\n", which is whole, as {"bench":{...}}. */
static void keep_line(void)
{
	static char text[LINE_MAX];
	const char *colon = strchr(line, ':'), *end = line + line_bytes - 1;
	int len;

	ASSERT(colon != NULL && colon + 1 < end, "a result of no kind: %s", line);
	len = format(text, sizeof(text), "{\"%.*s\":%.*s}\n", (int)(colon - line), line,
		     (int)(end - (colon + 2)), colon + 2);
	if (len >= LINE_MAX || !kept_append(kept, text, (size_t)len))
		printk("save: no room for this line, it is shown only\n");
	cache_write_back(kept, sizeof(*kept) + kept->text_bytes);
}

void results_print(const char *fmt, ...)
{
	char text[LOG_TEXT_MAX];
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = MIN((size_t)format_v(text, sizeof(text), fmt, args), sizeof(text) - 1);
	va_end(args);
	printk("%s", text);
	if (kept == NULL)
		return;
	put(text, len);
	if (line_bytes == LINE_MAX || (len > 0 && text[len - 1] == '\n')) {
		if (line_bytes == LINE_MAX)
			printk("save: no room for this line, it is shown only\n");
		else
			keep_line();
		line_bytes = 0;
	}
}

/* In quotes, as JSON has it. */
static void print_string(const char *name, const char *text)
{
	results_print(",\"%s\":\"", name);
	for (; *text != '\0'; text++)
		if (*text == '"' || *text == '\\')
			results_print("\\%c", *text);
		else
			results_print("%c", *text < ' ' ? '?' : *text);
	results_print("\"");
}

static void print_run(const struct handoff *h)
{
	results_print("run: {\"id\":\"%s\",\"kernel\":\"%s\",\"build\":\"%s\",\"cpus\":%u,"
		      "\"tsc_khz\":%lu",
		      kept->id, PRAGUE_KERNEL, PRAGUE_BUILD, cpumask_weight(&cpus_online),
		      time_tsc_khz());
	print_string("vendor", cpu_features.vendor);
	print_string("cpu", cpu_features.model);
	results_print(",\"family\":%u,\"model\":%u,\"stepping\":%u,\"hypervisor\":%s",
		      cpu_features.family, cpu_features.model_number, cpu_features.stepping,
		      cpu_features.hypervisor ? "true" : "false");
	print_string("loader", h->loader);
	print_string("cmdline", h->cmdline);
	results_print("}\n");
}

void results_init(const struct handoff *h)
{
	struct kept *found = phys_to_virt(h->results_phys);
	char why[KEPT_WHY_MAX];

	if (options.save == SAVE_OFF)
		return;
	if (h->results_size == 0) {
		printk("save: the loader reserved no memory: results go to the serial line and the "
		       "screen only\n");
		return;
	}
	if (kept_check(found, (u32)h->results_size, found->id, why) != 0) {
		printk("save: %s: results go to the serial line and the screen only\n", why);
		return;
	}
	printk("save: results are kept at %#lx, %lu KiB, as run %s\n", h->results_phys,
	       h->results_size / KIB, found->id);
	kept = found;
	print_run(h);
}

void results_end(const struct handoff *h, bool passed)
{
	if (kept == NULL) {
		summary_show(h, "-", passed, false);
		if (options.save == SAVE_REBOOT)
			printk("save: the machine is not reset, since that would lose results\n");
		return;
	}
	results_print("end: {\"passed\":%s,\"ms\":%lu}\n", passed ? "true" : "false",
		      time_ns() / NS_PER_MS);
	kept_end(kept);
	cache_write_back(kept, sizeof(*kept));
	summary_show(h, kept->id, passed, true);
	if (options.save == SAVE_REBOOT)
		power_reboot();
	printk("save: reset this machine without cutting its power, and the loader writes them\n");
}

struct kept *results_memory(void)
{
	return kept;
}
