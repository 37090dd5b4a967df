/* SPDX-License-Identifier: MIT */
/* lib/err.c - the names of the errors in lib/err.h. */
#include "lib/err.h"
#include "lib/types.h"

#define ERR_NAME(e)                                                                                \
	{                                                                                          \
		e, #e                                                                              \
	}

static const struct {
	int err;
	const char *name;
} names[] = {
	{ 0, "OK" },	  ERR_NAME(EPERM),     ERR_NAME(ENOENT),     ERR_NAME(ESRCH),
	ERR_NAME(EINTR),  ERR_NAME(EIO),       ERR_NAME(E2BIG),	     ERR_NAME(ENOEXEC),
	ERR_NAME(EBADF),  ERR_NAME(EAGAIN),    ERR_NAME(ENOMEM),     ERR_NAME(EFAULT),
	ERR_NAME(EBUSY),  ERR_NAME(EEXIST),    ERR_NAME(ENODEV),     ERR_NAME(EINVAL),
	ERR_NAME(ENOSPC), ERR_NAME(EPIPE),     ERR_NAME(ERANGE),     ERR_NAME(EDEADLK),
	ERR_NAME(EIDRM),  ERR_NAME(EOVERFLOW), ERR_NAME(EOPNOTSUPP), ERR_NAME(ETIMEDOUT),
};

const char *err_name(int err)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].err == err || -names[i].err == err)
			return names[i].name;
	}
	return "E?";
}
