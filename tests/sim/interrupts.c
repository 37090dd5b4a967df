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
#include "tests/sim/schedule.h"
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

void serve_calls(void)
{
	struct vcpu *v = &vcpus[running];
	const u32 *waiting = v->waiting;

	v->waiting = NULL; /* the handler does not wait for that */
	while (v->callers != 0 && v->irqs_on) {
		struct vcpu *caller = &vcpus[__builtin_ctz(v->callers)];

		v->callers &= v->callers - 1;
		v->irqs_on = false;
		v->serving = true;
		sim_trace("  IPI of CPU%lu", (u64)(caller - vcpus), 0, 0, 0);
		call_from(v, caller);
		sim_drain(); /* the end of the interrupt */
		v->serving = false;
		v->irqs_on = true;
		if (--caller->call_pending == 0)
			schedule_look();
	}
	v->waiting = waiting;
}

/* Some virtual machines lose it; what the code under test did since means nothing then. */
static void check_gs_base(void)
{
	if (cpu_id != running)
		sim_fail("the host lost GS");
}

/* May it come later?  The same at each look at one point, or schedules could not be replayed. */
static bool comes_later(const struct vcpu *v)
{
	return sim_options.late && (v->clock * 0x9e3779b97f4a7c15ul) >> 63;
}

void point_slow(void)
{
	struct vcpu *v = &vcpus[running];

	check_gs_base();
	if (!comes_later(v))
		serve_calls();
	if (v->clock < v->stop_at)
		return;
	give_way();
	if (!comes_later(v))
		serve_calls();
}

/*
 * After something that others do not see: the next access is a point too, and a search needs
 * one of them.
 */
static void local_point(void)
{
	if (schedule_options.kind != SCHEDULE_SEARCH)
		point();
	else if (vcpus[running].callers != 0)
		serve_calls();
}

void run_on_cpus(const struct cpumask *mask, ipi_fn fn, void *arg)
{
	struct vcpu *v = &vcpus[running];
	u32 cpu;

	ASSERT(v->irqs_on, "run_on_cpus with interrupts off");
	point();
	sim_drain();
	v->call = fn;
	v->call_arg = arg;
	for_each_cpu (cpu, mask)
		if (cpu != running) {
			v->call_pending++;
			vcpus[cpu].callers |= 1u << running;
		}
	sim_trace("  IPIs to %lx", mask->bits[0] & ~BIT(running), 0, 0, 0);
	schedule_look();
	if (cpumask_test(mask, running)) {
		v->irqs_on = false;
		fn(arg);
		v->irqs_on = true;
	}
	while (v->call_pending != 0)
		wait_for(&v->call_pending);
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
	local_point();
}

void sim_write_cr3(u64 value)
{
	point();
	sim_drain();
	tlb_leaves(running);
	vcpus[running].cr3 = value & ~CR3_NOFLUSH;
	sim_trace(value & CR3_NOFLUSH ? "  CR3 = %lx, keep" : "  CR3 = %lx, flush",
		  value & ~CR3_NOFLUSH, 0, 0, 0);
	tlb_cr3_written(running, value);
	local_point();
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
	point();
	sim_drain();
	tlb_invlpg(running, va);
}

void sim_invpcid(u32 type, u64 pcid, vaddr_t va)
{
	point();
	sim_drain();
	if (type == INVPCID_ADDRESS)
		tlb_drop_page(running, pcid, va);
	else if (type == INVPCID_TAG)
		tlb_drop_tag(running, pcid);
	else
		tlb_drop_all(running);
}
