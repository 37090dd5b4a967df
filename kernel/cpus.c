/* SPDX-License-Identifier: MIT */
/*
 * kernel/cpus.c - see cpus.h.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/smp.h"
#include "boot/handoff.h"
#include "kernel/acpi.h"
#include "kernel/cpus.h"
#include "kernel/hotplug.h"
#include "lib/err.h"
#include "lib/log.h"

#define XAPIC_MAX_ID 254 /* 255 is everybody */

/* Can a CPU with this APIC id be reached at all? */
static bool is_reachable(u32 id)
{
	return id <= XAPIC_MAX_ID || apic_is_x2apic();
}

static void add(u32 id, enum cpu_state state)
{
	cpus[cpu_count].apic_id = id;
	cpus[cpu_count].state = state;
	cpu_count++;
}

u32 cpus_find(u32 id)
{
	u32 cpu = 0;

	while (cpu < cpu_count && cpus[cpu].apic_id != id)
		cpu++;
	return cpu;
}

bool cpus_add_place(u32 id, u32 max)
{
	if (cpu_count >= max || cpu_count == MAX_CPUS || !is_reachable(id))
		return false;
	add(id, CPU_ABSENT);
	return true;
}

u32 cpus_present(void)
{
	u32 n = 0;

	for (u32 cpu = 0; cpu < cpu_count; cpu++)
		n += cpus[cpu].state != CPU_ABSENT;
	return n;
}

void cpus_enumerate(u32 max)
{
	u32 boot_id = apic_id();

	add(boot_id, CPU_ONLINE);
	for (u32 i = 0; i < machine.cpus.n; i++) {
		const struct acpi_cpu *c = &machine.cpus.cpus[i];

		if (c->apic_id == boot_id || !c->enabled)
			continue;
		if (!is_reachable(c->apic_id)) {
			printk("cpus: APIC id %u cannot be reached without x2APIC, left off\n",
			       c->apic_id);
			continue;
		}
		if (cpu_count >= max || cpu_count == MAX_CPUS) {
			printk("cpus: APIC id %u left off, %u CPUs are in use\n", c->apic_id,
			       cpu_count);
			continue;
		}
		add(c->apic_id, CPU_PRESENT);
	}
}

paddr_t cpus_trampoline_page(const struct handoff *h)
{
	for (u32 i = h->range_count; i-- > 0;) {
		const struct handoff_range *r = &h->ranges[i];
		u64 end = MIN(r->end, MIB);

		if (r->type == MEM_USABLE && r->start < MIB && end > PAGE_SIZE &&
		    end - r->start >= PAGE_SIZE)
			return end - PAGE_SIZE;
	}
	return 0;
}

int cpus_start_one(u32 cpu)
{
	struct cpu *c = &cpus[cpu];
	int err;

	printk("cpus: starting CPU %u (APIC id %u)\n", cpu, c->apic_id);
	err = cpu_up(cpu);
	if (err == -ENOMEM)
		printk("cpus: CPU %u (APIC id %u): no memory for its tables, left off\n", cpu,
		       c->apic_id);
	else if (err == -ENODEV)
		printk("cpus: CPU %u (APIC id %u) lacks %s, which the boot CPU has: left off\n",
		       cpu, c->apic_id, c->missing);
	else if (err)
		printk("cpus: CPU %u (APIC id %u) does not answer its SIPI: left off\n", cpu,
		       c->apic_id);
	return err;
}

void cpus_start(paddr_t page, paddr_t root)
{
	if (cpu_count > 1)
		smp_prepare(page, root);
	for (u32 cpu = 1; cpu < cpu_count; cpu++)
		if (cpus[cpu].state == CPU_PRESENT)
			(void)!cpus_start_one(cpu);
}
