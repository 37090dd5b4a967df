/* SPDX-License-Identifier: MIT */
/*
 * tests/mm_isolation.c - what user mode runs on: its tables (pti=on: which name every
 * kernel byte they map), its tag, and the ways between the two.
 *
 * Ring 3 runs a few instructions with interrupts off; NMIs come all the same.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/probe.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/trap.h"
#include "kernel/sched.h"
#include "lib/string.h"
#include "mm/cpu_tables.h"
#include "mm/page_alloc.h"
#include "mm/pgd.h"
#include "mm/pgtable.h"
#include "mm/switch.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/threads.h"
#include "tests/user_code.h"

#define CODE 0x400000ul
#define FROM 0x500000ul
#define TO   0x600000ul

#define UD_IN_USER_MODE PROBE_FAULT(VECTOR_UD, 0)

/* linker.ld */
extern const u8 text_begin[], text_end[], rodata_begin[];
extern const u8 percpu_entry_begin[], percpu_entry_end[];
extern const u8 entry_text_begin[], entry_text_end[], entry_data_begin[], entry_data_end[];

/* mov rax, [FROM]; mov [TO], rax; ud2 */
static const u8 copy_word[] = { 0x48, 0x8b, 0x04, 0x25, 0, 0,	 0x50, 0,    0x48, //
				0x89, 0x04, 0x25, 0,	0, 0x60, 0,    0x0f, 0x0b };
/* mov ecx, 50000; dec ecx; jnz back to it.  Before copy_word, so that it takes a while. */
static const u8 count_down[] = { 0xb9, 0x50, 0xc3, 0, 0, 0xff, 0xc9, 0x75, 0xfc };
#define SLOW_COPY (CODE + 64)

/* mov rax, [the address behind 48 a1]; ud2 */
static const u8 read_at[] = { 0x48, 0xa1, 0, 0, 0, 0, 0, 0, 0, 0, 0x0f, 0x0b };
#define READ_AT_ADDRESS 2

/* --- what the tables map ------------------------------------------------------------------- */

struct walk {
	struct test *t;
	const pte_t *kernel; /* the pair's kernel PGD */
	u64 text, data, area, variables, other;
};

static bool lies_in(vaddr_t va, const u8 *begin, const u8 *end)
{
	return va >= (vaddr_t)begin && va < (vaddr_t)end;
}

/* A page of the entry area of a CPU that has one at this address?  fault.alloc makes areas of
 * CPUs that there are not. */
static bool is_area(vaddr_t va)
{
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++) {
		u64 into = va - cpu_area_base(cpu);

		if (percpu_offset[cpu] != 0 && into < CPU_AREA_PAGES * PAGE_SIZE)
			return cpu_area_page_is_memory((u32)(into / PAGE_SIZE));
	}
	return false;
}

/* Pages of a CPU's variables that the classic kernel's entry code needs there. */
static u64 variable_pages(void)
{
	return (u64)(percpu_entry_end - percpu_entry_begin) / PAGE_SIZE;
}

static bool is_variables(vaddr_t va)
{
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++)
		if (percpu_offset[cpu] != 0 &&
		    va - (percpu_offset[cpu] + (vaddr_t)percpu_entry_begin) <
			    variable_pages() * PAGE_SIZE)
			return true;
	return false;
}

static bool name_leaf(void *arg, vaddr_t va, u64 size, const struct translation *tr)
{
	struct walk *w = arg;
	struct translation kernel = pgtable_translate(w->kernel, va);
	bool text = lies_in(va, entry_text_begin, entry_text_end);
	bool data = lies_in(va, entry_data_begin, entry_data_end), area = is_area(va);
	bool variables = is_variables(va), known = text || data || area || variables;

	w->text += text;
	w->data += data;
	w->area += area;
	w->variables += variables;
	w->other += !known;
	EXPECT(w->t, known, "%#lx + %#lx is mapped and belongs to nothing", va, size);
	EXPECT(w->t, size == PAGE_SIZE && !tr->user && tr->pa == kernel.pa,
	       "%#lx + %#lx: user %u, memory %#lx, the kernel's %#lx", va, size, tr->user, tr->pa,
	       kernel.pa);
	EXPECT(w->t, tr->write == (area || variables) && (tr->exec == text || !cpu_features.nx),
	       "%#lx: rights %s%s", va, tr->write ? "w" : "-", tr->exec ? "x" : "-");
	return w->other < 8;
}

/* Of how many CPUs a user PGD maps the entry area and variables: the classic kernel's, of all. */
static u64 cpus_mapped(void)
{
	u64 n = 1;

	for (u32 cpu = 1; cpu < MAX_CPUS; cpu++)
		n += percpu_offset[cpu] != 0 && cpu_area_base(cpu) != cpu_area_base(0);
	return n;
}

