/* SPDX-License-Identifier: MIT */
/*
 * boot/uefi/memory.c - memory from firmware, firmware's memory map, and firmware's end.
 *
 * The map is turned into the handoff's ranges before firmware is asked to go, because
 * afterwards nobody can hear of an error.  Firmware refuses to go if the map has changed
 * since it was read; then, and only once, both are done again.
 */
#include "boot/uefi/firmware.h"
#include "lib/string.h"

#define MAP_PAGES   16 /* of firmware's descriptors: about 1300 */
#define MAP_SIZE    (MAP_PAGES * PAGE_SIZE)
#define PIECES_MAX  (MAP_SIZE / sizeof(EFI_MEMORY_DESCRIPTOR) + HANDOFF_OWN_PIECES)
#define PIECE_PAGES DIV_ROUND_UP(PIECES_MAX * sizeof(struct handoff_range), PAGE_SIZE)

static void *map;
static struct handoff_range *pieces;

/* Loader *code*, because the page that jump.asm goes to must be executable. */
void *low_alloc(size_t pages, const char *what)
{
	EFI_PHYSICAL_ADDRESS at = LOW_END - 1;
	EFI_STATUS status = firmware->BootServices->AllocatePages(AllocateMaxAddress, EfiLoaderCode,
								  pages, &at);

	if (EFI_ERROR(status))
		fail("no %zu KiB of memory below 4 GiB for %s: use a machine with more memory",
		     pages * PAGE_SIZE / KIB, what);
	return memset((void *)(uintptr_t)at, 0, pages * PAGE_SIZE);
}

static enum mem_type type_of(const EFI_MEMORY_DESCRIPTOR *d)
{
	switch (d->Type) {
	case EfiConventionalMemory:
	case EfiBootServicesCode:
	case EfiBootServicesData:
		return MEM_USABLE;
	case EfiLoaderCode:
	case EfiLoaderData:
		return MEM_LOADER;
	case EfiACPIReclaimMemory:
		return MEM_ACPI;
	default:
		return MEM_RESERVED;
	}
}

/* --- memory that is to be found again after a reset ------------------------------------------- */

void *reserve_at(u64 address, u64 size)
{
	EFI_PHYSICAL_ADDRESS at = address;

	if (address > LOW_END - size)
		return NULL;
	if (EFI_ERROR(firmware->BootServices->AllocatePages(AllocateAddress, EfiLoaderData,
							    size / PAGE_SIZE, &at)))
		return NULL;
	return (void *)(uintptr_t)at;
}

void give_back(void *at, u64 size)
{
	firmware->BootServices->FreePages((uintptr_t)at, size / PAGE_SIZE);
}

void *reserve_in_the_middle(u64 size)
{
	UINTN map_size = MAP_SIZE, key, step;
	u64 start = 0, bytes = 0;
	UINT32 version;

	if (EFI_ERROR(firmware->BootServices->GetMemoryMap(&map_size, map, &key, &step, &version)))
		return NULL;
	for (UINTN at = 0; at + step <= map_size; at += step) {
		const EFI_MEMORY_DESCRIPTOR *d = (const void *)((const u8 *)map + at);
		u64 end = MIN(d->PhysicalStart + d->NumberOfPages * PAGE_SIZE, LOW_END);

		if (d->Type == EfiConventionalMemory && d->PhysicalStart < end &&
		    end - d->PhysicalStart > bytes) {
			start = d->PhysicalStart;
			bytes = end - start;
		}
	}
	if (bytes < size)
		return NULL;
	return reserve_at(start + ALIGN_DOWN((bytes - size) / 2, PAGE_SIZE), size);
}

/* --- the map ---------------------------------------------------------------------------------- */

/* Read the memory map into the handoff; *@key names that reading. */
static EFI_STATUS read_map(UINTN *key)
{
	UINTN size = MAP_SIZE, step, n = 0;
	UINT32 version;
	EFI_STATUS status = firmware->BootServices->GetMemoryMap(&size, map, key, &step, &version);

	if (EFI_ERROR(status))
		return status;
	for (UINTN at = 0; at + step <= size; at += step) {
		const EFI_MEMORY_DESCRIPTOR *d = (const void *)((const u8 *)map + at);

		pieces[n++] = (struct handoff_range){
			.start = d->PhysicalStart,
			.end = d->PhysicalStart + d->NumberOfPages * PAGE_SIZE,
			.type = type_of(d),
		};
	}
	return handoff_set_ranges(pieces, n) < 0 ? EFI_BUFFER_TOO_SMALL : EFI_SUCCESS;
}

void prepare_exit(void)
{
	map = low_alloc(MAP_PAGES, "the memory map");
	pieces = low_alloc(PIECE_PAGES, "the memory map");
}

void exit_firmware(void)
{
	EFI_BOOT_SERVICES *boot = firmware->BootServices;
	UINTN key;
	EFI_STATUS status = read_map(&key);

	if (EFI_ERROR(status))
		fail("the firmware's memory map cannot be used (status %#llx): it may have at most "
		     "%u separate ranges",
		     (unsigned long long)status, HANDOFF_MAX_RANGES);
	status = boot->ExitBootServices(loader_image, key);
	if (status == EFI_INVALID_PARAMETER) {
		status = read_map(&key);
		if (!EFI_ERROR(status))
			status = boot->ExitBootServices(loader_image, key);
	}
	if (EFI_ERROR(status))
		fail("the firmware does not let go of the machine (status %#llx): update it",
		     (unsigned long long)status);
}
