/* SPDX-License-Identifier: MIT */
/*
 * user/lib/pager.h - the pager (user/bin/pager.c): its calls, and what its clients do with them.
 *
 * A client is a task whose faults the pager has, from an attach or from a snapshot on.  It has
 * regions: pages that read as 0 come when they are touched, and a snapshot gives a child the same
 * contents, of which each side keeps what it has when the other writes.
 *
 * The kernel asks no pager: what a system call is to read or write must have been touched since the
 * region was made, or a snapshot of it taken; and while the pager puts a page in another's place,
 * since a thread has written where two sides read, it is -EFAULT for the others' system calls.
 */
#pragma once

#include "lib/types.h"

/*
 * The first word of a call; the reply's is a result.  What is about the caller comes by
 * SYS_CALL_PAGER, the rest by any call at the pager's endpoint.
 */
enum pager_call {
	PAGER_ATTACH,	/* a handle of a task, which runs, becomes a client */
	PAGER_USED,	/* how many pages all regions have together */
	PAGER_REGION,	/* the caller's: at that address, so many pages */
	PAGER_SNAPSHOT, /* the same, and it has regions as the caller's are now */
};

#define PAGER_CALL    0u /* words of a message; that at 2 is the cookie's */
#define PAGER_ADDRESS 1u
#define PAGER_PAGES   3u
#define PAGER_HANDLE  6u

#define PAGER_CLIENTS_MAX      32u
#define PAGER_REGIONS_MAX      64u /* of all clients */
#define PAGER_REGION_PAGES_MAX 1024u
#define PAGER_CLIENT_PAGES_MAX 2048u /* of all regions of a client */

/*
 * The task becomes a client.  0; -EBADF: no handle of a task with RIGHT_CONTROL and RIGHT_INSPECT;
 * -EPERM: without RIGHT_DUPLICATE; -ESRCH: it has no thread; -EBUSY: it has a pager; -ENOSPC: there
 * are too many clients, or it or the pager has too many handles.
 */
s64 pager_attach(u64 endpoint, u64 task);

/* Pages of all regions; those of tasks that have ended do not count. */
s64 pager_used(u64 endpoint);

/*
 * A region of the caller's, a client.  0; -EINVAL: no such pages; -EEXIST: something is there;
 * -ENOSPC: too many pages or regions; -ENOMEM: the pager has no more; -ENODEV: the caller has no
 * pager.
 */
s64 pager_region(u64 address, u64 pages);

/*
 * SYS_FORK, whose child is a client before this comes back: with no regions, or with what those of
 * the caller's hold, who is one.  The other threads of the caller's task must not write there
 * meanwhile, or the child sees some of it.  Errors as of the calls above; then there is no child.
 */
s64 pager_fork_without(u64 endpoint);
s64 pager_fork(void);
