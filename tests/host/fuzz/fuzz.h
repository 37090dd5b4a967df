/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fuzz/fuzz.h - what the fuzzers share.  Each looks for reads and writes out
 * of bounds and undefined behaviour, and checks what a parser promises of its result.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/assert.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
