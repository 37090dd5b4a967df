/* SPDX-License-Identifier: MIT */
/*
 * lib/acpi_madt.c - the MADT: one walk over entries of (type, length, fields).  The
 * walk checks that an entry lies in the table and is as long as its type must be;
 * the functions for each type then only look at what the fields mean.
 */
#include "lib/acpi.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/format.h"

#define MADT_LAPIC_ADDRESS 36
#define MADT_FLAGS	   40
#define MADT_ENTRIES	   44

#define MADT_FLAG_8259 0x1

#define CPU_ENABLED	   0x1
#define CPU_ONLINE_CAPABLE 0x2

#define BUS_ISA 0

/* Of an override's flags: two bits of polarity, two of trigger mode; 0: as the bus has it. */
#define SIGNAL_MASK	    0x3
#define SIGNAL_TRIGGER	    2 /* shift */
#define SIGNAL_RESERVED	    2
#define SIGNAL_LOW_OR_LEVEL 3

#define LAPIC_ID_NONE  0xffu /* the broadcast ids name no CPU */
#define X2APIC_ID_NONE 0xffffffffu

#define MESSAGE_MAX 128

struct entry {
	const u8 *bytes;
	unsigned int number, offset;
};

struct madt {
	struct acpi_cpus *out;
	acpi_complain *complain;
};

static void complain(const struct madt *m, const struct entry *e, const char *what)
{
	char message[MESSAGE_MAX];

	format(message, sizeof(message), "MADT entry %u (type %u, at %#x): %s", e->number,
	       e->bytes[0], e->offset, what);
	if (m->complain != NULL)
		m->complain(message);
}

static void complain_id(const struct madt *m, const struct entry *e, const char *what, u32 id)
{
	char text[MESSAGE_MAX / 2];

	format(text, sizeof(text), "%s %#x", what, id);
	complain(m, e, text);
}

static bool is_listed(const struct acpi_cpus *cpus, u32 apic_id)
{
	for (unsigned int i = 0; i < cpus->n; i++) {
		if (cpus->cpus[i].apic_id == apic_id)
			return true;
	}
	return false;
}

static void add_cpu(struct madt *m, const struct entry *e, u32 apic_id, u32 uid, u32 flags,
		    u32 none)
{
	struct acpi_cpus *out = m->out;

	if ((flags & (CPU_ENABLED | CPU_ONLINE_CAPABLE)) == 0)
		return;
	if (apic_id == none)
		complain_id(m, e, "a CPU cannot have the APIC id", apic_id);
	else if (is_listed(out, apic_id))
		complain_id(m, e, "a CPU before it has the APIC id", apic_id);
	else if (out->n == ACPI_MAX_CPUS)
		complain_id(m, e, "too many CPUs, left out is APIC id", apic_id);
	else
		out->cpus[out->n++] = (struct acpi_cpu){
			.apic_id = apic_id,
			.acpi_uid = uid,
			.enabled = (flags & CPU_ENABLED) != 0,
		};
}

static void parse_lapic(struct madt *m, const struct entry *e)
{
	add_cpu(m, e, get_u8(e->bytes, 3), get_u8(e->bytes, 2), get_u32(e->bytes, 4),
		LAPIC_ID_NONE);
}

static void parse_x2apic(struct madt *m, const struct entry *e)
{
	add_cpu(m, e, get_u32(e->bytes, 4), get_u32(e->bytes, 12), get_u32(e->bytes, 8),
		X2APIC_ID_NONE);
}

static bool ioapic_is_listed(const struct acpi_cpus *cpus, u32 phys, u32 gsi_base)
{
	for (unsigned int i = 0; i < cpus->n_ioapics; i++)
		if (cpus->ioapics[i].phys == phys || cpus->ioapics[i].gsi_base == gsi_base)
			return true;
	return false;
}

static void parse_ioapic(struct madt *m, const struct entry *e)
{
	struct acpi_cpus *out = m->out;
	u8 id = get_u8(e->bytes, 2);
	u32 phys = get_u32(e->bytes, 4), gsi_base = get_u32(e->bytes, 8);

	if (phys == 0)
		complain_id(m, e, "at address 0 there can be no I/O APIC, id", id);
	else if (ioapic_is_listed(out, phys, gsi_base))
		complain_id(m, e, "an I/O APIC before has the place or the interrupts of id", id);
	else if (out->n_ioapics == ACPI_MAX_IOAPICS)
		complain_id(m, e, "too many I/O APICs, left out is id", id);
	else
		out->ioapics[out->n_ioapics++] = (struct acpi_ioapic){
			.id = id,
			.phys = phys,
			.gsi_base = gsi_base,
		};
}

