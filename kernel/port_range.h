/* SPDX-License-Identifier: MIT */
/*
 * kernel/port_range.h - I/O ports as an object of tasks.  Several may have the same ports.
 *
 * As long as there is one that has the serial line's, the kernel leaves that line alone
 * (console.h).
 */
#pragma once

#include "kernel/kobj.h"

#define PORTS_END 0x10000u

struct port_range {
	struct kobj kobj;
	u32 first, count; /* [I] within PORTS_END */
};

/* With one reference.  0; -ENOMEM; -EINVAL: none, or not within PORTS_END. */
int port_range_create(u64 first, u64 count, struct port_range **out) WARN_UNUSED_RESULT;

/*
 * @width bytes, 1, 2 or 4, at @offset: -EINVAL if that is not within @p.  in: what was read, or
 * the error.
 */
s64 port_range_in(const struct port_range *p, u64 offset, u64 width);
int port_range_out(const struct port_range *p, u64 offset, u64 width, u64 value);

/* For kobj.c. */
void port_range_free(struct port_range *p);
