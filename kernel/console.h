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

/* From now on this CPU alone prints, whoever held the lock. */
void console_enter_panic(void);

/* Straight to the serial line, by the shortest way there is: for a panic within a panic. */
void console_last_words(const char *text);

/* Wait until everything is out. */
void console_flush(void);
