# SPDX-License-Identifier: MIT
# tests/host/serial_test.mk - the serial port, of a machine that the test makes up.

HOST_SRC_serial := arch/x86_64/serial.c
HOST_CFLAGS_serial := -Itests/host/fake_serial
