/* SPDX-License-Identifier: MIT */
/*
 * kernel/cpu_slots.c - see cpu_slots.h.  Source: QEMU, docs/specs/acpi_cpu_hotplug.
 *
 * A selector chooses the place that the other registers are about.  The registers belong to
 * the boot until cpu_slots_watch(), and to the thread "cpu slots" afterwards: no lock.
 *
 * On pc and q35 the ports show an older interface, a bitmap, until a 0 is written to the
 * selector; QEMU's AML does that first of all, and so do we.
 *
 * The APIC ids are the registers' own: the MADT has entries for empty places too, but with
 * flags 0, which tell who reads it to believe nothing in them.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/shared.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/time.h"
#include "kernel/acpi.h"
#include "kernel/cpu_slots.h"
#include "kernel/cpus.h"
#include "kernel/hotplug.h"
#include "kernel/thread.h"
#include "lib/err.h"
#include "lib/log.h"

#define LOOK_NS	      (100 * NS_PER_MS)
#define DOWN_LIMIT_NS (2 * NS_PER_SEC) /* for threads that may not leave the CPU */

enum reg {
	REG_SELECTOR = 0, /* written, 32 bits */
	REG_DATA2 = 0,	  /* read, 32 bits */
	REG_FLAGS = 4,	  /* 8 bits */
	REG_COMMAND = 5,  /* written, 8 bits */
	REG_DATA = 8,	  /* 32 bits */
};

enum flag {
	FLAG_ENABLED = 0x1, /* read: a CPU is there */
	FLAG_INSERT = 0x2,  /* read: it has come; written: that is known */
	FLAG_REMOVE = 0x4,  /* read: it is asked back; written: that is known */
	FLAG_EJECT = 0x8,   /* written: take it */
};

enum command {
	COMMAND_NEXT_EVENT = 0, /* selects the next place with an event; data: the selector */
	COMMAND_OST_EVENT = 1,	/* data, written: what is reported of, */
	COMMAND_OST_STATUS = 2, /* and how it went: the host is told */
	COMMAND_ID = 3,		/* data, read: APIC id; 0 for a place that there is not */
};

/* ACPI, _OST: what an operating system reports. */
enum ost_event {
	OST_DEVICE_CHECK = 1,
	OST_EJECT_REQUEST = 3,
};

enum ost_status {
	OST_SUCCESS = 0,
	OST_FAILURE = 1,
	OST_BUSY = 0x82,
};

static u16 port; /* 0: no such registers */
static u32 slots;
static u32 refused; /* written by the thread */

u32 cpu_slots_refused(void)
{
	return shared_load(&refused);
}

/* --- the registers ------------------------------------------------------------------------ */

static void select_slot(u32 slot)
{
	out32(port + REG_SELECTOR, slot);
}

static u8 read_flags(void)
{
	return in8(port + REG_FLAGS);
}

static void write_flags(u8 flags)
{
	out8(port + REG_FLAGS, flags);
}

static u32 read_data(enum command command)
{
	out8(port + REG_COMMAND, (u8)command);
	return in32(port + REG_DATA);
}

static void write_data(enum command command, u32 value)
{
	out8(port + REG_COMMAND, (u8)command);
	out32(port + REG_DATA, value);
}

/* The interface is the one we know: this register reads as 0, as the bitmap cannot. */
static bool answers(void)
{
	select_slot(0);
	out8(port + REG_COMMAND, COMMAND_NEXT_EVENT);
	return in32(port + REG_DATA2) == 0;
}

/* Tell the host how it went with the place that is selected. */
static void report(enum ost_event event, enum ost_status status)
{
	write_data(COMMAND_OST_EVENT, event);
	write_data(COMMAND_OST_STATUS, status);
}

/* --- what there is ------------------------------------------------------------------------ */

