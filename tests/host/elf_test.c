/* SPDX-License-Identifier: MIT */
/*
 * tests/host/elf_test.c - a good image, and each way in which one can be bad: as a kernel,
 * and as a user program where other rules hold.
 */
#include "tests/host/cmocka_host.h"
#include <elf.h>

#include "lib/elf.h"
#include "lib/err.h"

#define VIRT	  0xffffffff80000000ull
#define PHYS	  0x100000ull
#define SEGMENTS  3
#define FILE_SIZE 0x4000
#define TABLE_MAX 16

/* A file under test: a whole image, then one thing in it is spoilt. */
static struct file {
	Elf64_Ehdr e;
	Elf64_Phdr p[TABLE_MAX];
	u8 rest[FILE_SIZE - sizeof(Elf64_Ehdr) - TABLE_MAX * sizeof(Elf64_Phdr)];
} f;
static size_t file_size;
static const struct elf_rules *rules;

#define USER	  0x400000ull
#define USER_MIN  0x10000ull
#define USER_STOP 0x7ffffffff000ull
static const struct elf_rules user_rules = {
	.virt_min = USER_MIN,
	.virt_end = USER_STOP,
	.where = "user memory",
};
static struct elf_image image;

static void set_segment_at(u64 base, unsigned int i, u64 offset, u32 flags, u64 filesz, u64 memsz)
{
	f.p[i] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = flags,
		.p_offset = offset,
		.p_vaddr = base + offset,
		.p_paddr = PHYS + offset,
		.p_filesz = filesz,
		.p_memsz = memsz,
		.p_align = PAGE_SIZE,
	};
}

static void set_segment(unsigned int i, u64 offset, u32 flags, u64 filesz, u64 memsz)
{
	set_segment_at(VIRT, i, offset, flags, filesz, memsz);
}

/* With the segments at @base and behind. */
static void make_image(u64 base)
{
	memset(&f, 0, sizeof(f));
	memcpy(f.e.e_ident, ELFMAG, SELFMAG);
	f.e.e_ident[EI_CLASS] = ELFCLASS64;
	f.e.e_ident[EI_DATA] = ELFDATA2LSB;
	f.e.e_ident[EI_VERSION] = EV_CURRENT;
	f.e.e_type = ET_EXEC;
	f.e.e_machine = EM_X86_64;
	f.e.e_version = EV_CURRENT;
	f.e.e_entry = base + 0x1010;
	f.e.e_phoff = offsetof(struct file, p);
	f.e.e_ehsize = sizeof(f.e);
	f.e.e_phentsize = sizeof(f.p[0]);
	f.e.e_phnum = SEGMENTS;
	set_segment_at(base, 0, 0x1000, PF_R | PF_X, 0x800, 0x800);
	set_segment_at(base, 1, 0x2000, PF_R, 0x1000, 0x1000);
	set_segment_at(base, 2, 0x3000, PF_R | PF_W, 0x400, 0x2800);
	file_size = FILE_SIZE;
}

static int make_good(void **state)
{
	(void)state;
	make_image(VIRT);
	rules = &elf_kernel_rules;
	return 0;
}

static int make_good_user(void **state)
{
	(void)state;
	make_image(USER);
	rules = &user_rules;
	return 0;
}

/* In memory of just its size, at an odd address, so that the sanitizer sees any excess. */
static int check(char *why)
{
	u8 *copy = malloc(file_size + 1);
	int err;

	memcpy(copy + 1, &f, file_size);
	err = elf_check(copy + 1, file_size, rules, &image, why, ELF_WHY_MAX);
	free(copy);
	return err;
}

static void assert_good(void)
{
	char why[ELF_WHY_MAX] = "";
	int err = check(why);

	if (err)
		fail_msg("refused: %s", why);
}

