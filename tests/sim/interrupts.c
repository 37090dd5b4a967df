/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/interrupts.c - calls from other CPUs, and what a CPU does to its CR3 and its TLB.
 */
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/pcid.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/pti.h"
#include "lib/assert.h"
#include "mm/asid.h"
#include "tests/sim/tlb.h"
#include "tests/sim/vcpu.h"

/* --- calls ---------------------------------------------------------------------------------- */

static void call_from(struct vcpu *v, const struct vcpu *caller)
{
	bool user = v->user;

	if (user)
		sim_leave_user();
	caller->call(caller->call_arg);
	if (user)
		sim_enter_user();
}

static void serve_calls(void)
{
	struct vcpu *v = &vcpus[running];

	while (v->callers != 0 && v->irqs_on) {
		struct vcpu *caller = &vcpus[__builtin_ctz(v->callers)];

		v->callers &= v->callers - 1;
		v->irqs_on = false;
		sim_trace("  IPI of CPU%lu", (u64)(caller - vcpus), 0, 0, 0);
		call_from(v, caller);
		sim_drain(); /* the end of the interrupt */
		v->irqs_on = true;
		caller->call_pending--;
	}
}

/* Some virtual machines lose it; what the code under test did since means nothing then. */
static void check_gs_base(void)
{
	if (cpu_id != running)
		sim_fail("the host lost GS");
}

void point(bool surely)
{
	if (running == SIM_NOBODY)
		return;
	sim_steps++;
	check_gs_base();
	serve_calls();
	if (surely || sim_chance(4))
		give_way();
	serve_calls();
}

void run_on_cpus(const struct cpumask *mask, ipi_fn fn, void *arg)
{
	struct vcpu *v = &vcpus[running];
	u32 cpu;

	ASSERT(v->irqs_on, "run_on_cpus with interrupts off");
	point(false);
	sim_drain();
	v->call = fn;
	v->call_arg = arg;
	for_each_cpu (cpu, mask)
		if (cpu != running) {
			v->call_pending++;
			vcpus[cpu].callers |= 1u << running;
		}
	sim_trace("  IPIs to %lx", mask->bits[0] & ~BIT(running), 0, 0, 0);
	if (cpumask_test(mask, running)) {
		v->irqs_on = false;
		fn(arg);
		v->irqs_on = true;
	}
	while (v->call_pending != 0)
		point(true);
}

/* --- interrupts, CR3, TLB ------------------------------------------------------------------- */

bool sim_irqs_on(void)
{
	return running == SIM_NOBODY || vcpus[running].irqs_on;
}

void sim_set_irqs(bool on)
{
	if (running == SIM_NOBODY)
		return;
	vcpus[running].irqs_on = on;
	point(false);
}

void sim_write_cr3(u64 value)
{
	point(false);
	sim_drain();
	vcpus[running].cr3 = value & ~CR3_NOFLUSH;
	sim_trace(value & CR3_NOFLUSH ? "  CR3 = %lx, keep" : "  CR3 = %lx, flush",
		  value & ~CR3_NOFLUSH, 0, 0, 0);
	tlb_cr3_written(running, value);
	point(false);
}

void sim_enter_user(void)
{
	sim_write_cr3(asid_enter_user());
	vcpus[running].user = true;
}

void sim_leave_user(void)
{
	struct vcpu *v = &vcpus[running];

	v->user = false;
	sim_write_cr3((v->cr3 & ~PTI_USER_BITS) | CR3_NOFLUSH);
}

bool sim_in_user(void)
{
	return vcpus[running].user;
}

void sim_invlpg(vaddr_t va)
{
	point(false);
	sim_drain();
	tlb_invlpg(running, va);
}

void sim_invpcid(u32 type, u64 pcid, vaddr_t va)
{
	point(false);
	sim_drain();
	if (type == INVPCID_ADDRESS)
		tlb_drop_page(running, pcid, va);
	else if (type == INVPCID_TAG)
		tlb_drop_tag(running, pcid);
	else
		tlb_drop_all(running);
}
