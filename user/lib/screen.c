/* SPDX-License-Identifier: MIT */
/* user/lib/screen.c - see screen.h. */
#include "user/lib/screen.h"
#include "lib/err.h"
#include "lib/fbcon.h"
#include "lib/string.h"
#include "user/lib/syscall.h"

#define FONT	 "font/console.psf"
#define FONT_MAX 16384

static char font[FONT_MAX];

static s64 read_font(void)
{
	s64 n = sys_file_read(FONT, strlen(FONT), 0, font, sizeof(font));

	return n == sizeof(font) ? -E2BIG : n;
}

/* Its first pixel, in @memory, which is mapped; or an error. */
static s64 map(u64 memory, const struct framebuffer *fb)
{
	u64 bytes = ALIGN_UP(fb->offset + (u64)fb->pitch * fb->height, PAGE_SIZE);
	s64 at = sys_map(0, memory, 0, 0, bytes, MAP_READ | MAP_WRITE);

	return at < 0 ? at : at + (s64)fb->offset;
}

s64 screen_open(u64 system)
{
	struct framebuffer fb;
	s64 memory, pixels, size = read_font();
	struct screen s;

	if (size < 0)
		return size;
	memory = sys_framebuffer(system, &fb);
	if (memory < 0)
		return memory;
	pixels = map((u64)memory, &fb);
	sys_close((u64)memory); /* the mapping stays */
	if (pixels < 0)
		return pixels;
	s = (struct screen){ fb.width,	   fb.height,	   fb.pitch,
			     fb.red_shift, fb.green_shift, fb.blue_shift };
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): where the kernel has mapped it */
	return fbcon_init(&s, (volatile u32 *)pixels, (const u8 *)font, (size_t)size) == 0
		       ? 0
		       : -ENODEV;
}

void screen_write(const char *text, size_t n)
{
	fbcon_write(text, n);
}