static void assert_bad(const char *expected)
{
	char why[ELF_WHY_MAX] = "nothing said";

	assert_int_equal(check(why), -ENOEXEC);
	if (strstr(why, expected) == NULL)
		fail_msg("\"%s\", not \"%s\"", why, expected);
	if (rules == &user_rules)
		make_good_user(NULL);
	else
		make_good(NULL);
}

static void test_good(void **state)
{
	(void)state;
	assert_good();
	assert_int_equal(image.entry, VIRT + 0x1010);
	assert_int_equal(image.n, 3);
	assert_int_equal(image.phys_lo, PHYS + 0x1000);
	assert_int_equal(image.phys_hi, PHYS + 0x6000);
	assert_int_equal(image.segments[2].offset, 0x3000);
	assert_int_equal(image.segments[2].vaddr, VIRT + 0x3000);
	assert_int_equal(image.segments[2].paddr, PHYS + 0x3000);
	assert_int_equal(image.segments[2].filesz, 0x400);
	assert_int_equal(image.segments[2].memsz, 0x2800);
	assert_int_equal(image.segments[2].flags, ELF_READ | ELF_WRITE);
}

static void test_other_headers_are_passed_over(void **state)
{
	(void)state;
	f.p[3] = (Elf64_Phdr){ .p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W | PF_X };
	set_segment(4, 0x1000, PF_R, 0, 0);
	f.e.e_phnum = 5;
	assert_good();
	assert_int_equal(image.n, 3);
}

static void test_file_header(void **state)
{
	(void)state;
	file_size = 0;
	assert_bad("shorter than an ELF header");
	file_size = sizeof(Elf64_Ehdr) - 1;
	assert_bad("shorter than an ELF header");
	f.e.e_ident[0] = 'E';
	assert_bad("not an ELF file");
	f.e.e_ident[EI_CLASS] = ELFCLASS32;
	assert_bad("not a 64-bit");
	f.e.e_ident[EI_DATA] = ELFDATA2MSB;
	assert_bad("little-endian");
	f.e.e_ident[EI_VERSION] = 2;
	assert_bad("version 2");
	f.e.e_machine = EM_AARCH64;
	assert_bad("machine 183");
	f.e.e_type = ET_DYN;
	assert_bad("type 3");
	f.e.e_type = ET_REL;
	assert_bad("type 1");
}

static void test_header_table(void **state)
{
	(void)state;
	f.e.e_phentsize = 32;
	assert_bad("program headers of 32 bytes");
	f.e.e_phnum = 0;
	assert_bad("no program headers");
	f.e.e_phoff = FILE_SIZE - sizeof(Elf64_Phdr) * SEGMENTS + 1;
	assert_bad("headers lie outside");
	f.e.e_phoff = UINT64_MAX - 8;
	assert_bad("headers lie outside");
	f.e.e_phnum = UINT16_MAX;
	assert_bad("headers lie outside");
	file_size = offsetof(struct file, p[SEGMENTS]) - 1;
	assert_bad("headers lie outside");
	for (unsigned int i = 0; i < SEGMENTS; i++)
		f.p[i].p_type = PT_NOTE;
	assert_bad("nothing to load");
}

static void test_segment_in_file(void **state)
{
	(void)state;
	f.p[1].p_filesz = 0x1001;
	assert_bad("segment 1 is larger in the file");
	file_size = 0x3000 + 0x400 - 1;
	assert_bad("segment 2 lies outside the file");
	f.p[0].p_offset = FILE_SIZE + 1;
	assert_bad("segment 0 lies outside the file");
	f.p[0].p_offset = UINT64_MAX - 0x10;
	assert_bad("segment 0 lies outside the file");
	f.p[0].p_filesz = f.p[0].p_memsz = UINT64_MAX;
	assert_bad("segment 0 lies outside the file");
}

