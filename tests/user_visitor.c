/* SPDX-License-Identifier: MIT */
/*
 * tests/user_visitor.c - see user_visitor.h.
 */
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/user_state.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "tests/cpus.h"
#include "tests/threads.h"
#include "tests/user_code.h"
#include "tests/user_visitor.h"
#include "twin_user_state.h"

#define VISITOR_CODE 0x400000ul

#define HAS_FSGSBASE BIT(0)
#define HAS_AVX	     BIT(1)
#define HAS_AVX512   BIT(2)

#define ST_BYTES 10u
#define FX_FCW	 0 /* offsets in what FXSAVE writes */
#define FX_TAGS	 4
#define FX_MXCSR 24
#define FX_ST	 32

#define FCW_TEST(n)   (FPU_FCW_FRESH | ((n)&3) << 10)	/* rounding */
#define MXCSR_TEST(n) (FPU_MXCSR_FRESH | ((n)&3) << 13) /* rounding */

STATIC_ASSERT(offsetof(struct user_values, spin) == 32, "user_state_code.asm");
STATIC_ASSERT(offsetof(struct user_values, fcw) == 40, "user_state_code.asm");
STATIC_ASSERT(offsetof(struct user_values, st) == 64, "user_state_code.asm");
STATIC_ASSERT(offsetof(struct user_values, vector) == 192, "user_state_code.asm");
STATIC_ASSERT(offsetof(struct user_values, fx) == 1216, "user_state_code.asm");

extern const u8 user_state_code[], user_state_code_end[];

/* --- ring 3 -------------------------------------------------------------------------------- */

u32 ring3_with(const u8 *entry, u64 flags, u64 rsi)
{
	struct trapframe f = { .rip = VISITOR_CODE + (u64)(entry - user_state_code),
			       .cs = SEL_USER_CODE | RPL_USER,
			       .rflags = RFLAGS_FIXED | flags,
			       .rsp = VISITOR_CODE + PAGE_SIZE,
			       .ss = SEL_USER_DATA | RPL_USER,
			       .rdi = VISITOR_DATA,
			       .rsi = rsi };
	u64 irqs = irq_save();
	u32 fault;

	preempt_disable();
	fault = (u32)user_call_frame(&f);
	preempt_enable();
	irq_restore(irqs);
	return fault;
}

u32 ring3(const u8 *entry)
{
	return ring3_with(entry, 0, 0);
}

static u32 has(void)
{
	return (cpu_features.fsgsbase ? HAS_FSGSBASE : 0) | (cpu_features.avx ? HAS_AVX : 0) |
	       (cpu_features.avx512 ? HAS_AVX512 : 0);
}

static u32 vector_bytes(void)
{
	return cpu_features.avx512 ? 64 : cpu_features.avx ? 32 : 16;
}

/* Bases that the kernel has uses for, if it were to take them for its own. */
static u64 base_of(u64 n)
{
	static const u64 bases[] = { KERNEL_BASE,      PERCPU_BASE, 0,
				     VISITOR_DATA,     ~0ul,	    DIRECT_MAP_BASE,
				     0x7fffffffffff,   1,	    STACKS_BASE,
				     CPU_LOCAL_END - 8 };

	return bases[n % ARRAY_SIZE(bases)];
}

static u16 selector_of(u64 n)
{
	static const u16 selectors[] = { 0, SEL_USER_DATA | RPL_USER, 0, SEL_USER_CODE | RPL_USER,
					 SEL_CPU_NUMBER | RPL_USER };

	return selectors[n % ARRAY_SIZE(selectors)];
}

/* The next values of @p, which differ from all others in every register. */
static void choose_values(struct visitor *p)
{
	struct user_values *v = &p->want;
	u64 n = p->seed++;

	v->fs_base = base_of(n);
	v->gs_base = base_of(n / 2 + 1);
	v->fs = selector_of(n / 3);
	v->gs = selector_of(n / 5);
	v->ds = selector_of(n);
	v->es = selector_of(n / 7);
	v->has = has();
	v->spin = p->spin;
	v->fcw = (u16)FCW_TEST(n);
	v->mxcsr = (u32)MXCSR_TEST(n / 4);
	for (u32 i = 0; i < ST_REGISTERS; i++) {
		u64 mantissa = BIT(63) | n << 8 | i;
		u16 exponent = (u16)(0x4000 + i);

		memcpy(v->st[i], &mantissa, sizeof(mantissa));
		memcpy(v->st[i] + sizeof(mantissa), &exponent, sizeof(exponent));
	}
	for (u32 i = 0; i < VECTOR_REGISTERS; i++)
		for (u32 b = 0; b < vector_bytes(); b++)
			v->vector[i][b] = (u8)(n * 37 + i * 11 + b + 1);
}

void put_values(struct visitor *p)
{
	choose_values(p);
	EXPECT_EQ(p->t, copy_to_user(VISITOR_DATA, &p->want, sizeof(p->want)), 0);
	EXPECT_EQ(p->t, ring3(user_state_put), UD_IN_USER_MODE);
	if (!cpu_features.fsgsbase)
		EXPECT_EQ(
			p->t,
			user_state_set_bases(current->user_state, p->want.fs_base, p->want.gs_base),
			0);
}

static void get_values(struct visitor *p)
{
	u64 flags;

	memset(&p->got, 0, sizeof(p->got));
	p->got.has = has();
	p->got.spin = p->spin;
	EXPECT_EQ(p->t, copy_to_user(VISITOR_DATA, &p->got, sizeof(p->got)), 0);
	EXPECT_EQ(p->t, ring3(user_state_get), UD_IN_USER_MODE);
	EXPECT_EQ(p->t, copy_from_user(&p->got, VISITOR_DATA, sizeof(p->got)), 0);
	if (cpu_features.fsgsbase)
		return;
	flags = irq_save();
	p->got.fs_base = rdmsr(MSR_FS_BASE);
	p->got.gs_base = user_gs_base_read();
	irq_restore(flags);
}

