/* SPDX-License-Identifier: MIT */
/*
 * lib/err.h - errors are values with names.
 *
 * A function that can fail returns 0 or one of these negated (-ENOMEM), or a
 * null pointer where out of memory is its only failure.  The numbers are those
 * of Linux, so that nobody has to learn a second set.
 */
#pragma once

enum err {
	EPERM = 1,
	ENOENT = 2,
	ESRCH = 3,
	EINTR = 4,
	EIO = 5,
	E2BIG = 7,
	ENOEXEC = 8,
	EBADF = 9,
	EAGAIN = 11,
	ENOMEM = 12,
	EFAULT = 14,
	EBUSY = 16,
	EEXIST = 17,
	ENODEV = 19,
	EINVAL = 22,
	ENOSPC = 28,
	EPIPE = 32,
	ERANGE = 34,
	EDEADLK = 35,
	EIDRM = 43, /* was taken back */
	EOVERFLOW = 75,
	EOPNOTSUPP = 95,
	ETIMEDOUT = 110,
};

/* The name of an error, "ENOMEM" for -ENOMEM or ENOMEM; "OK" for 0; "E?" if unknown. */
const char *err_name(int err);
