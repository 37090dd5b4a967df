/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/user_state.c - see user_state.h.
 */
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/user_state.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "lib/string.h"

#define ADDRESS_BITS_4_LEVELS 48
#define ADDRESS_BITS_5_LEVELS 57

DEFINE_PER_CPU(struct user_state *, user_state_owner);

u32 user_state_size(void)
{
	return (u32)sizeof(struct user_state) + fpu_area_size();
}

void user_state_init(struct user_state *s)
{
	memset(s, 0, user_state_size());
	s->cpu = USER_STATE_NOWHERE;
	fpu_init_area(s->fpu);
}

void user_state_forget(void)
{
	user_state_owner = NULL;
}

/* --- segments ------------------------------------------------------------------------------ */

#define READ_SELECTOR(name)                                                                        \
	({                                                                                         \
		u32 selector_;                                                                     \
		__asm__ volatile("mov %%" name ", %0" : "=r"(selector_));                          \
		(u16) selector_;                                                                   \
	})

/* Only if it is another one: a load of a selector costs more than a look. */
#define LOAD_SELECTOR(name, value)                                                                 \
	do {                                                                                       \
		if (unlikely(READ_SELECTOR(name) != (value)))                                      \
			__asm__ volatile("mov %0, %%" name ::"r"((u32)(value)) : "memory");        \
	} while (0)

static u64 read_fs_base(void)
{
	return likely(cpu_features.fsgsbase) ? rdfsbase() : rdmsr(MSR_FS_BASE);
}

static void write_fs_base(u64 base)
{
	if (likely(cpu_features.fsgsbase))
		wrfsbase(base);
	else
		wrmsr(MSR_FS_BASE, base);
}

static void save_segments(struct user_state *s)
{
	user_state_save_selectors(s);
	s->fs_base = read_fs_base();
	s->gs_base = user_gs_base_read();
}

/* The values were in these registers once, or are 0: no load faults, on any CPU. */
static void load_selectors(const struct user_state *s)
{
	LOAD_SELECTOR("ds", s->ds);
	LOAD_SELECTOR("es", s->es);
	LOAD_SELECTOR("fs", s->fs);
	if (unlikely(READ_SELECTOR("gs") != s->gs))
		user_gs_selector_load(s->gs);
}

/* A selector's load changes the base, so the base comes after it. */
static void load_segments(const struct user_state *s) REQUIRES(irqs_off)
{
	load_selectors(s);
	write_fs_base(s->fs_base);
	user_gs_base_write(s->gs_base);
}

static bool is_canonical(u64 address)
{
	u32 unused =
		64 - (cpu_paging_levels() == 5 ? ADDRESS_BITS_5_LEVELS : ADDRESS_BITS_4_LEVELS);

	return (u64)((s64)(address << unused) >> unused) == address;
}

int user_state_set_bases(struct user_state *s, u64 fs_base, u64 gs_base)
{
	u64 flags;

	if (!is_canonical(fs_base) || !is_canonical(gs_base))
		return -EINVAL;
	flags = irq_save();
	s->fs_base = fs_base;
	s->gs_base = gs_base;
	if (user_state_is_loaded(s)) {
		write_fs_base(fs_base);
		user_gs_base_write(gs_base);
	} else {
		s->cpu = USER_STATE_NOWHERE; /* what some CPU's registers hold is old now */
	}
	irq_restore(flags);
	return 0;
}

/* --- the switch ---------------------------------------------------------------------------- */

void user_state_switch(struct user_state *prev, struct user_state *next)
{
	if (prev != NULL) {
		DEBUG_ASSERT(user_state_is_loaded(prev), "CPU %u saves registers of others",
			     cpu_id);
		save_segments(prev);
		fpu_save(prev->fpu);
	}
	if (next == NULL || user_state_is_loaded(next))
		return;
	load_segments(next);
	fpu_load(next->fpu);
	next->cpu = cpu_id;
	user_state_owner = next;
}

void user_state_copy(struct user_state *to, struct user_state *from)
{
	u64 flags = irq_save();

	DEBUG_ASSERT(user_state_is_loaded(from), "CPU %u copies registers of others", cpu_id);
	save_segments(from);
	fpu_save(from->fpu);
	memcpy(to, from, user_state_size());
	to->cpu = USER_STATE_NOWHERE;
	irq_restore(flags);
}
