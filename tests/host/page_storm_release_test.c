/* SPDX-License-Identifier: MIT */
/* tests/host/page_storm_release_test.c - page_storm_test.c without poison and checks. */
#include "tests/host/page_storm_test.c"
