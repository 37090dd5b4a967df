/* SPDX-License-Identifier: MIT */
/* tests/host/fuzz/elf_fuzz.c - whatever elf_check() accepts can be loaded as it is. */
#include "lib/elf.h"
#include "lib/err.h"
#include "tests/host/fuzz/fuzz.h"

static void check_segment(const struct elf_image *image, const struct elf_segment *s, size_t size)
{
	ASSERT(s->offset <= size && s->filesz <= size - s->offset, "outside the file");
	ASSERT(s->filesz <= s->memsz, "larger in the file");
	ASSERT(s->vaddr >= ELF_VIRT_MIN && s->vaddr + s->memsz > s->vaddr, "address");
	ASSERT(s->paddr >= image->phys_lo && s->paddr + s->memsz <= image->phys_hi, "block");
	ASSERT((s->flags & (ELF_WRITE | ELF_EXECUTE)) != (ELF_WRITE | ELF_EXECUTE), "W and X");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	char why[ELF_WHY_MAX] = "";
	struct elf_image image;
	int err = elf_check(data, size, &image, why, sizeof(why));

	if (err) {
		ASSERT(err == -ENOEXEC && why[0] != '\0', "no reason given");
		ASSERT(strlen(why) < sizeof(why) - 1, "a reason is cut: %s", why);
		return 0;
	}
	ASSERT(image.n > 0 && image.n <= ELF_MAX_SEGMENTS, "%u segments", image.n);
	ASSERT(image.phys_hi - image.phys_lo <= ELF_PHYS_SPAN, "too wide");
	for (unsigned int i = 0; i < image.n; i++)
		check_segment(&image, &image.segments[i], size);
	return 0;
}
