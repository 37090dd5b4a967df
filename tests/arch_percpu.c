/* SPDX-License-Identifier: MIT */
/*
 * tests/arch_percpu.c - per-CPU variables: each CPU its own, by one name.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/smp.h"
#include "lib/string.h"
#include "mm/cpu_tables.h"
#include "tests/cpus.h"
#include "tests/harness.h"

#define PATTERN 0x5ca1ab1e0ddba11ul

struct record {
	u32 number;
	u64 word;
};

static DEFINE_PER_CPU(u64, counter);
static DEFINE_PER_CPU(u32, narrow) = 7;
static DEFINE_PER_CPU(struct record, record);
static DEFINE_PER_CPU(struct record *, pointer);

static void count(void *arg)
{
	(void)arg;
	this_cpu_add(counter, cpu_id + 1);
}

TEST("arch.percpu", each_cpu_counts_its_own)
{
	u32 cpu;

	for_each_cpu (cpu, &cpus_online)
		*per_cpu_ptr(&counter, cpu) = 0;
	on_each_cpu(count, NULL);
	on_each_cpu(count, NULL);
	for_each_cpu (cpu, &cpus_online)
		EXPECT_EQ(t, *per_cpu_ptr(&counter, cpu), 2 * (cpu + 1));
}

/* The fixed name and the shared address are the same memory, in both directions. */
TEST("arch.percpu", shared_address_is_the_same_memory)
{
	u64 flags = irq_save();
	struct record *shared = this_cpu_ptr(&record);

	record.word = PATTERN;
	EXPECT_EQ(t, shared->word, PATTERN);
	shared->number = 42;
	EXPECT_EQ(t, this_cpu_read(record.number), 42);
	*this_cpu_ptr(&pointer) = shared;
	EXPECT(t, pointer == shared, "%p", (void *)pointer);
	EXPECT(t, !is_cpu_local((vaddr_t)shared), "%p means another thing elsewhere",
	       (void *)shared);
	irq_restore(flags);
}

TEST("arch.percpu", one_instruction_operations)
{
	u64 flags = irq_save();

	this_cpu_write(counter, 40);
	this_cpu_add(counter, 5);
	this_cpu_dec(counter);
	EXPECT_EQ(t, this_cpu_read(counter), 44);
	this_cpu_or(counter, 3);
	this_cpu_and(counter, 0xf);
	EXPECT_EQ(t, this_cpu_read(counter), 15);
	EXPECT_EQ(t, this_cpu_xchg(counter, PATTERN), 15);
	EXPECT_EQ(t, this_cpu_cmpxchg(counter, 1, 2), PATTERN);
	EXPECT_EQ(t, this_cpu_cmpxchg(counter, PATTERN, 2), PATTERN);
	EXPECT_EQ(t, counter, 2);
	this_cpu_inc(narrow);
	EXPECT_EQ(t, narrow, 8);
	this_cpu_sub(narrow, 1);
	irq_restore(flags);
}

static void check_identity(void *arg)
{
	struct test *t = arg;

	EXPECT_EQ(t, apic_id(), cpus[cpu_id].apic_id);
	EXPECT_EQ(t, per_cpu_ptr(&cpu_id, cpu_id) == this_cpu_ptr(&cpu_id), true);
	EXPECT_EQ(t, *this_cpu_ptr(&cpu_id), cpu_id);
}

TEST("arch.percpu", number_matches_the_apic)
{
	on_each_cpu(check_identity, t);
}

/* A CPU starts from the image's values, not from what the boot CPU had made of them. */
TEST("arch.percpu", template_is_pristine, .cpus = 2)
{
	u32 cpu;

	for_each_cpu (cpu, &cpus_online)
		EXPECT_EQ(t, *per_cpu_ptr(&narrow, cpu), 7);
}

TEST("arch.percpu", copies_do_not_overlap, .cpus = 2)
{
	u32 a, b;

	for_each_cpu (a, &cpus_online)
		for_each_cpu (b, &cpus_online) {
			u64 distance = percpu_offset[a] - percpu_offset[b];

			if (a != b)
				EXPECT(t, MIN(distance, -distance) >= cpu_variables_size(),
				       "CPUs %u and %u are %#lx apart", a, b, distance);
		}
}
