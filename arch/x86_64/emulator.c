/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/emulator.c - see emulator.h.
 */
#include "arch/x86_64/emulator.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "lib/cmdline.h"
#include "lib/string.h"

#define QEMU_DEBUG_EXIT_PORT 0xf4
#define BOCHS_SHUTDOWN_PORT  0x8900

static enum { NO_EMULATOR, QEMU, BOCHS } listening;

static bool word_is(const char *word, size_t len, const char *name)
{
	return len == strlen(name) && strncmp(word, name, len) == 0;
}

void emulator_init(const char *cmdline)
{
	size_t len;
	const char *word = cmdline_find(cmdline, "emulator", &len);

	if (word == NULL)
		return;
	if (word_is(word, len, "qemu"))
		listening = QEMU;
	else if (word_is(word, len, "bochs"))
		listening = BOCHS;
}

void emulator_leave(enum verdict verdict)
{
	if (listening == QEMU)
		out32(QEMU_DEBUG_EXIT_PORT, verdict);
	if (listening == BOCHS)
		for (const char *p = "Shutdown"; *p != '\0'; p++)
			out8(BOCHS_SHUTDOWN_PORT, (u8)*p);
}

void emulator_exit(enum verdict verdict)
{
	irq_disable();
	emulator_leave(verdict);
	for (;;)
		__asm__ volatile("hlt");
}
