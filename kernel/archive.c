/* SPDX-License-Identifier: MIT */
/*
 * kernel/archive.c - the boot archive is checked whole, once; what is used has passed.
 */
#include "arch/x86_64/layout.h"
#include "kernel/archive.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"
#include "lib/tar.h"

/* Constant after archive_init(); size 0: there is none. */
static const void *archive_data;
static size_t archive_size;

/* How many files; or -EINVAL and why. */
static int count_files(const void *data, size_t size, char *why, size_t why_size)
{
	struct tar_reader r = { .archive = data, .size = size };
	struct tar_file file;
	int found, files = 0;

	while ((found = tar_next(&r, &file, why, why_size)) > 0)
		files++;
	return found < 0 ? found : files;
}

void archive_init(const struct handoff *h)
{
	const void *data = phys_to_virt(h->archive_phys);
	char why[TAR_WHY_MAX];
	int files;

	if (h->archive_size == 0) {
		printk("archive: none, so there are no programs\n");
		return;
	}
	files = count_files(data, h->archive_size, why, sizeof(why));
	if (files < 0) {
		printk("archive: not used: %s\n", why);
		return;
	}
	printk("archive: %d files, %lu KiB at %#lx\n", files, h->archive_size / KIB,
	       h->archive_phys);
	archive_data = data;
	archive_size = h->archive_size;
}

int archive_name(u64 n, char *name, size_t size)
{
	struct tar_reader r = { .archive = archive_data, .size = archive_size };
	char why[TAR_WHY_MAX];
	struct tar_file file;

	if (archive_size == 0)
		return -ENOENT;
	do
		if (tar_next(&r, &file, why, sizeof(why)) <= 0)
			return -ENOENT;
	while (n-- > 0);
	strlcpy(name, file.name, size);
	return 0;
}

int archive_find(const char *name, const void **data, size_t *size)
{
	char why[TAR_WHY_MAX];
	struct tar_file file;
	int err;

	if (archive_size == 0)
		return -ENOENT;
	err = tar_find(archive_data, archive_size, name, &file, why, sizeof(why));
	if (err)
		return err;
	*data = file.data;
	*size = file.size;
	return 0;
}
