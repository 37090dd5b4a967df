/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/percpu.h - variables of which each CPU has its own.
 *
 *	DEFINE_PER_CPU(u64, nr_switches);
 *	nr_switches++;				this CPU's; not one instruction for sure
 *	this_cpu_add(nr_switches, 1);		one instruction: right against interrupts,
 *						and while the task may be preempted and move
 *	*per_cpu_ptr(&nr_switches, cpu)		another CPU's (or one's own, by a shared name)
 *
 * In the percpu kernel &var is the same number on every CPU and means different
 * memory: it must never reach another CPU (no list heads, lock owners, wait queues
 * or IPI arguments at such an address).  per_cpu_ptr() gives an address that means
 * the same everywhere.  In the classic kernel &var has a __seg_gs type, so that the
 * compiler refuses each use that would be wrong here; every cast of a per-CPU
 * address is in this file for that reason.
 *
 * A plain read or write is this CPU's only while the task cannot move: with
 * interrupts or preemption off, or migration disabled.
 */
#pragma once

#include "arch/x86_64/layout.h"
#include "lib/assert.h"
#include "twin_percpu.h"

#define DECLARE_PER_CPU(type, name) extern __typeof__(type) PERCPU_QUAL name
#define DEFINE_PER_CPU(type, name)  SECTION(".percpu") __typeof__(type) PERCPU_QUAL name

/* The same, of what entry code may need before it has left the user PGD. */
#define DEFINE_PER_CPU_ENTRY(type, name)                                                           \
	SECTION(PERCPU_ENTRY_SECTION) __typeof__(type) PERCPU_QUAL name

/* The type a per-CPU pointer points to, without the segment: a value has no qualifiers. */
#define PERCPU_TYPE(ptr)                                                                           \
	__typeof__(({                                                                              \
		(void)0;                                                                           \
		*(ptr);                                                                            \
	}))

/* From the linked address to CPU n's copy in the direct map. */
extern u64 percpu_offset[MAX_CPUS];

/* This CPU's number; 0 is the boot CPU. */
DECLARE_PER_CPU(u32, cpu_id);

/*
 * The shared address of @cpu's copy.  The asm hides where it came from: compilers
 * may assume that pointers derived from different objects do not alias, and both
 * gcc 12 and clang 14 drop stores on that ground.
 */
#define per_cpu_ptr(ptr, cpu)                                                                      \
	({                                                                                         \
		u64 address_ = (u64)(ptr);                                                         \
		__asm__("" : "+r"(address_));                                                      \
		(PERCPU_TYPE(ptr) *)(address_ + percpu_offset[cpu]);                               \
	})

/* Panic, naming the caller, if the thread that runs may be moved at this moment. */
void percpu_check_stays(void);

/* The shared address of this CPU's copy; the caller cannot move, which debug builds check. */
#define this_cpu_ptr(ptr)                                                                          \
	({                                                                                         \
		if (CONFIG_DEBUG)                                                                  \
			percpu_check_stays();                                                      \
		per_cpu_ptr(ptr, cpu_id);                                                          \
	})

/* One instruction on @var, by its size.  @insn: mnemonic without the size letter. */
#define PERCPU_OP(insn, var, val)                                                                  \
	do {                                                                                       \
		PERCPU_TYPE(&(var)) value_ = (val);                                                \
		switch (sizeof(var)) {                                                             \
		case 4:                                                                            \
			__asm__ volatile(insn "l %1, " PERCPU_ASM("%0")                            \
					 : "+m"(PERCPU_LVALUE(var))                                \
					 : "ri"(value_)                                            \
					 : PERCPU_CLOBBER);                                        \
			break;                                                                     \
		case 8:                                                                            \
			__asm__ volatile(insn "q %1, " PERCPU_ASM("%0")                            \
					 : "+m"(PERCPU_LVALUE(var))                                \
					 : "re"(value_)                                            \
					 : PERCPU_CLOBBER);                                        \
			break;                                                                     \
		default:                                                                           \
			per_cpu_size_is_not_4_or_8();                                              \
		}                                                                                  \
	} while (0)

void per_cpu_size_is_not_4_or_8(void)
	__attribute__((error("this_cpu_ operations take 4 or 8 bytes")));

#define this_cpu_write(var, val) PERCPU_OP("mov", var, val)
#define this_cpu_add(var, val)	 PERCPU_OP("add", var, val)
#define this_cpu_sub(var, val)	 PERCPU_OP("sub", var, val)
#define this_cpu_and(var, val)	 PERCPU_OP("and", var, val)
#define this_cpu_or(var, val)	 PERCPU_OP("or", var, val)
#define this_cpu_inc(var)	 this_cpu_add(var, 1)
#define this_cpu_dec(var)	 this_cpu_sub(var, 1)

/* Store the address of this very place in the code in @var, a u64: one instruction. */
#define this_cpu_write_here(var)                                                                   \
	__asm__ volatile("movq $1f, " PERCPU_ASM("%0") "\n1:"                                      \
			 : "=m"(PERCPU_LVALUE(var))::PERCPU_CLOBBER)

/* One load that the compiler neither repeats nor remembers. */
#define this_cpu_read(var)                                                                         \
	({                                                                                         \
		PERCPU_TYPE(&(var)) value_;                                                        \
		__asm__ volatile("mov " PERCPU_ASM("%1") ", %0"                                    \
				 : "=r"(value_)                                                    \
				 : "m"(PERCPU_LVALUE(var))                                         \
				 : PERCPU_CLOBBER);                                                \
		value_;                                                                            \
	})

/* Store @val, return what was there: one instruction (and locked, as xchg is). */
#define this_cpu_xchg(var, val)                                                                    \
	({                                                                                         \
		PERCPU_TYPE(&(var)) value_ = (val);                                                \
		__asm__ volatile("xchg %0, " PERCPU_ASM("%1")                                      \
				 : "+r"(value_), "+m"(PERCPU_LVALUE(var))::PERCPU_CLOBBER);        \
		value_;                                                                            \
	})

/* If it is @old, store @new; return what was there.  Not locked: this CPU only. */
#define this_cpu_cmpxchg(var, old, new)                                                            \
	({                                                                                         \
		PERCPU_TYPE(&(var)) was_ = (old);                                                  \
		PERCPU_TYPE(&(var)) new_ = (new);                                                  \
		__asm__ volatile("cmpxchg %2, " PERCPU_ASM("%1")                                   \
				 : "+a"(was_), "+m"(PERCPU_LVALUE(var))                            \
				 : "r"(new_)                                                       \
				 : PERCPU_CLOBBER);                                                \
		was_;                                                                              \
	})

/*
 * Preemption off and on: a count, and a compiler barrier, so that no access to a
 * per-CPU variable is moved out of the section.  A held spinlock counts too.
 */
DECLARE_PER_CPU(u32, preempt_count);

/* The thread that runs shall give way, as soon as it may be preempted. */
DECLARE_PER_CPU(u32, need_resched);

/* Give way if the current thread may be preempted.  kernel/sched.c */
void preempt_now(void);

static ALWAYS_INLINE void preempt_if_needed(void)
{
	if (unlikely(need_resched))
		preempt_now();
}

static ALWAYS_INLINE void preempt_disable(void)
{
	this_cpu_inc(preempt_count);
	barrier();
}

static ALWAYS_INLINE void preempt_enable(void)
{
	barrier();
	this_cpu_dec(preempt_count);
	preempt_if_needed();
}
