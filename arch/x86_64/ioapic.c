/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/ioapic.c - see ioapic.h.
 *
 * Registers are reached through two, an index and a window, so a lock holds them together.  A
 * write is read back: the answer comes behind interrupts that were sent before.
 */
#include "arch/x86_64/ioapic.h"
#include "arch/x86_64/spinlock.h"
#include "lib/err.h"

#define IOAPICS_MAX 16

/* The two registers that are in memory, by their index as u32. */
#define INDEX  0
#define WINDOW 4

enum ioapic_reg {
	REG_VERSION = 1,
	REG_ENTRIES = 0x10, /* two for each interrupt, low and high */
};

#define VERSION_NONE	   0xffffffffu /* what nobody answers */
#define VERSION_LAST_SHIFT 16	       /* the number of the last entry */
#define VERSION_LAST_MASK  0xffu
#define ENTRY_LOW_SIGNAL   BIT(13)
#define ENTRY_LEVEL	   BIT(15)
#define ENTRY_MASKED	   BIT(16)
#define ENTRY_CPU_SHIFT	   24 /* in the high half; fixed delivery, physical destination */

/* Constant after ioapic_add(). */
static struct ioapic {
	volatile u32 *regs;
	u32 first, n; /* interrupts */
} ioapics[IOAPICS_MAX];

static u32 ioapic_count;

static struct spinlock lock = SPINLOCK_INIT("I/O APICs", LOCK_RANK_IOAPIC);

static u32 reg_read(const struct ioapic *io, u32 reg) REQUIRES(lock)
{
	io->regs[INDEX] = reg;
	return io->regs[WINDOW];
}

static void reg_write(const struct ioapic *io, u32 reg, u32 value) REQUIRES(lock)
{
	io->regs[INDEX] = reg;
	io->regs[WINDOW] = value;
	(void)io->regs[WINDOW];
}

static const struct ioapic *find(u32 gsi)
{
	for (u32 i = 0; i < ioapic_count; i++)
		if (gsi - ioapics[i].first < ioapics[i].n)
			return &ioapics[i];
	return NULL;
}

bool ioapic_has(u32 gsi)
{
	return gsi < IOAPIC_GSIS && find(gsi) != NULL;
}

static u32 entry_low(const struct ioapic *io, u32 gsi)
{
	return REG_ENTRIES + 2 * (gsi - io->first);
}

static u32 entry_high(const struct ioapic *io, u32 gsi)
{
	return entry_low(io, gsi) + 1;
}

static void mask_all(const struct ioapic *io)
{
	u64 flags = spin_lock_irqsave(&lock);

	for (u32 i = 0; i < io->n; i++)
		reg_write(io, entry_low(io, io->first + i), ENTRY_MASKED);
	spin_unlock_irqrestore(&lock, flags);
}

static u32 read_version(const struct ioapic *io)
{
	u64 flags = spin_lock_irqsave(&lock);
	u32 version = reg_read(io, REG_VERSION);

	spin_unlock_irqrestore(&lock, flags);
	return version;
}

int ioapic_add(volatile u32 *regs, u32 gsi_base)
{
	struct ioapic *io = &ioapics[ioapic_count];
	u32 version;

	if (ioapic_count == IOAPICS_MAX || gsi_base >= IOAPIC_GSIS)
		return -ENOSPC;
	io->regs = regs;
	io->first = gsi_base;
	version = read_version(io);
	if (version == VERSION_NONE || version == 0)
		return -ENODEV;
	io->n = (version >> VERSION_LAST_SHIFT & VERSION_LAST_MASK) + 1;
	mask_all(io);
	for (u32 i = 0; i < io->n; i++)
		if (find(gsi_base + i) != NULL)
			return -EEXIST;
	ioapic_count++;
	return (int)io->n;
}

void ioapic_set(u32 gsi, bool level, bool low, u32 apic_id)
{
	const struct ioapic *io = find(gsi);
	u32 signal = (level ? ENTRY_LEVEL : 0) | (low ? ENTRY_LOW_SIGNAL : 0);
	u64 flags = spin_lock_irqsave(&lock);

	reg_write(io, entry_low(io, gsi), ENTRY_MASKED | signal | (IRQ_DEVICE_FIRST + gsi));
	reg_write(io, entry_high(io, gsi), apic_id << ENTRY_CPU_SHIFT);
	spin_unlock_irqrestore(&lock, flags);
}

void ioapic_move(u32 gsi, u32 apic_id)
{
	const struct ioapic *io = find(gsi);
	u64 flags = spin_lock_irqsave(&lock);

	reg_write(io, entry_high(io, gsi), apic_id << ENTRY_CPU_SHIFT);
	spin_unlock_irqrestore(&lock, flags);
}

static void change(u32 gsi, u32 clear, u32 set)
{
	const struct ioapic *io = find(gsi);
	u64 flags = spin_lock_irqsave(&lock);
	u32 entry = reg_read(io, entry_low(io, gsi));

	reg_write(io, entry_low(io, gsi), (entry & ~clear) | set);
	spin_unlock_irqrestore(&lock, flags);
}

void ioapic_mask(u32 gsi)
{
	change(gsi, 0, ENTRY_MASKED);
}

void ioapic_unmask(u32 gsi)
{
	change(gsi, ENTRY_MASKED, 0);
}
