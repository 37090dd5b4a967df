/* SPDX-License-Identifier: MIT */
/*
 * tests/arch_protection.c - each access that must not be possible, tried, on each CPU.
 * What a CPU lacks (NX, SMEP, SMAP, UMIP) is skipped, and said.
 */
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/probe.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/smp.h"
#include "mm/kspace.h"
#include "mm/pgtable.h"
#include "mm/switch.h"
#include "tests/cpus.h"
#include "tests/harness.h"
#include "tests/tables.h"
#include "tests/user_code.h"

#define RET 0xc3

#define NOT_PRESENT_READ  PROBE_FAULT(VECTOR_PF, 0)
#define NOT_PRESENT_WRITE PROBE_FAULT(VECTOR_PF, PF_WRITE)
#define READ_ONLY_WRITE	  PROBE_FAULT(VECTOR_PF, PF_PRESENT | PF_WRITE)
#define NO_EXECUTE	  PROBE_FAULT(VECTOR_PF, PF_PRESENT | PF_FETCH)

static u8 writable_code[] = { RET };	   /* ret, in .data */
static const u8 constant_code[] = { RET }; /* in .rodata */
extern const u8 text_begin[], boot_stack_guard[];

static paddr_t image_phys(const void *p)
{
	return pgtable_translate(loaded_root(), (vaddr_t)p).pa;
}

static void try_writes(void *arg)
{
	struct test *t = arg;

	EXPECT_EQ(t, probe_write((vaddr_t)text_begin, RET), READ_ONLY_WRITE);
	EXPECT_EQ(t, probe_write((vaddr_t)constant_code, RET), READ_ONLY_WRITE);
	EXPECT_EQ(t, probe_write((vaddr_t)phys_to_virt(image_phys(text_begin)), RET),
		  READ_ONLY_WRITE);
	EXPECT_EQ(t, probe_write((vaddr_t)phys_to_virt(image_phys(constant_code)), RET),
		  READ_ONLY_WRITE);
	EXPECT_EQ(t, probe_write((vaddr_t)writable_code, RET), 0);
}

TEST("arch.protection", text_and_constants_are_read_only)
{
	on_each_cpu(try_writes, t);
}

static void try_fetches(void *arg)
{
	struct test *t = arg;
	u8 on_stack[] = { RET };

	EXPECT_EQ(t, probe_exec((vaddr_t)writable_code), NO_EXECUTE);
	EXPECT_EQ(t, probe_exec((vaddr_t)constant_code), NO_EXECUTE);
	EXPECT_EQ(t, probe_exec((vaddr_t)on_stack), NO_EXECUTE);
	EXPECT_EQ(t, probe_exec((vaddr_t)this_cpu_ptr(&cpu_id)), NO_EXECUTE);
	EXPECT_EQ(t, probe_exec((vaddr_t)phys_to_virt(image_phys(text_begin))), NO_EXECUTE);
}

TEST("arch.protection", data_is_not_executable)
{
	if (!cpu_features.nx) {
		test_skip(t, "this CPU has no NX");
		return;
	}
	on_each_cpu(try_fetches, t);
}

static void try_holes(void *arg)
{
	struct test *t = arg;
	vaddr_t area = cpu_area_base(cpu_id);

	EXPECT_EQ(t, probe_read(0), NOT_PRESENT_READ);
	EXPECT_EQ(t, probe_read(USER_END - 1), NOT_PRESENT_READ);
	EXPECT_EQ(t, probe_read(DIRECT_MAP_END - 1), NOT_PRESENT_READ);
	EXPECT_EQ(t, probe_write((vaddr_t)boot_stack_guard, RET), NOT_PRESENT_WRITE);
	for (u32 i = 0; i < CPU_AREA_PAGES; i++)
		if (!cpu_area_page_is_memory(i))
			EXPECT_EQ(t, probe_write(area + i * PAGE_SIZE, RET), NOT_PRESENT_WRITE);
	/* Between the halves an address is not canonical: no page fault, but #GP. */
	EXPECT_EQ(t, probe_read(USER_END), PROBE_FAULT(VECTOR_GP, 0));
}

TEST("arch.protection", null_guards_and_holes)
{
	on_each_cpu(try_holes, t);
}