static u64 area_pages(void)
{
	u64 pages = 0;

	for (u32 i = 0; i < CPU_AREA_PAGES; i++)
		pages += cpu_area_page_is_memory(i);
	return pages * cpus_mapped();
}

/* Each byte that a user PGD maps of the kernel has a name; and all that it needs is there. */
TEST("mm.isolation", user_pgd_maps_the_entry_only)
{
	struct mm *mm = user_code_mm(CODE, copy_word, sizeof(copy_word));
	struct walk w = { .t = t };
	pte_t *pgd;

	if (!pti_on) {
		test_skip(t, "pti=off");
		mm_put(mm);
		return;
	}
	use(mm);
	pgd = phys_to_virt(pte_address(tlb_loaded()));
	w.kernel = pgd;
	pgtable_visit(pti_user_pgd(pgd), DIRECT_MAP_BASE, ~0ul, name_leaf, &w);
	EXPECT_EQ(t, w.text, (u64)(entry_text_end - entry_text_begin) / PAGE_SIZE);
	EXPECT_EQ(t, w.data, (u64)(entry_data_end - entry_data_begin) / PAGE_SIZE);
	EXPECT_EQ(t, w.area, area_pages());
	EXPECT_EQ(t, w.variables, variable_pages() * cpus_mapped());
	for (u32 e = 0; e < USER_ENTRIES; e++)
		EXPECT(t, pte_address(pti_user_pgd(pgd)[e]) == pte_address(pgd[e]),
		       "entry %u: %#lx for user mode, %#lx for the kernel", e, pti_user_pgd(pgd)[e],
		       pgd[e]);
	test_note("mapped for user mode: %lu pages of entry text, %lu of entry data, %lu of entry "
		  "areas, %lu of variables, %lu others",
		  w.text, w.data, w.area, w.variables, w.other);
	use(NULL);
	mm_put(mm);
}

static bool check_global(void *arg, vaddr_t va, u64 size, const struct translation *tr)
{
	bool shown = lies_in(va, entry_text_begin, entry_text_end) || is_area(va);

	EXPECT((struct test *)arg, ((tr->leaf & PTE_GLOBAL) != 0) == shown,
	       "%#lx + %#lx is%s global", va, size, tr->leaf & PTE_GLOBAL ? "" : " not");
	return !test_failed(arg);
}

/* What is global stays in the TLB while user mode runs: only what it is shown anyway. */
TEST("mm.isolation", nothing_else_is_global)
{
	if (!pti_on) {
		test_skip(t, "pti=off");
		return;
	}
	pgtable_visit(phys_to_virt(pte_address(tlb_loaded())), DIRECT_MAP_BASE, ~0ul, check_global,
		      t);
}

/* Ring 3 from @rip on, on the address space of this thread. */
static u32 ring3_at(vaddr_t rip)
{
	u64 flags = irq_save();
	u32 fault = (u32)user_call(rip, CODE + PAGE_SIZE);

	irq_restore(flags);
	return fault;
}

static u32 ring3(void)
{
	return ring3_at(CODE);
}

static u32 ring3_reads(vaddr_t va)
{
	u8 code[sizeof(read_at)];
	struct mm *mm;
	u32 fault;

	memcpy(code, read_at, sizeof(code));
	memcpy(code + READ_AT_ADDRESS, &va, sizeof(va));
	mm = user_code_mm(CODE, code, sizeof(code));
	use(mm);
	fault = ring3();
	use(NULL);
	mm_put(mm);
	return fault;
}

/* The error code tells ring 3 what is there, and isolated it tells nothing. */
TEST("mm.isolation", ring_3_sees_no_kernel_page)
{
	u32 there = PROBE_FAULT(VECTOR_PF, PF_USER | PF_PRESENT);
	u32 hidden = pti_on ? PROBE_FAULT(VECTOR_PF, PF_USER) : there;

	EXPECT_EQ(t, ring3_reads((vaddr_t)rodata_begin), hidden);
	EXPECT_EQ(t, ring3_reads((vaddr_t)text_end - PAGE_SIZE), hidden);
	EXPECT_EQ(t, ring3_reads((vaddr_t)current), hidden);
	EXPECT_EQ(t, ring3_reads((vaddr_t)per_cpu_ptr(&cpu_id, BOOT_CPU)), hidden);
	EXPECT_EQ(t, ring3_reads((vaddr_t)entry_text_begin), there);
	EXPECT_EQ(t, ring3_reads(entry_stack_top - sizeof(u64)), there);
}

/* --- the user's tag ------------------------------------------------------------------------- */

