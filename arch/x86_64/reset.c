/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/reset.c - see reset.h.  Sources: ACPI 6.4, 4.8.3.2 and 4.8.3.6; Intel ICH9 data
 * sheet, 13.7.5 (reset control register); IBM PC/AT technical reference (8042).
 */
#include "arch/x86_64/reset.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/time.h"
#include "lib/log.h"

#define RESET_CONTROL	    0xcf9
#define RESET_CONTROL_HARD  0x02
#define RESET_CONTROL_GO    0x06
#define KEYBOARD_CONTROLLER 0x64
#define KEYBOARD_RESET	    0xfe
#define PM1_SLEEP	    BIT(13) /* with type 0, which is "off" in the AML of QEMU and of Bochs */
#define PATIENCE	    (50 * NS_PER_MS)

static void by_fadt(const struct acpi_register *reg, u8 value)
{
	if (reg->address == 0 || reg->space != ACPI_SPACE_IO || reg->address > UINT16_MAX)
		return;
	printk("power: reset by the FADT's register, port %#lx\n", reg->address);
	out8((u16)reg->address, value);
	time_spin_ns(PATIENCE);
}

static void by_chipset(void)
{
	printk("power: reset by port %#x\n", RESET_CONTROL);
	out8(RESET_CONTROL, RESET_CONTROL_HARD);
	out8(RESET_CONTROL, RESET_CONTROL_GO);
	time_spin_ns(PATIENCE);
}

static void by_keyboard_controller(void)
{
	printk("power: reset by the keyboard controller\n");
	out8(KEYBOARD_CONTROLLER, KEYBOARD_RESET);
	time_spin_ns(PATIENCE);
}

static NORETURN void by_triple_fault(void)
{
	const struct descriptor_pointer none = { 0, 0 };

	printk("power: reset by a triple fault\n");
	__asm__ volatile("lidt %0; ud2" ::"m"(none) : "memory");
	__builtin_unreachable();
}

void machine_reset(const struct acpi_register *reg, u8 value)
{
	by_fadt(reg, value);
	by_chipset();
	by_keyboard_controller();
	by_triple_fault();
}

void machine_soft_off(u16 port)
{
	out16(port, PM1_SLEEP);
	time_spin_ns(PATIENCE);
}
