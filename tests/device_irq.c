/* SPDX-License-Identifier: MIT */
/*
 * tests/device_irq.c - interrupts of devices: by an edge from the PIT, by level from the HPET;
 * none comes before its acknowledgement, none is lost, also when its CPU leaves.
 */
#include "arch/x86_64/ioapic.h"
#include "arch/x86_64/time.h"
#include "kernel/acpi.h"
#include "kernel/device_irq.h"
#include "kernel/hotplug.h"
#include "kernel/wait.h"
#include "lib/err.h"
#include "mm/kspace.h"
#include "tests/storm.h"
#include "tests/threads.h"
#include "tests/timer_chip.h"

#define LONG_NS	   (10 * NS_PER_SEC) /* what has not come by then does not come */
#define SHORT_NS   (5 * NS_PER_MS)   /* what comes, comes in that time, mostly */
#define DELAY_US   20u
#define STORM_US   300u
#define CPU_ROUNDS 40u

struct chain {
	struct device_irq irq;
	struct wait_queue queue;
	u64 came; /* atomic */
	u64 bits; /* the last ones */
	bool ends;
};

static struct chain chain = { .queue = WAIT_QUEUE_INIT(chain.queue) };

static void count(void *target, u64 bits)
{
	struct chain *c = target;

	WRITE_ONCE(c->bits, bits);
	__atomic_fetch_add(&c->came, 1, __ATOMIC_RELEASE);
	wake_all(&c->queue);
}

static u64 came(struct chain *c)
{
	return __atomic_load_n(&c->came, __ATOMIC_ACQUIRE);
}

/* So many have come; false: not in that time. */
static bool await(struct chain *c, u64 n, u64 ns)
{
	return wait_event_timeout(&c->queue, came(c) >= n, time_ns() + ns) == 0;
}

static bool begin(struct test *t, struct chain *c)
{
	int err = device_irq_claim(&c->irq, device_irq_number(PIT_IRQ), count);

	c->came = 0;
	c->ends = false;
	if (err == -ENODEV)
		test_skip(t, "no I/O APIC");
	else
		EXPECT_EQ(t, err, 0);
	return err == 0;
}

/* The first is to come within a second, the next not before the acknowledgement, which brings it.
 */
TEST("device.irq", edges_wait_for_the_acknowledgement)
{
	struct chain *c = &chain;

	if (!begin(t, c))
		return;
	EXPECT_EQ(t, device_irq_ack(&c->irq), -EAGAIN);
	EXPECT_EQ(t, device_irq_bind(&c->irq, c, 5), NULL);
	for (u64 n = 1; n <= 3; n++) {
		pit_one_shot(DELAY_US);
		EXPECT(t, await(c, n, LONG_NS), "%lu came", came(c));
		EXPECT_EQ(t, READ_ONCE(c->bits), 5);
		if (n < 3)
			EXPECT_EQ(t, device_irq_ack(&c->irq), 0);
	}
	for (u32 i = 0; i < 3; i++) { /* two more than can be remembered */
		pit_one_shot(DELAY_US);
		EXPECT(t, !await(c, 4, SHORT_NS), "it came without an acknowledgement");
	}
	EXPECT_EQ(t, device_irq_ack(&c->irq), 0);
	EXPECT_EQ(t, came(c), 4);
	EXPECT_EQ(t, device_irq_ack(&c->irq), 0);
	EXPECT_EQ(t, device_irq_ack(&c->irq), -EAGAIN);
	pit_one_shot(DELAY_US);
	EXPECT(t, await(c, 5, LONG_NS), "masked for good");
	EXPECT_EQ(t, device_irq_release(&c->irq), c);
}

TEST("device.irq", nobody_gets_it)
{
	struct chain *c = &chain;
	struct device_irq second;

	EXPECT_EQ(t, device_irq_claim(&second, IOAPIC_GSIS, count), -ENODEV);
	EXPECT_EQ(t, device_irq_claim(&second, device_irq_number(~0ul), count), -ENODEV);
	if (!begin(t, c))
		return;
	EXPECT_EQ(t, device_irq_claim(&second, c->irq.gsi, count), -EBUSY);
	pit_one_shot(DELAY_US);
	EXPECT(t, !await(c, 1, SHORT_NS), "not bound, and it came");
	device_irq_bind(&c->irq, c, 1);
	EXPECT_EQ(t, device_irq_bind(&c->irq, NULL, 0), c);
	pit_one_shot(DELAY_US);
	EXPECT(t, !await(c, 1, SHORT_NS), "not bound any more, and it came");
	device_irq_bind(&c->irq, c, 1);
	pit_one_shot(DELAY_US);
	EXPECT(t, await(c, 1, LONG_NS), "bound again, and it does not come");
	/* What was not acknowledged is forgotten with the next bind. */
	device_irq_bind(&c->irq, c, 1);
	EXPECT_EQ(t, device_irq_ack(&c->irq), -EAGAIN);
	device_irq_release(&c->irq);
	pit_one_shot(DELAY_US);
	EXPECT(t, !await(c, 2, SHORT_NS), "released, and it came");
}

