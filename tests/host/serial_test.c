/* SPDX-License-Identifier: MIT */
/*
 * tests/host/serial_test.c - a port that takes everything, one that takes nothing for a while
 * (whoever reads the other end may pause), one that is broken, and none.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/serial.h"
#include "lib/err.h"
#include "lib/string.h"
#include "tests/host/cmocka_host.h"

enum { DATA, INTERRUPTS, FIFO, LINE_CONTROL, MODEM_CONTROL, LINE_STATUS, SCRATCH = 7 };

#define DLAB	 0x80
#define LOOPBACK 0x10
#define RECEIVED 0x01
#define ROOM	 0x20
#define IDLE	 0x40
#define MANY	 (~0ul)

static struct {
	bool absent, deaf; /* deaf: nothing comes back when it is looped */
	u64 takes;	   /* bytes before it is stuck */
	u64 polls;	   /* of its status */
	u8 reg[SERIAL_PORTS];
	bool has_looped;
	char sent[256];
	size_t length;
} port;

u8 in8(u16 at)
{
	assert_true(at >= SERIAL_PORT && at < SERIAL_PORT + SERIAL_PORTS);
	if (port.absent)
		return 0xff;
	if (at - SERIAL_PORT != LINE_STATUS)
		return port.reg[at - SERIAL_PORT];
	port.polls++;
	return (u8)((port.has_looped ? RECEIVED : 0) | (port.takes != 0 ? ROOM | IDLE : 0));
}

void out8(u16 at, u8 value)
{
	assert_true(at >= SERIAL_PORT && at < SERIAL_PORT + SERIAL_PORTS);
	port.reg[at - SERIAL_PORT] = value;
	if (at - SERIAL_PORT != DATA || port.reg[LINE_CONTROL] & DLAB)
		return;
	if (port.reg[MODEM_CONTROL] & LOOPBACK) {
		port.has_looped = !port.deaf;
		return;
	}
	assert_true(port.takes > 0);
	assert_true(port.length < sizeof(port.sent) - 1);
	port.sent[port.length++] = (char)value;
	if (port.takes != MANY)
		port.takes--;
}

static void say(const char *text)
{
	serial_write(text, strlen(text));
}

/* What was sent since the last time. */
static void sent(const char *text)
{
	port.sent[port.length] = 0;
	assert_string_equal(port.sent, text);
	port.length = 0;
}

static int start(void **state)
{
	(void)state;
	memset(&port, 0, sizeof(port));
	port.takes = MANY;
	return 0;
}

static void test_text(void **state)
{
	(void)state;
	assert_int_equal(serial_init(), 0);
	say("one\ntwo");
	serial_flush();
	sent("one\r\ntwo");
}

static void test_no_port(void **state)
{
	(void)state;
	port.absent = true;
	assert_int_equal(serial_init(), -ENODEV);
	say("lost");
	serial_reset();
	serial_flush();
	sent("");
}

static void test_broken_port(void **state)
{
	(void)state;
	port.deaf = true;
	assert_int_equal(serial_init(), -ENODEV);
	say("lost");
	sent("");
}

/* It says so when it goes on, and has everything from there. */
static void test_stuck_for_a_while(void **state)
{
	(void)state;
	assert_int_equal(serial_init(), 0);
	port.takes = 5;
	say("taken, lost");
	say("and more\n");
	sent("taken");
	port.takes = MANY;
	say("again\n");
	sent("\r\nserial: 16 bytes are lost here\r\nagain\r\n");
	say("more\n");
	sent("more\r\n");
}

/* In the middle of a text, and of saying so: no byte goes uncounted. */
static void test_stuck_again(void **state)
{
	(void)state;
	assert_int_equal(serial_init(), 0);
	port.takes = 1;
	say("abc");
	port.takes = 4; /* of what it says */
	say("de");
	sent("a\r\nse");
	port.takes = MANY;
	say("f");
	sent("\r\nserial: 4 bytes are lost here\r\nf");
}

/* Nobody waits for each byte of a port that is stuck. */
static void test_waits_once(void **state)
{
	u64 polls;

	(void)state;
	assert_int_equal(serial_init(), 0);
	port.takes = 0;
	say("a");
	polls = port.polls;
	assert_true(polls > 1000);
	say("bcdefghi");
	serial_flush();
	assert_true(port.polls - polls < 20);
}

/* Who took the port back does not know what it was doing. */
static void test_reset(void **state)
{
	(void)state;
	assert_int_equal(serial_init(), 0);
	port.takes = 0;
	serial_reset();
	port.takes = MANY;
	say("back");
	sent("back");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_text, start),
		cmocka_unit_test_setup(test_no_port, start),
		cmocka_unit_test_setup(test_broken_port, start),
		cmocka_unit_test_setup(test_stuck_for_a_while, start),
		cmocka_unit_test_setup(test_stuck_again, start),
		cmocka_unit_test_setup(test_waits_once, start),
		cmocka_unit_test_setup(test_reset, start),
	};

	return cmocka_run_group_tests_name("serial", tests, NULL, NULL);
}
