/* SPDX-License-Identifier: MIT */
/*
 * kernel/kobj.c - see kobj.h.
 */
#include "arch/x86_64/ipi.h"
#include "kernel/abi.h"
#include "kernel/ipc.h"
#include "kernel/irq_object.h"
#include "kernel/kobj.h"
#include "kernel/memory.h"
#include "kernel/notification.h"
#include "kernel/port_range.h"
#include "kernel/task.h"
#include "kernel/timer_object.h"
#include "lib/assert.h"

static void nothing(void *unused)
{
	(void)unused;
}

void kobj_wait_for_lookers(void)
{
	struct cpumask all = cpus_online;

	run_on_cpus(&all, nothing, NULL);
}

void kobj_handle_opened(struct kobj *k, u32 rights)
{
	if (k->type == KOBJ_ENDPOINT && rights & RIGHT_RECEIVE)
		endpoint_gains_receiver(container_of(k, struct endpoint, kobj));
	if (k->type == KOBJ_NOTIFICATION && rights & RIGHT_SIGNAL)
		notification_gains_signaller(container_of(k, struct notification, kobj));
}

void kobj_handle_closed(struct kobj *k, u32 rights)
{
	if (k->type == KOBJ_ENDPOINT && rights & RIGHT_RECEIVE)
		endpoint_loses_receiver(container_of(k, struct endpoint, kobj));
	if (k->type == KOBJ_NOTIFICATION && rights & RIGHT_SIGNAL)
		notification_loses_signaller(container_of(k, struct notification, kobj));
}

void kobj_revoked(struct kobj *k, const struct task *task)
{
	if (k->type == KOBJ_ENDPOINT)
		endpoint_revoked(container_of(k, struct endpoint, kobj), task);
	if (k->type == KOBJ_NOTIFICATION)
		notification_revoked(container_of(k, struct notification, kobj), task);
}

void kobj_put(struct kobj *k)
{
	if (__atomic_sub_fetch(&k->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	switch (k->type) {
	case KOBJ_TASK:
		task_free(container_of(k, struct task, kobj));
		break;
	case KOBJ_ENDPOINT:
		endpoint_free(container_of(k, struct endpoint, kobj));
		break;
	case KOBJ_NOTIFICATION:
		notification_free(container_of(k, struct notification, kobj));
		break;
	case KOBJ_TIMER:
		timer_object_free(container_of(k, struct timer_object, kobj));
		break;
	case KOBJ_IRQ:
		irq_object_free(container_of(k, struct irq_object, kobj));
		break;
	case KOBJ_PORTS:
		port_range_free(container_of(k, struct port_range, kobj));
		break;
	case KOBJ_MEMORY:
		memory_free(container_of(k, struct memory, kobj));
		break;
	default:
		panic("object %p is of no type: %u", (const void *)k, k->type);
	}
}
