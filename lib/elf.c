/* SPDX-License-Identifier: MIT */
/*
 * lib/elf.c - checks in the order of the file: its header, the table of program
 * headers, each segment, each pair of segments, the entry point.  Every number
 * is the file's and may be anything: sums are formed only where they cannot wrap.
 */
#include "lib/elf.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/format.h"

#define EHDR_SIZE 64
#define PHDR_SIZE 56

/* Where the fields of the file header lie ... */
enum ehdr_offset {
	EHDR_CLASS = 4,
	EHDR_DATA = 5,
	EHDR_IDENT_VERSION = 6,
	EHDR_TYPE = 16,
	EHDR_MACHINE = 18,
	EHDR_ENTRY = 24,
	EHDR_PHOFF = 32,
	EHDR_PHENTSIZE = 54,
	EHDR_PHNUM = 56,
};

/* ... and those of a program header. */
enum phdr_offset {
	PHDR_TYPE = 0,
	PHDR_FLAGS = 4,
	PHDR_OFFSET = 8,
	PHDR_VADDR = 16,
	PHDR_PADDR = 24,
	PHDR_FILESZ = 32,
	PHDR_MEMSZ = 40,
};

#define CLASS_64	2
#define DATA_LITTLE	1
#define VERSION_CURRENT 1
#define TYPE_EXEC	2
#define MACHINE_X86_64	62
#define PHDR_LOAD	1

/* What is checked, and where a reason goes. */
struct check {
	const u8 *file;
	size_t size;
	char *why;
	size_t why_size;
};

#define REFUSE(c, ...) (format((c)->why, (c)->why_size, __VA_ARGS__), -ENOEXEC)

static int check_ident(const struct check *c)
{
	if (c->size < EHDR_SIZE)
		return REFUSE(c, "the file is shorter than an ELF header");
	if (memcmp(c->file, "\177ELF", 4) != 0)
		return REFUSE(c, "not an ELF file");
	if (get_u8(c->file, EHDR_CLASS) != CLASS_64)
		return REFUSE(c, "not a 64-bit ELF file");
	if (get_u8(c->file, EHDR_DATA) != DATA_LITTLE)
		return REFUSE(c, "not a little-endian ELF file");
	if (get_u8(c->file, EHDR_IDENT_VERSION) != VERSION_CURRENT)
		return REFUSE(c, "unknown ELF version %u", get_u8(c->file, EHDR_IDENT_VERSION));
	if (get_u16(c->file, EHDR_MACHINE) != MACHINE_X86_64)
		return REFUSE(c, "machine %u is not x86-64", get_u16(c->file, EHDR_MACHINE));
	if (get_u16(c->file, EHDR_TYPE) != TYPE_EXEC)
		return REFUSE(c, "type %u is not a static executable", get_u16(c->file, EHDR_TYPE));
	return 0;
}

static int check_phdr_table(const struct check *c)
{
	u64 offset = get_u64(c->file, EHDR_PHOFF);
	u64 bytes = (u64)get_u16(c->file, EHDR_PHNUM) * PHDR_SIZE;

	if (get_u16(c->file, EHDR_PHENTSIZE) != PHDR_SIZE)
		return REFUSE(c, "program headers of %u bytes, not 56",
			      get_u16(c->file, EHDR_PHENTSIZE));
	if (bytes == 0)
		return REFUSE(c, "no program headers");
	if (offset > c->size || bytes > c->size - offset)
		return REFUSE(c, "the program headers lie outside the file");
	return 0;
}

static struct elf_segment read_segment(const u8 *phdr)
{
	return (struct elf_segment){
		.offset = get_u64(phdr, PHDR_OFFSET),
		.filesz = get_u64(phdr, PHDR_FILESZ),
		.vaddr = get_u64(phdr, PHDR_VADDR),
		.paddr = get_u64(phdr, PHDR_PADDR),
		.memsz = get_u64(phdr, PHDR_MEMSZ),
		.flags = get_u32(phdr, PHDR_FLAGS) & (ELF_READ | ELF_WRITE | ELF_EXECUTE),
	};
}

/* Does [@start, @start + @size), grown to whole pages, end at or below the last page? */
static bool fits_below_last_page(u64 start, u64 size)
{
	return size <= PAGE_MASK && start <= PAGE_MASK - size;
}

