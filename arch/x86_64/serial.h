/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/serial.h - the first serial port (16550), polled, 115200 8N1.
 */
#pragma once

#include "lib/types.h"

/* Set up COM1.  -ENODEV: there is no port, and serial_write() does nothing. */
int serial_init(void);

/* Send @len bytes, each line end as CR LF.  Waits for the port; from any context. */
void serial_write(const char *text, size_t len);

/* Wait until everything has left the port. */
void serial_flush(void);
