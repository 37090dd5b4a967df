/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/fake/arch/x86_64/insn.h - the instructions that mm/ uses, on a simulated CPU.
 */
#pragma once

#include "lib/types.h"
#include "tests/sim/machine.h"

static inline void write_cr3(u64 v)
{
	sim_write_cr3(v);
}

static inline u64 read_cr3(void)
{
	return sim_cr3(sim_running());
}

static inline void invlpg(vaddr_t va)
{
	sim_invlpg(va);
}

/* Where a release build's lock waits; here the simulator's locks do. */
static inline void cpu_pause(void)
{
}

/* As in the real one. */
enum invpcid_type {
	INVPCID_ADDRESS,
	INVPCID_TAG,
	INVPCID_ALL,
	INVPCID_ALL_LOCAL,
};

static inline void invpcid(enum invpcid_type type, u64 pcid, vaddr_t va)
{
	sim_invpcid(type, pcid, va);
}
