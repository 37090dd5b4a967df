/* SPDX-License-Identifier: MIT */
/*
 * kernel/panic.c - see panic.h.
 *
 * The first CPU to panic owns it.  It stops the others by NMI, so that interrupts off
 * protect nobody; each of them writes down its own backtrace, since its IST stack and its
 * variables are at addresses that mean something else to the owner, and halts.  The owner
 * waits for each a bounded time, prints, flushes, and leaves with VERDICT_PANIC.
 *
 * stopped[n].ready is released by CPU n and acquired by the owner.
 */
#include <stdarg.h>

#include "arch/x86_64/apic.h"
#include "arch/x86_64/backtrace.h"
#include "arch/x86_64/emulator.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/upcall.h"
#include "kernel/console.h"
#include "kernel/panic.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "lib/log.h"
#include "mm/trace.h"

#define STOP_WAIT_SPINS 20000000ul /* no clock is trusted here */
#define MESSAGE_MAX	256

static u32 owner; /* CPU + 1; 0: nobody has panicked */

static struct {
	struct backtrace bt;
	u32 ready;
} stopped[MAX_CPUS];

/* Become the owner.  A second CPU waits for the owner's NMI; a second time on this one ends it.
   Interrupts stay off, which nobody needs to know: NO_LOCK_CHECK. */
static NO_LOCK_CHECK void take_over(void)
{
	u32 nobody = 0;

	irq_disable();
	if (__atomic_compare_exchange_n(&owner, &nobody, cpu_id + 1, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return;
	if (nobody != cpu_id + 1)
		cpu_halt();
	console_last_words("PANIC: again, while it panicked\nprague: result: panic\n");
	emulator_exit(VERDICT_PANIC);
}

void trap_nmi(struct trapframe *f)
{
	u32 self = cpu_id;

	if (__atomic_load_n(&owner, __ATOMIC_ACQUIRE) == 0)
		return; /* nobody asked: a spurious NMI changes nothing */
	backtrace_collect(&stopped[self].bt, f->rip, f->rbp);
	__atomic_store_n(&stopped[self].ready, 1, __ATOMIC_RELEASE);
	cpu_halt();
}

/* False: it does not answer the NMI. */
static bool wait_until_stopped(u32 cpu)
{
	for (u64 spins = 0; spins < STOP_WAIT_SPINS; spins++) {
		if (__atomic_load_n(&stopped[cpu].ready, __ATOMIC_ACQUIRE))
			return true;
		cpu_pause();
	}
	return false;
}

/* Before anything is said: the console takes no lock from here on. */
static void stop_others(void)
{
	u32 cpu, self = cpu_id;

	/* Those that run, on their way in or out too; a parked one must not be woken. */
	for (cpu = 0; cpu < cpu_count; cpu++)
		if (cpu != self && smp_runs(cpu))
			apic_send_nmi(cpus[cpu].apic_id);
	for (cpu = 0; cpu < cpu_count; cpu++)
		if (cpu != self && smp_runs(cpu))
			wait_until_stopped(cpu);
}

static void show_others(void)
{
	u32 cpu, self = cpu_id;

	for (cpu = 0; cpu < cpu_count; cpu++) {
		if (cpu == self || !smp_runs(cpu))
			continue;
		if (wait_until_stopped(cpu)) {
			printk("CPU %u was here:\n", cpu);
			backtrace_print(&stopped[cpu].bt);
		} else {
			printk("CPU %u does not answer the NMI\n", cpu);
		}
	}
}

static NORETURN void finish(const struct backtrace *bt)
{
	printk("CPU %u, which panicked:\n", cpu_id);
	backtrace_print(bt);
	show_others();
	trace_print();
	printk("prague: result: panic\n");
	console_flush();
	emulator_exit(VERDICT_PANIC);
}

static void say(const char *fmt, va_list args)
{
	char message[MESSAGE_MAX];

	format_v(message, sizeof(message), fmt, args);
	console_enter_panic();
	printk("\nPANIC: CPU %u: %s\n", cpu_id, message);
}

void panic(const char *fmt, ...)
{
	struct backtrace bt;
	va_list args;

	take_over();
	stop_others();
	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
	backtrace_collect(&bt, 0, (u64)__builtin_frame_address(0));
	finish(&bt);
}

static void print_registers(const struct trapframe *f)
{
	printk("  rip %p  cs %#lx  rflags %#lx  error %#lx\n", (void *)f->rip, f->cs, f->rflags,
	       f->error);
	printk("  rsp %p  ss %#lx  cr2 %p  cr3 %p\n", (void *)f->rsp, f->ss, (void *)read_cr2(),
	       (void *)read_cr3());
	printk("  rax %p  rbx %p  rcx %p  rdx %p\n", (void *)f->rax, (void *)f->rbx, (void *)f->rcx,
	       (void *)f->rdx);
	printk("  rsi %p  rdi %p  rbp %p  r8  %p\n", (void *)f->rsi, (void *)f->rdi, (void *)f->rbp,
	       (void *)f->r8);
	printk("  r9  %p  r10 %p  r11 %p  r12 %p\n", (void *)f->r9, (void *)f->r10, (void *)f->r11,
	       (void *)f->r12);
	printk("  r13 %p  r14 %p  r15 %p  cr4 %p\n", (void *)f->r13, (void *)f->r14, (void *)f->r15,
	       (void *)read_cr4());
}

void panic_exception(const struct trapframe *f, const char *fmt, ...)
{
	struct backtrace bt;
	va_list args;

	take_over();
	stop_others();
	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
	print_registers(f);
	backtrace_collect(&bt, f->rip, f->rbp);
	finish(&bt);
}
