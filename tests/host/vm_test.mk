# SPDX-License-Identifier: MIT
# tests/host/vm_test.mk - what the tests of regions, memory objects and user page tables are
# made of.

# The regions' model is the slab allocator and the objects, to count and to fail as it likes.
HOST_SRC_region := mm/region.c mm/region_avl.c lib/rand.c tests/host/region_model.c
HOST_SRC_region_memory := $(HOST_SRC_region)
HOST_SRC_region_storm := $(HOST_SRC_region)
HOST_SRC_object = $(HOST_SLABS) mm/budget.c mm/object.c tests/host/fake/page_zero.c
HOST_SRC_user_pt = $(HOST_SLABS) arch/x86_64/pte.c mm/budget.c mm/user_pt.c

# The machine's locks have no rank of objects; that of the kernel half stands where it
# would, outside the slabs.
HOST_CFLAGS_region = $(HOST_MACHINE)
HOST_CFLAGS_region_memory = $(HOST_MACHINE)
HOST_CFLAGS_region_storm = $(HOST_MACHINE)
HOST_CFLAGS_user_pt = $(HOST_MACHINE)
HOST_CFLAGS_object = $(HOST_MACHINE) -DLOCK_RANK_OBJECT=LOCK_RANK_KSPACE
