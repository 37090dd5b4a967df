/* SPDX-License-Identifier: MIT */
/*
 * kernel/exec.c - check all of the file, then map, then copy, a page at a time through
 * kmap_local: the address space is not loaded, and its text is not writable even now.
 */
#include "arch/x86_64/layout.h"
#include "kernel/exec.h"
#include "lib/assert.h"
#include "lib/elf.h"
#include "lib/err.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/kmap.h"
#include "mm/page_alloc.h"

STATIC_ASSERT(EXEC_WHY_MAX >= ELF_WHY_MAX, "a reason may be lib/elf's");

static int check(const void *file, size_t size, struct elf_image *image, char *why, size_t why_size)
{
	/* SYSCALL at the end of the last page would have the kernel return to an address that is
	 * not canonical: that page holds no program. */
	const struct elf_rules rules = {
		.virt_min = MAP_LOWEST,
		.virt_end = USER_MAP_END,
		.where = "user memory",
	};
	int err = elf_check(file, size, &rules, image, why, why_size);

	for (u32 i = 0; i < image->n && !err; i++) {
		const struct elf_segment *s = &image->segments[i];

		if (s->vaddr < EXEC_STACK_TOP &&
		    s->vaddr + s->memsz > EXEC_STACK_LOW - EXEC_GUARD_SIZE) {
			format(why, why_size, "segment %u lies where the stack goes", i);
			err = -ENOEXEC;
		}
	}
	return err;
}

static int map(struct mm *mm, vaddr_t start, u64 size, u32 rights)
{
	const struct map_request q = {
		.start = start,
		.size = ALIGN_UP(size, PAGE_SIZE),
		.flags = rights,
		.kind = REGION_ANON,
	};

	return mm_map(mm, &q);
}

static u32 rights_of(const struct elf_segment *s)
{
	return (s->flags & ELF_READ ? REGION_READ : 0) | (s->flags & ELF_WRITE ? REGION_WRITE : 0) |
	       (s->flags & ELF_EXECUTE ? REGION_EXEC : 0);
}

/*
 * @n bytes into the page at @va.  It is asked for as a reader would, since text has no
 * writers: it is zeroed memory of this mm alone.
 */
static int fill_page(struct mm *mm, vaddr_t va, const u8 *from, size_t n)
{
	struct page *page;
	int err = mm_get_page(mm, va, FAULT_READ, &page);
	void *to;

	if (err)
		return err;
	to = kmap_local_page(page);
	memcpy(to, from, n);
	kunmap_local(to);
	put_page(page);
	return 0;
}

/* What the file has of a segment; the rest is zero as it comes. */
static int load_segment(struct mm *mm, const u8 *file, const struct elf_segment *s)
{
	int err = map(mm, s->vaddr, s->memsz, rights_of(s));

	for (u64 done = 0; done < s->filesz && !err; done += PAGE_SIZE)
		err = fill_page(mm, s->vaddr + done, file + s->offset + done,
				MIN(s->filesz - done, PAGE_SIZE));
	return err;
}

/* The guard is a region, so that nothing else is ever placed there; it allows nothing. */
static int map_stack(struct mm *mm)
{
	int err = map(mm, EXEC_STACK_LOW, EXEC_STACK_SIZE, REGION_READ | REGION_WRITE);

	return err ? err : map(mm, EXEC_STACK_LOW - EXEC_GUARD_SIZE, EXEC_GUARD_SIZE, 0);
}

static int load(struct mm *mm, const void *file, const struct elf_image *image)
{
	int err = map_stack(mm);

	for (u32 i = 0; i < image->n && !err; i++)
		err = load_segment(mm, file, &image->segments[i]);
	return err;
}

/* All of it: no region crosses the ends, so nothing is cut, and that needs no memory. */
static void empty(struct mm *mm)
{
	int err = mm_unmap(mm, 0, USER_END);

	ASSERT(err == 0, "mm %lu cannot be emptied: %s", mm->ctx_id, err_name(err));
}

int exec_load(struct mm *mm, const void *file, size_t size, struct exec_image *out, char *why,
	      size_t why_size)
{
	struct elf_image image = { 0 };
	int err = check(file, size, &image, why, why_size);

	if (err)
		return err;
	err = load(mm, file, &image);
	if (err) {
		empty(mm);
		format(why, why_size, "%s while it was loaded", err_name(err));
		return err;
	}
	*out = (struct exec_image){ .entry = image.entry, .stack = EXEC_STACK_TOP - EXEC_NO_ARGS };
	return 0;
}
