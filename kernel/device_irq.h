/* SPDX-License-Identifier: MIT */
/*
 * kernel/device_irq.h - interrupts of devices: whose each is, which CPU takes it, and that none
 * comes before the one before it was acknowledged.
 *
 *	device_irq_claim(&irq, gsi, fn)		it is ours, and masked
 *	device_irq_bind(&irq, target, bits)	from now on fn(target, bits) when it comes
 *	device_irq_ack(&irq)			the device was served: it may come again
 *	device_irq_release(&irq)
 *
 * One that is signalled by level is masked when it comes, until it is acknowledged.  One that is
 * signalled by an edge would be lost while it is masked: it is remembered instead, and comes
 * with the acknowledgement; masked is only what comes a third time.
 *
 * Each goes to one CPU; when that leaves, to another (docs/hotplug.md).
 */
#pragma once

#include "lib/acpi.h"
#include "lib/types.h"

/* In interrupt context, under the lock of this file: a wake-up, no more. */
typedef void (*device_irq_fn)(void *target, u64 bits);

/* [I]: constant.  [l]: under the lock in device_irq.c. */
struct device_irq {
	u32 gsi;	  /* [I] */
	bool level;	  /* [I] */
	device_irq_fn fn; /* [I] */
	void *target;	  /* [l] NULL: not bound, masked */
	u64 bits;	  /* [l] */
	bool unacked;	  /* [l] it came, and has not been acknowledged */
	bool again;	  /* [l] by an edge, and then it came again */
	u32 cpu;	  /* [l] which takes it */
};

/* Mask what the I/O APICs of the MADT have; says what there is.  Boot CPU, once. */
void device_irq_init(void);

/*
 * The global number of ISA interrupt @number, below ACPI_ISA_LINES, or of what has this global
 * number, above.
 */
u32 device_irq_number(u64 number);

/*
 * All but init: any context but NMI.
 * claim: 0; -ENODEV: no I/O APIC has it; -EBUSY: it is somebody's.
 * bind: returns the target before; with NULL it is masked.  When it returns, fn runs for the
 * old target no more.  What came before and was not acknowledged is forgotten.
 * ack: 0, or -EAGAIN: there is nothing to acknowledge.
 * release: it is masked; returns the last target, and fn runs no more.
 */
int device_irq_claim(struct device_irq *irq, u32 gsi, device_irq_fn fn) WARN_UNUSED_RESULT;
void *device_irq_bind(struct device_irq *irq, void *target, u64 bits);
int device_irq_ack(struct device_irq *irq);
void *device_irq_release(struct device_irq *irq);

/* CPU @cpu takes such interrupts from now on. */
void device_irq_join(u32 cpu);

/*
 * It takes none any more but what has been sent already, which it takes if it has interrupts on
 * once more: what went there goes to another CPU.  0, or -EBUSY: no other can take them.
 */
int device_irq_leave(u32 cpu);
