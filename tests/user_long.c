/* SPDX-License-Identifier: MIT */
/*
 * tests/user_long.c - long messages, as programs see them (user/bin/check_long.c); and no page of a
 * buffer is lost.
 */
#include "tests/user_check.h"

TEST("user.long", there_and_back_and_neither)
{
	user_check_often(t, "check_long", NULL, 0);
}
