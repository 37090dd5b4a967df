/* SPDX-License-Identifier: MIT */
/*
 * boot/report.c - what the loaders say, and how they end when they cannot go on.
 */
#include "boot/loader.h"
#include "boot/ports.h"
#include "lib/cmdline.h"
#include "lib/format.h"
#include "lib/string.h"

#define LINE_MAX 320 /* bytes of one line, longer ones are cut */

#define QEMU_EXIT_PORT	    0xf4 /* isa-debug-exit */
#define QEMU_EXIT_LOADER    0x13 /* what it is told: the loader failed */
#define BOCHS_SHUTDOWN_PORT 0x8900

static void write_line(const char *prefix, const char *fmt, va_list args) PRINTF_LIKE(2, 0);

static void write_line(const char *prefix, const char *fmt, va_list args)
{
	char line[LINE_MAX];

	format_v(line, sizeof(line), fmt, args);
	console_write(prefix);
	console_write(line);
	console_write("\n");
}

void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_line("prague-loader: ", fmt, args);
	va_end(args);
}

/* Does an emulator called @name wait for the loader's verdict? */
static bool runs_in(const char *name)
{
	size_t len;
	const char *value = handoff ? cmdline_find(handoff->cmdline, "emulator", &len) : NULL;

	return value && len == strlen(name) && memcmp(value, name, len) == 0;
}

static void end_emulator(void)
{
	if (runs_in("qemu"))
		outb(QEMU_EXIT_PORT, QEMU_EXIT_LOADER);
	if (runs_in("bochs")) {
		for (const char *s = "Shutdown"; *s; s++)
			outb(BOCHS_SHUTDOWN_PORT, (u8)*s);
	}
}

NORETURN void fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_line("prague-loader: error: ", fmt, args);
	va_end(args);
	end_emulator();
	give_up();
}
