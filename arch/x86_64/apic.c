/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/apic.c - see apic.h.
 *
 * One write sends an IPI in x2APIC mode; in xAPIC mode the destination is written first,
 * and an interrupt between the two that sends one itself would change it, so both are
 * done with interrupts off.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/trap.h"
#include "lib/assert.h"

enum apic_reg {
	REG_ID = 0x020,
	REG_TPR = 0x080,
	REG_EOI = 0x0b0,
	REG_SPURIOUS = 0x0f0,
	REG_ERROR = 0x280,
	REG_LVT_CMCI = 0x2f0,
	REG_ICR_LOW = 0x300,
	REG_ICR_HIGH = 0x310,
	REG_LVT_TIMER = 0x320,
	REG_LVT_LINT0 = 0x350,
	REG_LVT_LINT1 = 0x360,
	REG_LVT_ERROR = 0x370,
	REG_TIMER_COUNT = 0x380,
	REG_TIMER_LEFT = 0x390,
	REG_TIMER_DIVIDE = 0x3e0,
};

#define XAPIC_ID_SHIFT	24
#define SPURIOUS_ENABLE BIT(8)
#define LVT_MASKED	BIT(16)
#define LVT_NMI		(4u << 8)
#define ICR_NMI		(4u << 8)
#define ICR_INIT	(5u << 8)
#define ICR_STARTUP	(6u << 8)
#define ICR_PENDING	BIT(12)
#define ICR_ASSERT	BIT(14)
#define TIMER_DIVIDE_16 0x3
#define TIMER_DEADLINE	BIT(18) /* of its LVT entry: the MSR counts, not the register */

static bool x2apic;
static bool by_deadline; /* the timer's mode; constant before other CPUs start */
static volatile u32 *mmio;

static u32 reg_read(enum apic_reg reg)
{
	if (x2apic)
		return (u32)rdmsr(MSR_X2APIC_BASE + reg / 16);
	return mmio[reg / sizeof(u32)];
}

static void reg_write(enum apic_reg reg, u32 value)
{
	if (x2apic)
		wrmsr(MSR_X2APIC_BASE + reg / 16, value);
	else
		mmio[reg / sizeof(u32)] = value;
}

static void ignore_spurious(struct trapframe *f)
{
	(void)f;
}

void apic_init(volatile u32 *regs)
{
	irq_set_handler(IRQ_SPURIOUS, ignore_spurious);
	x2apic = cpu_features.x2apic;
	mmio = regs;
}

const char *apic_mode_name(void)
{
	return x2apic ? "x2APIC" : "xAPIC";
}

bool apic_is_x2apic(void)
{
	return x2apic;
}

static void set_timer_mode(void)
{
	reg_write(REG_LVT_TIMER, IRQ_TIMER | (by_deadline ? TIMER_DEADLINE : 0));
	/* Before any WRMSR of a deadline, which a write to memory may overtake (SDM 10.5.4.1). */
	__asm__ volatile("mfence" ::: "memory");
}

void apic_enable(void)
{
	u64 base = rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;

	wrmsr(MSR_APIC_BASE, base);
	if (x2apic) /* only from the enabled state (SDM vol. 3A, 10.12.5) */
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
	/* First: while the APIC is off by software its LVT entries stay masked (SDM 10.4.7.2). */
	reg_write(REG_SPURIOUS, SPURIOUS_ENABLE | IRQ_SPURIOUS);
	reg_write(REG_TPR, 0);
	reg_write(REG_LVT_LINT0, LVT_MASKED);
	reg_write(REG_LVT_LINT1, LVT_NMI);
	reg_write(REG_LVT_ERROR, LVT_MASKED | IRQ_SPURIOUS);
	reg_write(REG_TIMER_DIVIDE, TIMER_DIVIDE_16);
	set_timer_mode();
	reg_write(REG_TIMER_COUNT, 0);
}

void apic_quiet(void)
{
	if (by_deadline)
		apic_timer_set_deadline(0);
	reg_write(REG_LVT_TIMER, LVT_MASKED | IRQ_TIMER);
	reg_write(REG_TIMER_COUNT, 0);
}

void apic_resume(void)
{
	set_timer_mode();
}

u32 apic_id(void)
{
	u32 id = reg_read(REG_ID);

	return x2apic ? id : id >> XAPIC_ID_SHIFT;
}

void apic_eoi(void)
{
	reg_write(REG_EOI, 0);
}

DEFINE_PER_CPU(u64, apic_sent);

static void send(u32 id, u32 command)
{
	u64 flags;

	this_cpu_inc(apic_sent);
	if (x2apic) {
		/* The write orders nothing: what the target will read goes first (SDM 10.12.3). */
		__asm__ volatile("mfence; lfence" ::: "memory");
		wrmsr(MSR_X2APIC_BASE + REG_ICR_LOW / 16, (u64)id << 32 | command);
		return;
	}
	flags = irq_save();
	reg_write(REG_ICR_HIGH, id << XAPIC_ID_SHIFT);
	reg_write(REG_ICR_LOW, command);
	while (reg_read(REG_ICR_LOW) & ICR_PENDING)
		cpu_pause();
	irq_restore(flags);
}

void apic_send_ipi(u32 id, u8 vector)
{
	send(id, ICR_ASSERT | vector);
}

void apic_send_nmi(u32 id)
{
	send(id, ICR_ASSERT | ICR_NMI);
}

void apic_send_init(u32 id)
{
	send(id, ICR_ASSERT | ICR_INIT);
}

void apic_send_startup(u32 id, paddr_t page)
{
	ASSERT(page < MIB && IS_ALIGNED(page, PAGE_SIZE), "SIPI to %#lx", page);
	send(id, ICR_ASSERT | ICR_STARTUP | (u32)(page >> PAGE_SHIFT));
}

void apic_timer_start(u32 count)
{
	reg_write(REG_TIMER_COUNT, count);
}

u32 apic_timer_left(void)
{
	return reg_read(REG_TIMER_LEFT);
}

void apic_timer_use_deadline(void)
{
	by_deadline = true;
	set_timer_mode();
}

bool apic_timer_by_deadline(void)
{
	return by_deadline;
}

void apic_timer_set_deadline(u64 tsc)
{
	wrmsr(MSR_TSC_DEADLINE, tsc);
}
