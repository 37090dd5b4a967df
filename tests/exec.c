/* SPDX-License-Identifier: MIT */
/*
 * tests/exec.c - what a program's address space has and what it refuses; and that a file
 * which is no good program leaves nothing behind.
 */
#include "arch/x86_64/irq.h"
#include "arch/x86_64/probe.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/trap.h"
#include "arch/x86_64/user_call.h"
#include "kernel/archive.h"
#include "kernel/exec.h"
#include "lib/elf.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "tests/account.h"
#include "tests/user_memory.h"

#define PROGRAM_BASE	 0x400000ul
#define PROGRAM_TEXT	 (PROGRAM_BASE)
#define PROGRAM_RODATA	 (PROGRAM_BASE + 0x1000)
#define PROGRAM_DATA	 (PROGRAM_BASE + 0x2000)
#define PROGRAM_SEGMENTS 3u

/* What stands in the ELF specification. */
struct elf_header {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u64 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_program_header {
	u32 type, flags;
	u64 offset, vaddr, paddr, filesz, memsz, align;
};

STATIC_ASSERT(sizeof(struct elf_header) == 64 && sizeof(struct elf_program_header) == 56, "ELF");

#define RODATA_BYTES 0x80
#define DATA_BYTES   (PAGE_SIZE + 0x123) /* in the file */
#define DATA_SIZE    (3 * PAGE_SIZE)	 /* in memory */

struct program {
	struct elf_header e;
	struct elf_program_header p[PROGRAM_SEGMENTS];
	u8 fill[PAGE_SIZE - sizeof(struct elf_header) -
		PROGRAM_SEGMENTS * sizeof(struct elf_program_header)];
	u8 text[PAGE_SIZE];
	u8 rodata[PAGE_SIZE];
	u8 data[2 * PAGE_SIZE];
};

#define ROUNDS 1000u /* more allocations than there are */

/* mov [PROGRAM_TEXT], al; ud2 */
static const u8 write_text[] = { 0x88, 0x04, 0x25, 0, 0, 0x40, 0, 0x0f, 0x0b };
/* mov eax, PROGRAM_DATA; jmp rax */
static const u8 jump_to_data[] = { 0xb8, 0, 0x20, 0x40, 0, 0xff, 0xe0 };
/* push rax; pop rax; ud2 */
static const u8 push[] = { 0x50, 0x58, 0x0f, 0x0b };

#define IN_USER_MODE(error) PROBE_FAULT(VECTOR_PF, (error) | PF_USER | PF_PRESENT)

static struct program program;

static struct elf_program_header segment(u64 vaddr, u64 offset, u32 flags, u64 filesz, u64 memsz)
{
	return (struct elf_program_header){
		.type = 1,
		.flags = flags,
		.offset = offset,
		.vaddr = vaddr,
		.paddr = vaddr,
		.filesz = filesz,
		.memsz = memsz,
		.align = PAGE_SIZE,
	};
}

/* A good one that begins with @code. */
static void make_program(const u8 *code, size_t size)
{
	memset(&program, 0, sizeof(program));
	program.e = (struct elf_header){
		.ident = { 0x7f, 'E', 'L', 'F', 2, 1, 1 },
		.type = 2,
		.machine = 62,
		.version = 1,
		.entry = PROGRAM_TEXT,
		.phoff = offsetof(struct program, p),
		.ehsize = sizeof(struct elf_header),
		.phentsize = sizeof(struct elf_program_header),
		.phnum = PROGRAM_SEGMENTS,
	};
	program.p[0] = segment(PROGRAM_TEXT, offsetof(struct program, text), ELF_READ | ELF_EXECUTE,
			       PAGE_SIZE, PAGE_SIZE);
	program.p[1] = segment(PROGRAM_RODATA, offsetof(struct program, rodata), ELF_READ,
			       RODATA_BYTES, RODATA_BYTES);
	program.p[2] = segment(PROGRAM_DATA, offsetof(struct program, data), ELF_READ | ELF_WRITE,
			       DATA_BYTES, DATA_SIZE);
	memset(program.rodata, 'r', sizeof(program.rodata));
	memset(program.data, 'd', sizeof(program.data));
	memcpy(program.text, code, size);
}

/* In an mm of its own; NULL: the test has failed. */
static struct mm *load(struct test *t, struct exec_image *image)
{
	struct mm *mm = mm_create();
	char why[EXEC_WHY_MAX];
	int err;