static void test_segment_addresses(void **state)
{
	(void)state;
	f.p[1].p_vaddr += 0x10;
	assert_bad("segment 1 does not begin at a page");
	f.p[1].p_paddr += 0x10;
	assert_bad("segment 1 does not begin at a page");
	f.p[0].p_vaddr = 0x400000;
	assert_bad("segment 0 is not in the top 2 GiB");
	f.p[0].p_vaddr = VIRT - PAGE_SIZE;
	assert_bad("segment 0 is not in the top 2 GiB");
	f.p[2].p_memsz = 2 * GIB;
	assert_bad("segment 2 is not in the top 2 GiB");
	f.p[2].p_memsz = UINT64_MAX;
	assert_bad("segment 2 is not in the top 2 GiB");
	f.p[2].p_vaddr = PAGE_MASK;
	assert_bad("segment 2 is not in the top 2 GiB");
	f.p[2].p_paddr = PAGE_MASK - PAGE_SIZE;
	assert_bad("segment 2 ends beyond physical memory");
	f.p[2].p_paddr += GIB;
	assert_bad("more than 1024 MiB apart");
}

static void test_segment_rights(void **state)
{
	(void)state;
	f.p[0].p_flags |= PF_W;
	assert_bad("segment 0 is both writable and executable");
	f.p[2].p_flags |= PF_X;
	assert_bad("segment 2 is both writable and executable");
	f.p[0].p_flags = PF_X;
	assert_bad("segment 0 is not readable");
	f.p[2].p_flags = PF_W;
	assert_bad("segment 2 is not readable");
}

static void test_not_static(void **state)
{
	(void)state;
	f.p[3] = (Elf64_Phdr){ .p_type = PT_INTERP };
	f.e.e_phnum = 4;
	assert_bad("a header of type 3: it wants a dynamic linker");
	f.p[3] = (Elf64_Phdr){ .p_type = PT_DYNAMIC };
	f.e.e_phnum = 4;
	assert_bad("a header of type 2: it wants a dynamic linker");
}

static void test_overlap(void **state)
{
	(void)state;
	f.p[1].p_memsz = 0x1001;
	assert_bad("segments 1 and 2 share a virtual page");
	f.p[2].p_vaddr = f.p[0].p_vaddr;
	assert_bad("segments 0 and 2 share a virtual page");
	f.p[2].p_paddr = f.p[1].p_paddr;
	assert_bad("segments 1 and 2 share a physical page");
	f.p[2].p_paddr = f.p[0].p_paddr - PAGE_SIZE;
	assert_bad("segments 0 and 2 share a physical page");
}

static void swap_segments(unsigned int i, unsigned int j)
{
	Elf64_Phdr p = f.p[i];

	f.p[i] = f.p[j];
	f.p[j] = p;
}

static void test_any_order_and_place(void **state)
{
	(void)state;
	f.p[1].p_memsz = 0x1000;
	swap_segments(0, 1);
	assert_good();
	swap_segments(0, 2);
	assert_good();
	for (unsigned int i = 0; i < SEGMENTS; i++)
		f.p[i].p_paddr += 3 * GIB;
	assert_good();
	assert_int_equal(image.phys_lo, 3 * GIB + PHYS + 0x1000);
	set_segment(0, FILE_SIZE, PF_R | PF_W, 0, 0x1000);
	f.p[0].p_paddr += 3 * GIB;
	assert_good();
}

static void test_too_many_segments(void **state)
{
	(void)state;
	for (unsigned int i = SEGMENTS; i < ELF_MAX_SEGMENTS + 1; i++) {
		set_segment(i, 0, PF_R, 0, 1);
		f.p[i].p_vaddr = VIRT + 0x100000 + i * PAGE_SIZE;
		f.p[i].p_paddr = PHYS + 0x100000 + i * PAGE_SIZE;
	}
	f.e.e_phnum = ELF_MAX_SEGMENTS;
	assert_good();
	assert_int_equal(image.n, ELF_MAX_SEGMENTS);
	f.e.e_phnum++;
	assert_bad("more than 8 segments");
}

