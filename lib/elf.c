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
#define PHDR_DYNAMIC	2
#define PHDR_INTERP	3

const struct elf_rules elf_kernel_rules = {
	.virt_min = 0xffffffff80000000ull,
	.virt_end = PAGE_MASK,
	.where = "the top 2 GiB",
	.phys_span = GIB,
};

/* What is checked, by which rules, and where a reason goes. */
struct check {
	const u8 *file;
	size_t size;
	const struct elf_rules *rules;
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

/* Does [@start, @start + @size) end at or below @end? */
static bool ends_below(u64 start, u64 size, u64 end)
{
	return size <= end && start <= end - size;
}

static int check_rights(const struct check *c, unsigned int n, const struct elf_segment *s)
{
	if (!(s->flags & ELF_READ))
		return REFUSE(c, "segment %u is not readable", n);
	if ((s->flags & ELF_WRITE) && (s->flags & ELF_EXECUTE))
		return REFUSE(c, "segment %u is both writable and executable", n);
	return 0;
}

static int check_physical(const struct check *c, unsigned int n, const struct elf_segment *s)
{
	if (!IS_ALIGNED(s->paddr, PAGE_SIZE))
		return REFUSE(c, "segment %u does not begin at a page boundary", n);
	if (!ends_below(s->paddr, s->memsz, PAGE_MASK))
		return REFUSE(c, "segment %u ends beyond physical memory", n);
	return 0;
}

static int check_segment(const struct check *c, unsigned int n, const struct elf_segment *s)
{
	int err = 0;

	if (s->filesz > s->memsz)
		return REFUSE(c, "segment %u is larger in the file than in memory", n);
	if (s->offset > c->size || s->filesz > c->size - s->offset)
		return REFUSE(c, "segment %u lies outside the file", n);
	if (!IS_ALIGNED(s->vaddr, PAGE_SIZE))
		return REFUSE(c, "segment %u does not begin at a page boundary", n);
	if (s->vaddr < c->rules->virt_min || !ends_below(s->vaddr, s->memsz, c->rules->virt_end))
		return REFUSE(c, "segment %u is not in %s", n, c->rules->where);
	if (c->rules->phys_span != 0)
		err = check_physical(c, n, s);
	return err ? err : check_rights(c, n, s);
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
		if (c->rules->phys_span != 0 &&
		    overlap(s->paddr, s->memsz, other->paddr, other->memsz))
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

/*
 * The header of a segment to load?  Those that occupy nothing are left out: linkers make them of
 * empty sections.
 */
static bool is_to_load(const u8 *phdr)
{
	return get_u32(phdr, PHDR_TYPE) == PHDR_LOAD &&
	       (get_u64(phdr, PHDR_MEMSZ) != 0 || get_u64(phdr, PHDR_FILESZ) != 0);
}

static int check_span(const struct check *c, struct elf_image *image)
{
	if (c->rules->phys_span == 0)
		image->phys_lo = image->phys_hi = 0;
	if (image->phys_hi - image->phys_lo > c->rules->phys_span)
		return REFUSE(c, "the segments lie more than %llu MiB apart in physical memory",
			      (unsigned long long)(c->rules->phys_span / MIB));
	return 0;
}

static int collect_segments(const struct check *c, struct elf_image *image)
{
	const u8 *table = c->file + get_u64(c->file, EHDR_PHOFF);

	for (unsigned int i = 0; i < get_u16(c->file, EHDR_PHNUM); i++) {
		const u8 *phdr = table + (size_t)i * PHDR_SIZE;
		u32 type = get_u32(phdr, PHDR_TYPE);
		int err = 0;

		if (type == PHDR_INTERP || type == PHDR_DYNAMIC)
			return REFUSE(c, "a header of type %u: it wants a dynamic linker", type);
		if (is_to_load(phdr))
			err = add_segment(c, image, phdr);
		if (err)
			return err;
	}
	if (image->n == 0)
		return REFUSE(c, "nothing to load");
	return check_span(c, image);
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

int elf_check(const void *file, size_t size, const struct elf_rules *rules, struct elf_image *out,
	      char *why, size_t why_size)
{
	const struct check c = {
		.file = file, .size = size, .rules = rules, .why = why, .why_size = why_size
	};
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
