/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/serial.c - see serial.h.  No machine hangs for its console: a port that takes
 * nothing during a bounded wait is stuck (whoever reads the other end may pause).  What is
 * written then is lost, and counted; each text looks once whether the port takes bytes
 * again, and is preceded by how many are missing.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/serial.h"
#include "lib/err.h"

enum {
	REG_DATA = 0,	    /* with DLAB: divisor, low */
	REG_INTERRUPTS = 1, /* with DLAB: divisor, high */
	REG_FIFO = 2,
	REG_LINE_CONTROL = 3,
	REG_MODEM_CONTROL = 4,
	REG_LINE_STATUS = 5,
	REG_SCRATCH = 7,
};

#define LINE_8N1	 0x03
#define LINE_DLAB	 0x80
#define FIFO_ON_CLEAR	 0x07
#define MODEM_DTR_RTS	 0x03
#define MODEM_LOOPBACK	 0x10
#define STATUS_RECEIVED	 0x01
#define STATUS_ROOM	 0x20
#define STATUS_IDLE	 0x40
#define DIVISOR_115200	 1
#define SCRATCH_PATTERN	 0x5a
#define LOOPBACK_PATTERN 0xa5
#define WAIT_LIMIT	 1000000u

static bool present; /* constant after serial_init() */
static bool stuck;
static u64 lost; /* bytes that are still to be told of */

static bool status_has(u8 bit)
{
	return in8(SERIAL_PORT + REG_LINE_STATUS) & bit;
}

/* False: not within the limit. */
static bool wait_for(u8 bit)
{
	for (u32 i = 0; i < WAIT_LIMIT; i++)
		if (status_has(bit))
			return true;
	return false;
}

/* Send a byte to ourselves: an absent port answers 0xff, a broken one anything. */
static bool loopback_works(void)
{
	out8(SERIAL_PORT + REG_SCRATCH, SCRATCH_PATTERN);
	if (in8(SERIAL_PORT + REG_SCRATCH) != SCRATCH_PATTERN)
		return false;
	out8(SERIAL_PORT + REG_MODEM_CONTROL, MODEM_LOOPBACK | MODEM_DTR_RTS);
	out8(SERIAL_PORT + REG_DATA, LOOPBACK_PATTERN);
	return wait_for(STATUS_RECEIVED) && in8(SERIAL_PORT + REG_DATA) == LOOPBACK_PATTERN;
}

static void set_up(void)
{
	out8(SERIAL_PORT + REG_LINE_CONTROL, LINE_8N1);
	out8(SERIAL_PORT + REG_INTERRUPTS, 0);
	out8(SERIAL_PORT + REG_LINE_CONTROL, LINE_DLAB);
	out8(SERIAL_PORT + REG_DATA, DIVISOR_115200);
	out8(SERIAL_PORT + REG_INTERRUPTS, 0);
	out8(SERIAL_PORT + REG_LINE_CONTROL, LINE_8N1);
	out8(SERIAL_PORT + REG_FIFO, FIFO_ON_CLEAR);
}

int serial_init(void)
{
	set_up();
	present = loopback_works();
	stuck = false;
	lost = 0;
	out8(SERIAL_PORT + REG_MODEM_CONTROL, MODEM_DTR_RTS);
	return present ? 0 : -ENODEV;
}

void serial_reset(void)
{
	if (!present)
		return;
	out8(SERIAL_PORT + REG_LINE_CONTROL,
	     LINE_8N1); /* the divisor's registers hide the data's */
	(void)wait_for(STATUS_IDLE);
	set_up();
	stuck = false;
	out8(SERIAL_PORT + REG_MODEM_CONTROL, MODEM_DTR_RTS);
}

static bool send(char byte)
{
	stuck = stuck ? !status_has(STATUS_ROOM) : !wait_for(STATUS_ROOM);
	if (!stuck)
		out8(SERIAL_PORT + REG_DATA, (u8)byte);
	return !stuck;
}

static bool send_all(const char *text)
{
	while (*text && send(*text))
		text++;
	return !*text;
}

static bool send_number(u64 n)
{
	u64 unit = 1;

	while (n / unit >= 10)
		unit *= 10;
	for (; unit > 0; unit /= 10)
		if (!send((char)('0' + n / unit % 10)))
			return false;
	return true;
}

/* If it can be told now.  Below whatever prints: formatting would take too much of its stack. */
static void tell_what_is_lost(void)
{
	if (send_all("\r\nserial: ") && send_number(lost) && send_all(" bytes are lost here\r\n"))
		lost = 0;
}

/* Behind a byte that is lost the rest of its text is, too. */
static void put(char byte)
{
	if (lost != 0 || !send(byte))
		lost++;
}

void serial_write(const char *text, size_t len)
{
	if (!present)
		return;
	if (lost != 0)
		tell_what_is_lost();
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			put('\r');
		put(text[i]);
	}
}

void serial_flush(void)
{
	if (present && !stuck)
		(void)wait_for(STATUS_IDLE);
}
