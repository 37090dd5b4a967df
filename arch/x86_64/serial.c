/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/serial.c - see serial.h.  A port that stops answering is given up after a
 * bounded wait per byte, so that no machine hangs for its console.
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

static bool present;

static void wait_for(u8 bit)
{
	for (u32 i = 0; i < WAIT_LIMIT; i++)
		if (in8(SERIAL_PORT + REG_LINE_STATUS) & bit)
			return;
	present = false;
}

/* Send a byte to ourselves: an absent port answers 0xff, a broken one anything. */
static bool loopback_works(void)
{
	out8(SERIAL_PORT + REG_SCRATCH, SCRATCH_PATTERN);
	if (in8(SERIAL_PORT + REG_SCRATCH) != SCRATCH_PATTERN)
		return false;
	out8(SERIAL_PORT + REG_MODEM_CONTROL, MODEM_LOOPBACK | MODEM_DTR_RTS);
	out8(SERIAL_PORT + REG_DATA, LOOPBACK_PATTERN);
	present = true;
	wait_for(STATUS_RECEIVED);
	return present && in8(SERIAL_PORT + REG_DATA) == LOOPBACK_PATTERN;
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
	out8(SERIAL_PORT + REG_MODEM_CONTROL, MODEM_DTR_RTS);
	return present ? 0 : -ENODEV;
}

void serial_reset(void)
{
	if (!present)
		return;
	out8(SERIAL_PORT + REG_LINE_CONTROL,
	     LINE_8N1); /* the divisor's registers hide the data's */
	wait_for(STATUS_IDLE);
	set_up();
	out8(SERIAL_PORT + REG_MODEM_CONTROL, MODEM_DTR_RTS);
}

static void put(u8 byte)
{
	if (!present)
		return;
	wait_for(STATUS_ROOM);
	out8(SERIAL_PORT + REG_DATA, byte);
}

void serial_write(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			put('\r');
		put((u8)text[i]);
	}
}

void serial_flush(void)
{
	if (present)
		wait_for(STATUS_IDLE);
}
