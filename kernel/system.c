/* SPDX-License-Identifier: MIT */
/*
 * kernel/system.c - see system.h.
 */
#include "kernel/system.h"
#include "arch/x86_64/irq.h"
#include "kernel/task.h"

struct kobj system_object = { .refs = 1, .type = KOBJ_SYSTEM };

bool may_use_system(u64 handle, u32 right)
{
	bool may;

	irq_disable();
	may = handle_find(&current->user->task->handles, handle, KOBJ_SYSTEM, right) != NULL;
	irq_enable();
	return may;
}
