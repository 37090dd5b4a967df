/* SPDX-License-Identifier: MIT */
/*
 * tests/timer_chip.c - see timer_chip.h.  Sources: Intel 8254 data sheet; IA-PC HPET
 * specification 1.0a.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/ioapic.h"
#include "kernel/acpi.h"
#include "lib/err.h"
#include "mm/kspace.h"
#include "tests/timer_chip.h"

#define PIT_HZ	       1193182ul
#define PIT_CHANNEL_0  0x40
#define PIT_COMMAND    0x43
#define PIT_ONE_SHOT_0 0x30 /* channel 0, low then high byte, mode 0 */
#define US_PER_SEC     1000000ul

void pit_one_shot(u32 us)
{
	u64 ticks = MAX(us * PIT_HZ / US_PER_SEC, 1ul);

	out8(PIT_COMMAND, PIT_ONE_SHOT_0);
	out8(PIT_CHANNEL_0, (u8)ticks);
	out8(PIT_CHANNEL_0, (u8)(ticks >> 8));
}

/* Registers, by their index as u64. */
enum hpet_reg {
	HPET_CAPABILITIES = 0x000 / 8,
	HPET_CONFIG = 0x010 / 8,
	HPET_STATUS = 0x020 / 8,
	HPET_COUNTER = 0x0f0 / 8,
	TIMER_CONFIG = 0x100 / 8,
	TIMER_COMPARATOR = 0x108 / 8,
};

#define HPET_SIZE	   0x400
#define HPET_ENABLE	   BIT(0)
#define HPET_PERIOD_SHIFT  32 /* femtoseconds a tick */
#define FS_PER_US	   1000000000ul
#define TIMER_0		   BIT(0)
#define TIMER_LEVEL	   BIT(1)
#define TIMER_INTERRUPTS   BIT(2)
#define TIMER_ROUTE_SHIFT  9
#define TIMER_ROUTES_SHIFT 32 /* a bit for each interrupt that it can be routed to */
#define TIMER_ROUTES	   32u

/* The first that is signalled by level, as it is on PCI. */
static u32 choose_route(u64 config)
{
	u32 gsi = ACPI_ISA_LINES;

	while (gsi < TIMER_ROUTES && ((config >> TIMER_ROUTES_SHIFT & BIT(gsi)) == 0 ||
				      !ioapic_has(gsi) || !acpi_line(&machine.cpus, gsi).level))
		gsi++;
	return gsi;
}

int hpet_find(struct hpet *h)
{
	static volatile u64 *mapped; /* for good: once */

	if (machine.hpet == 0)
		return -ENODEV;
	if (mapped == NULL)
		mapped = kspace_map_device(machine.hpet, HPET_SIZE, PTE_PCD);
	if (mapped == NULL)
		return -ENOMEM;
	h->regs = mapped;
	h->gsi = choose_route(h->regs[TIMER_CONFIG]);
	if (h->gsi == TIMER_ROUTES)
		return -ENODEV;
	h->regs[TIMER_CONFIG] = TIMER_LEVEL | (u64)h->gsi << TIMER_ROUTE_SHIFT;
	h->regs[HPET_CONFIG] = HPET_ENABLE;
	return 0;
}

void hpet_one_shot(struct hpet *h, u32 us)
{
	u64 period = h->regs[HPET_CAPABILITIES] >> HPET_PERIOD_SHIFT;

	h->regs[TIMER_CONFIG] |= TIMER_INTERRUPTS;
	h->regs[TIMER_COMPARATOR] = h->regs[HPET_COUNTER] + us * FS_PER_US / period;
}

void hpet_quiet(struct hpet *h)
{
	h->regs[HPET_STATUS] = TIMER_0;
}

void hpet_stop(struct hpet *h)
{
	h->regs[TIMER_CONFIG] &= ~TIMER_INTERRUPTS;
	hpet_quiet(h);
	h->regs[HPET_CONFIG] = 0;
}
