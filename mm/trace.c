/* SPDX-License-Identifier: MIT */
/*
 * mm/trace.c - see trace.h.
 */
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/time.h"
#include "lib/err.h"
#include "lib/log.h"
#include "mm/flush.h"
#include "mm/slab.h"
#include "mm/trace.h"

struct trace_ring {
	u32 next; /* counts up; the record's place is its remainder */
	struct trace_record *records;
};

bool trace_on; /* the rings are there */

static u32 ring_records; /* constant once trace_on; a power of two */
static DEFINE_PER_CPU(struct trace_ring, trace_ring);

/* Interrupts are off, so that the thread is not moved between ring and place. */
void trace_write(enum trace_event event, u64 ctx_id, u64 arg)
{
	u64 flags = irq_save();
	struct trace_ring *ring = this_cpu_ptr(&trace_ring);
	u32 place = ring->next++ % ring_records;

	ring->records[place] = (struct trace_record){
		.ticks = time_ticks(),
		.ctx_id = ctx_id,
		.arg = arg,
		.event = (u64)event + 1,
	};
	irq_restore(flags);
}

static void free_rings(void)
{
	for (u32 cpu = 0; cpu < cpu_count; cpu++)
		if (percpu_offset[cpu] != 0)
			kfree(per_cpu_ptr(&trace_ring, cpu)->records);
}

static int make_ring(u32 cpu)
{
	struct trace_ring *ring = per_cpu_ptr(&trace_ring, cpu);

	ring->records = kzalloc(ring_records * sizeof(ring->records[0]));
	return ring->records != NULL ? 0 : -ENOMEM;
}

int trace_start(u32 records)
{
	ring_records = TRACE_RECORDS_MIN;
	while (ring_records < records)
		ring_records *= 2;
	for (u32 cpu = 0; cpu < cpu_count; cpu++)
		if (percpu_offset[cpu] != 0 && make_ring(cpu)) {
			free_rings();
			return -ENOMEM;
		}
	flush_tells = true;
	__atomic_store_n(&trace_on, true, __ATOMIC_RELEASE);
	return 0;
}

int trace_prepare_cpu(u32 cpu)
{
	return trace_on && per_cpu_ptr(&trace_ring, cpu)->records == NULL ? make_ring(cpu) : 0;
}

static void print_ring(u32 cpu)
{
	const struct trace_ring *ring = per_cpu_ptr(&trace_ring, cpu);

	for (u32 i = 0; i < ring_records; i++) {
		const struct trace_record *r = &ring->records[(ring->next + i) % ring_records];

		if (r->event != 0)
			printk("trace: %x %lx %lx %lx %lx\n", cpu, r->ticks, r->event - 1,
			       r->ctx_id, r->arg);
	}
}

void trace_print(void)
{
	if (!trace_on)
		return;
	trace_on = false;
	for (u32 cpu = 0; cpu < cpu_count; cpu++)
		if (percpu_offset[cpu] != 0 && per_cpu_ptr(&trace_ring, cpu)->records != NULL)
			print_ring(cpu);
}
