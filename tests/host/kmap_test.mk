# SPDX-License-Identifier: MIT
# tests/host/kmap_test.mk - kmap_local in the percpu kernel's form, on a machine of the test's own;
# a second time as the release build would have it.

HOST_SRC_kmap := mm/kmap.c
HOST_SRC_kmap_release := mm/kmap.c
HOST_CFLAGS_kmap := -Itests/host/fake_kmap -Iarch/x86_64/percpu
HOST_CFLAGS_kmap_release := $(HOST_CFLAGS_kmap) -UPRAGUE_DEBUG -DPRAGUE_DEBUG=0
