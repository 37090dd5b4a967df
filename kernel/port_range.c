/* SPDX-License-Identifier: MIT */
/*
 * kernel/port_range.c - see port_range.h.
 */
#include "kernel/port_range.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/serial.h"
#include "kernel/console.h"
#include "lib/err.h"
#include "mm/slab.h"

static bool has_serial_line(const struct port_range *p)
{
	return p->first < SERIAL_PORT + SERIAL_PORTS && SERIAL_PORT < p->first + p->count;
}

int port_range_create(u64 first, u64 count, struct port_range **out)
{
	struct port_range *p;

	if (first >= PORTS_END || count == 0 || count > PORTS_END - first)
		return -EINVAL;
	p = kzalloc(sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	kobj_init(&p->kobj, KOBJ_PORTS);
	p->first = (u32)first;
	p->count = (u32)count;
	if (has_serial_line(p))
		console_lend_serial();
	*out = p;
	return 0;
}

void port_range_free(struct port_range *p)
{
	if (has_serial_line(p))
		console_take_serial_back();
	kfree(p);
}

static bool is_within(const struct port_range *p, u64 offset, u64 width)
{
	return offset < p->count && width <= p->count - offset;
}

s64 port_range_in(const struct port_range *p, u64 offset, u64 width)
{
	u16 port = (u16)(p->first + offset);

	if (!is_within(p, offset, width))
		return -EINVAL;
	switch (width) {
	case 1:
		return in8(port);
	case 2:
		return in16(port);
	case 4:
		return in32(port);
	default:
		return -EINVAL;
	}
}

int port_range_out(const struct port_range *p, u64 offset, u64 width, u64 value)
{
	u16 port = (u16)(p->first + offset);

	if (!is_within(p, offset, width))
		return -EINVAL;
	switch (width) {
	case 1:
		out8(port, (u8)value);
		return 0;
	case 2:
		out16(port, (u16)value);
		return 0;
	case 4:
		out32(port, (u32)value);
		return 0;
	default:
		return -EINVAL;
	}
}
