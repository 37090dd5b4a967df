/* SPDX-License-Identifier: MIT */
/*
 * boot/uefi/cpus.c - the CPUs that firmware has left in a loop of its own.
 *
 * From ExitBootServices() on they are the system's, and they run firmware's code until
 * somebody sends INIT: they take the time of an emulator's host, and memory that is no
 * longer firmware's.  INIT leaves them waiting for the SIPI that starts them, which the
 * kernel precedes by an INIT of its own (Intel SDM vol. 3A, 8.4.4).
 */
#include "boot/uefi/firmware.h"

#define MSR_APIC_BASE	  0x1bu
#define MSR_X2APIC_ICR	  0x830u
#define APIC_BASE_X2APIC  BIT(10)
#define APIC_BASE_ENABLE  BIT(11)
#define APIC_BASE_ADDRESS 0x000ffffffffff000ul
#define ICR_LOW		  (0x300 / sizeof(u32))

/* INIT, assert, to all but this CPU: no destination is read. */
#define INIT_OTHERS (5u << 8 | 1u << 14 | 3u << 18)

static u64 rdmsr(u32 msr)
{
	u32 low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (u64)high << 32 | low;
}

static void wrmsr(u32 msr, u32 low)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"(low), "d"(0) : "memory");
}

/* Firmware's page tables have the registers where it uses them itself, at their address. */
void stop_other_cpus(void)
{
	u64 base = rdmsr(MSR_APIC_BASE);

	if ((base & APIC_BASE_ENABLE) == 0)
		return;
	if ((base & APIC_BASE_X2APIC) != 0)
		wrmsr(MSR_X2APIC_ICR, INIT_OTHERS);
	else
		((volatile u32 *)(base & APIC_BASE_ADDRESS))[ICR_LOW] = INIT_OTHERS;
}
