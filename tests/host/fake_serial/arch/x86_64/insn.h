/* SPDX-License-Identifier: MIT */
/*
 * tests/host/fake_serial/arch/x86_64/insn.h - the instructions that a serial port needs, of a port
 * that the test makes up (serial_test.c).
 */
#pragma once

#include "lib/types.h"

u8 in8(u16 port);
void out8(u16 port, u8 value);
