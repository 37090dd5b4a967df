/* SPDX-License-Identifier: MIT */
/*
 * tests/user_visitor.h - a visitor is a kernel thread with a user_state and an address space, which
 * goes to ring 3 for one part of user_state_code.asm at a time.  Between two parts it is switched
 * and moved like any thread, with the user's values in its registers or its state.
 */
#pragma once

#include "arch/x86_64/probe.h"
#include "arch/x86_64/regs.h"
#include "kernel/thread.h"
#include "tests/harness.h"

#define VISITOR_DATA 0x500000ul /* a page, which the code is told of */
#define VISITOR_HOLE 0x600000ul /* nothing is there */
#define VISITOR_SPIN 20000u	/* of .spin, unless it is set */

#define ST_REGISTERS	 8u
#define VECTOR_REGISTERS 16u

#define UD_IN_USER_MODE PROBE_FAULT(VECTOR_UD, 0) /* how each part ends */

/* user_state_code.asm's struc VALUES. */
struct user_values {
	u64 fs_base, gs_base;
	u16 fs, gs, ds, es;
	u32 has, mxcsr;
	u64 spin;
	u16 fcw;
	u8 st[ST_REGISTERS][16] ALIGNED(64);
	u8 vector[VECTOR_REGISTERS][64];
	u8 fx[512];
};

/* The parts that are entered. */
extern const u8 user_state_put[], user_state_get[], user_state_spin[], user_state_read[];
extern const u8 user_state_fs_base[], user_state_gs_base[];
extern const u8 user_state_divide_sse[], user_state_divide_x87[];

struct visitor;

/* What one does, its address space loaded. */
typedef void visit_fn(struct visitor *p);

struct visitor {
	struct test *t;
	visit_fn *fn;
	struct mm *mm;
	struct thread *thread;
	u64 seed; /* of its values */
	u64 spin; /* how long user_state_spin takes */
	struct user_values want, got;
};

/* A visitor that shall run @fn(it) on @cpu; NULL: no memory, and the test has failed. */
struct visitor *visitor_make(struct test *t, u32 cpu, visit_fn *fn, u64 seed);

/* Wait for its end, and give back what it had. */
void visitor_join(struct visitor *p);

/* One visitor on @cpu, to its end; one on each CPU, all at once. */
void visitor_run(struct test *t, u32 cpu, visit_fn *fn, u64 seed);
void visitor_on_each_cpu(struct test *t, visit_fn *fn);

/* --- in its thread ---------------------------------------------------------------------------- */

/* Go to @cpu. */
void go_to(struct test *t, u32 cpu);

/* The part at @entry, with @flags and @rsi: how it ended. */
u32 ring3_with(const u8 *entry, u64 flags, u64 rsi);
u32 ring3(const u8 *entry);

/* New values, of .seed, into the registers. */
void put_values(struct visitor *p);

/* Are the registers as they were put?  @when: for the report. */
void expect_values(struct visitor *p, const char *when);

/* Are they those of a thread that has used none? */
void expect_fresh(struct visitor *p);
