/* SPDX-License-Identifier: MIT */
/*
 * tests/provoke.c - provoke=KIND: go wrong on purpose, on CPU provoke_cpu, to see that
 * it is reported and never taken for success.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/serial.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/spinlock.h"
#include "kernel/console.h"
#include "kernel/hotplug.h"
#include "kernel/options.h"
#include "kernel/results.h"
#include "kernel/upcall.h"
#include "lib/assert.h"
#include "lib/list.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/trace.h"
#include "tests/harness.h"
#include "tests/provoke.h"

/* Registers of the serial port, by their offsets, and what makes it useless. */
#define SERIAL_LINE_CONTROL  3
#define SERIAL_MODEM_CONTROL 4
#define SERIAL_DIVISOR_SHOWN 0x80
#define SERIAL_LOOPBACK	     0x10

static void provoke_panic(void *arg)
{
	(void)arg;
	panic("provoked on purpose");
}

/* Somebody has the serial line, and left it as it carries no text: the panic is to be seen. */
static void provoke_panic_line_lent(void *arg)
{
	console_lend_serial();
	printk("said while the line is lent\n");
	out8(SERIAL_PORT + SERIAL_MODEM_CONTROL, SERIAL_LOOPBACK);
	out8(SERIAL_PORT + SERIAL_LINE_CONTROL, SERIAL_DIVISOR_SHOWN);
	provoke_panic(arg);
}

static void provoke_page_fault(void *arg)
{
	(void)arg;
	*(volatile u8 *)PAGE_SIZE = 1; /* nobody's: no address space has page 1 */
}

/* Deep enough for any stack, if nothing stops it. */
static NOINLINE u64 recurse(u64 n)
{
	volatile u64 frame[64] = { n };

	return n == MIB ? 0 : recurse(n + 1) + frame[n % 64];
}

static void provoke_stack_overflow(void *arg)
{
	(void)arg;
	recurse(0);
}

/* No IDT: the first exception is the third. */
static void provoke_triple_fault(void *arg)
{
	struct descriptor_pointer none = { 0, 0 };

	(void)arg;
	__asm__ volatile("lidt %0; ud2" ::"m"(none));
}

static void provoke_silence(void *arg)
{
	(void)arg;
	for (;;)
		__asm__ volatile("cli; hlt");
}

static void provoke_lock_order(void *arg)
{
	static struct spinlock outer = SPINLOCK_INIT("outer", LOCK_RANK_TEST_OUTER);
	static struct spinlock inner = SPINLOCK_INIT("inner", LOCK_RANK_TEST_INNER);

	(void)arg;
	spin_lock(&inner);
	spin_lock(&outer);
}

static void provoke_self_deadlock(void *arg)
{
	static struct spinlock lock = SPINLOCK_INIT("twice", LOCK_RANK_TEST_OUTER);

	(void)arg;
	spin_lock(&lock);
	spin_lock(&lock);
}

/* A CPU-local address on a list, where another CPU would follow it. */
static void provoke_local_list(void *arg)
{
	static struct list_node head = LIST_INIT(head);

	(void)arg;
	list_add((struct list_node *)PERCPU_BASE, &head);
}

/* The next test that runs fails. */
static void provoke_test_failure(void *arg)
{
	(void)arg;
	provoked_failure = true;
}

/* What the loader will find in memory was damaged. */
static void provoke_results_damaged(void *arg)
{
	struct kept *kept = results_memory();

	(void)arg;
	if (kept != NULL)
		kept->text[0] ^= 1;
}

static void nothing(void *arg)
{
	(void)arg;
}

static void provoke_call_with_irqs_off(void *arg)
{
	(void)arg;
	irq_disable();
	run_on_cpu(0, nothing, NULL);
}

/* The other CPUs than this, the boot CPU, and CPU 2 are parked: whom the panic shows. */
static void provoke_panic_with_cpus_down(void *arg)
{
	for (u32 cpu = 1; cpu < cpu_count; cpu++)
		if (cpu != 2 && cpu_down(cpu, 0))
			printk("provoke: CPU %u stays up\n", cpu);
	provoke_panic(arg);
}

struct thread *in_thread(u32 cpu, const char *name, thread_fn fn, void *arg)
{
	struct thread *t = thread_create_on(cpu, name, fn, arg);

	if (t == NULL)
		panic("no memory for a thread");
	thread_start(t);
	return t;
}

/* How a kind runs: in a call, or in a thread of a name. */
static const struct kind {
	const char *name;
	ipi_fn call;
	const char *thread;
	thread_fn fn;
} kinds[] = {
	{ "panic", .call = provoke_panic },
	{ "panic_line_lent", .call = provoke_panic_line_lent },
	{ "panic_with_cpus_down", .call = provoke_panic_with_cpus_down },
	{ "page_fault", .call = provoke_page_fault },
	{ "stack_overflow", .call = provoke_stack_overflow },
	{ "triple_fault", .call = provoke_triple_fault },
	{ "silence", .call = provoke_silence },
	{ "test_failure", .call = provoke_test_failure },
	{ "results_damaged", .call = provoke_results_damaged },
	{ "lock_order", .call = provoke_lock_order },
	{ "self_deadlock", .call = provoke_self_deadlock },
	{ "local_list", .call = provoke_local_list },
	{ "call_with_irqs_off", .call = provoke_call_with_irqs_off },
	{ "mutex_twice", .thread = "greedy", .fn = take_twice },
	{ "mutex_order", .thread = "backwards", .fn = take_backwards },
	{ "mutex_equal", .thread = "equals", .fn = take_equals },
	{ "mutex_unlock", .thread = "keeper", .fn = keep_first },
	{ "mutex_exit", .thread = "forgetful", .fn = end_with_it },
	{ "mutex_deadlock", .thread = "two", .fn = close_the_circle },
	{ "timer_cancels_itself", .call = provoke_timer_cancels_itself },
	{ "timer_cancel_locked", .thread = "owner", .fn = let_cpu_0_cancel },
	{ "kmap_order", .thread = "order", .fn = unmap_the_first },
	{ "kmap_overflow", .thread = "overflow", .fn = map_for_ever },
	{ "kmap_exit", .thread = "exit", .fn = exit_mapped },
	{ "kmap_user", .thread = "user", .fn = user_mode_mapped },
	{ "kmap_irq", .call = provoke_kmap_irq },
	{ "kmap_nmi", .call = provoke_kmap_nmi },
	{ "forgotten_flush", .call = provoke_forgotten_flush },
	{ "migrate_exit", .thread = "exit", .fn = exit_pinned },
	{ "percpu_moves", .thread = "mover", .fn = point_at_own },
};

static void go_wrong(void *arg)
{
	const struct kind *k = arg;

	if (k->call != NULL)
		k->call(NULL);
	else
		in_thread(cpu_id, k->thread, k->fn, NULL);
}

static void provoke_kind(const struct kind *k)
{
	printk("provoke: %s on CPU %u\n", k->name, options.provoke_cpu);
	trace(TRACE_NOTE, 0, options.provoke_cpu);
	if (options.provoke_cpu == cpu_id)
		go_wrong((void *)k);
	else if (run_on_cpu(options.provoke_cpu, go_wrong, (void *)k))
		printk("provoke: CPU %u is not online\n", options.provoke_cpu);
}

void provoke(void)
{
	if (options.provoke[0] == '\0')
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(options.provoke, kinds[i].name) == 0) {
			provoke_kind(&kinds[i]);
			return;
		}
	printk("provoke: there is no \"%s\"\n", options.provoke);
}
