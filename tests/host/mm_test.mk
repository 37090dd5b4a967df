# SPDX-License-Identifier: MIT
# tests/host/mm_test.mk - what the tests of mm/'s allocators are made of.

HOST_PAGES := mm/buddy.c mm/page.c mm/page_alloc.c mm/page_check.c mm/poison.c \
	tests/host/fake/machine.c lib/rand.c
HOST_SLABS := $(HOST_PAGES) mm/slab.c mm/slab_debug.c mm/kmalloc.c

HOST_SRC_boot_alloc := mm/boot_alloc.c tests/host/fake/machine.c lib/rand.c
HOST_SRC_page_alloc := $(HOST_PAGES)
HOST_SRC_page_debug := $(HOST_PAGES)
HOST_SRC_page_storm := $(HOST_PAGES)
HOST_SRC_page_storm_release := $(HOST_PAGES)
HOST_SRC_slab := $(HOST_SLABS)
HOST_SRC_slab_debug := $(HOST_SLABS)
HOST_SRC_slab_release := $(HOST_SLABS)

# The machine's headers stand in for arch/x86_64's.
HOST_MACHINE := -Itests/host/fake
HOST_RELEASE := -UPRAGUE_DEBUG -DPRAGUE_DEBUG=0

HOST_CFLAGS_boot_alloc := $(HOST_MACHINE)
HOST_CFLAGS_page_alloc := $(HOST_MACHINE)
HOST_CFLAGS_page_debug := $(HOST_MACHINE)
HOST_CFLAGS_page_storm := $(HOST_MACHINE)
HOST_CFLAGS_page_storm_release := $(HOST_MACHINE) $(HOST_RELEASE)
HOST_CFLAGS_slab := $(HOST_MACHINE)
HOST_CFLAGS_slab_debug := $(HOST_MACHINE)
HOST_CFLAGS_slab_release := $(HOST_MACHINE) $(HOST_RELEASE)
