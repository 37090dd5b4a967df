# SPDX-License-Identifier: MIT
# tests/host/pmu_regs_test.mk - the registers of performance counters, on a CPU that is made up.

HOST_SRC_pmu_regs := arch/x86_64/pmu.c arch/x86_64/pmu_choose.c
HOST_CFLAGS_pmu_regs := -Itests/host/fake_pmu
