/* SPDX-License-Identifier: MIT */
/*
 * tests/bench/ring_bench.c - address spaces that take turns on one CPU, and use memory: what a
 * switch costs afterwards, in misses of a TLB, is not in the instructions of the switch.
 *
 * A turn is a switch to the next of ring_mms= address spaces, a word read in each of
 * ring_kernel= pages of the kernel's, and one in each of ring_pages= pages in user mode, which ends
 * with an exception.  Each mm has its memory elsewhere, as with randomised addresses.
 */
#include "kernel/options.h"
#include "lib/assert.h"
#include "mm/slab.h"
#include "mm/switch.h"
#include "tests/bench/bench.h"
#include "tests/user_code.h"

#define RING_BASE   (4 * GIB)
#define SPREAD	    40503ul	/* pages from one mm's memory to the next one's, ... */
#define SPREAD_OVER (1ul << 20) /* ... modulo these: 4 GiB */
#define ROUNDS	    2u		/* before anything is measured */

/* mov rax, [rdi]; add rdi, rdx; dec rsi; jnz back to it; ud2 */
static const u8 read_pages[] = { 0x48, 0x8b, 0x07, 0x48, 0x01, 0xd7, 0x48,
				 0xff, 0xce, 0x75, 0xf5, 0x0f, 0x0b };

struct ring {
	u32 n, at;
	struct mm **mm;
	struct page **kernel;
};

static vaddr_t ring_code(u32 i)
{
	return RING_BASE + i * SPREAD % SPREAD_OVER * PAGE_SIZE;
}

/* A page of code, and behind it those that it reads. */
static struct mm *ring_mm(u32 i)
{
	vaddr_t code = ring_code(i), data = code + PAGE_SIZE;
	struct mm *mm = user_code_mm(code, read_pages, sizeof(read_pages));
	u64 size = options.ring_pages * PAGE_SIZE;

	if (mm == NULL || map_anon(mm, data, size, RW))
		panic("benchmark: out of memory");
	for (vaddr_t va = data; va < data + size; va += PAGE_SIZE)
		if (mm_fault(mm, va, FAULT_WRITE))
			panic("benchmark: out of memory");
	return mm;
}

static void ring_make(struct ring *r)
{
	r->n = options.ring_mms;
	r->mm = kmalloc(r->n * sizeof(r->mm[0]));
	r->kernel = kmalloc((options.ring_kernel + 1) * sizeof(r->kernel[0]));
	if (r->mm == NULL || r->kernel == NULL)
		panic("benchmark: out of memory");
	for (u32 i = 0; i < r->n; i++)
		r->mm[i] = ring_mm(i);
	for (u32 i = 0; i < options.ring_kernel; i++) {
		r->kernel[i] = alloc_page(ZONE_KERNEL);
		if (r->kernel[i] == NULL)
			panic("benchmark: out of memory");
	}
}

static void ring_free(struct ring *r)
{
	u64 flags = irq_save();

	switch_to_neutral();
	irq_restore(flags);
	for (u32 i = 0; i < r->n; i++)
		mm_put(r->mm[i]);
	for (u32 i = 0; i < options.ring_kernel; i++)
		put_page(r->kernel[i]);
	kfree(r->mm);
	kfree(r->kernel);
}

/* Interrupts off: the tables that are loaded are nobody's but this function's. */
static void ring_turn(struct ring *r)
{
	struct trapframe f = {
		.rip = ring_code(r->at),
		.cs = SEL_USER_CODE | RPL_USER,
		.rflags = RFLAGS_FIXED,
		.rsp = ring_code(r->at) + PAGE_SIZE,
		.ss = SEL_USER_DATA | RPL_USER,
		.rdi = ring_code(r->at) + PAGE_SIZE,
		.rsi = options.ring_pages,
		.rdx = PAGE_SIZE,
	};

	switch_mm(r->mm[r->at]);
	for (u32 i = 0; i < options.ring_kernel; i++)
		(void)READ_ONCE(*(u64 *)page_address(r->kernel[i]));
	user_call_frame(&f);
	r->at = (r->at + 1) % r->n;
}

BENCH(ring)
{
	struct ring r = { 0 };
	u64 flags;

	ring_make(&r);
	preempt_disable();
	flags = irq_save();
	for (u32 i = 0; i < ROUNDS * r.n; i++)
		ring_turn(&r);
	irq_restore(flags);
	while (bench_more(b))
		bench_sample(b, ring_turn(&r));
	preempt_enable();
	ring_free(&r);
}
