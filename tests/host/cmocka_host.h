/* SPDX-License-Identifier: MIT */
/* tests/host/cmocka_host.h - cmocka with the headers that it wants in front of it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/types.h"
