/* SPDX-License-Identifier: MIT */
/*
 * user/bin/check_rtc.c - serves the interrupts of the real-time clock, 1024 a second: each is to
 * come, and none before its acknowledgement.
 *
 * The argument is a handle of the system, and in its high half how many to serve; 0: all checks.
 */
#include "user/lib/check.h"

#define RTC_IRQ	  8
#define RTC_PORTS 0x70
#define RTC_INDEX 0 /* offsets */
#define RTC_DATA  1

/* Registers: Motorola MC146818. */
#define RTC_A		  0x0a
#define RTC_A_1024_HZ	  0x26
#define RTC_B		  0x0b
#define RTC_B_PERIODIC	  0x40
#define RTC_B_24_HOURS	  0x02
#define RTC_C		  0x0c /* reading it lets the next come */
#define RTC_C_INTERRUPTED 0x80

#define BITS	  0x21ul
#define NS_PER_MS 1000000ul
#define LONG	  (2000 * NS_PER_MS) /* what has not come by then does not come */
#define SHORT	  (10 * NS_PER_MS)   /* in which some come */

static u64 ports, irq, notification;

static u64 made(s64 handle)
{
	if (handle <= 0)
		sys_exit(handle);
	return (u64)handle;
}

static u8 rtc_read(u8 reg)
{
	sys_port_out(ports, RTC_INDEX, 1, reg);
	return (u8)sys_port_in(ports, RTC_DATA, 1);
}

static void rtc_write(u8 reg, u8 value)
{
	sys_port_out(ports, RTC_INDEX, 1, reg);
	sys_port_out(ports, RTC_DATA, 1, value);
}

static void start(void)
{
	rtc_write(RTC_A, RTC_A_1024_HZ);
	rtc_write(RTC_B, RTC_B_24_HOURS | RTC_B_PERIODIC);
	rtc_read(RTC_C);
}

static void stop(void)
{
	rtc_write(RTC_B, RTC_B_24_HOURS);
	rtc_read(RTC_C);
}

/* Did it come in @ns? */
static bool comes(u64 ns)
{
	u64 bits = 0;
	s64 err = sys_wait(notification, ns, &bits);

	CHECK(err == 0 || err == -ETIMEDOUT);
	if (err == 0)
		CHECK_EQ(bits, BITS);
	return err == 0;
}

/*
 * Serve the device, then the interrupt.  False: it was for nothing: QEMU interrupts again for what
 * nobody has read yet, and one read is for both then.
 */
static bool serve(void)
{
	bool had = (rtc_read(RTC_C) & RTC_C_INTERRUPTED) != 0;

	CHECK_EQ(sys_irq_ack(irq), 0);
	return had;
}

static void serve_many(u64 n)
{
	while (n != 0 && comes(LONG))
		n -= serve();
	CHECK_EQ(n, 0);
}

static void none_before_the_acknowledgement(void)
{
	CHECK(comes(LONG));
	rtc_read(RTC_C);
	CHECK(!comes(SHORT));
	rtc_read(RTC_C);
	CHECK_EQ(sys_irq_ack(irq), 0);
	CHECK(comes(LONG));
	serve();
}

static void bound_and_not(void)
{
	CHECK_EQ(sys_irq_bind(irq, notification, 0), -EINVAL);
	CHECK_EQ(sys_irq_bind(irq, 0, 0), 0);
	comes(0); /* what came before */
	rtc_read(RTC_C);
	CHECK(!comes(SHORT));
	CHECK_EQ(sys_irq_ack(irq), -EAGAIN);
	CHECK_EQ(sys_irq_bind(irq, notification, BITS), 0);
	rtc_read(RTC_C);
	serve_many(3);
}

/* It may be closed at any moment, and taken again. */
static void closed_and_taken_again(u64 system)
{
	for (u64 i = 0; i < 40; i++) {
		CHECK_EQ(sys_irq(system, RTC_IRQ), -EBUSY);
		comes(i % 3 * NS_PER_MS);
		rtc_read(RTC_C);
		CHECK_EQ(sys_close(irq), 0);
		CHECK_EQ(sys_irq_ack(irq), -EBADF);
		irq = made(sys_irq(system, RTC_IRQ));
		comes(0); /* what the one before signalled last */
		CHECK_EQ(sys_irq_bind(irq, notification, BITS), 0);
		rtc_read(RTC_C);
	}
	serve_many(3);
}

/* An interrupt that is bound may signal; closed, it is nobody who might. */
static void closed_while_somebody_waits(u64 system)
{
	u64 n = made(sys_notification()), waits = made(sys_duplicate(n, RIGHT_WAIT)), bits;

	CHECK_EQ(sys_irq_bind(irq, n, 1), 0);
	CHECK_EQ(sys_close(n), 0);
	rtc_read(RTC_C);
	CHECK_EQ(sys_wait(waits, LONG, &bits), 0);
	CHECK_EQ(sys_close(irq), 0);
	CHECK_EQ(sys_wait(waits, LONG, &bits), -EPIPE);
	CHECK_EQ(sys_close(waits), 0);
	irq = made(sys_irq(system, RTC_IRQ));
}

static void check_all(u64 system)
{
	serve_many(20);
	none_before_the_acknowledgement();
	bound_and_not();
	closed_and_taken_again(system);
	closed_while_somebody_waits(system);
}

int main(void)
{
	u64 system = (u32)program_arg, n = program_arg >> 32;

	irq = made(sys_irq(system, RTC_IRQ));
	ports = made(sys_ports(system, RTC_PORTS, 2));
	notification = made(sys_notification());
	CHECK_EQ(sys_irq_ack(irq), -EAGAIN);
	CHECK_EQ(sys_irq_bind(irq, notification, BITS), 0);
	start();
	if (n != 0)
		serve_many(n);
	else
		check_all(system);
	stop();
	return check_failures;
}
