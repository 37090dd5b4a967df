/* SPDX-License-Identifier: MIT */
/*
 * tools/tlbcheck/figures.c - see figures.h.
 */
#include <stddef.h>
#include <stdlib.h>

#include "figures.h"
#include "model.h"

#define WORKLOADS_MAX 256
#define NAME_BYTES    64
#define TAG_BITS      0xfffull
#define ISOLATED_TAG  0x800u /* the user's of a pair of tags */
#define ISOLATED_PGD  PAGE_BYTES
#define FAULT_USER    (1u << 2)
#define COUNTS	      (sizeof(struct model_counts) / sizeof(uint64_t))

/* What one CPU did of one workload. */
static struct workload {
	char name[NAME_BYTES];
	uint64_t mark; /* the name's address in the guest */
	unsigned int cpu;
	uint64_t ops;
	uint64_t sum[COUNTS];
} workloads[WORKLOADS_MAX];
static unsigned int workload_count;

static struct {
	struct model *model;
	struct workload *workload; /* under way; NULL: none */
	struct model_counts at_begin;
} __attribute__((aligned(64))) figures[CPUS_MAX];

static struct model *model_of(unsigned int cpu)
{
	if (figures[cpu].model == NULL)
		figures[cpu].model = model_make();
	return figures[cpu].model;
}

/* --- workloads ------------------------------------------------------------------------------ */

/* The byte at @va by the tables that @c has loaded; 0 if there is none. */
static char guest_byte(const struct cpu *c, uint64_t va)
{
	struct walk way;
	uint64_t place;

	guest_walk(&way, c->root, c->levels, va);
	place = way.present ? guest_place(way.pa) : NOWHERE;
	if (place == NOWHERE)
		return '\0';
	place += va & (PAGE_BYTES - 1);
	return (char)(guest_read(place & ~7ull) >> 8 * (place & 7));
}

static void read_name(const struct cpu *c, uint64_t va, char name[NAME_BYTES])
{
	unsigned int i = 0;

	while (i < NAME_BYTES - 1 && (name[i] = guest_byte(c, va + i)) != '\0')
		i++;
	name[i] = '\0';
}

static struct workload *workload_of(unsigned int cpu, uint64_t mark)
{
	struct workload *w = workloads;

	while (w < workloads + workload_count && (w->mark != mark || w->cpu != cpu))
		w++;
	if (w == workloads + WORKLOADS_MAX)
		return NULL;
	if (w == workloads + workload_count) {
		workload_count++;
		w->mark = mark;
		w->cpu = cpu;
		read_name(&cpus[cpu], mark, w->name);
	}
	return w;
}

static void end_workload(unsigned int cpu)
{
	const uint64_t *now = (const uint64_t *)&model_of(cpu)->counts;
	const uint64_t *before = (const uint64_t *)&figures[cpu].at_begin;
	struct workload *w = figures[cpu].workload;

	if (w == NULL)
		return;
	w->ops++;
	for (size_t i = 0; i < COUNTS; i++)
		w->sum[i] += now[i] - before[i];
	figures[cpu].workload = NULL;
}

static void mark(unsigned int cpu, uint64_t value)
{
	end_workload(cpu);
	if (value == 0)
		return;
	figures[cpu].workload = workload_of(cpu, value);
	figures[cpu].at_begin = model_of(cpu)->counts;
}

/* --- what is told ---------------------------------------------------------------------------- */

static void load(unsigned int cpu, uint64_t cr3, bool keep)
{
	struct cpu *c = &cpus[cpu];

	c->tag_before = c->tag;
	c->root_before = c->root;
	c->tag = cr3 & TAG_BITS;
	c->root = cr3 & PTE_ADDRESS;
	model_load(model_of(cpu), c->tag, keep);
}

/* By its handler, which with isolation has left the PGD of user mode already. */
static void fault(unsigned int cpu, uint64_t va, unsigned int error)
{
	const struct cpu *c = &cpus[cpu];
	bool isolated = (error & FAULT_USER) && c->root_before == c->root + ISOLATED_PGD &&
			(c->tag_before == c->tag + ISOLATED_TAG || c->tag_before == c->tag);
	struct walk way;

	guest_walk(&way, isolated ? c->root_before : c->root, c->levels, va);
	model_fault(model_of(cpu), isolated ? c->tag_before : c->tag, &way);
}

