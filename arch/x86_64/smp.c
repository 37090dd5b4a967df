/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/smp.c - see smp.h.  Source: Intel SDM vol. 3A, 8.4.4 (INIT-SIPI-SIPI).
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/count_mark.h"
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/pcid.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/pte.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/trap.h"
#include "arch/x86_64/upcall.h"
#include "arch/x86_64/user_state.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "lib/string.h"

#define INIT_WAIT_NS	(10 * NS_PER_MS)
#define STARTUP_WAIT_NS (200 * NS_PER_US)
#define ANSWER_WAIT_NS	(2 * NS_PER_SEC) /* an emulator's CPUs may wait for each other's turn */

#define AP_GDT_CODE 0x00af9b000000fffful
#define AP_GDT_DATA 0x00cf93000000fffful

struct cpu cpus[MAX_CPUS];
u32 cpu_count;

extern const u8 trampoline_begin[], trampoline_long[], trampoline_end[]; /* trampoline.asm */
extern const u8 ap_entry[];						 /* entry.asm */
extern const u8 halt_until_halted[];					 /* halt.asm */
void halt_until(const u32 *flag);

static paddr_t trampoline_page;
static struct ap_params *params;

void smp_prepare(paddr_t page, paddr_t root)
{
	u8 *to = phys_to_virt(page);

	ASSERT(page < MIB && root < 4 * GIB, "trampoline at %#lx, tables at %#lx", page, root);
	ASSERT(trampoline_end - trampoline_begin <= AP_PARAMS_OFFSET, "trampoline is too long");
	trampoline_page = page;
	memcpy(to, trampoline_begin, (size_t)(trampoline_end - trampoline_begin));
	params = (struct ap_params *)(to + AP_PARAMS_OFFSET);
	*params = (struct ap_params){
		.gdt_limit = sizeof(params->gdt) - 1,
		.gdt_base = (u32)(page + AP_PARAMS_OFFSET + offsetof(struct ap_params, gdt)),
		.long_jump_offset = (u32)(page + (u64)(trampoline_long - trampoline_begin)),
		.long_jump_selector = SEL_KERNEL_CODE,
		.trampoline_cr3 = (u32)root,
		.cr4 = CR4_PAE | (pt_levels > PT_LEVEL_HALF ? CR4_LA57 : 0),
		.efer = EFER_LME | (cpu_features.nx ? EFER_NXE : 0),
		.kernel_entry = (u64)ap_entry,
		.gdt = { 0, AP_GDT_CODE, AP_GDT_DATA },
	};
}

/* Has the CPU that starts found that it cannot walk the boot CPU's five levels? */
static bool lacks_la57(void)
{
	const volatile struct ap_params *p = params; /* it writes there meanwhile */

	return p->lacks_la57 != 0;
}

/* Wait until @c has said ONLINE or REFUSED, or the trampoline that it goes no further. */
static bool await_answer(struct cpu *c, u64 ns)
{
	u64 start = time_ns();

	while (__atomic_load_n(&c->state, __ATOMIC_ACQUIRE) == CPU_STARTING) {
		if (lacks_la57()) {
			c->missing = "la57";
			c->state = CPU_REFUSED;
			return true;
		}
		if (time_ns() - start > ns)
			return false;
		cpu_pause();
	}
	return true;
}

static bool wait_for_answer(struct cpu *c, u64 ns)
{
	bool answered;

	COUNT_NOT(answered = await_answer(c, ns));
	return answered;
}

static void start_by_sipi(u32 cpu)
{
	struct cpu *c = &cpus[cpu];

	params->cr3 = c->neutral_root;
	params->stack = c->stack_top;
	params->gs_base = percpu_offset[cpu];
	*per_cpu_ptr(&cpu_id, cpu) = cpu;
	*per_cpu_ptr(&kernel_stack_top, cpu) = c->stack_top;
	__atomic_store_n(&c->state, CPU_STARTING, __ATOMIC_RELEASE);

	apic_send_init(c->apic_id);
	COUNT_NOT(time_spin_ns(INIT_WAIT_NS));
	apic_send_startup(c->apic_id, trampoline_page);
	if (!wait_for_answer(c, STARTUP_WAIT_NS)) {
		apic_send_startup(c->apic_id, trampoline_page); /* the SDM's second one */
		wait_for_answer(c, ANSWER_WAIT_NS);
	}
}

static void wake_boot_cpu(void)
{
	struct cpu *c = &cpus[BOOT_CPU];

	__atomic_store_n(&c->state, CPU_STARTING, __ATOMIC_RELEASE);
	__atomic_store_n(&c->wake, 1, __ATOMIC_RELEASE);
	apic_send_nmi(c->apic_id);
	wait_for_answer(c, ANSWER_WAIT_NS);
}

int smp_start_cpu(u32 cpu)
{
	struct cpu *c = &cpus[cpu];

	params->lacks_la57 = 0;
	if (cpu == BOOT_CPU)
		wake_boot_cpu();
	else
		start_by_sipi(cpu);
	switch (__atomic_load_n(&c->state, __ATOMIC_ACQUIRE)) {
	case CPU_ONLINE:
		return 0;
	case CPU_REFUSED:
		return -ENODEV;
	default:
		/* Should it come later, it must not find the next CPU's parameters. */
		if (cpu != BOOT_CPU)
			apic_send_init(c->apic_id);
		c->state = CPU_SILENT;
		return -ETIMEDOUT;
	}
}

void ap_main(void)
{
	struct cpu *c = &cpus[cpu_id];

	c->missing = cpu_features_missing();
	if (c->missing != NULL) {
		__atomic_store_n(&c->state, CPU_REFUSED, __ATOMIC_RELEASE);
		cpu_halt();
	}
	cpu_features_enable();
	user_state_forget();
	pcid_enable();
	cpu_area_load();
	tlb_mailbox_arm();
	apic_enable();
	ASSERT(apic_id() == c->apic_id, "CPU %u: APIC id %u, expected %u", cpu_id, apic_id(),
	       c->apic_id);
	cpu_main();
}

void smp_park_cpu(u32 cpu)
{
	struct cpu *c = &cpus[cpu];

	/* Acquire: what the CPU did before it died is seen by who goes on from here. */
	COUNT_NOT(while (__atomic_load_n(&c->state, __ATOMIC_ACQUIRE) != CPU_DEAD) cpu_pause());
	if (cpu != BOOT_CPU)
		apic_send_init(c->apic_id);
	c->state = CPU_PARKED;
}

void smp_halt(void)
{
	struct cpu *c = &cpus[cpu_id];

	apic_quiet();
	tlb_mailbox_disarm();
	c->wake = 0;
	__atomic_store_n(&c->state, CPU_DEAD, __ATOMIC_RELEASE);
	if (cpu_id != BOOT_CPU)
		cpu_halt();
	halt_until(&c->wake);
	tlb_local_everything(); /* what was walked meanwhile, under any tag */
	tlb_mailbox_arm();
	apic_resume();
	__atomic_store_n(&c->state, CPU_ONLINE, __ATOMIC_RELEASE);
}

void smp_nmi(struct trapframe *f)
{
	if (f->rip >= (u64)halt_until && f->rip < (u64)halt_until_halted)
		f->rip = (u64)halt_until;
}
