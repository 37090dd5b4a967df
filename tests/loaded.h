/* SPDX-License-Identifier: MIT */
/*
 * tests/loaded.h - calls that load an address space on a CPU that has no thread of it.
 */
#pragma once

#include "mm/switch.h"

static inline void load_mm(void *mm)
{
	switch_mm(mm);
}

static inline void leave_mm(void *unused)
{
	(void)unused;
	switch_to_neutral();
}