/* A thread on each CPU in turn runs @fn(@t): its failures are @t's. */
static void on_thread_of_each_cpu(struct test *t, thread_fn fn)
{
	u32 cpu;

	for_each_cpu (cpu, &cpus_online)
		run_thread(t, cpu, fn, t);
}

/* Change what lies at FROM under ring 3's feet, here (@other NULL) or with another mm loaded. */
static void flip(struct test *t, struct mm *mm, struct mm *other, u64 value)
{
	struct page *old;

	use(mm);
	EXPECT_EQ(t, ring3(), UD_IN_USER_MODE); /* the tag has the old page */
	if (other != NULL) {
		use(other);
		EXPECT_EQ(t, ring3(), UD_IN_USER_MODE);
	}
	EXPECT_EQ(t, mm_unmap(mm, FROM, FROM + PAGE_SIZE), 0);
	old = alloc_page(ZONE_USER); /* else it could be the new page as well */
	EXPECT_EQ(t, map_anon(mm, FROM, PAGE_SIZE, RW), 0);
	use(mm);
	EXPECT(t, old != NULL && put(FROM, value), "new page");
	free_page(old);
	EXPECT_EQ(t, ring3(), UD_IN_USER_MODE);
	EXPECT_EQ(t, get(TO), value);
}

static struct mm *copying_mm(void)
{
	u8 code[SLOW_COPY - CODE + sizeof(count_down) + sizeof(copy_word)] = { 0 };
	struct mm *mm;

	memcpy(code, copy_word, sizeof(copy_word));
	memcpy(code + (SLOW_COPY - CODE), count_down, sizeof(count_down));
	memcpy(code + (SLOW_COPY - CODE) + sizeof(count_down), copy_word, sizeof(copy_word));
	mm = user_code_mm(CODE, code, sizeof(code));
	if (mm == NULL || map_anon(mm, FROM, PAGE_SIZE, RW) || map_anon(mm, TO, PAGE_SIZE, RW))
		panic("test: out of memory");
	use(mm);
	put(FROM, 1);
	put(TO, 0);
	use(NULL);
	return mm;
}

static int flip_here_and_away(void *arg)
{
	struct mm *mm = copying_mm(), *other = copying_mm();

	for (u64 round = 2; round < 40; round += 2) {
		flip(arg, mm, NULL, round);
		flip(arg, mm, other, round + 1);
	}
	use(NULL);
	mm_put(mm);
	mm_put(other);
	return 0;
}

TEST("mm.isolation", ring_3_never_sees_the_old_page)
{
	on_thread_of_each_cpu(t, flip_here_and_away);
}

/* More mms than slots: a tag that has been another's must not answer. */
static int many_spaces(void *arg)
{
	enum { MMS = 12 };
	struct mm *mm[MMS];

	for (u64 m = 0; m < MMS; m++) {
		mm[m] = copying_mm();
		use(mm[m]);
		put(FROM, m + 100);
	}
	for (u32 round = 0; round < 3; round++)
		for (u64 m = 0; m < MMS; m++) {
			use(mm[m]);
			EXPECT_EQ((struct test *)arg, ring3(), UD_IN_USER_MODE);
			EXPECT_EQ((struct test *)arg, get(TO), m + 100);
		}
	use(NULL);
	for (u64 m = 0; m < MMS; m++)
		mm_put(mm[m]);
	return 0;
}

TEST("mm.isolation", each_space_sees_its_own)
{
	on_thread_of_each_cpu(t, many_spaces);
}

/* --- the ways between ----------------------------------------------------------------------- */

static u32 fault_of(struct trapframe f)
{
	u64 flags = irq_save();
	u32 fault = (u32)user_call_frame(&f);

	irq_restore(flags);
	return fault;
}

/* Frames that IRETQ refuses, when the user's GS base and isolated the user PGD are loaded. */
static int refused_frames(void *arg)
{
	static const struct trapframe good = { .rip = CODE,
					       .cs = SEL_USER_CODE | RPL_USER,
					       .rflags = RFLAGS_FIXED,
					       .rsp = CODE + PAGE_SIZE,
					       .ss = SEL_USER_DATA | RPL_USER };
	struct test *t = arg;
	struct mm *mm = copying_mm();
	struct trapframe bad_cs = good, bad_ss = good, bad_rip = good;
	u32 self = cpu_id;

	bad_cs.cs = SEL_USER_DATA | RPL_USER;
	bad_ss.ss = SEL_USER_CODE | RPL_USER;
	bad_rip.rip = 1ul << 63;
	use(mm);
	for (u32 round = 0; round < 20; round++) {
		EXPECT_EQ(t, fault_of(bad_cs), PROBE_FAULT(VECTOR_GP, SEL_USER_DATA));
		EXPECT_EQ(t, fault_of(bad_ss), PROBE_FAULT(VECTOR_GP, SEL_USER_CODE));
		EXPECT_EQ(t, fault_of(bad_rip), PROBE_FAULT(VECTOR_GP, 0));
		EXPECT_EQ(t, fault_of(good), UD_IN_USER_MODE);
		EXPECT_EQ(t, cpu_id, self);
	}
	use(NULL);
	mm_put(mm);
	return 0;
}