/* Each place, and its number.  Only place 0, which all machines have, has APIC id 0. */
static u32 number_places(u32 max)
{
	u32 empty = 0;

	for (slots = 0; slots < MAX_CPUS; slots++) {
		u32 id;

		select_slot(slots);
		id = read_data(COMMAND_ID);
		if (id == 0 && slots != 0)
			break;
		if (cpus_find(id) == cpu_count && cpus_add_place(id, max))
			empty++;
	}
	return empty;
}

void cpu_slots_find(u32 max)
{
	u32 empty;

	port = acpi_cpu_slots_port();
	if (port == 0) {
		printk("cpu slots: the DSDT is not QEMU's, or names no CPU hotplug registers\n");
		return;
	}
	if (!answers()) {
		printk("cpu slots: no registers as documented at port %#x, not used\n", port);
		port = 0;
		return;
	}
	empty = number_places(max);
	printk("cpu slots: %u at port %#x, %u empty\n", slots, port, empty);
}

/* --- what the host does ------------------------------------------------------------------- */

/* A CPU is in place @slot, the selected one. */
static int take_in(u32 slot)
{
	u32 id = read_data(COMMAND_ID), cpu = cpus_find(id);
	int err;

	if (cpu == cpu_count) {
		printk("cpu slots: the CPU in place %u (APIC id %u) has no number: %u are in use\n",
		       slot, id, cpu_count);
		return -ENOSPC;
	}
	err = cpu_arrive(cpu);
	if (err)
		return err == -EEXIST ? 0 : err; /* the boot has found it */
	return cpus_start_one(cpu);
}

/* It is not up, and will not be.  One without a number never was. */
static int make_idle(u32 cpu)
{
	int err;

	if (cpu == cpu_count)
		return 0;
	err = cpu_down(cpu, DOWN_LIMIT_NS);
	return err && err != -ENODEV ? err : cpu_depart(cpu);
}

/* The host wants what is in place @slot, the selected one. */
static int give_back(u32 slot)
{
	u32 id = read_data(COMMAND_ID), cpu = cpus_find(id);
	int err = make_idle(cpu);

	if (err) {
		printk("cpu slots: the CPU in place %u (APIC id %u) is asked back, refused: %s\n",
		       slot, id, err_name(err));
		return err;
	}
	write_flags(FLAG_EJECT);
	if (read_flags() & FLAG_ENABLED) {
		printk("cpu slots: the CPU in place %u (APIC id %u) was not taken\n", slot, id);
		if (cpu != cpu_count && cpu_arrive(cpu) == 0)
			(void)!cpus_start_one(cpu);
		return -EIO;
	}
	printk("cpu slots: the CPU in place %u (APIC id %u) is gone\n", slot, id);
	return 0;
}

static void serve_insert(u32 slot)
{
	write_flags(FLAG_INSERT);
	report(OST_DEVICE_CHECK, take_in(slot) == 0 ? OST_SUCCESS : OST_FAILURE);
}

static void serve_remove(u32 slot)
{
	int err;

	write_flags(FLAG_REMOVE);
	err = give_back(slot);
	if (err)
		shared_store(&refused, refused + 1);
	report(OST_EJECT_REQUEST, err == 0 ? OST_SUCCESS : err == -EBUSY ? OST_BUSY : OST_FAILURE);
}

/* Serve one event.  False: there is none. */
static bool serve(void)
{
	u32 slot;
	u8 flags;

	select_slot(0);
	slot = read_data(COMMAND_NEXT_EVENT);
	flags = read_flags();
	if (flags & FLAG_INSERT)
		serve_insert(slot);
	else if (flags & FLAG_REMOVE)
		serve_remove(slot);
	return (flags & (FLAG_INSERT | FLAG_REMOVE)) != 0;
}

static int NORETURN watch(void *arg)
{
	(void)arg;
	for (;;) {
		while (serve())
			;
		sleep_ns(LOOK_NS);
	}
}

void cpu_slots_watch(void)
{
	struct thread *t;

	if (port == 0)
		return;
	t = thread_create("cpu slots", watch, NULL);
	if (t == NULL)
		printk("cpu slots: no memory for the thread that watches them\n");
	else
		thread_start(t);
}
