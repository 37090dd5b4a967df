/* SPDX-License-Identifier: MIT */
/*
 * tests/arch_time.c - the clock goes forward, alike on all CPUs, and as fast as the
 * local APIC's timer says.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/time.h"
#include "tests/cpus.h"
#include "tests/harness.h"

TEST("arch.time", goes_forward)
{
	u64 last = time_ns(), start = last;

	while (last - start < NS_PER_MS) {
		u64 now = time_ns();

		EXPECT(t, now >= last, "%lu after %lu", now, last);
		last = now;
	}
}

static void read_clock(void *arg)
{
	*(u64 *)arg = time_ns();
}

/* A reading taken on another CPU lies between two of this one's. */
TEST("arch.time", cpus_agree, .cpus = 2)
{
	static u64 there;
	u32 cpu;

	for_each_cpu (cpu, &cpus_online) {
		u64 before = time_ns();

		run_on_cpu(cpu, read_clock, &there);
		EXPECT(t, before <= there && there <= time_ns(), "CPU %u: %lu not in %lu..%lu", cpu,
		       there, before, time_ns());
	}
}

TEST("arch.time", spin_waits_long_enough)
{
	u64 start = time_ns();

	time_spin_ns(2 * NS_PER_MS);
	EXPECT(t, time_ns() - start >= 2 * NS_PER_MS, "%lu ns", time_ns() - start);
}

TEST("arch.time", rates_are_plausible)
{
	EXPECT(t, time_tsc_khz() >= 1000, "TSC %lu kHz", time_tsc_khz());
	EXPECT(t, time_apic_khz() >= 100, "APIC timer %lu kHz", time_apic_khz());
	test_note("TSC %lu kHz, APIC timer %lu kHz, by %s", time_tsc_khz(), time_apic_khz(),
		  time_source());
}
