/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fuzz/elf_fuzz.c - whatever elf_check() accepts can be loaded as it is: as a
 * kernel, and as a user program.
 */
#include "lib/elf.h"
#include "lib/err.h"
#include "tests/host/fuzz/fuzz.h"

static const struct elf_rules user_rules = {
	.virt_min = 64 * KIB,
	.virt_end = 0x7ffffffff000ull,
	.where = "user memory",
};

static void check_segment(const struct elf_image *image, const struct elf_rules *rules,
			  const struct elf_segment *s, size_t size)
{
	ASSERT(s->offset <= size && s->filesz <= size - s->offset, "outside the file");
	ASSERT(s->filesz <= s->memsz, "larger in the file");
	ASSERT(IS_ALIGNED(s->vaddr, PAGE_SIZE), "alignment");
	ASSERT(s->vaddr >= rules->virt_min && s->vaddr + s->memsz > s->vaddr &&
		       s->vaddr + s->memsz <= rules->virt_end,
	       "address");
	ASSERT(rules->phys_span == 0 ||
		       (s->paddr >= image->phys_lo && s->paddr + s->memsz <= image->phys_hi),
	       "block");
	ASSERT((s->flags & (ELF_WRITE | ELF_EXECUTE)) != (ELF_WRITE | ELF_EXECUTE), "W and X");
	ASSERT(s->flags & ELF_READ, "not readable");
}

static void check_apart(const struct elf_segment *a, const struct elf_segment *b)
{
	ASSERT(ALIGN_UP(a->vaddr + a->memsz, PAGE_SIZE) <= b->vaddr ||
		       ALIGN_UP(b->vaddr + b->memsz, PAGE_SIZE) <= a->vaddr,
	       "a page is shared");
}

static void check_by(const struct elf_rules *rules, const u8 *data, size_t size)
{
	char why[ELF_WHY_MAX] = "";
	struct elf_image image;
	int err = elf_check(data, size, rules, &image, why, sizeof(why));

	if (err) {
		ASSERT(err == -ENOEXEC && why[0] != '\0', "no reason given");
		ASSERT(strlen(why) < sizeof(why) - 1, "a reason is cut: %s", why);
		return;
	}
	ASSERT(image.n > 0 && image.n <= ELF_MAX_SEGMENTS, "%u segments", image.n);
	ASSERT(image.phys_hi - image.phys_lo <= rules->phys_span, "too wide");
	for (unsigned int i = 0; i < image.n; i++) {
		check_segment(&image, rules, &image.segments[i], size);
		for (unsigned int j = 0; j < i; j++)
			check_apart(&image.segments[i], &image.segments[j]);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	check_by(&elf_kernel_rules, data, size);
	check_by(&user_rules, data, size);
	return 0;
}
