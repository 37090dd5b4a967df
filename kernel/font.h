/* SPDX-License-Identifier: MIT */
/*
 * kernel/font.h - the console's font, a file that is part of the image (kernel/font.asm).
 */
#pragma once

#include "lib/types.h"

extern const u8 font_begin[], font_end[];
