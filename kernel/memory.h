/* SPDX-License-Identifier: MIT */
/*
 * kernel/memory.h - memory objects as tasks have them: an mm/object.h with handles, and its system
 * calls.
 *
 * Its pages are there as long as a handle leads to it or a region maps it.  All of them are charged
 * to who made it, whether or not they have been touched; to map them costs page tables only.  A
 * device's are nobody's cost.
 */
#pragma once

#include "arch/x86_64/pte.h"
#include "arch/x86_64/syscall.h"
#include "kernel/kobj.h"

struct object;

struct memory {
	struct kobj kobj;
	struct object *object; /* [I] held */
};

/* What object_create_device() makes, with one reference.  NULL: out of memory; nothing has ended.
 */
struct memory *memory_of_device(paddr_t phys, u64 pages, pte_t cache,
				void (*ended)(void)) WARN_UNUSED_RESULT;

/* For kobj.c. */
void memory_free(struct memory *m);

/* System calls (abi.h).  sys_map(): interrupts off, before and after. */
s64 sys_memory(struct syscall_frame *f);
s64 sys_map(struct syscall_frame *f) REQUIRES(irqs_off);
s64 sys_unmap(struct syscall_frame *f);
s64 sys_protect(struct syscall_frame *f);
