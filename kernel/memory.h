/* SPDX-License-Identifier: MIT */
/*
 * kernel/memory.h - memory objects as tasks have them: an mm/object.h with handles, and its system
 * calls.
 *
 * Its pages are there as long as a handle leads to it or a region maps it.  All of them are charged
 * to who made it, whether or not they have been touched; to map them costs page tables only.
 */
#pragma once

#include "arch/x86_64/syscall.h"
#include "kernel/kobj.h"

struct object;

struct memory {
	struct kobj kobj;
	struct object *object; /* [I] held */
};

/* For kobj.c. */
void memory_free(struct memory *m);

/* System calls (abi.h). */
s64 sys_memory(struct syscall_frame *f);
s64 sys_map(struct syscall_frame *f);
s64 sys_unmap(struct syscall_frame *f);
s64 sys_protect(struct syscall_frame *f);
