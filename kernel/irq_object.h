/* SPDX-License-Identifier: MIT */
/*
 * kernel/irq_object.h - a device's interrupt as an object of tasks: when it comes it signals a
 * notification, and does not come again before it is acknowledged (device_irq.h).
 *
 * An interrupt has one object at most.  With the object's last handle it is masked, and free for
 * another.  Bound, it holds its notification, as one that may signal it.
 */
#pragma once

#include "kernel/device_irq.h"
#include "kernel/kobj.h"

struct notification;

struct irq_object {
	struct kobj kobj;
	struct device_irq irq; /* .target: the notification, held */
};

/*
 * With one reference; @number as device_irq_number() has it.  0; -ENOMEM; -ENODEV: there is no such
 * interrupt; -EBUSY: it has an object.
 */
int irq_object_create(u64 number, struct irq_object **out) WARN_UNUSED_RESULT;

/*
 * Signal @bits of @n from now on, whose reference it takes over; NULL: be masked.  Returns the one
 * before, which is the caller's to put.  Any context but NMI.
 */
struct notification *irq_object_bind(struct irq_object *o, struct notification *n,
				     u64 bits) WARN_UNUSED_RESULT;

/* For kobj.c. */
void irq_object_free(struct irq_object *o);
