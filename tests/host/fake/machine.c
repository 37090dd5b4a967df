/* SPDX-License-Identifier: MIT */
/* tests/host/fake/machine.c - see the header. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/x86_64/irq.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/spinlock.h"
#include "mm/page.h"
#include "tests/host/fake/machine.h"

#define PAGES_BYTES ((MACHINE_PHYS_END >> PAGE_SHIFT) * sizeof(struct page))
#define MAX_HELD    8

char *machine_ram;
char *machine_pages;
u64 machine_rflags = RFLAGS_IF;
u64 percpu_offset[MAX_CPUS];
u32 cpu_id;
u32 preempt_count;

/* So that there is a section, whatever a test links. */
static USED DEFINE_PER_CPU(u64, any_variable);

/* Made by the linker for the section of that name. */
extern char __start_percpu_linked[], __stop_percpu_linked[];

static struct spinlock *held[MAX_HELD];
static u32 held_count;

static char *reserve(u64 bytes)
{
	void *p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ASSERT(p != MAP_FAILED, "no address space for %lu bytes", bytes);
	return p;
}

/* Sections are aligned to at most a page; the copies keep the linked offset in it. */
static void copy_percpu(u32 cpu)
{
	u64 bytes = (u64)(__stop_percpu_linked - __start_percpu_linked);
	u64 in_page = (u64)__start_percpu_linked & ~PAGE_MASK;
	char *copy = aligned_alloc(PAGE_SIZE, ALIGN_UP(bytes + in_page, PAGE_SIZE));

	ASSERT(copy, "no memory for CPU %u", cpu);
	memcpy(copy + in_page, __start_percpu_linked, bytes);
	percpu_offset[cpu] = (u64)(copy + in_page) - (u64)__start_percpu_linked;
}

void machine_start(void)
{
	machine_ram = reserve(MACHINE_PHYS_END);
	machine_pages = reserve(PAGES_BYTES);
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++)
		copy_percpu(cpu);
	machine_after_panic();
	cpu_id = 0;
}

void machine_stop(void)
{
	ASSERT(held_count == 0 && preempt_count == 0 && irqs_enabled(),
	       "%u locks held, preempt_count %u, interrupts %u", held_count, preempt_count,
	       (unsigned)irqs_enabled());
	munmap(machine_ram, MACHINE_PHYS_END);
	munmap(machine_pages, PAGES_BYTES);
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++) {
		u64 copy = ((u64)__start_percpu_linked + percpu_offset[cpu]) & PAGE_MASK;

		free((void *)copy);
		percpu_offset[cpu] = 0;
	}
}

static void open_memory(char *base, u64 start, u64 end)
{
	u64 first = ALIGN_DOWN(start, PAGE_SIZE);

	if (mprotect(base + first, ALIGN_UP(end, PAGE_SIZE) - first, PROT_READ | PROT_WRITE) != 0)
		panic("no memory at %#lx", start);
}

void machine_add_ram(paddr_t start, paddr_t end, bool mapped)
{
	ASSERT(start < end && end <= MACHINE_PHYS_END, "RAM at %#lx to %#lx", start, end);
	if (mapped)
		open_memory(machine_ram, start, end);
	open_memory(machine_pages, (start >> PAGE_SHIFT) * sizeof(struct page),
		    DIV_ROUND_UP(end, PAGE_SIZE) * sizeof(struct page));
}

void machine_set_cpu(u32 cpu)
{
	ASSERT(cpu < MAX_CPUS && held_count == 0, "CPU %u's turn with %u locks held", cpu,
	       held_count);
	cpu_id = cpu;
}

void machine_after_panic(void)
{
	while (held_count > 0)
		held[--held_count]->held = false;
	preempt_count = 0;
	machine_rflags = RFLAGS_IF;
}

bool list_address_ok(const void *p)
{
	(void)p;
	return true;
}

void spin_init(struct spinlock *l, const char *name, enum lock_rank rank)
{
	*l = (struct spinlock)SPINLOCK_INIT(name, rank);
}

void spin_lock(struct spinlock *l)
{
	ASSERT(!irqs_enabled(), "lock %s is taken with interrupts on", l->name);
	ASSERT(!l->held, "lock %s is taken twice", l->name);
	ASSERT(held_count < MAX_HELD, "%u locks held", held_count);
	ASSERT(held_count == 0 || held[held_count - 1]->rank < l->rank,
	       "lock %s is taken inside lock %s", l->name, held[held_count - 1]->name);
	l->held = true;
	held[held_count++] = l;
	preempt_disable();
}

void spin_unlock(struct spinlock *l)
{
	ASSERT(l->held && held_count > 0 && held[held_count - 1] == l, "lock %s is not held last",
	       l->name);
	l->held = false;
	held_count--;
	preempt_enable();
}

u64 spin_lock_irqsave(struct spinlock *l)
{
	u64 flags = irq_save();

	spin_lock(l);
	return flags;
}

void spin_unlock_irqrestore(struct spinlock *l, u64 flags)
{
	spin_unlock(l);
	irq_restore(flags);
}

bool spin_held(const struct spinlock *l)
{
	return l->held;
}
