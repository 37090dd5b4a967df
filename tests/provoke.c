/* SPDX-License-Identifier: MIT */
/*
 * tests/provoke.c - provoke=KIND: go wrong on purpose, on CPU provoke_cpu, to see that
 * it is reported and never taken for success.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/shared.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/spinlock.h"
#include "kernel/hotplug.h"
#include "kernel/options.h"
#include "kernel/upcall.h"
#include "lib/assert.h"
#include "lib/list.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/kmap.h"
#include "mm/trace.h"
#include "tests/harness.h"
#include "tests/provoke.h"
#include "tests/user_code.h"

static void provoke_panic(void *arg)
{
	(void)arg;
	panic("provoked on purpose");
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

/* --- kmap_local: in a thread of the CPU, but for what only an interrupt can do ------------- */

static void start_here(const char *name, thread_fn fn)
{
	struct thread *t = thread_create_on(cpu_id, name, fn, NULL);

	if (t != NULL)
		thread_start(t);
}

static struct page *any_page(void)
{
	struct page *page = alloc_page(ZONE_USER);

	ASSERT(page != NULL, "out of memory");
	return page;
}

static int unmap_the_first(void *arg)
{
	struct page *page = any_page();
	void *first = kmap_local_page(page), *second = kmap_local_page(page);

	(void)arg;
	kunmap_local(first);
	kunmap_local(second);
	return 0;
}

static int map_for_ever(void *arg)
{
	struct page *page = any_page();

	(void)arg;
	for (u32 i = 0; i <= KMAP_DEPTH; i++)
		(void)!kmap_local_page(page);
	return 0;
}

static int exit_mapped(void *arg)
{
	(void)arg;
	(void)!kmap_local_page(any_page());
	return 0;
}

static int exit_pinned(void *arg)
{
	(void)arg;
	migrate_disable();
	return 0;
}

static int user_mode_mapped(void *arg)
{
	static const u8 ud2[] = { 0x0f, 0x0b };
	const vaddr_t code = MIB;

	(void)arg;
	use(user_code_mm(code, ud2, sizeof(ud2)));
	(void)!kmap_local_page(any_page());
	irq_disable();
	return (int)user_call(code, code + PAGE_SIZE);
}

static int point_at_own(void *arg)
{
	(void)arg;
	return *(volatile int *)this_cpu_ptr(&cpu_id) == -1;
}

static void provoke_percpu_moves(void *arg)
{
	(void)arg;
	start_here("mover", point_at_own);
}

static void provoke_kmap_order(void *arg)
{
	(void)arg;
	start_here("order", unmap_the_first);
}

static void provoke_kmap_overflow(void *arg)
{
	(void)arg;
	start_here("overflow", map_for_ever);
}

static void provoke_kmap_exit(void *arg)
{
	(void)arg;
	start_here("exit", exit_mapped);
}

static void provoke_migrate_exit(void *arg)
{
	(void)arg;
	start_here("exit", exit_pinned);
}

static void provoke_kmap_user(void *arg)
{
	(void)arg;
	start_here("user", user_mode_mapped);
}

static void provoke_kmap_irq(void *arg)
{
	(void)arg;
	(void)!kmap_local_page(any_page());
}

static void provoke_kmap_nmi(void *arg)
{
	(void)arg;
	this_cpu_inc(nmi_depth); /* as an NMI's handler would find it */
	(void)!kmap_local_page(any_page());
}

/* Nothing in the kernel notices: for the TLB checker. */
static void provoke_forgotten_flush(void *arg)
{
	struct page *first = any_page(), *second = any_page();
	u32 depth = kmap_depth;
	volatile u8 *p;

	(void)arg;
	ASSERT(first != second, "the same page twice");
	p = kmap_local_page(first);
	(void)*p;
	shared_store(kmap_slot_pte(depth), page_to_phys(second) | kmap_flags);
	(void)*p;
	kunmap_local((const void *)p);
}

static const struct {
	const char *name;
	ipi_fn fn;
} kinds[] = {
	{ "panic", provoke_panic },
	{ "panic_with_cpus_down", provoke_panic_with_cpus_down },
	{ "page_fault", provoke_page_fault },
	{ "stack_overflow", provoke_stack_overflow },
	{ "triple_fault", provoke_triple_fault },
	{ "silence", provoke_silence },
	{ "test_failure", provoke_test_failure },
	{ "lock_order", provoke_lock_order },
	{ "self_deadlock", provoke_self_deadlock },
	{ "local_list", provoke_local_list },
	{ "call_with_irqs_off", provoke_call_with_irqs_off },
	{ "mutex_twice", provoke_mutex_twice },
	{ "mutex_order", provoke_mutex_order },
	{ "mutex_unlock", provoke_mutex_unlock },
	{ "mutex_exit", provoke_mutex_exit },
	{ "mutex_deadlock", provoke_mutex_deadlock },
	{ "timer_cancels_itself", provoke_timer_cancels_itself },
	{ "timer_cancel_locked", provoke_timer_cancel_locked },
	{ "kmap_order", provoke_kmap_order },
	{ "kmap_overflow", provoke_kmap_overflow },
	{ "kmap_exit", provoke_kmap_exit },
	{ "kmap_user", provoke_kmap_user },
	{ "kmap_irq", provoke_kmap_irq },
	{ "kmap_nmi", provoke_kmap_nmi },
	{ "migrate_exit", provoke_migrate_exit },
	{ "forgotten_flush", provoke_forgotten_flush },
	{ "percpu_moves", provoke_percpu_moves },
};

void provoke(void)
{
	if (options.provoke[0] == '\0')
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(options.provoke, kinds[i].name) != 0)
			continue;
		printk("provoke: %s on CPU %u\n", kinds[i].name, options.provoke_cpu);
		trace(TRACE_NOTE, 0, options.provoke_cpu);
		if (options.provoke_cpu == cpu_id)
			kinds[i].fn(NULL);
		else if (run_on_cpu(options.provoke_cpu, kinds[i].fn, NULL))
			printk("provoke: CPU %u is not online\n", options.provoke_cpu);
		return;
	}
	printk("provoke: there is no \"%s\"\n", options.provoke);
}