static u64 fx_word(const struct user_values *v, u32 offset, u32 bytes)
{
	u64 word = 0;

	memcpy(&word, v->fx + offset, bytes);
	return word;
}

void expect_values(struct visitor *p, const char *when)
{
	const struct user_values *w = &p->want, *g = &p->got;

	get_values(p);
	EXPECT(p->t, g->fs_base == w->fs_base && g->gs_base == w->gs_base,
	       "%s: bases %#lx and %#lx, expected %#lx and %#lx", when, g->fs_base, g->gs_base,
	       w->fs_base, w->gs_base);
	EXPECT(p->t, g->fs == w->fs && g->gs == w->gs && g->ds == w->ds && g->es == w->es,
	       "%s: fs %#x gs %#x ds %#x es %#x, expected %#x %#x %#x %#x", when, g->fs, g->gs,
	       g->ds, g->es, w->fs, w->gs, w->ds, w->es);
	EXPECT(p->t, fx_word(g, FX_FCW, 2) == w->fcw && fx_word(g, FX_MXCSR, 4) == w->mxcsr,
	       "%s: FCW %#lx, MXCSR %#lx, expected %#x, %#x", when, fx_word(g, FX_FCW, 2),
	       fx_word(g, FX_MXCSR, 4), w->fcw, w->mxcsr);
	for (u32 i = 0; i < ST_REGISTERS; i++) /* the last that was loaded is ST0 */
		EXPECT(p->t,
		       memcmp(g->fx + FX_ST + 16 * i, w->st[ST_REGISTERS - 1 - i], ST_BYTES) == 0,
		       "%s: ST%u", when, i);
	for (u32 i = 0; i < VECTOR_REGISTERS; i++)
		EXPECT(p->t, memcmp(g->vector[i], w->vector[i], vector_bytes()) == 0,
		       "%s: vector register %u begins with %#x, expected %#x", when, i,
		       g->vector[i][0], w->vector[i][0]);
}

static bool is_zero(const u8 *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

void expect_fresh(struct visitor *p)
{
	const struct user_values *g = &p->got;

	get_values(p);
	EXPECT(p->t, (g->fs_base | g->gs_base) == 0 && (g->fs | g->gs | g->ds | g->es) == 0,
	       "fs %#x %#lx, gs %#x %#lx, ds %#x, es %#x", g->fs, g->fs_base, g->gs, g->gs_base,
	       g->ds, g->es);
	EXPECT_EQ(p->t, fx_word(g, FX_FCW, 2), FPU_FCW_FRESH);
	EXPECT_EQ(p->t, fx_word(g, FX_MXCSR, 4), FPU_MXCSR_FRESH);
	EXPECT_EQ(p->t, fx_word(g, FX_TAGS, 1), 0); /* all empty */
	for (u32 i = 0; i < ST_REGISTERS; i++)
		EXPECT(p->t, is_zero(g->fx + FX_ST + 16 * i, ST_BYTES), "ST%u is not empty", i);
	EXPECT(p->t, is_zero((const u8 *)g->vector, sizeof(g->vector)),
	       "a vector register is not 0");
}

/* --- visitors ------------------------------------------------------------------------------- */

static int visit(void *arg)
{
	struct visitor *p = arg;

	kthread_use_mm(p->mm);
	put(VISITOR_DATA, 0); /* there, since ring 3 cannot fault it in */
	p->fn(p);
	kthread_unuse_mm();
	return 0;
}

struct visitor *visitor_make(struct test *t, u32 cpu, visit_fn *fn, u64 seed)
{
	struct visitor *p = kzalloc(sizeof(*p));

	EXPECT(t, p != NULL, "no memory for a visitor");
	if (p == NULL)
		return NULL;
	p->t = t;
	p->fn = fn;
	p->seed = seed;
	p->spin = VISITOR_SPIN;
	p->mm = user_code_mm(VISITOR_CODE, user_state_code,
			     (size_t)(user_state_code_end - user_state_code));
	p->thread = make_thread(t, cpu, PRIORITY_DEFAULT, visit, p);
	if (p->mm != NULL && p->thread != NULL && thread_add_user_state(p->thread) == 0 &&
	    map_anon(p->mm, VISITOR_DATA, PAGE_SIZE, RW) == 0)
		return p;
	EXPECT(t, false, "no memory for a visitor's parts");
	return NULL; /* the run has failed: what is there stays */
}

void visitor_join(struct visitor *p)
{
	thread_join(p->thread);
	mm_put(p->mm);
	kfree(p);
}

void visitor_run(struct test *t, u32 cpu, visit_fn *fn, u64 seed)
{
	struct visitor *p = visitor_make(t, cpu, fn, seed);

	if (p == NULL)
		return;
	thread_start(p->thread);
	visitor_join(p);
}

void visitor_on_each_cpu(struct test *t, visit_fn *fn)
{
	struct visitor *p[MAX_CPUS];
	u32 cpu, n = 0;

	for_each_cpu (cpu, &cpus_online) {
		p[n] = visitor_make(t, cpu, fn, cpu * 1000);
		if (p[n] != NULL)
			thread_start(p[n++]->thread);
	}
	while (n != 0)
		visitor_join(p[--n]);
}

void go_to(struct test *t, u32 cpu)
{
	struct cpumask mask = only(cpu);

	EXPECT_EQ(t, thread_set_affinity(current, &mask), 0);
}
