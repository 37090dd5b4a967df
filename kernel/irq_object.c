/* SPDX-License-Identifier: MIT */
/*
 * kernel/irq_object.c - see irq_object.h.
 */
#include "kernel/irq_object.h"
#include "kernel/notification.h"
#include "lib/err.h"
#include "mm/slab.h"

static void come(void *target, u64 bits) REQUIRES(irqs_off)
{
	notification_signal(target, bits);
}

int irq_object_create(u64 number, struct irq_object **out)
{
	struct irq_object *o = kzalloc(sizeof(*o));
	int err;

	if (o == NULL)
		return -ENOMEM;
	kobj_init(&o->kobj, KOBJ_IRQ);
	err = device_irq_claim(&o->irq, device_irq_number(number), come);
	if (err)
		kfree(o);
	else
		*out = o;
	return err;
}

/* The old one loses us only when we signal it no more. */
struct notification *irq_object_bind(struct irq_object *o, struct notification *n, u64 bits)
{
	struct notification *before;

	if (n != NULL)
		notification_gains_signaller(n);
	before = device_irq_bind(&o->irq, n, bits);
	if (before != NULL)
		notification_loses_signaller(before);
	return before;
}

void irq_object_free(struct irq_object *o)
{
	struct notification *before = device_irq_release(&o->irq);

	if (before != NULL) {
		notification_loses_signaller(before);
		kobj_put(&before->kobj);
	}
	kfree(o);
}
