/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/serial.h - the first serial port (16550), polled, 115200 8N1.
 */
#pragma once

#include "lib/types.h"

#define SERIAL_PORT  0x3f8 /* the first of its ports */
#define SERIAL_PORTS 8

/* Set up COM1.  -ENODEV: there is no port, and serial_write() does nothing. */
int serial_init(void);

/*
 * Send @len bytes, each line end as CR LF.  Waits for the port, but not for ever: what it does not
 * take is lost, and it says later how much.  From any context; whoever calls keeps others out.
 */
void serial_write(const char *text, size_t len);

/* Somebody else has used it: as serial_init(), but what it says is not lost and not tried. */
void serial_reset(void);

/* Wait until everything has left the port. */
void serial_flush(void);
