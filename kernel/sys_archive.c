/* SPDX-License-Identifier: MIT */
/*
 * kernel/sys_archive.c - tasks read the boot archive, which has nothing that one of them may not
 * know.
 */
#include "kernel/sys_archive.h"
#include "arch/x86_64/uaccess.h"
#include "kernel/abi.h"
#include "kernel/archive.h"
#include "lib/err.h"
#include "lib/string.h"

s64 sys_file_name(struct syscall_frame *f)
{
	char name[FILE_NAME_MAX];
	int err = archive_name(f->rdi, name, sizeof(name));
	size_t n;

	if (err)
		return err;
	n = MIN(strlen(name), f->rdx);
	return copy_to_user(f->rsi, name, n) == 0 ? (s64)n : -EFAULT;
}

s64 sys_file_read(struct syscall_frame *f)
{
	char name[FILE_NAME_MAX];
	const void *data;
	size_t size, n;

	if (f->rsi >= sizeof(name))
		return -E2BIG;
	if (copy_from_user(name, f->rdi, f->rsi) != 0)
		return -EFAULT;
	name[f->rsi] = '\0';
	if (archive_find(name, &data, &size) != 0)
		return -ENOENT;
	if (f->rdx >= size)
		return 0;
	n = MIN(size - f->rdx, f->r8);
	return copy_to_user(f->r10, (const char *)data + f->rdx, n) == 0 ? (s64)n : -EFAULT;
}
