/* SPDX-License-Identifier: MIT */
/*
 * kernel/sys_device.c - system calls of interrupts (irq_object.h) and ports (port_range.h).
 *
 * What a handle leads to is used with interrupts off, so that it needs no reference.
 */
#include "kernel/sys_device.h"
#include "arch/x86_64/irq.h"
#include "kernel/abi.h"
#include "kernel/irq_object.h"
#include "kernel/notification.h"
#include "kernel/port_range.h"
#include "kernel/system.h"
#include "kernel/task.h"
#include "lib/err.h"

static struct kobj *find(u64 handle, enum kobj_type type, u32 rights) REQUIRES(irqs_off)
{
	return handle_find(&current->user->task->handles, handle, type, rights);
}

static s64 add(struct kobj *k, u32 right)
{
	return handle_add_or_put(&current->user->task->handles, k,
				 right | RIGHT_DUPLICATE | RIGHT_REVOKE);
}

s64 sys_irq(struct syscall_frame *f)
{
	struct irq_object *o;
	int err;

	if (!may_use_system(f->rdi, RIGHT_IRQ))
		return -EBADF;
	err = irq_object_create(f->rsi, &o);
	return err ? err : add(&o->kobj, RIGHT_IRQ);
}

/* The notification that @handle leads to, with a reference; 0: none.  False: nothing such. */
static bool get_notification(u64 handle, struct notification **out) REQUIRES(irqs_off)
{
	struct kobj *k = find(handle, KOBJ_NOTIFICATION, RIGHT_SIGNAL);

	*out = NULL;
	if (handle == 0)
		return true;
	if (k == NULL)
		return false;
	kobj_get(k);
	*out = container_of(k, struct notification, kobj);
	return true;
}

s64 sys_irq_bind(struct syscall_frame *f)
{
	struct notification *n, *before = NULL;
	s64 result = -EBADF;
	struct kobj *k;

	if (f->rsi != 0 && f->rdx == 0)
		return -EINVAL;
	irq_disable();
	k = find(f->rdi, KOBJ_IRQ, RIGHT_IRQ);
	if (k != NULL && get_notification(f->rsi, &n)) {
		before = irq_object_bind(container_of(k, struct irq_object, kobj), n, f->rdx);
		result = 0;
	}
	irq_enable();
	if (before != NULL)
		kobj_put(&before->kobj);
	return result;
}

s64 sys_irq_ack(struct syscall_frame *f)
{
	struct kobj *k = find(f->rdi, KOBJ_IRQ, RIGHT_IRQ);

	return k != NULL ? device_irq_ack(&container_of(k, struct irq_object, kobj)->irq) : -EBADF;
}

s64 sys_ports(struct syscall_frame *f)
{
	struct port_range *p;
	int err;

	if (!may_use_system(f->rdi, RIGHT_PORTS))
		return -EBADF;
	err = port_range_create(f->rsi, f->rdx, &p);
	return err ? err : add(&p->kobj, RIGHT_PORTS);
}

s64 sys_port_in(struct syscall_frame *f)
{
	struct kobj *k = find(f->rdi, KOBJ_PORTS, RIGHT_PORTS);

	if (k == NULL)
		return -EBADF;
	return port_range_in(container_of(k, struct port_range, kobj), f->rsi, f->rdx);
}

s64 sys_port_out(struct syscall_frame *f)
{
	struct kobj *k = find(f->rdi, KOBJ_PORTS, RIGHT_PORTS);

	if (k == NULL)
		return -EBADF;
	return port_range_out(container_of(k, struct port_range, kobj), f->rsi, f->rdx, f->r10);
}
