/* SPDX-License-Identifier: MIT */
/*
 * kernel/acpi.h - what the firmware's tables say about this machine.
 */
#pragma once

#include "lib/acpi.h"

struct machine {
	struct acpi_cpus cpus;	    /* .n == 0: no usable MADT */
	u16 pm_timer_port;	    /* 0: none */
	paddr_t dsdt;		    /* 0: none */
	paddr_t hpet;		    /* its registers; 0: none */
	struct acpi_register reset; /* address 0: none */
	u8 reset_value;
	u16 soft_off_port; /* of QEMU and Bochs: machine_soft_off(); 0: none */
};

extern struct machine machine;

/*
 * Read the tables from the root at @rsdp (physical; 0: none).  Whatever is missing or
 * malformed gets one line on the console and is left empty.  Boot CPU, on its own tables.
 */
void acpi_read_tables(paddr_t rsdp);

/* The port of QEMU's CPU hotplug registers, if the DSDT tells of it; 0: none.  Boot CPU. */
u16 acpi_cpu_slots_port(void);