TEST("arch.protection", stack_guard)
{
	vaddr_t top = kspace_alloc_stack(), bottom = top - KERNEL_STACK_SIZE;

	EXPECT(t, top != 0, "out of memory");
	if (top == 0)
		return;
	EXPECT_EQ(t, probe_write(bottom, RET), 0);
	EXPECT_EQ(t, probe_write(bottom - 1, RET), NOT_PRESENT_WRITE);
	EXPECT_EQ(t, probe_write(top, RET), NOT_PRESENT_WRITE);
	kspace_free_stack(top);
	EXPECT_EQ(t, kspace_alloc_stack(), top); /* recycled */
	kspace_free_stack(top);
}

/* --- with a user half: an address space with one page that holds code ------------------- */

#define USER_VA 0x400000ul

/* sidt [rsp - 64]; ud2: without UMIP it ends at the ud2. */
static const u8 user_sidt[] = { 0x0f, 0x01, 0x4c, 0x24, 0xc0, 0x0f, 0x0b };
/* ud2 */
static const u8 user_ud2[] = { 0x0f, 0x0b };
/* cli: a general protection fault in ring 3. */
static const u8 user_cli[] = { 0xfa };

/* in al, PORT, and in al, dx with the highest */
static const u8 user_in[] = { 0xe4, 0x00 };
static const u8 user_in_highest[] = { 0x66, 0xba, 0xff, 0xff, 0xec };

struct user_try {
	struct mm *mm;
	u32 (*access)(void);
	u32 got;
};

static u32 supervisor_read(void)
{
	return probe_read(USER_VA);
}

static u32 supervisor_fetch(void)
{
	return probe_exec(USER_VA);
}

static u32 ring3(void)
{
	return (u32)user_call(USER_VA, USER_VA + PAGE_SIZE);
}

/* Do @u->access on an address space that has a user page.  Interrupts off. */
static void with_user_page(struct user_try *u)
{
	u64 flags = irq_save();

	switch_mm(u->mm);
	u->got = u->access();
	switch_to_neutral();
	irq_restore(flags);
}

static void with_user_page_ipi(void *arg)
{
	with_user_page(arg);
}

/* The same on each CPU in turn. */
static void expect_on_each(struct test *t, const u8 *code, size_t size, u32 (*access)(void),
			   u32 want)
{
	struct mm *mm = user_code_mm(USER_VA, code, size);
	u32 cpu;

	EXPECT(t, mm != NULL, "out of memory");
	if (mm == NULL)
		return;
	for_each_cpu (cpu, &cpus_online) {
		struct user_try u = { mm, access, 0 };

		run_on_cpu(cpu, with_user_page_ipi, &u);
		EXPECT(t, u.got == want, "CPU %u: %#x, expected %#x", cpu, u.got, want);
	}
	mm_put(mm);
}

TEST("arch.protection", smap)
{
	if (!cpu_features.smap) {
		test_skip(t, "this CPU has no SMAP");
		return;
	}
	expect_on_each(t, user_ud2, sizeof(user_ud2), supervisor_read,
		       PROBE_FAULT(VECTOR_PF, PF_PRESENT));
}

TEST("arch.protection", smep)
{
	if (!cpu_features.smep) {
		test_skip(t, "this CPU has no SMEP");
		return;
	}
	expect_on_each(t, user_ud2, sizeof(user_ud2), supervisor_fetch,
		       PROBE_FAULT(VECTOR_PF, PF_PRESENT | PF_FETCH));
}

TEST("arch.protection", umip)
{
	if (!cpu_features.umip) {
		test_skip(t, "this CPU has no UMIP");
		return;
	}
	expect_on_each(t, user_sidt, sizeof(user_sidt), ring3, PROBE_FAULT(VECTOR_GP, 0));
}

TEST("arch.protection", ring_3_is_ring_3)
{
	expect_on_each(t, user_ud2, sizeof(user_ud2), ring3, PROBE_FAULT(VECTOR_UD, 0));
	expect_on_each(t, user_cli, sizeof(user_cli), ring3, PROBE_FAULT(VECTOR_GP, 0));
}

TEST("arch.protection", no_port_is_the_users)
{
	expect_on_each(t, user_in, sizeof(user_in), ring3, PROBE_FAULT(VECTOR_GP, 0));
	expect_on_each(t, user_in_highest, sizeof(user_in_highest), ring3,
		       PROBE_FAULT(VECTOR_GP, 0));
}
