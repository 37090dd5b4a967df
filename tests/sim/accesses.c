/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/accesses.c - shared words: store buffers, and what else an access does.
 */
#include <string.h>

#include "mm/page_alloc.h"
#include "tests/sim/memory.h"
#include "tests/sim/tlb.h"
#include "tests/sim/vcpu.h"

/* --- store buffers ------------------------------------------------------------------------- */

static u64 peek(const void *p, u32 size)
{
	u64 v = 0;

	memcpy(&v, p, size);
	return v;
}

static void poke(void *p, u64 v, u32 size)
{
	memcpy(p, &v, size);
}

static bool is_ram(const void *p)
{
	return (u64)p >= SIM_RAM_BASE && (u64)p < SIM_RAM_BASE + SIM_RAM_FRAMES * PAGE_SIZE;
}

static void visible(u32 cpu, const struct store *s)
{
	if (is_ram(s->p) && s->size == sizeof(u64))
		tlb_memory_changed(cpu, s->operation, virt_to_phys(s->p), s->value);
}

/* The oldest store of a CPU, which is in memory already. */
static void retire_oldest(u32 cpu)
{
	struct vcpu *v = &vcpus[cpu];
	struct store oldest = v->stores[0];

	v->store_count--;
	memmove(&v->stores[0], &v->stores[1], v->store_count * sizeof(v->stores[0]));
	visible(cpu, &oldest);
}

void put_stores_in(struct vcpu *v)
{
	for (u32 i = 0; i < v->store_count; i++) {
		struct store *s = &v->stores[i];

		s->saved = peek(s->p, s->size);
		poke(s->p, s->value, s->size);
	}
}

/* A plain store over one that waits makes that one, and all before it, visible. */
void take_stores_out(u32 cpu)
{
	struct vcpu *v = &vcpus[cpu];

	for (u32 i = v->store_count; i-- > 0;) {
		struct store *s = &v->stores[i];

		if (peek(s->p, s->size) != s->value) {
			for (u32 n = 0; n <= i; n++)
				retire_oldest(cpu);
			return;
		}
		poke(s->p, s->saved, s->size);
	}
}

void drain_one(u32 cpu)
{
	struct vcpu *v = &vcpus[cpu];

	if (v->store_count == 0)
		return;
	poke(v->stores[0].p, v->stores[0].value, v->stores[0].size);
	retire_oldest(cpu);
}

void sim_drain(void)
{
	if (running != SIM_NOBODY)
		while (vcpus[running].store_count > 0)
			retire_oldest(running);
}

u64 sim_walker_read(u32 cpu, const u64 *p)
{
	const struct vcpu *v = &vcpus[cpu];

	if (sim_chance(2))
		for (u32 i = v->store_count; i-- > 0;)
			if (v->stores[i].p == (const void *)p)
				return v->stores[i].value;
	return *p;
}

/* --- accesses of the code under test --------------------------------------------------------- */

void *sim_load_point(const volatile void *p)
{
	point(false);
	return (void *)(u64)p;
}

void *sim_locked_point(const volatile void *p)
{
	point(false);
	sim_drain();
	return (void *)(u64)p;
}

void sim_store(volatile void *p, const void *value, u32 size)
{
	struct vcpu *v;

	point(false);
	if (running == SIM_NOBODY) {
		memcpy((void *)(u64)p, value, size);
		return;
	}
	v = &vcpus[running];
	if (v->store_count == STORES_MAX)
		retire_oldest(running);
	v->stores[v->store_count++] =
		(struct store){ (void *)(u64)p, peek(value, size), peek((void *)(u64)p, size),
				v->operation, size };
	poke((void *)(u64)p, peek(value, size), size);
	point(false);
}

void sim_xchg(volatile void *p, void *value, u32 size)
{
	struct store s;
	u64 old;

	sim_locked_point(p);
	s = (struct store){ .p = (void *)(u64)p, .value = peek(value, size), .size = size };
	old = peek(s.p, size);
	poke(s.p, s.value, size);
	poke(value, old, size);
	if (running == SIM_NOBODY)
		return;
	s.operation = vcpus[running].operation;
	visible(running, &s);
}