/* --- CPUs leave ------------------------------------------------------------------------------ */

/* A chain: each interrupt starts the next.  One that is lost ends it. */
static int serve(void *arg)
{
	struct chain *c = arg;
	u32 us = 0;

	for (u64 n = 1; !READ_ONCE(c->ends); n++) {
		pit_one_shot(1 + us++ * 7 % STORM_US);
		if (!await(c, n, LONG_NS))
			return -ETIMEDOUT;
		if (device_irq_ack(&c->irq) != 0)
			return -EINVAL;
	}
	return 0;
}

/* The CPU that takes it leaves, and comes back; another takes it meanwhile. */
static void push_away(struct test *t, struct chain *c)
{
	u32 cpu = READ_ONCE(c->irq.cpu);

	EXPECT_EQ(t, cpu_down(cpu, 0), 0);
	EXPECT(t, await(c, came(c) + 2, LONG_NS), "CPU %u is down, and none comes", cpu);
	EXPECT(t, READ_ONCE(c->irq.cpu) != cpu, "CPU %u is down, and takes interrupts", cpu);
	EXPECT_EQ(t, cpu_up(cpu), 0);
}

TEST("device.irq", none_is_lost_when_its_cpu_leaves, .cpus = 2)
{
	struct chain *c = &chain;
	struct thread *server;
	struct storm_clock clock;
	u32 rounds = 0;

	if (!begin(t, c))
		return;
	device_irq_bind(&c->irq, c, 1);
	server = thread_create("server", serve, c);
	EXPECT(t, server != NULL, "no memory");
	if (server != NULL) {
		thread_start(server);
		storm_start(&clock, CPU_ROUNDS);
		do
			push_away(t, c), rounds++;
		while (storm_step_due(&clock));
		WRITE_ONCE(c->ends, true);
		EXPECT_EQ(t, thread_join(server), 0);
	}
	test_note("%u CPUs left, %lu interrupts came", rounds, came(c));
	device_irq_release(&c->irq);
}

/* --- level ---------------------------------------------------------------------------------------
 */

static void level(struct test *t, struct chain *c, struct hpet *h)
{
	device_irq_bind(&c->irq, c, 1);
	for (u64 n = 1; n <= 3; n++) {
		hpet_one_shot(h, DELAY_US);
		EXPECT(t, await(c, n, LONG_NS), "%lu came", came(c));
		EXPECT(t, !await(c, n + 1, SHORT_NS), "it came without an acknowledgement");
		hpet_quiet(h);
		EXPECT_EQ(t, device_irq_ack(&c->irq), 0);
		EXPECT(t, !await(c, n + 1, SHORT_NS), "it came, and the device was quiet");
	}
	/* Acknowledged without a word to the device: it comes again at once. */
	hpet_one_shot(h, DELAY_US);
	EXPECT(t, await(c, 4, LONG_NS), "%lu came", came(c));
	EXPECT_EQ(t, device_irq_ack(&c->irq), 0);
	EXPECT(t, await(c, 5, LONG_NS), "still there, and it does not come");
	hpet_quiet(h);
	EXPECT_EQ(t, device_irq_ack(&c->irq), 0);
}

TEST("device.irq", level_is_masked_until_the_acknowledgement)
{
	struct chain *c = &chain;
	struct hpet h;
	int err = hpet_find(&h);

	if (err == 0)
		err = device_irq_claim(&c->irq, h.gsi, count);
	c->came = 0;
	if (err) {
		test_skip(t, "no HPET with an interrupt by level: %s", err_name(err));
		return;
	}
	EXPECT(t, c->irq.level, "interrupt %u comes by an edge", h.gsi);
	level(t, c, &h);
	hpet_stop(&h);
	device_irq_release(&c->irq);
}
