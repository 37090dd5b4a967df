/* SPDX-License-Identifier: MIT */
/*
 * tests/host/slab_release_test.c - the tests of slab_test.c on objects as release
 * builds lay them out: no red zones, the free list's link inside a free object.
 */
#include "tests/host/slab_test.c"
