/* SPDX-License-Identifier: MIT */
/*
 * tests/user_program.h - programs of the boot archive.
 */
#pragma once

#include "tests/harness.h"

/* Let @name, of the boot archive, run in a task of its own to the end: its status must be 0. */
void user_program_run(struct test *t, const char *name);
