/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fake_kmap/twin_kmap.h - the window of the percpu kernel, somewhere on the host.
 */
#pragma once

#include "lib/types.h"

extern u8 machine_window[];

static ALWAYS_INLINE vaddr_t kmap_window(void)
{
	return (vaddr_t)machine_window;
}

static ALWAYS_INLINE void kmap_pin(void)
{
}

static ALWAYS_INLINE void kmap_unpin(void)
{
}