void figures_mail(unsigned int cpu, enum mail what, uint64_t value)
{
	struct model *m = model_of(cpu);

	switch (what) {
	case MAIL_SWITCH:
		load(cpu, value & ~NOFLUSH, value & NOFLUSH);
		break;
	case MAIL_PAGE:
		model_flush_page(m, value);
		break;
	case MAIL_TAG_PAGE:
		model_flush_tag_page(m, value & TAG_BITS, value);
		break;
	case MAIL_TAG:
		model_flush_tag(m, value & TAG_BITS);
		break;
	case MAIL_ALL:
		model_flush_all(m, true);
		break;
	case MAIL_ALL_LOCAL:
		model_flush_all(m, false);
		break;
	case MAIL_FAULT:
		fault(cpu, value & ~TAG_BITS, value & TAG_BITS);
		break;
	case MAIL_MARK:
		mark(cpu, value);
		break;
	default:
		break;
	}
}

static void access_page(unsigned int cpu, uint64_t va, enum model_access access)
{
	struct cpu *c = &cpus[cpu];
	struct model *m = figures[cpu].model; /* made when the root was told */
	struct walk way;

	if (model_access(m, access, va))
		return;
	guest_walk(&way, c->root, c->levels, va);
	model_fill(m, access, &way);
}

void figures_access(unsigned int cpu, uint64_t va, enum access access, unsigned int bytes)
{
	static const enum model_access kinds[] = { [ACCESS_READ] = MODEL_READ,
						   [ACCESS_WRITE] = MODEL_WRITE,
						   [ACCESS_FETCH] = MODEL_FETCH };
	uint64_t last = va + bytes - 1;

	access_page(cpu, va, kinds[access]);
	if (last >> PAGE_BITS != va >> PAGE_BITS)
		access_page(cpu, last, kinds[access]);
}

/* --- the report ------------------------------------------------------------------------------- */

#define FIGURE(name, member)                                                                       \
	{                                                                                          \
		name, offsetof(struct model_counts, member) / sizeof(uint64_t)                     \
	}

static const struct {
	const char *name;
	size_t index; /* in struct model_counts */
} names[] = {
	FIGURE("reads", accesses[MODEL_READ]),
	FIGURE("writes", accesses[MODEL_WRITE]),
	FIGURE("fetches", accesses[MODEL_FETCH]),
	FIGURE("itlb_misses", itlb_misses),
	FIGURE("dtlb_misses", dtlb_misses),
	FIGURE("stlb_misses", stlb_misses),
	FIGURE("faults", faults),
	FIGURE("walk_refs", walk_refs),
	FIGURE("loads", loads),
	FIGURE("flushing_loads", flushing_loads),
	FIGURE("page_flushes", page_flushes),
	FIGURE("tag_flushes", tag_flushes),
	FIGURE("whole_flushes", whole_flushes),
};

static void report_workload(FILE *out, const struct workload *w)
{
	const struct model_counts *sum = (const struct model_counts *)w->sum;

	fprintf(out, "{\"model\":\"tlb\",\"figures\":\"modelled\",\"bench\":\"%s\",\"cpu\":%u,",
		w->name, w->cpu);
	fprintf(out, "\"ops\":%llu,\"accesses\":%llu,\"l1_misses\":%llu",
		(unsigned long long)w->ops,
		(unsigned long long)(sum->accesses[MODEL_READ] + sum->accesses[MODEL_WRITE] +
				     sum->accesses[MODEL_FETCH]),
		(unsigned long long)(sum->itlb_misses + sum->dtlb_misses));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		fprintf(out, ",\"%s\":%llu", names[i].name,
			(unsigned long long)w->sum[names[i].index]);
	fprintf(out, ",\"levels\":%u", cpus[w->cpu].levels);
	for (unsigned int i = 0; i < MODEL_ARRAYS; i++)
		fprintf(out, ",\"%s\":\"%u/%u\"", model_shapes[i].name, model_shapes[i].entries,
			model_shapes[i].ways);
	fprintf(out, "}\n");
}

void figures_report(FILE *out)
{
	for (unsigned int i = 0; i < workload_count; i++)
		report_workload(out, &workloads[i]);
}
