/* SPDX-License-Identifier: MIT */
/*
 * tests/sim/accesses.c - shared words: store buffers, and what else an access does.
 */
#include <string.h>

#include "lib/assert.h"
#include "mm/page_alloc.h"
#include "tests/sim/memory.h"
#include "tests/sim/sanitizer.h"
#include "tests/sim/schedule.h"
#include "tests/sim/tlb.h"
#include "tests/sim/vcpu.h"

/* --- store buffers ------------------------------------------------------------------------- */

/* A store may wait that went to a stack frame which is gone: no check of the address. */
UNCHECKED static u64 peek(const void *p, u32 size)
{
	switch (size) {
	case sizeof(u8):
		return *(const volatile u8 *)p;
	case sizeof(u32):
		return *(const volatile u32 *)p;
	default:
		ASSERT(size == sizeof(u64), "%u bytes at once", size);
		return *(const volatile u64 *)p;
	}
}

UNCHECKED static void poke(void *p, u64 v, u32 size)
{
	if (size == sizeof(u8))
		*(volatile u8 *)p = (u8)v;
	else if (size == sizeof(u32))
		*(volatile u32 *)p = (u32)v;
	else
		*(volatile u64 *)p = v;
}

static bool is_ram(const void *p)
{
	return (u64)p >= SIM_RAM_BASE && (u64)p < SIM_RAM_BASE + SIM_RAM_FRAMES * PAGE_SIZE;
}

/* @s is about to be in memory for everybody, where @old is now. */
static void before_visible(const struct store *s, u64 old)
{
	if (is_ram(s->p) && s->size == sizeof(u64) && old != s->value)
		tlb_memory_changes(s->operation, virt_to_phys(s->p), old, s->value);
}

static void after_visible(const struct store *s)
{
	for (u32 cpu = 0; cpu < sim_options.cpus; cpu++)
		if (vcpus[cpu].waiting == s->p)
			schedule_look();
	if (is_ram(s->p))
		tlb_memory_changed(virt_to_phys(s->p));
}

static struct store take_oldest(struct vcpu *v)
{
	struct store oldest = v->stores[0];

	v->store_count--;
	memmove(&v->stores[0], &v->stores[1], v->store_count * sizeof(v->stores[0]));
	return oldest;
}

void put_stores_in(struct vcpu *v)
{
	for (u32 i = 0; i < v->store_count; i++) {
		struct store *s = &v->stores[i];

		s->saved = peek(s->p, s->size);
		poke(s->p, s->value, s->size);
	}
}

/* The first @n, over one of which a plain store went, are in memory. */
static void were_visible(struct vcpu *v, u32 n)
{
	while (n-- > 0) {
		struct store s = take_oldest(v);

		before_visible(&s, s.saved);
		after_visible(&s);
	}
}

/* A plain store over one that waits makes that one, and all before it, visible. */
void take_stores_out(u32 cpu)
{
	struct vcpu *v = &vcpus[cpu];

	for (u32 i = v->store_count; i-- > 0;) {
		struct store *s = &v->stores[i];

		if (peek(s->p, s->size) != s->value) {
			were_visible(v, i + 1);
			return;
		}
		poke(s->p, s->saved, s->size);
	}
}

void drain_one(u32 cpu)
{
	struct store s = take_oldest(&vcpus[cpu]);

	before_visible(&s, peek(s.p, s.size));
	poke(s.p, s.value, s.size);
	after_visible(&s);
}

void sim_drain(void)
{
	if (running == SIM_NOBODY || vcpus[running].store_count == 0)
		return;
	take_stores_out(running);
	while (vcpus[running].store_count > 0)
		drain_one(running);
}

bool sim_waiting_store(u32 cpu, const u64 *p, u64 *value)
{
	const struct vcpu *v = &vcpus[cpu];

	for (u32 i = v->store_count; i-- > 0;)
		if (v->stores[i].p == (const void *)p) {
			*value = v->stores[i].value;
			return true;
		}
	return false;
}

/* --- accesses of the code under test --------------------------------------------------------- */

void *sim_load_point(const volatile void *p)
{
	point();
	return (void *)(u64)p;
}

void *sim_locked_point(const volatile void *p)
{
	point();
	sim_drain();
	return (void *)(u64)p;
}

/* A full buffer drains its oldest first. */
static void make_room(struct vcpu *v)
{
	if (v->store_count < STORES_MAX)
		return;
	take_stores_out(running);
	if (v->store_count > 0)
		drain_one(running);
	put_stores_in(v);
}

void sim_store(volatile void *p, const void *value, u32 size)
{
	struct vcpu *v;

	point();
	if (running == SIM_NOBODY) {
		memcpy((void *)(u64)p, value, size);
		return;
	}
	v = &vcpus[running];
	make_room(v);
	v->stores[v->store_count++] =
		(struct store){ (void *)(u64)p, peek(value, size), peek((void *)(u64)p, size),
				v->operation, size };
	poke((void *)(u64)p, peek(value, size), size);
	if (schedule_store())
		sim_drain();
	else
		point();
}

void sim_xchg(volatile void *p, void *value, u32 size)
{
	struct store s;
	u64 old;

	sim_locked_point(p);
	s = (struct store){ .p = (void *)(u64)p, .value = peek(value, size), .size = size };
	old = peek(s.p, size);
	if (running != SIM_NOBODY) {
		s.operation = vcpus[running].operation;
		before_visible(&s, old);
	}
	poke(s.p, s.value, size);
	poke(value, old, size);
	if (running != SIM_NOBODY)
		after_visible(&s);
}
