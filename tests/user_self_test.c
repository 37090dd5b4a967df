/* SPDX-License-Identifier: MIT */
/*
 * tests/user_self_test.c - who asks for self-tests while they run.  That a session gets them, a
 * session must see: the rows shell-self-test-* of tools/test.
 */
#include "kernel/abi.h"
#include "kernel/system.h"
#include "tests/user_check.h"

TEST("user.self_test", is_refused_meanwhile)
{
	user_check(t, "check_self_test", &system_object, RIGHT_POWER | RIGHT_DUPLICATE);
}
