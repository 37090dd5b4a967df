/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/user_state.h - what user mode has in registers beside those of the trap frame: the
 * bases of FS and GS, the data segment selectors, and the x87, SSE and AVX registers.
 *
 * None of it is touched while the kernel runs, so it simply stays in the registers; but in the
 * classic kernel the user's GS base is then in MSR_KERNEL_GS_BASE.  A user thread's are saved
 * each time it is switched out, since it may go on on another CPU.  They are loaded when
 * the CPU's registers do not hold them any more:
 *
 *	the registers of CPU c hold s	if and only if	user_state_owner of c is s, and s->cpu is c
 *
 * The first says that c has loaded nothing else after its last load from the address s; the second,
 * that c was the last to load s, and that this was since user_state_init().  A state that is
 * freed while some CPU's registers hold it needs no care for that reason.  Whoever runs in
 * between without a state (kernel threads) costs nothing.
 *
 * Eager, not lazy by CR0.TS: registers that are left loaded under another thread can be read by
 * speculation past the #NM (CVE-2018-3665).  Here no user thread runs before its own are loaded.
 */
#pragma once

#include "arch/x86_64/fpu.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/percpu.h"
#include "lib/assert.h"
#include "lib/lock_check.h"
#include "twin_user_state.h"

/* Its thread's own, or its CPU's switch code's. */
struct user_state {
	u64 fs_base, gs_base;
	union {
		struct {
			u16 fs, gs, ds, es;
		};
		u64 selectors;
	};
	u32 cpu; /* the last to load it, USER_STATE_NOWHERE: none */
	u8 fpu[] ALIGNED(FPU_ALIGN);
};

#define USER_STATE_NOWHERE MAX_CPUS

/* Whose registers this CPU loaded last; it may be gone. */
DECLARE_PER_CPU(struct user_state *, user_state_owner);

/* Bytes of a state.  It must be aligned to FPU_ALIGN. */
u32 user_state_size(void);

/* Make of @s what a new thread has: null selectors, bases 0, no FPU register ever used. */
void user_state_init(struct user_state *s);

/*
 * Set the bases of the current thread, or of one that does not run, nor waits in a system call,
 * where user_state_swap_quickly() could follow.  -EINVAL, and nothing is set, unless both are
 * canonical: the kernel could not load them.
 */
int user_state_set_bases(struct user_state *s, u64 fs_base, u64 gs_base) WARN_UNUSED_RESULT;

/*
 * Make of @to, whose thread does not run, a copy of @from, the current thread's.  Interrupts on or
 * off.
 */
void user_state_copy(struct user_state *to, struct user_state *from);

/* The registers hold nobody's state: a CPU starts. */
void user_state_forget(void) REQUIRES(irqs_off);

/*
 * This CPU goes over from the thread of @prev to that of @next, NULL: it has none.  Interrupts
 * off.
 */
void user_state_switch(struct user_state *prev, struct user_state *next) REQUIRES(irqs_off);

/* Do this CPU's registers hold @s?  Interrupts off. */
static inline bool user_state_is_loaded(const struct user_state *s)
{
	return user_state_owner == s && s->cpu == cpu_id;
}

static ALWAYS_INLINE void user_state_save_selectors(struct user_state *s)
{
	__asm__ volatile("mov %%ds, %0" : "=m"(s->ds));
	__asm__ volatile("mov %%es, %0" : "=m"(s->es));
	__asm__ volatile("mov %%fs, %0" : "=m"(s->fs));
	__asm__ volatile("mov %%gs, %0" : "=m"(s->gs));
}

/* Save @prev's selectors, which the CPU holds: are @next's the same?  Calls nothing. */
static ALWAYS_INLINE bool user_state_selectors_agree(struct user_state *prev,
						     const struct user_state *next)
{
	user_state_save_selectors(prev);
	return likely(prev->selectors == next->selectors);
}

/*
 * The rest of a switch from @prev, which this CPU holds, to @next, which it was the last to load
 * and does not hold, where it has what cpu_features.quick_user_state says.  Calls nothing.
 */
static ALWAYS_INLINE void user_state_swap_quickly(struct user_state *prev, struct user_state *next)
	REQUIRES(irqs_off)
{
	DEBUG_ASSERT(next->cpu == cpu_id, "CPU %u: CPU %u had these registers last", cpu_id,
		     next->cpu);
	prev->gs_base = user_gs_base_swap(next->gs_base);
	prev->fs_base = rdfsbase();
	wrfsbase(next->fs_base);
	fpu_swap(prev->fpu, next->fpu);
	user_state_owner = next;
}

/* user_state_switch() where every instruction counts: neither is NULL. */
static ALWAYS_INLINE void user_state_swap(struct user_state *prev, struct user_state *next)
	REQUIRES(irqs_off)
{
	if (likely(cpu_features.quick_user_state && user_state_owner != next &&
		   user_state_selectors_agree(prev, next))) {
		next->cpu = cpu_id;
		user_state_swap_quickly(prev, next);
	} else {
		user_state_switch(prev, next);
	}
}