/* What an override's flags say of a signal; of the ISA bus if they leave it to the bus. */
static bool parse_signal(u16 flags, struct acpi_line *line)
{
	u16 polarity = flags & SIGNAL_MASK, trigger = flags >> SIGNAL_TRIGGER & SIGNAL_MASK;

	line->low = polarity == SIGNAL_LOW_OR_LEVEL;
	line->level = trigger == SIGNAL_LOW_OR_LEVEL;
	return polarity != SIGNAL_RESERVED && trigger != SIGNAL_RESERVED;
}

static void parse_override(struct madt *m, const struct entry *e)
{
	struct acpi_cpus *out = m->out;
	struct acpi_line line = { .gsi = get_u32(e->bytes, 4) };
	u8 bus = get_u8(e->bytes, 2), source = get_u8(e->bytes, 3);

	if (bus != BUS_ISA || source >= ACPI_ISA_LINES)
		complain_id(m, e, "overrides what is no interrupt of the ISA bus, source", source);
	else if (!parse_signal(get_u16(e->bytes, 8), &line))
		complain_id(m, e, "says what no signal is, flags", get_u16(e->bytes, 8));
	else if (out->overridden & BIT(source))
		complain_id(m, e, "an entry before it overrides source", source);
	else {
		out->overridden |= (u16)BIT(source);
		out->isa[source] = line;
	}
}

static void parse_lapic_address(struct madt *m, const struct entry *e)
{
	if (get_u64(e->bytes, 4) == 0)
		complain(m, e, "the local APICs cannot be at address 0");
	else
		m->out->lapic_phys = get_u64(e->bytes, 4);
}

/* By entry type: the length that its fields need, and what reads them. */
static const struct {
	u8 size;
	void (*parse)(struct madt *m, const struct entry *e);
} kinds[] = {
	[0] = { 8, parse_lapic },	   [1] = { 12, parse_ioapic }, [2] = { 10, parse_override },
	[5] = { 12, parse_lapic_address }, [9] = { 16, parse_x2apic },
};

static void parse_entry(struct madt *m, const struct entry *e)
{
	u8 type = e->bytes[0], length = e->bytes[1];

	if (type >= ARRAY_SIZE(kinds) || kinds[type].parse == NULL)
		return;
	if (length < kinds[type].size)
		complain_id(m, e, "too short for its type, length is", length);
	else
		kinds[type].parse(m, e);
}

static void walk(struct madt *m, const u8 *madt, u32 length)
{
	struct entry e = { .number = 0, .offset = MADT_ENTRIES };

	for (; e.offset < length; e.number++) {
		u32 left = length - e.offset;

		e.bytes = madt + e.offset;
		if (left < 2 || e.bytes[1] < 2) {
			complain(m, &e, "has no length; the rest of the table is ignored");
			return;
		}
		if (e.bytes[1] > left) {
			complain(m, &e, "runs over the table's end; it is ignored");
			return;
		}
		parse_entry(m, &e);
		e.offset += e.bytes[1];
	}
}

int acpi_parse_madt(const void *madt, size_t len, struct acpi_cpus *out, acpi_complain *complain_to)
{
	struct madt m = { .out = out, .complain = complain_to };

	if (acpi_check_table(madt, len, "APIC") != 0 || acpi_table_length(madt) < MADT_ENTRIES)
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	out->lapic_phys = get_u32(madt, MADT_LAPIC_ADDRESS);
	out->has_8259 = (get_u32(madt, MADT_FLAGS) & MADT_FLAG_8259) != 0;
	for (u32 i = 0; i < ACPI_ISA_LINES; i++)
		out->isa[i].gsi = i;
	walk(&m, madt, acpi_table_length(madt));
	return out->n > 0 ? 0 : -ENODEV;
}

struct acpi_line acpi_line(const struct acpi_cpus *madt, u32 gsi)
{
	/* One that was moved here comes before the one that would be here by itself. */
	for (u32 named = 0; named < 2; named++)
		for (u32 i = 0; i < ACPI_ISA_LINES; i++)
			if (madt->isa[i].gsi == gsi &&
			    (named != 0 || (madt->overridden & BIT(i)) != 0))
				return madt->isa[i];
	return (struct acpi_line){ .gsi = gsi, .level = true, .low = true };
}
