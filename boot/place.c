/* SPDX-License-Identifier: MIT */
/*
 * boot/place.c - the kernel's segments, from its file to where they run.
 *
 * All of them go into one block, each at its p_paddr's distance from the lowest one.
 * The block comes zeroed, so what a segment has beyond its file part is zero.
 */
#include "boot/loader.h"
#include "lib/string.h"

#define WHY_MAX 128

static void check(const char *name, const void *file, size_t size, struct elf_image *image)
{
	char why[WHY_MAX];

	say("checking %s (%zu bytes)", name, size);
	if (elf_check(file, size, &elf_kernel_rules, image, why, sizeof(why)) < 0)
		fail("%s: %s: build it again and copy it whole", name, why);
}

void place_kernel(const char *name, const void *file, size_t size, struct elf_image *image)
{
	u8 *block;

	check(name, file, size, image);
	handoff->kernel_size = ALIGN_UP(image->phys_hi - image->phys_lo, PAGE_SIZE);
	block = low_alloc(handoff->kernel_size / PAGE_SIZE, name);
	handoff->kernel_phys = (uintptr_t)block;

	say("placing %s at %#llx, %llu KiB", name, (unsigned long long)handoff->kernel_phys,
	    (unsigned long long)(handoff->kernel_size / KIB));
	for (u32 i = 0; i < image->n; i++) {
		const struct elf_segment *s = &image->segments[i];

		memcpy(block + (s->paddr - image->phys_lo), (const u8 *)file + s->offset,
		       s->filesz);
	}
}
