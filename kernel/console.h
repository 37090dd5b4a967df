/* SPDX-License-Identifier: MIT */
/*
 * kernel/console.h - the kernel's text: the same on the serial line and the framebuffer.
 */
#pragma once

#include "boot/handoff.h"
#include "lib/types.h"

/* Serial line and framebuffer (where the loader mapped it).  The first thing that can print. */
void console_init(const struct handoff *h);

/*
 * Two steps from the loader's tables to the kernel's own: map the framebuffer in these,
 * before they are loaded (-ENOMEM: serial only from then on), and reach it there, after.
 */
int console_map_framebuffer(void);
void console_use_kernel_mapping(void);

/*
 * Somebody in user mode has the serial line now, one more of those: the kernel's text goes to the
 * log and the screen alone.  One less; after the last the line is set up again and is the
 * kernel's.  A panic takes it without asking.  Any context but NMI.
 */
void console_lend_serial(void);
void console_take_serial_back(void);

/*
 * Somebody in user mode has the screen *@fb now: the kernel's text is remembered, and drawn when
 * the screen is taken back, as a panic does too.  0; -ENODEV: there is none, or it lies in memory
 * that is used for something else; -EBUSY: somebody has it, or the machine is about to stop.  Any
 * context but NMI.
 */
int console_lend_screen(struct handoff_framebuffer *fb) WARN_UNUSED_RESULT;
void console_take_screen_back(void);

/* The screen as the kernel has it mapped, for who was lent it; NULL: there is none. */
volatile u32 *console_screen(void);

/* For tests: does the screen show what the kernel printed, pixel by pixel, or is there none? */
bool console_screen_is_shown(void);

/* From now on line and screen are the kernel's, whoever has them: the machine is about to stop. */
void console_keep(void);

/* @n bytes at most, of what was printed, from byte *@from on, or from the first that is still
 * there, whose number *@from becomes.  How many. */
size_t console_read_log(u64 *from, char *text, size_t n);

/* From now on this CPU alone prints, whoever held the lock. */
void console_enter_panic(void);

/* Straight to the serial line, by the shortest way there is: for a panic within a panic. */
void console_last_words(const char *text);

/* Wait until everything is out. */
void console_flush(void);
