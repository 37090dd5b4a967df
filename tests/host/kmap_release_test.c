/* SPDX-License-Identifier: MIT */
/*
 * tests/host/kmap_release_test.c - kmap_test.c as the release build would have it: all tasks
 * use the same slots.
 */
#include "tests/host/kmap_test.c"