	if (mm == NULL) {
		test_fail(t, __FILE__, __LINE__, "out of memory");
		return NULL;
	}
	err = exec_load(mm, &program, sizeof(program), image, why, sizeof(why));
	EXPECT(t, err == 0, "%s: %s", err_name(err), why);
	if (!err)
		return mm;
	mm_put(mm);
	return NULL;
}

/* Are all @n bytes from @va on @byte? */
static bool holds(vaddr_t va, u64 n, u8 byte)
{
	u8 got[64];

	for (u64 done = 0; done < n; done += sizeof(got)) {
		u64 bytes = MIN(n - done, sizeof(got));

		if (copy_from_user(got, va + done, bytes))
			return false;
		for (u64 i = 0; i < bytes; i++)
			if (got[i] != byte)
				return false;
	}
	return true;
}

static void expect_segments(struct test *t)
{
	u8 code[sizeof(push)];

	EXPECT(t,
	       copy_from_user(code, PROGRAM_TEXT, sizeof(code)) == 0 &&
		       memcmp(code, push, sizeof(push)) == 0,
	       "text");
	EXPECT(t, holds(PROGRAM_TEXT + sizeof(push), PAGE_SIZE - sizeof(push), 0), "text's rest");
	EXPECT(t, holds(PROGRAM_RODATA, RODATA_BYTES, 'r'), "rodata");
	EXPECT(t, holds(PROGRAM_RODATA + RODATA_BYTES, PAGE_SIZE - RODATA_BYTES, 0),
	       "rodata's rest");
	EXPECT(t, holds(PROGRAM_DATA, DATA_BYTES, 'd'), "data");
	EXPECT(t, holds(PROGRAM_DATA + DATA_BYTES, DATA_SIZE - DATA_BYTES, 0), "bss");
	EXPECT(t, put(PROGRAM_DATA, 1) && put(PROGRAM_DATA + DATA_SIZE - sizeof(u64), 1),
	       "data is not writable");
	EXPECT_EQ(t, get(PROGRAM_DATA + DATA_SIZE), NO_VALUE);
	EXPECT_EQ(t, get(PROGRAM_TEXT - sizeof(u64)), NO_VALUE);
}

static void load_and_look(struct test *t)
{
	struct exec_image image;
	struct mm *mm;

	make_program(push, sizeof(push));
	mm = load(t, &image);
	if (mm == NULL)
		return;
	EXPECT_EQ(t, image.entry, PROGRAM_TEXT);
	EXPECT_EQ(t, image.stack, EXEC_STACK_TOP - EXEC_NO_ARGS);
	use(mm);
	expect_segments(t);
	use(NULL);
	mm_put(mm);
}

/*
 * What the file has is where it should be, and zeros behind it; and all of it goes again, but
 * the PGDs that slots keep.
 */
TEST("exec", loads_a_program)
{
	u64 before;

	load_and_look(t); /* from here on caches have what they need */
	kmem_shrink();
	before = free_pages_now();
	load_and_look(t);
	kmem_shrink();
	EXPECT_EQ(t, free_pages_now(), before);
}

/* What this program does first: PROBE_FAULT() of the fault that ends it. */
static u64 run_program(struct test *t, const u8 *code, size_t size)
{
	struct exec_image image;
	struct mm *mm;
	u64 fault, flags;

	make_program(code, size);
	mm = load(t, &image);
	if (mm == NULL)
		return 0;
	use(mm);
	/* Ring 3 runs with interrupts off here: it finds all pages there. */
	EXPECT_EQ(t, mm_fault(mm, image.entry, FAULT_EXEC), 0);
	EXPECT_EQ(t, mm_fault(mm, PROGRAM_DATA, FAULT_WRITE), 0);
	EXPECT_EQ(t, mm_fault(mm, image.stack - sizeof(u64), FAULT_WRITE), 0);
	flags = irq_save();
	fault = user_call(image.entry, image.stack);
	irq_restore(flags);
	use(NULL);
	mm_put(mm);
	return fault;
}

TEST("exec", runs_in_user_mode)
{
	EXPECT_EQ(t, run_program(t, push, sizeof(push)), PROBE_FAULT(VECTOR_UD, 0));
}

/* Neither the program nor the kernel on its behalf writes text, nor runs data. */
TEST("exec", nothing_is_writable_and_executable)
{
	struct exec_image image;
	struct mm *mm;

	EXPECT_EQ(t, run_program(t, write_text, sizeof(write_text)), IN_USER_MODE(PF_WRITE));
	if (cpu_features.nx)
		EXPECT_EQ(t, run_program(t, jump_to_data, sizeof(jump_to_data)),
			  IN_USER_MODE(PF_FETCH));
	mm = load(t, &image);
	if (mm == NULL)
		return;
	use(mm);
	EXPECT(t, !put(PROGRAM_TEXT, 1), "text can be written");
	EXPECT(t, !put(PROGRAM_RODATA, 1), "rodata can be written");
	use(NULL);
	EXPECT_EQ(t, mm_fault(mm, PROGRAM_RODATA, FAULT_EXEC), -EFAULT);
	EXPECT_EQ(t, mm_fault(mm, PROGRAM_DATA, FAULT_EXEC), -EFAULT);
	EXPECT_EQ(t, mm_fault(mm, image.stack - 1, FAULT_EXEC), -EFAULT);
	mm_put(mm);
}

/* The stack is there to its last word, and below it is nothing, now and later. */
TEST("exec", stack_has_a_guard)
{
	struct exec_image image;
	struct mm *mm;

	make_program(push, sizeof(push));
	mm = load(t, &image);
	if (mm == NULL)
		return;
	use(mm);
	EXPECT(t, holds(EXEC_STACK_TOP - PAGE_SIZE, PAGE_SIZE, 0), "the stack is not zero");
	EXPECT(t, put(EXEC_STACK_TOP - sizeof(u64), 1) && put(EXEC_STACK_LOW, 1), "no stack");
	EXPECT(t, !put(EXEC_STACK_LOW - sizeof(u64), 1), "the guard can be written");
	EXPECT_EQ(t, get(EXEC_STACK_LOW - sizeof(u64)), NO_VALUE);
	EXPECT_EQ(t, get(EXEC_STACK_LOW - EXEC_GUARD_SIZE), NO_VALUE);
	EXPECT_EQ(t, map_anon(mm, EXEC_STACK_LOW - EXEC_GUARD_SIZE, PAGE_SIZE, RW), -EEXIST);
	EXPECT_EQ(t, get(EXEC_STACK_TOP), NO_VALUE);
	use(NULL);
	mm_put(mm);
}

/* Data is private: a fork's two sides do not see each other's. */
TEST("exec", fork_copies_data)
{
	struct exec_image image;
	struct mm *mm, *child;

	make_program(push, sizeof(push));
	mm = load(t, &image);
	if (mm == NULL)
		return;
	child = mm_fork(mm);
	if (child == NULL) {
		mm_put(mm);
		return;
	}
	use(child);
	EXPECT(t, put(PROGRAM_DATA, 1), "the child's data");
	EXPECT_EQ(t, get(PROGRAM_DATA), 1);
	use(mm);
	EXPECT(t, holds(PROGRAM_DATA, DATA_BYTES, 'd'), "the parent sees the child's");
	use(NULL);
	mm_put(child);
	mm_put(mm);
}

/* --- what is refused ------------------------------------------------------------------------ */

static void no_elf(void)
{
	program.e.ident[0] = 0;
}

static void no_64_bits(void)
{
	program.e.ident[4] = 1;
}

static void other_machine(void)
{
	program.e.machine = 183;
}

static void dynamic(void)
{
	program.e.type = 3;
}

static void no_headers(void)
{
	program.e.phnum = 0;
}

static void headers_outside(void)
{
	program.e.phoff = ~0ul - 8;
}

static void interpreter(void)
{
	program.p[1].type = 3;
}

static void nothing_to_load(void)
{
	for (u32 i = 0; i < PROGRAM_SEGMENTS; i++)
		program.p[i].type = 4;
}

static void outside_the_file(void)
{
	program.p[2].offset = sizeof(program);
}

static void larger_in_the_file(void)
{
	program.p[2].memsz = PAGE_SIZE;
}

static void inside_a_page(void)
{
	program.p[2].vaddr += 8;
}

static void null_page(void)
{
	program.p[1].vaddr = 0;
}

static void kernel_address(void)
{
	program.p[2].vaddr = KERNEL_BASE;
}

static void last_user_page(void)
{
	program.p[1].vaddr = USER_END - PAGE_SIZE;
}

static void too_large(void)
{
	program.p[2].memsz = ~0ul;
}

static void writable_text(void)
{
	program.p[0].flags |= ELF_WRITE;
}

static void not_readable(void)
{
	program.p[2].flags = ELF_WRITE;
}

static void shared_page(void)
{
	program.p[1].memsz = PAGE_SIZE + 1;
}

static void on_the_stack(void)
{
	program.p[2].vaddr = EXEC_STACK_TOP - PAGE_SIZE;
}

static void on_the_guard(void)
{
	program.p[2].vaddr = EXEC_STACK_LOW - EXEC_GUARD_SIZE - DATA_SIZE + PAGE_SIZE;
}

static void entry_in_data(void)
{
	program.e.entry = PROGRAM_DATA;
}

static const struct {
	void (*spoil)(void);
	const char *why; /* the beginning */
} refused[] = {
	{ no_elf, "not an ELF file" },
	{ no_64_bits, "not a 64-bit" },
	{ other_machine, "machine 183" },
	{ dynamic, "type 3" },
	{ no_headers, "no program headers" },
	{ headers_outside, "the program headers lie outside" },
	{ interpreter, "a header of type 3" },
	{ nothing_to_load, "nothing to load" },
	{ outside_the_file, "segment 2 lies outside" },
	{ larger_in_the_file, "segment 2 is larger" },
	{ inside_a_page, "segment 2 does not begin at a page" },
	{ null_page, "segment 1 is not in user memory" },
	{ kernel_address, "segment 2 is not in user memory" },
	{ last_user_page, "segment 1 is not in user memory" },
	{ too_large, "segment 2 is not in user memory" },
	{ writable_text, "segment 0 is both writable and executable" },
	{ not_readable, "segment 2 is not readable" },
	{ shared_page, "segments 1 and 2 share a virtual page" },
	{ on_the_stack, "segment 2 lies where the stack goes" },
	{ on_the_guard, "segment 2 lies where the stack goes" },
	{ entry_in_data, "the entry point 0x402000" },
};

static bool is_empty(struct mm *mm)
{
	bool empty;

	spin_lock(&mm->lock);
	empty = mm->pages == 0 && region_first(&mm->regions) == NULL;
	spin_unlock(&mm->lock);
	return empty;
}

static void expect_refused(struct test *t, struct mm *mm, size_t size, const char *expected)
{
	char why[EXEC_WHY_MAX] = "nothing said";
	struct exec_image image;
	int err = exec_load(mm, &program, size, &image, why, sizeof(why));

	EXPECT(t, err == -ENOEXEC, "%s: %s", expected, err_name(err));
	EXPECT(t, strncmp(why, expected, strlen(expected)) == 0, "\"%s\", not \"%s\"", why,
	       expected);
	EXPECT(t, is_empty(mm), "%s: something was left", expected);
}

/* Nothing was mapped, and the same address space takes a good program afterwards. */
TEST("exec", refuses_what_is_malformed)
{
	struct account before = account(), after;
	struct mm *mm = mm_create();
	struct exec_image image;
	char why[EXEC_WHY_MAX];

	if (mm == NULL)
		return;
	for (u32 i = 0; i < ARRAY_SIZE(refused); i++) {
		make_program(push, sizeof(push));
		refused[i].spoil();
		expect_refused(t, mm, sizeof(program), refused[i].why);
	}
	make_program(push, sizeof(push));
	expect_refused(t, mm, 0, "the file is shorter");
	expect_refused(t, mm, sizeof(program.e) + 1, "the program headers lie outside");
	expect_refused(t, mm, offsetof(struct program, data), "segment 2 lies outside");
	EXPECT_EQ(t, exec_load(mm, &program, sizeof(program), &image, why, sizeof(why)), 0);
	mm_put(mm);
	after = account();
	expect_same_account(t, &before, &after);
}

/* Whatever page is not to be had: an error, an empty address space, and nothing lost. */
TEST("exec", each_allocation_fails_once)
{
	char why[EXEC_WHY_MAX];
	struct exec_image image;
	u64 before, k, left = 0;
	struct mm *first;

	if (!CONFIG_DEBUG) {
		test_skip(t, "release build");
		return;
	}
	make_program(push, sizeof(push));
	first = load(t, &image);
	if (first == NULL)
		return;
	mm_put(first); /* from here on caches have what they need */
	kmem_shrink();
	before = free_pages_now();
	for (k = 1; k < ROUNDS && left == 0; k++) {
		struct mm *mm = mm_create();
		int err;

		if (mm == NULL)
			return;
		page_alloc_fail_after(k);
		err = exec_load(mm, &program, sizeof(program), &image, why, sizeof(why));
		left = page_alloc_fail_after(0);
		EXPECT(t, err == (left == 0 ? -ENOMEM : 0), "allocation %lu: %s", k, err_name(err));
		EXPECT(t,
		       err == 0 || (is_empty(mm) && strcmp(why, "ENOMEM while it was loaded") == 0),
		       "allocation %lu: something was left, or \"%s\"", k, why);
		mm_put(mm);
		kmem_shrink();
		EXPECT_EQ(t, free_pages_now(), before);
	}
	EXPECT(t, left != 0, "%u allocations and no end", ROUNDS);
	test_note("%lu allocations", k - 2);
}

/* --- what the loader brought ---------------------------------------------------------------- */

#define WELCOME "This is Prague."

/* The boot archive has the programs, and the first one is good. */
TEST("exec", loads_hello_from_the_archive)
{
	struct mm *mm = mm_create();
	struct exec_image image;
	char why[EXEC_WHY_MAX];
	const void *data;
	size_t size;

	if (mm == NULL)
		return;
	if (archive_find("bin/hello", &data, &size)) {
		test_skip(t, "no boot archive, or no bin/hello in it");
	} else {
		EXPECT(t, exec_load(mm, data, size, &image, why, sizeof(why)) == 0, "%s", why);
		EXPECT(t,
		       archive_find("text/welcome.txt", &data, &size) == 0 &&
			       size > strlen(WELCOME) &&
			       memcmp(data, WELCOME, strlen(WELCOME)) == 0,
		       "the text is another");
		EXPECT_EQ(t, archive_find("bin", &data, &size), -ENOENT);
	}
	mm_put(mm);
}