TEST("mm.isolation", frames_that_iretq_refuses)
{
	on_thread_of_each_cpu(t, refused_frames);
}

#define REGISTERS   16u /* as instructions number them */
#define STORE_BYTES 8u
#define RSP_NUMBER  4u

/* mov [TO + 8 * n], register n, for each; ud2 */
static size_t store_registers(u8 *code)
{
	static const u8 ud2[] = { 0x0f, 0x0b };

	for (u32 n = 0; n < REGISTERS; n++) {
		u32 to = (u32)TO + n * sizeof(u64);
		u8 store[STORE_BYTES] = { (u8)(0x48 | (n >> 3) << 2), 0x89,
					  (u8)(0x04 | (n & 7) << 3), 0x25 };

		memcpy(store + 4, &to, sizeof(to));
		memcpy(code + n * STORE_BYTES, store, STORE_BYTES);
	}
	memcpy(code + REGISTERS * STORE_BYTES, ud2, sizeof(ud2));
	return REGISTERS * STORE_BYTES + sizeof(ud2);
}

/* Each register as the frame has it; and the kernel runs with the direction flag clear. */
TEST("mm.isolation", registers_of_the_frame)
{
	u8 code[REGISTERS * STORE_BYTES + 2];
	struct trapframe f = { .rip = CODE,
			       .cs = SEL_USER_CODE | RPL_USER,
			       .rflags = RFLAGS_FIXED | RFLAGS_DF,
			       .rsp = CODE + PAGE_SIZE,
			       .ss = SEL_USER_DATA | RPL_USER };
	u64 *const registers[REGISTERS] = { &f.rax, &f.rcx, &f.rdx, &f.rbx, &f.rsp, &f.rbp,
					    &f.rsi, &f.rdi, &f.r8,  &f.r9,  &f.r10, &f.r11,
					    &f.r12, &f.r13, &f.r14, &f.r15 };
	struct mm *mm = user_code_mm(CODE, code, store_registers(code));

	EXPECT(t, mm != NULL && map_anon(mm, TO, PAGE_SIZE, RW) == 0, "no memory");
	if (mm == NULL)
		return;
	for (u32 n = 0; n < REGISTERS; n++)
		if (n != RSP_NUMBER)
			*registers[n] = (n + 1) * 0x0101010101010101ul;
	use(mm);
	put(TO, 0); /* there, since ring 3 has interrupts off */
	EXPECT_EQ(t, fault_of(f), UD_IN_USER_MODE);
	EXPECT_EQ(t, irq_flags() & RFLAGS_DF, 0);
	for (u32 n = 0; n < REGISTERS; n++)
		EXPECT_EQ(t, get(TO + n * sizeof(u64)), *registers[n]);
	use(NULL);
	mm_put(mm);
}

#define NMI_GAP_NS (100 * NS_PER_US)

static u32 storm_over; /* atomic */

static int ring3_in_a_storm(void *arg)
{
	struct mm *mm = copying_mm();

	use(mm);
	for (u64 round = 0; round < 300; round++) {
		put(FROM, round);
		EXPECT_EQ((struct test *)arg, ring3_at(round % 2 ? SLOW_COPY : CODE),
			  UD_IN_USER_MODE);
		EXPECT_EQ((struct test *)arg, get(TO), round);
	}
	use(NULL);
	mm_put(mm);
	__atomic_store_n(&storm_over, 1, __ATOMIC_RELEASE);
	return 0;
}

/*
 * NMIs at any instruction of entry and exit, and in ring 3, which takes its time in every other
 * round: each returns on the tables that it found.
 */
TEST("mm.isolation", nmis_on_the_way, .cpus = 2)
{
	u32 target = cpumask_next(&cpus_online, cpu_id), nmis = 0;
	struct rand r = test_rand(t);
	struct thread *thread;

	storm_over = 0;
	thread = start_thread(t, target, "isolation", ring3_in_a_storm, t);
	if (thread == NULL)
		return;
	while (!__atomic_load_n(&storm_over, __ATOMIC_ACQUIRE)) {
		apic_send_nmi(cpus[target].apic_id);
		nmis++;
		/* A gap, or one NMI follows the other and nothing else runs there. */
		time_spin_ns(rand_below(&r, NMI_GAP_NS));
	}
	thread_join(thread);
	test_note("%u NMIs sent", nmis);
}
