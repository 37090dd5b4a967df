/* SPDX-License-Identifier: MIT */
/*
 * kernel/self_test.h - self-tests and benchmarks that a session asks for (abi.h: SYS_SELF_TEST).
 * They take the machine to be theirs: all tasks end first, and then init begins again.
 */
#pragma once

#include "arch/x86_64/syscall.h"
#include "lib/types.h"

/* From now on they can be asked for. */
void self_test_allow(void);

/*
 * Init has ended: was that because somebody asked?  If so, the other tasks are ended, the options
 * say what is to run, and nobody can ask until that is done.  The boot's thread; interrupts on, no
 * lock held.
 */
bool self_test_asked(void);

/* What was asked for has run.  It can be asked for again. */
void self_test_done(bool passed);

s64 sys_self_test(struct syscall_frame *f);
