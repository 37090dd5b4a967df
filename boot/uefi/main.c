/* SPDX-License-Identifier: MIT */
/*
 * boot/uefi/main.c - the UEFI loader, from firmware's call to the kernel's first
 * instruction, and its console.
 */
#include "boot/uefi/firmware.h"
#include "lib/string.h"

#define TEXT_MAX 512 /* characters that go to firmware at once */

EFI_HANDLE loader_image;
EFI_SYSTEM_TABLE *firmware;

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);

void console_write(const char *text)
{
	CHAR16 wide[TEXT_MAX];
	size_t n = 0;

	for (; *text && n < TEXT_MAX - 2; text++) {
		if (*text == '\n')
			wide[n++] = '\r';
		wide[n++] = (u8)*text;
	}
	wide[n] = 0;
	firmware->ConOut->OutputString(firmware->ConOut, wide);
}

NORETURN void give_up(void)
{
	UINTN index;
	EFI_EVENT key = firmware->ConIn->WaitForKey;

	say("press a key to return to the firmware");
	firmware->ConIn->Reset(firmware->ConIn, FALSE);
	firmware->BootServices->WaitForEvent(1, &key, &index);
	firmware->BootServices->Exit(loader_image, EFI_LOAD_ERROR, 0, NULL);
	__builtin_unreachable();
}

static void make_command_line(void)
{
	const char *menu, *cmdline, *next = next_words();
	size_t menu_size, size;

	if (next) {
		say("going on by itself");
		handoff_add_words(next, strlen(next));
		say("command line: %s", handoff->cmdline);
		return;
	}
	cmdline = read_file("cmdline.txt", &size);
	if (cmdline)
		handoff_add_words(cmdline, size); /* fail() must know of an emulator at once */
	menu = read_file("menu.txt", &menu_size);
	if (!menu) {
		say("\\prague\\menu.txt is missing: booting without a menu");
	} else {
		memset(handoff->cmdline, 0, sizeof(handoff->cmdline));
		choose_entry(menu, menu_size, results_were_pending());
		if (cmdline)
			handoff_add_words(cmdline, size);
	}
	say("command line: %s", handoff->cmdline);
}

static void find_acpi(void)
{
	static const EFI_GUID acpi2 = ACPI_20_TABLE_GUID, acpi1 = ACPI_TABLE_GUID;
	const void *v2 = NULL, *v1 = NULL;

	say("looking for the ACPI tables");
	for (UINTN i = 0; i < firmware->NumberOfTableEntries; i++) {
		const EFI_CONFIGURATION_TABLE *t = &firmware->ConfigurationTable[i];

		if (memcmp(&t->VendorGuid, &acpi2, sizeof(acpi2)) == 0)
			v2 = t->VendorTable;
		if (memcmp(&t->VendorGuid, &acpi1, sizeof(acpi1)) == 0)
			v1 = t->VendorTable;
	}
	handoff_set_rsdp(v2 ? v2 : v1);
}

static void load_archive(void)
{
	size_t size;
	void *archive = read_file("archive.bin", &size);

	if (!archive)
		return;
	handoff->archive_phys = (uintptr_t)archive;
	handoff->archive_size = size;
}

static void load_kernel(struct elf_image *image)
{
	const char *name = handoff_kernel_name();
	size_t size;
	void *file = read_file(name, &size);

	if (!file)
		fail("\\prague\\%s is missing: copy it there, or choose the other kernel", name);
	place_kernel(name, file, size, image);
}

EFI_STATUS efi_main(EFI_HANDLE handle, EFI_SYSTEM_TABLE *table)
{
	struct elf_image image;
	jump_fn *jump;
	u32 levels;
	u64 cr3;

	loader_image = handle;
	firmware = table;
	firmware->BootServices->SetWatchdogTimer(0, 0, 0, NULL);
	say("Prague UEFI loader " LOADER_VERSION);
	open_boot_volume();
	collect_results();
	handoff_begin(FIRMWARE_UEFI, "Prague UEFI loader " LOADER_VERSION);
	make_command_line();
	prepare_exit();
	reserve_results();
	load_kernel(&image);
	load_archive();
	find_acpi();
	find_framebuffer();
	levels = choose_levels();
	cr3 = make_tables(&image, levels);
	jump = make_jump();
	say("leaving the firmware and entering the kernel at %#llx",
	    (unsigned long long)image.entry);
	exit_firmware();
	stop_other_cpus();
	jump((uintptr_t)handoff, cr3, image.entry, cpu_has_nx(), levels);
	__builtin_unreachable();
}
