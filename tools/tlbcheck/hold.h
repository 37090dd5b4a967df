/* SPDX-License-Identifier: MIT */
/*
 * tools/tlbcheck/hold.h - hold CPUs up, for up to two milliseconds, at random instructions of
 * functions with given names: windows of a few instructions, in which another CPU would have
 * to do much, open then.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "../insncount/qemu_plugin.h"

/* Globs of function names, with colons between them.  False: too many. */
bool hold_take(const char *list);

/* One in so many executions of an instruction of theirs is held up.  False: no number. */
bool hold_take_odds(const char *word);

/* At the translation of @insn. */
void hold_translate(struct qemu_plugin_insn *insn);

/* How often CPUs were held up. */
uint64_t hold_count(void);
