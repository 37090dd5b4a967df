/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fake_pmu/arch/x86_64/insn.h - the instructions that performance counters need, of a
 * CPU that the test makes up (pmu_regs_test.c).
 */
#pragma once

#include "lib/types.h"

u64 rdmsr(u32 msr);
void wrmsr(u32 msr, u64 value);
u64 rdpmc(u32 which);
void cpuid(u32 leaf, u32 subleaf, u32 out[4]);
