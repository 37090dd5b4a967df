/* SPDX-License-Identifier: MIT */
/*
 * boot/handoff.c - filling in the handoff: command line, memory map, ACPI root pointer.
 *
 * The copy of the root pointer lies behind the struct, in its last page.
 */
#include "boot/loader.h"
#include "lib/cmdline.h"
#include "lib/memranges.h"
#include "lib/string.h"

#define RSDP_V1_SIZE  20 /* ACPI 1.0; later ones say their size */
#define RSDP_REVISION 15 /* offset, u8 */
#define RSDP_LENGTH   20 /* offset, u32 */
#define HANDOFF_PAGES DIV_ROUND_UP(sizeof(struct handoff) + RSDP_SIZE_MAX, PAGE_SIZE)
#define RSDP_SIZE_MAX 128

struct handoff *handoff;

void handoff_begin(enum handoff_firmware firmware, const char *loader)
{
	struct handoff *h = low_alloc(HANDOFF_PAGES, "the handoff");

	h->magic = HANDOFF_MAGIC;
	h->version = HANDOFF_VERSION;
	h->size = sizeof(*h);
	h->firmware = firmware;
	strlcpy(h->loader, loader, sizeof(h->loader));
	handoff = h;
}

static size_t first_line(const char *text, size_t size)
{
	size_t n = 0;

	while (n < size && text[n] != '\n' && text[n] != '\r' && text[n] != '\0')
		n++;
	return n;
}

void handoff_add_words(const char *text, size_t size)
{
	size_t have = strlen(handoff->cmdline), n = first_line(text, size);

	if (n == 0)
		return;
	if (have + 1 + n >= sizeof(handoff->cmdline))
		fail("the command line is longer than %u bytes: shorten cmdline.txt or the menu "
		     "entry",
		     HANDOFF_CMDLINE - 1);
	if (have > 0)
		handoff->cmdline[have++] = ' ';
	memcpy(handoff->cmdline + have, text, n);
}

const char *handoff_kernel_name(void)
{
	size_t len;
	const char *word = cmdline_find(handoff->cmdline, "kernel", &len);

	if (!word || (len == 6 && memcmp(word, "percpu", len) == 0))
		return "kernel-percpu.elf";
	if (len == 7 && memcmp(word, "classic", len) == 0)
		return "kernel-classic.elf";
	fail("kernel=%.*s: there are kernel=percpu and kernel=classic", (int)len, word);
}

void handoff_set_rsdp(const void *rsdp)
{
	const u8 *from = rsdp;
	u8 *copy = (u8 *)(handoff + 1);
	u32 size = RSDP_V1_SIZE;

	if (!rsdp) {
		say("no ACPI tables were found");
		return;
	}
	if (from[RSDP_REVISION] >= 2)
		memcpy(&size, from + RSDP_LENGTH, sizeof(size));
	if (size < RSDP_V1_SIZE || size > RSDP_SIZE_MAX)
		fail("the ACPI root pointer at %p says it has %u bytes: the firmware is broken",
		     rsdp, size);
	memcpy(copy, rsdp, size);
	handoff->rsdp = (uintptr_t)copy;
}

int handoff_set_ranges(struct handoff_range *raw, size_t n)
{
	struct handoff *h = handoff;
	int count;

	raw[n++] = (struct handoff_range){ h->kernel_phys, h->kernel_phys + h->kernel_size,
					   MEM_KERNEL, 0 };
	raw[n++] = (struct handoff_range){ h->archive_phys, h->archive_phys + h->archive_size,
					   MEM_ARCHIVE, 0 };
	raw[n++] = (struct handoff_range){ h->results_phys, h->results_phys + h->results_size,
					   MEM_RESULTS, 0 };
	count = memranges_build(raw, n, h->ranges, HANDOFF_MAX_RANGES);
	if (count < 0)
		return count;
	h->range_count = (u32)count;
	return 0;
}
