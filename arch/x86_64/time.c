/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/time.c - see time.h.
 *
 * A source is a function that waits for about CALIBRATE_MS by a clock of known rate
 * and says how long it really waited; TSC and APIC timer are read around it.  A source
 * that does not tick gives 0, and the next one is tried.
 *
 * The timer counts in one-shot mode meanwhile, and goes on in TSC-deadline mode where the
 * CPU has it: then the clock and the timer are the same counter.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/trap.h"
#include "arch/x86_64/upcall.h"
#include "lib/err.h"

#define CALIBRATE_MS  20ul
#define GIVE_UP_SPINS 100000000ul

#define PM_TIMER_HZ   3579545ul
#define PM_TIMER_MASK 0xfffffful /* 24 bits are always there */

#define PIT_HZ	       1193182ul
#define PIT_CHANNEL_2  0x42
#define PIT_COMMAND    0x43
#define PIT_ONE_SHOT_2 0xb0 /* channel 2, low then high byte, mode 0 */
#define PIT_GATE_PORT  0x61
#define PIT_GATE       BIT(0)
#define PIT_SPEAKER    BIT(1)
#define PIT_OUT	       BIT(5)

#define LEAF_TSC_CRYSTAL 0x15
#define LEAF_FREQUENCY	 0x16

static u64 tsc_khz, apic_khz, tsc_start;
static const char *source = "none";
static u16 pm_port;

static u64 wait_pm_timer(void)
{
	u32 start, ticks, want = PM_TIMER_HZ * CALIBRATE_MS / 1000;

	if (pm_port == 0)
		return 0;
	start = in32(pm_port);
	for (u64 spins = 0; spins < GIVE_UP_SPINS; spins++) {
		ticks = (in32(pm_port) - start) & PM_TIMER_MASK;
		if (ticks >= want)
			return ticks * NS_PER_SEC / PM_TIMER_HZ;
	}
	return 0;
}

static u64 wait_pit(void)
{
	u32 count = PIT_HZ * CALIBRATE_MS / 1000;

	out8(PIT_GATE_PORT, (u8)((in8(PIT_GATE_PORT) & ~PIT_SPEAKER) | PIT_GATE));
	out8(PIT_COMMAND, PIT_ONE_SHOT_2);
	out8(PIT_CHANNEL_2, (u8)count);
	out8(PIT_CHANNEL_2, (u8)(count >> 8));
	if (in8(PIT_GATE_PORT) & PIT_OUT) /* already "done": there is no PIT */
		return 0;
	for (u64 spins = 0; spins < GIVE_UP_SPINS; spins++)
		if (in8(PIT_GATE_PORT) & PIT_OUT)
			return count * NS_PER_SEC / PIT_HZ;
	return 0;
}

/* Run @wait with both counters; their rates in kHz.  False: it does not tick. */
static bool measure(u64 (*wait)(void), u64 *tsc, u64 *apic)
{
	u64 t0, ns;
	u32 left;

	apic_timer_start(UINT32_MAX);
	t0 = rdtsc();
	ns = wait();
	*tsc = rdtsc() - t0;
	left = apic_timer_left();
	apic_timer_start(0);
	if (ns == 0)
		return false;
	*tsc = *tsc * NS_PER_MS / ns;
	*apic = (u64)(UINT32_MAX - left) * NS_PER_MS / ns;
	return *tsc != 0 && *apic != 0;
}

/* The rate as CPUID says it (SDM vol. 2A; leaf 15H may leave the crystal's rate out). */
static u64 cpuid_tsc_khz(void)
{
	u32 range[4], r[4], f[4] = { 0 };

	cpuid(0, 0, range);
	if (range[0] < LEAF_TSC_CRYSTAL)
		return 0;
	cpuid(LEAF_TSC_CRYSTAL, 0, r);
	if (r[0] == 0 || r[1] == 0)
		return 0;
	if (r[2] != 0)
		return (u64)r[2] / 1000 * r[1] / r[0];
	if (range[0] >= LEAF_FREQUENCY)
		cpuid(LEAF_FREQUENCY, 0, f);
	return (u64)(f[0] & 0xffff) * 1000;
}

/* Wait by a TSC of known rate: for the APIC timer's sake. */
static u64 wait_tsc(void)
{
	u64 t0 = rdtsc(), ticks = tsc_khz * CALIBRATE_MS;

	while (rdtsc() - t0 < ticks)
		cpu_pause();
	return CALIBRATE_MS * NS_PER_MS;
}

static bool calibrate(void)
{
	u64 ignored;

	tsc_khz = cpuid_tsc_khz();
	if (tsc_khz != 0 && measure(wait_tsc, &ignored, &apic_khz)) {
		source = "CPUID 15H";
		return true;
	}
	if (measure(wait_pm_timer, &tsc_khz, &apic_khz)) {
		source = "ACPI PM timer";
		return true;
	}
	if (measure(wait_pit, &tsc_khz, &apic_khz)) {
		source = "PIT";
		return true;
	}
	return false;
}

static void on_timer(struct trapframe *f) REQUIRES(irqs_off)
{
	(void)f;
	timer_expired();
}

int time_calibrate(u16 pm_timer_port)
{
	pm_port = pm_timer_port;
	if (!calibrate())
		return -ENODEV;
	tsc_start = rdtsc();
	irq_set_handler(IRQ_TIMER, on_timer);
	if (cpu_features.tsc_deadline)
		apic_timer_use_deadline();
	return 0;
}

const char *time_source(void)
{
	return source;
}

u64 time_tsc_khz(void)
{
	return tsc_khz;
}

u64 time_apic_khz(void)
{
	return apic_khz;
}

u64 time_ns(void)
{
	u64 ticks;

	if (tsc_khz == 0)
		return 0;
	ticks = rdtsc() - tsc_start;
	return ticks / tsc_khz * NS_PER_MS + ticks % tsc_khz * NS_PER_MS / tsc_khz;
}

#define UNKNOWN_TSC_KHZ 10000000ul /* faster than any there is */

void time_spin_ns(u64 ns)
{
	u64 khz = tsc_khz != 0 ? tsc_khz : UNKNOWN_TSC_KHZ;
	u64 start = rdtsc(), ticks = ns * khz / NS_PER_MS;

	while (rdtsc() - start < ticks)
		cpu_pause();
}

#define ARM_AT_MOST (1000 * NS_PER_SEC) /* so that no product below overflows */

static void arm_one_shot(u64 ns)
{
	u64 count = ns / NS_PER_US * apic_khz / 1000;

	apic_timer_start((u32)MIN(MAX(count, 1ul), UINT32_MAX));
}

/* Rounded up: an interrupt before its time would only be asked for again. */
static void arm_deadline(u64 ns)
{
	apic_timer_set_deadline(rdtsc() + ns * tsc_khz / NS_PER_MS + 1);
}

void timer_arm_at(u64 deadline)
{
	u64 now = time_ns();
	u64 ns = deadline > now ? MIN(deadline - now, ARM_AT_MOST) : 0;

	if (apic_timer_by_deadline())
		arm_deadline(ns);
	else
		arm_one_shot(ns);
}

void timer_disarm(void)
{
	if (apic_timer_by_deadline())
		apic_timer_set_deadline(0);
	else
		apic_timer_start(0);
}