static int check_segment(const struct check *c, unsigned int n, const struct elf_segment *s)
{
	if (s->filesz > s->memsz)
		return REFUSE(c, "segment %u is larger in the file than in memory", n);
	if (s->offset > c->size || s->filesz > c->size - s->offset)
		return REFUSE(c, "segment %u lies outside the file", n);
	if (!IS_ALIGNED(s->vaddr, PAGE_SIZE) || !IS_ALIGNED(s->paddr, PAGE_SIZE))
		return REFUSE(c, "segment %u does not begin at a page boundary", n);
	if (s->vaddr < ELF_VIRT_MIN || !fits_below_last_page(s->vaddr, s->memsz))
		return REFUSE(c, "segment %u is not in the top 2 GiB", n);
	if (!fits_below_last_page(s->paddr, s->memsz))
		return REFUSE(c, "segment %u ends beyond physical memory", n);
	if ((s->flags & ELF_WRITE) && (s->flags & ELF_EXECUTE))
		return REFUSE(c, "segment %u is both writable and executable", n);
	return 0;
}

static bool overlap(u64 a, u64 a_size, u64 b, u64 b_size)
{
	return a < ALIGN_UP(b + b_size, PAGE_SIZE) && b < ALIGN_UP(a + a_size, PAGE_SIZE);
}

static int check_overlap(const struct check *c, const struct elf_image *image)
{
	unsigned int n = image->n - 1;
	const struct elf_segment *s = &image->segments[n];

	for (unsigned int i = 0; i < n; i++) {
		const struct elf_segment *other = &image->segments[i];

		if (overlap(s->vaddr, s->memsz, other->vaddr, other->memsz))
			return REFUSE(c, "segments %u and %u share a virtual page", i, n);
		if (overlap(s->paddr, s->memsz, other->paddr, other->memsz))
			return REFUSE(c, "segments %u and %u share a physical page", i, n);
	}
	return 0;
}

static int add_segment(const struct check *c, struct elf_image *image, const u8 *phdr)
{
	struct elf_segment s = read_segment(phdr);
	int err;

	if (image->n == ELF_MAX_SEGMENTS)
		return REFUSE(c, "more than %u segments", ELF_MAX_SEGMENTS);
	err = check_segment(c, image->n, &s);
	if (err)
		return err;
	image->segments[image->n++] = s;
	image->phys_lo = MIN(image->phys_lo, s.paddr);
	image->phys_hi = MAX(image->phys_hi, ALIGN_UP(s.paddr + s.memsz, PAGE_SIZE));
	return check_overlap(c, image);
}

/* Segments that occupy nothing are left out: linkers make them of empty sections. */
static int collect_segments(const struct check *c, struct elf_image *image)
{
	const u8 *table = c->file + get_u64(c->file, EHDR_PHOFF);

	for (unsigned int i = 0; i < get_u16(c->file, EHDR_PHNUM); i++) {
		const u8 *phdr = table + (size_t)i * PHDR_SIZE;
		int err;

		if (get_u32(phdr, PHDR_TYPE) != PHDR_LOAD)
			continue;
		if (get_u64(phdr, PHDR_MEMSZ) == 0 && get_u64(phdr, PHDR_FILESZ) == 0)
			continue;
		err = add_segment(c, image, phdr);
		if (err)
			return err;
	}
	if (image->n == 0)
		return REFUSE(c, "nothing to load");
	if (image->phys_hi - image->phys_lo > ELF_PHYS_SPAN)
		return REFUSE(c, "the segments lie more than 1 GiB apart in physical memory");
	return 0;
}

static int check_entry(const struct check *c, const struct elf_image *image)
{
	for (unsigned int i = 0; i < image->n; i++) {
		const struct elf_segment *s = &image->segments[i];

		if ((s->flags & ELF_EXECUTE) && image->entry >= s->vaddr &&
		    image->entry - s->vaddr < s->filesz)
			return 0;
	}
	return REFUSE(c, "the entry point %#llx is in no executable segment",
		      (unsigned long long)image->entry);
}

int elf_check(const void *file, size_t size, struct elf_image *out, char *why, size_t why_size)
{
	const struct check c = { .file = file, .size = size, .why = why, .why_size = why_size };
	int err = check_ident(&c);

	if (!err)
		err = check_phdr_table(&c);
	if (err)
		return err;
	*out = (struct elf_image){
		.entry = get_u64(file, EHDR_ENTRY),
		.phys_lo = ~0ull,
	};
	err = collect_segments(&c, out);
	return err ? err : check_entry(&c, out);
}
