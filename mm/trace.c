/* SPDX-License-Identifier: MIT */
/*
 * mm/trace.c - see trace.h.
 */
#include "arch/x86_64/time.h"
#include "lib/assert.h"
#include "lib/log.h"
#include "mm/asid.h"
#include "mm/trace.h"

struct trace_ring {
	u32 next; /* counts up; the record's place is its remainder */
	struct trace_record records[TRACE_RECORDS];
};

static DEFINE_PER_CPU(struct trace_ring, trace_ring);

void trace_write(u32 event)
{
	struct trace_ring *ring = this_cpu_ptr(&trace_ring);
	u32 place = __atomic_fetch_add(&ring->next, 1, __ATOMIC_RELAXED) % TRACE_RECORDS;

	ring->records[place] = (struct trace_record){
		.ticks = time_ticks(),
		.ctx_id = cpu_tlb.loaded_ctx,
		.event = event + 1,
	};
}

static void print_ring(u32 cpu)
{
	const struct trace_ring *ring = per_cpu_ptr(&trace_ring, cpu);

	for (u32 i = 0; i < TRACE_RECORDS; i++) {
		const struct trace_record *r = &ring->records[(ring->next + i) % TRACE_RECORDS];

		if (r->event != 0)
			printk("trace: %x %lx %lx %lx\n", cpu, r->ticks, r->event - 1, r->ctx_id);
	}
}

void trace_print(void)
{
	if (!CONFIG_DEBUG)
		return;
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++)
		if (percpu_offset[cpu] != 0)
			print_ring(cpu);
}
