/* SPDX-License-Identifier: MIT */
/*
 * boot/bios/main.c - the BIOS loader: from what GRUB has loaded to the kernel's first
 * instruction.
 */
#include "boot/bios/multiboot.h"
#include "boot/ports.h"
#include "lib/string.h"

#define PIXEL_BITS	32
#define KEYBOARD_STATUS 0x64
#define KEYBOARD_FULL	BIT(0)
#define KEYBOARD_DATA	0x60
#define RESET_PORT	0xcf9
#define RESET_HARD	0x06
#define KEY_RELEASED	0x80

NORETURN void loader_main(const void *info);

/* The key that chose the menu entry may still be on its way up. */
static void wait_for_key(void)
{
	for (;;) {
		if ((inb(KEYBOARD_STATUS) & KEYBOARD_FULL) && !(inb(KEYBOARD_DATA) & KEY_RELEASED))
			return;
		__asm__ volatile("pause");
	}
}

NORETURN void give_up(void)
{
	say("press a key to restart");
	wait_for_key();
	outb(RESET_PORT, RESET_HARD);
	for (;;)
		__asm__ volatile("hlt");
}

static void find_framebuffer(const struct tag_framebuffer *fb)
{
	if (!fb || fb->type != MB_SCREEN_RGB || fb->bits != PIXEL_BITS)
		return;
	handoff->fb = (struct handoff_framebuffer){
		.phys = fb->phys,
		.width = fb->width,
		.height = fb->height,
		.pitch = fb->pitch,
		.red_shift = fb->red_shift,
		.green_shift = fb->green_shift,
		.blue_shift = fb->blue_shift,
	};
}

static void find_acpi(void)
{
	const struct tag *rsdp = find_tag(TAG_RSDP_V2, NULL);

	say("looking for the ACPI tables");
	if (!rsdp)
		rsdp = find_tag(TAG_RSDP_V1, NULL);
	handoff_set_rsdp(rsdp ? rsdp + 1 : NULL);
}

static void make_command_line(void)
{
	const struct tag *words = find_tag(TAG_CMDLINE, NULL);
	const struct tag_module *file = find_module("cmdline.txt");

	if (words)
		handoff_add_words((const char *)(words + 1), words->size - sizeof(*words));
	if (file)
		handoff_add_words((const char *)(uintptr_t)file->start, file->end - file->start);
	say("command line: %s", handoff->cmdline);
}

static void find_archive(void)
{
	const struct tag_module *m = find_module("archive.bin");

	if (!m)
		return;
	handoff->archive_phys = m->start;
	handoff->archive_size = m->end - m->start;
}

static void load_kernel(struct elf_image *image)
{
	const char *name = handoff_kernel_name();
	const struct tag_module *m = find_module(name);

	if (!m)
		fail("/prague/%s is missing: copy it there, or choose the other kernel", name);
	place_kernel(name, (const void *)(uintptr_t)m->start, m->end - m->start, image);
}

NORETURN void loader_main(const void *info)
{
	const struct tag_framebuffer *fb;
	struct elf_image image;
	jump_fn *jump;
	u32 levels;
	u64 cr3;

	multiboot_begin(info);
	fb = find_tag(TAG_FRAMEBUFFER, NULL);
	console_begin(!fb || fb->type == MB_SCREEN_TEXT);
	say("Prague BIOS loader " LOADER_VERSION);
	memory_begin();
	handoff_begin(FIRMWARE_BIOS, "Prague BIOS loader " LOADER_VERSION);
	make_command_line();
	load_kernel(&image);
	find_archive();
	find_acpi();
	find_framebuffer(fb);
	levels = choose_levels();
	cr3 = make_tables(&image, levels);
	jump = make_jump();
	make_ranges();
	say("entering the kernel at %#llx", (unsigned long long)image.entry);
	jump((uintptr_t)handoff, cr3, image.entry, cpu_has_nx(), levels);
	__builtin_unreachable();
}
