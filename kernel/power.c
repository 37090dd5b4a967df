/* SPDX-License-Identifier: MIT */
/*
 * kernel/power.c - see power.h.  The serial line and the screen are the kernel's again, so that it
 * can say what it does.
 */
#include "kernel/power.h"
#include "arch/x86_64/emulator.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/reset.h"
#include "kernel/acpi.h"
#include "kernel/console.h"
#include "lib/log.h"

static void stop(void *unused)
{
	(void)unused;
	cpu_halt();
}

void power_reboot(void)
{
	console_keep();
	printk("power: reboot\n");
	console_flush();
	irq_disable();
	machine_reset(&machine.reset, machine.reset_value);
}

void power_off(void)
{
	struct cpumask all = cpus_online;

	console_keep();
	printk("power: off\nprague: result: pass (turned off)\n");
	console_flush();
	emulator_leave(VERDICT_PASS);
	if (machine.soft_off_port != 0)
		machine_soft_off(machine.soft_off_port);
	printk("power: how this machine is turned off stands in AML: it halts, turn it off\n");
	run_on_cpus(&all, stop, NULL);
	__builtin_unreachable();
}