static void test_entry(void **state)
{
	(void)state;
	f.e.e_entry = VIRT + 0x1000;
	assert_good();
	f.e.e_entry = VIRT + 0x17ff;
	assert_good();
	f.e.e_entry = VIRT + 0x1800;
	assert_bad("entry point 0xffffffff80001800");
	f.e.e_entry = VIRT + 0x2000;
	assert_bad("no executable segment");
	f.e.e_entry = 0;
	assert_bad("no executable segment");
	f.e.e_entry = UINT64_MAX;
	assert_bad("no executable segment");
}

static void test_user_good(void **state)
{
	(void)state;
	assert_good();
	assert_int_equal(image.entry, USER + 0x1010);
	assert_int_equal(image.n, 3);
	assert_int_equal(image.phys_lo, 0);
	assert_int_equal(image.phys_hi, 0);
	f.p[0].p_vaddr = USER_MIN;
	f.e.e_entry = USER_MIN;
	assert_good();
	f.p[2].p_vaddr = USER_STOP - 0x3000;
	assert_good();
}

/* Where it would be in physical memory is nobody's business. */
static void test_user_physical_is_passed_over(void **state)
{
	(void)state;
	f.p[0].p_paddr = 1;
	f.p[1].p_paddr = f.p[2].p_paddr;
	f.p[2].p_paddr = UINT64_MAX;
	assert_good();
	assert_int_equal(image.phys_lo, 0);
	assert_int_equal(image.phys_hi, 0);
}

static void test_user_bad(void **state)
{
	(void)state;
	f.p[0].p_vaddr = USER_MIN - PAGE_SIZE;
	assert_bad("segment 0 is not in user memory");
	f.p[0].p_vaddr = 0;
	assert_bad("segment 0 is not in user memory");
	f.p[2].p_vaddr = USER_STOP - 0x2000;
	assert_bad("segment 2 is not in user memory");
	f.p[2].p_memsz = UINT64_MAX;
	assert_bad("segment 2 is not in user memory");
	f.p[1].p_vaddr = VIRT;
	assert_bad("segment 1 is not in user memory");
	f.p[1].p_vaddr++;
	assert_bad("segment 1 does not begin at a page");
	f.p[1].p_vaddr = f.p[0].p_vaddr;
	assert_bad("segments 0 and 1 share a virtual page");
	f.p[2].p_flags |= PF_X;
	assert_bad("segment 2 is both writable and executable");
	f.e.e_entry = USER + 0x2000;
	assert_bad("no executable segment");
	f.e.e_type = ET_DYN;
	assert_bad("type 3");
}

static void test_each_refuses_the_other(void **state)
{
	(void)state;
	rules = &user_rules;
	assert_bad("segment 0 is not in user memory");
	rules = &elf_kernel_rules;
	assert_bad("segment 0 is not in the top 2 GiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_good, make_good),
		cmocka_unit_test_setup(test_other_headers_are_passed_over, make_good),
		cmocka_unit_test_setup(test_file_header, make_good),
		cmocka_unit_test_setup(test_header_table, make_good),
		cmocka_unit_test_setup(test_segment_in_file, make_good),
		cmocka_unit_test_setup(test_segment_addresses, make_good),
		cmocka_unit_test_setup(test_segment_rights, make_good),
		cmocka_unit_test_setup(test_not_static, make_good),
		cmocka_unit_test_setup(test_overlap, make_good),
		cmocka_unit_test_setup(test_any_order_and_place, make_good),
		cmocka_unit_test_setup(test_too_many_segments, make_good),
		cmocka_unit_test_setup(test_entry, make_good),
		cmocka_unit_test_setup(test_user_good, make_good_user),
		cmocka_unit_test_setup(test_user_physical_is_passed_over, make_good_user),
		cmocka_unit_test_setup(test_user_bad, make_good_user),
		cmocka_unit_test_setup(test_each_refuses_the_other, make_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
