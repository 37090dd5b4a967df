/* SPDX-License-Identifier: MIT */
/*
 * boot/uefi/screen.c - the framebuffer that firmware's graphics output leaves behind.
 */
#include "boot/uefi/firmware.h"

#define PIXEL_BYTES 4

struct shifts {
	u8 red, green, blue;
};

/* Where each colour's byte is in a 32-bit pixel.  False: not one of the forms handed over. */
static bool shifts_of(const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info, struct shifts *out)
{
	const EFI_PIXEL_BITMASK *mask = &info->PixelInformation;

	switch (info->PixelFormat) {
	case PixelRedGreenBlueReserved8BitPerColor:
		*out = (struct shifts){ 0, 8, 16 };
		return true;
	case PixelBlueGreenRedReserved8BitPerColor:
		*out = (struct shifts){ 16, 8, 0 };
		return true;
	case PixelBitMask:
		if (!mask->RedMask || !mask->GreenMask || !mask->BlueMask || !mask->ReservedMask)
			return false;
		*out = (struct shifts){ (u8)__builtin_ctz(mask->RedMask),
					(u8)__builtin_ctz(mask->GreenMask),
					(u8)__builtin_ctz(mask->BlueMask) };
		return true;
	default:
		return false;
	}
}

void find_framebuffer(void)
{
	static EFI_GUID gop_guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
	EFI_GRAPHICS_OUTPUT_PROTOCOL *gop;
	const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info;
	struct handoff_framebuffer *fb = &handoff->fb;
	struct shifts shifts;
	void *interface;

	say("looking for a framebuffer");
	if (EFI_ERROR(firmware->BootServices->LocateProtocol(&gop_guid, NULL, &interface)))
		return;
	gop = interface;
	info = gop->Mode->Info;
	if (!shifts_of(info, &shifts))
		return;
	fb->phys = gop->Mode->FrameBufferBase;
	fb->width = info->HorizontalResolution;
	fb->height = info->VerticalResolution;
	fb->pitch = info->PixelsPerScanLine * PIXEL_BYTES;
	fb->red_shift = shifts.red;
	fb->green_shift = shifts.green;
	fb->blue_shift = shifts.blue;
}
