/* SPDX-License-Identifier: MIT */
/* user/lib/i8042.c - see i8042.h. */
#include "user/lib/i8042.h"
#include "lib/err.h"
#include "user/lib/syscall.h"

#define REG_DATA    0
#define REG_STATUS  4 /* read */
#define REG_COMMAND 4 /* write */

#define STATUS_CAME   0x01
#define STATUS_FULL   0x02 /* what was written last has not been taken yet */
#define STATUS_SECOND 0x20 /* what came is of the second port: a mouse's */

#define COMMAND_READ_CONFIG  0x20
#define COMMAND_WRITE_CONFIG 0x60
#define COMMAND_SECOND_OFF   0xa7
#define COMMAND_FIRST_OFF    0xad
#define COMMAND_FIRST_ON     0xae

#define CONFIG_FIRST_INTERRUPTS	 0x01
#define CONFIG_SECOND_INTERRUPTS 0x02
#define CONFIG_FIRST_OFF	 0x10
#define CONFIG_TRANSLATE	 0x40

#define KEYBOARD_ON 0xf4

#define ANSWER_NS 100000000ul
#define LEFT_MAX  64u /* codes that may be left from before; more is no controller */

static u8 status(u64 ports)
{
	return (u8)sys_port_in(ports, REG_STATUS, 1);
}

/* Until a bit of the status is @set.  False: it never is. */
static bool becomes(u64 ports, u8 bit, bool set)
{
	u64 end = (u64)sys_clock() + ANSWER_NS;

	while (((status(ports) & bit) != 0) != set)
		if ((u64)sys_clock() > end)
			return false;
	return true;
}

static bool write(u64 ports, u64 reg, u8 value)
{
	return becomes(ports, STATUS_FULL, false) && sys_port_out(ports, reg, 1, value) == 0;
}

/* Its answer, or -ENODEV. */
static int answer(u64 ports)
{
	return becomes(ports, STATUS_CAME, true) ? (u8)sys_port_in(ports, REG_DATA, 1) : -ENODEV;
}

static bool is_empty(u64 ports)
{
	for (u32 i = 0; i < LEFT_MAX; i++) {
		if ((status(ports) & STATUS_CAME) == 0)
			return true;
		sys_port_in(ports, REG_DATA, 1);
	}
	return false;
}

s64 i8042_set_up(u64 ports)
{
	int config;

	if (!write(ports, REG_COMMAND, COMMAND_FIRST_OFF) ||
	    !write(ports, REG_COMMAND, COMMAND_SECOND_OFF) || !is_empty(ports) ||
	    !write(ports, REG_COMMAND, COMMAND_READ_CONFIG))
		return -ENODEV;
	config = answer(ports);
	if (config < 0)
		return config;
	config |= CONFIG_FIRST_INTERRUPTS | CONFIG_TRANSLATE;
	config &= ~(CONFIG_SECOND_INTERRUPTS | CONFIG_FIRST_OFF);
	if (!write(ports, REG_COMMAND, COMMAND_WRITE_CONFIG) ||
	    !write(ports, REG_DATA, (u8)config) || !write(ports, REG_COMMAND, COMMAND_FIRST_ON) ||
	    !write(ports, REG_DATA, KEYBOARD_ON))
		return -ENODEV;
	/* Its acknowledgement; a keyboard that is not plugged in yet has none. */
	(void)answer(ports);
	return 0;
}

int i8042_read(u64 ports)
{
	for (u32 i = 0; i < LEFT_MAX; i++) {
		u8 now = status(ports), code;

		if ((now & STATUS_CAME) == 0)
			return -EAGAIN;
		code = (u8)sys_port_in(ports, REG_DATA, 1);
		if ((now & STATUS_SECOND) == 0)
			return code;
	}
	return -EAGAIN;
}
