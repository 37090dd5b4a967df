/* SPDX-License-Identifier: MIT */
/*
 * boot/ports.h - the loaders' access to I/O ports.
 */
#pragma once

#include "lib/types.h"

static inline void outb(u16 port, u8 value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline u8 inb(u16 port)
{
	u8 value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}
