/* SPDX-License-Identifier: MIT */
/*
 * kernel/device_irq.c - see device_irq.h.
 *
 * One lock for all: whose each is, and which CPUs take them.  An interrupt is always one of a
 * CPU of takers, since CPUs join and leave under the lock too.
 */
#include "arch/x86_64/ioapic.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/spinlock.h"
#include "kernel/acpi.h"
#include "kernel/device_irq.h"
#include "lib/assert.h"
#include "lib/cpumask.h"
#include "lib/err.h"
#include "lib/log.h"
#include "mm/kspace.h"

static struct spinlock lock = SPINLOCK_INIT("device interrupts", LOCK_RANK_DEVICES);
static struct device_irq *owners[IOAPIC_GSIS] GUARDED_BY(lock);
static struct cpumask takers GUARDED_BY(lock);

/* --- one comes ---------------------------------------------------------------------------------
 */

static void signal(struct device_irq *irq) REQUIRES(lock)
{
	irq->unacked = true;
	irq->fn(irq->target, irq->bits);
}

static void take(struct device_irq *irq) REQUIRES(lock)
{
	if (irq->level || irq->unacked)
		ioapic_mask(irq->gsi);
	if (irq->unacked)
		irq->again = true;
	else
		signal(irq);
}

/* Nobody's: it was sent before it was masked. */
static void arrived(struct trapframe *f) REQUIRES(irqs_off)
{
	u32 gsi = (u32)f->vector - IRQ_DEVICE_FIRST;

	spin_lock_irqs_off(&lock);
	if (owners[gsi] != NULL && owners[gsi]->target != NULL)
		take(owners[gsi]);
	spin_unlock_irqs_off(&lock);
}

/* --- whose they are ----------------------------------------------------------------------------
 */

/* This CPU if it takes any, since who asks is likely to be woken here. */
static u32 choose_cpu(void) REQUIRES(lock)
{
	u32 self = cpu_id;

	return cpumask_test(&takers, self) ? self : cpumask_first(&takers);
}

int device_irq_claim(struct device_irq *irq, u32 gsi, device_irq_fn fn)
{
	u64 flags;
	int err = 0;

	if (!ioapic_has(gsi))
		return -ENODEV;
	*irq = (struct device_irq){ .gsi = gsi,
				    .level = acpi_line(&machine.cpus, gsi).level,
				    .fn = fn };
	flags = spin_lock_irqsave(&lock);
	if (owners[gsi] != NULL)
		err = -EBUSY;
	else
		owners[gsi] = irq;
	spin_unlock_irqrestore(&lock, flags);
	return err;
}

/* Masked first: what it will be like is not what it was. */
static void *set_target(struct device_irq *irq, void *target, u64 bits) REQUIRES(lock)
{
	void *before = irq->target;
	struct acpi_line line = acpi_line(&machine.cpus, irq->gsi);

	irq->cpu = choose_cpu();
	ioapic_set(irq->gsi, line.level, line.low, cpus[irq->cpu].apic_id);
	irq->target = target;
	irq->bits = bits;
	irq->unacked = irq->again = false;
	if (target != NULL)
		ioapic_unmask(irq->gsi);
	return before;
}

void *device_irq_bind(struct device_irq *irq, void *target, u64 bits)
{
	u64 flags = spin_lock_irqsave(&lock);
	void *before = set_target(irq, target, bits);

	spin_unlock_irqrestore(&lock, flags);
	return before;
}

void *device_irq_release(struct device_irq *irq)
{
	u64 flags = spin_lock_irqsave(&lock);
	void *before = set_target(irq, NULL, 0);

	owners[irq->gsi] = NULL;
	spin_unlock_irqrestore(&lock, flags);
	return before;
}

/* Unmasked before the one that is remembered is told of: whoever serves that sees later ones. */
static void go_on(struct device_irq *irq) REQUIRES(lock)
{
	bool again = irq->again;

	irq->unacked = irq->again = false;
	if (irq->level || again)
		ioapic_unmask(irq->gsi);
	if (again && !irq->level)
		signal(irq);
}

int device_irq_ack(struct device_irq *irq)
{
	u64 flags = spin_lock_irqsave(&lock);
	int err = irq->unacked ? 0 : -EAGAIN;

	if (!err)
		go_on(irq);
	spin_unlock_irqrestore(&lock, flags);
	return err;
}

/* --- CPUs ------------------------------------------------------------------------------------- */

void device_irq_join(u32 cpu)
{
	u64 flags = spin_lock_irqsave(&lock);

	if (cpus[cpu].apic_id <= IOAPIC_MAX_CPU)
		cpumask_set(&takers, cpu);
	spin_unlock_irqrestore(&lock, flags);
}

static void move_all(u32 from, u32 to) REQUIRES(lock)
{
	for (u32 gsi = 0; gsi < IOAPIC_GSIS; gsi++)
		if (owners[gsi] != NULL && owners[gsi]->target != NULL &&
		    owners[gsi]->cpu == from) {
			ioapic_move(gsi, cpus[to].apic_id);
			owners[gsi]->cpu = to;
		}
}

int device_irq_leave(u32 cpu)
{
	u64 flags = spin_lock_irqsave(&lock);
	bool took = cpumask_test(&takers, cpu);
	u32 other;

	cpumask_clear(&takers, cpu);
	other = cpumask_first(&takers);
	if (took && other < MAX_CPUS)
		move_all(cpu, other);
	else if (took)
		cpumask_set(&takers, cpu);
	spin_unlock_irqrestore(&lock, flags);
	return took && other >= MAX_CPUS ? -EBUSY : 0;
}

/* --- the boot --------------------------------------------------------------------------------- */

u32 device_irq_number(u64 number)
{
	if (number < ACPI_ISA_LINES)
		return machine.cpus.isa[number].gsi;
	return (u32)MIN(number, IOAPIC_GSIS);
}

static void add(const struct acpi_ioapic *io)
{
	volatile u32 *regs = kspace_map_device(io->phys, IOAPIC_REGS_SIZE, PTE_PCD);
	int n = regs != NULL ? ioapic_add(regs, io->gsi_base) : -ENOMEM;

	if (n < 0)
		printk("irq: I/O APIC %u at %#x, from interrupt %u: not used: %s\n", io->id,
		       io->phys, io->gsi_base, err_name(n));
	else
		printk("irq: I/O APIC %u at %#x has interrupts %u to %u\n", io->id, io->phys,
		       io->gsi_base, io->gsi_base + (u32)n - 1);
}

void device_irq_init(void)
{
	if (machine.cpus.n_ioapics == 0)
		printk("irq: no I/O APIC is known: devices cannot interrupt\n");
	for (u32 i = 0; i < machine.cpus.n_ioapics; i++)
		add(&machine.cpus.ioapics[i]);
	for (u32 v = IRQ_DEVICE_FIRST; v <= IRQ_DEVICE_LAST; v++)
		irq_set_handler((u8)v, arrived);
	device_irq_join(BOOT_CPU);
}
