/* SPDX-License-Identifier: MIT */
/*
 * tools/insncount/insncount.c - a QEMU plugin that counts the instructions that a CPU
 * executes from one marked place of the kernel to another, whatever the other CPUs do.
 *
 *	-plugin insncount.so,out=FILE,begin=ADDRESS,...,end=ADDRESS,...,wait=...,go_on=...
 *
 * A sample begins when a CPU comes to an address of begin= and ends when the same CPU
 * comes to one of end=: the instruction at the beginning is counted, that at the end is
 * not.  Nor is what the CPU executes from an address of wait= to one of go_on=.  FILE gets a
 * line for each, as it ends: CPU, address of the beginning, instructions (decimal, hexadecimal,
 * decimal).
 *
 * A string instruction with a rep prefix counts once, however often it repeats: QEMU executes it
 * anew each time, and nothing comes in between.
 *
 * Instructions of the upper half of the address space alone are counted: firmware and
 * loaders, which run below, take no longer than without the plugin.  What an interrupt
 * executes between the marks is counted too.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

#define CPUS_MAX   256
#define MARKS_MAX  128
#define UPPER_HALF (1ull << 63)

/* One CPU's, in a cache line of its own: its thread alone touches it. */
static struct {
	uint64_t executed;
	uint64_t last;	/* address of the instruction that was executed last */
	uint64_t begin; /* address of the begin mark; 0: between samples */
	uint64_t executed_at_begin;
	uint64_t executed_at_wait;
	bool waits;
} __attribute__((aligned(64))) cpus[CPUS_MAX];

static const char *const kinds[] = { "begin=", "end=", "wait=", "go_on=" };

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct mark {
	uint64_t address;
	qemu_plugin_vcpu_udata_cb_t on;
} marks[MARKS_MAX];
static size_t mark_count;

static FILE *out;

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static void on_insn(unsigned int cpu, void *address)
{
	cpus[cpu].executed += cpus[cpu].last != (uintptr_t)address;
	cpus[cpu].last = (uintptr_t)address;
}

static void on_begin(unsigned int cpu, void *mark)
{
	cpus[cpu].begin = ((const struct mark *)mark)->address;
	cpus[cpu].executed_at_begin = cpus[cpu].executed;
	cpus[cpu].waits = false;
}

static void on_end(unsigned int cpu, void *unused)
{
	(void)unused;
	if (cpus[cpu].begin == 0)
		return;
	fprintf(out, "%u %llx %llu\n", cpu, (unsigned long long)cpus[cpu].begin,
		(unsigned long long)(cpus[cpu].executed - cpus[cpu].executed_at_begin));
	cpus[cpu].begin = 0;
}

/* A loop that waits may begin with its mark, and come to it again. */
static void on_wait(unsigned int cpu, void *unused)
{
	(void)unused;
	if (!cpus[cpu].waits)
		cpus[cpu].executed_at_wait = cpus[cpu].executed;
	cpus[cpu].waits = true;
}

/* As if the wait had not been. */
static void on_go_on(unsigned int cpu, void *unused)
{
	(void)unused;
	if (cpus[cpu].waits)
		cpus[cpu].executed = cpus[cpu].executed_at_wait;
	cpus[cpu].waits = false;
}

static const qemu_plugin_vcpu_udata_cb_t handlers[KINDS] = { on_begin, on_end, on_wait, on_go_on };

/* Marks first: at its own address the instruction has not been counted yet. */
static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);

		if (!(address & UPPER_HALF))
			continue;
		for (size_t m = 0; m < mark_count; m++)
			if (marks[m].address == address)
				qemu_plugin_register_vcpu_insn_exec_cb(
					insn, marks[m].on, QEMU_PLUGIN_CB_NO_REGS, &marks[m]);
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_insn, QEMU_PLUGIN_CB_NO_REGS,
						       (void *)(uintptr_t)address);
	}
}

static bool add_mark(const char *address, qemu_plugin_vcpu_udata_cb_t on)
{
	if (mark_count == MARKS_MAX) {
		fprintf(stderr, "insncount: more than %d marks\n", MARKS_MAX);
		return false;
	}
	marks[mark_count++] = (struct mark){ strtoull(address, NULL, 16), on };
	return true;
}

static bool open_output(const char *path)
{
	out = fopen(path, "w");
	if (out == NULL) {
		perror(path);
		return false;
	}
	setvbuf(out, NULL, _IOLBF, BUFSIZ);
	return true;
}

static bool take_argument(const char *argument)
{
	if (strncmp(argument, "out=", 4) == 0)
		return open_output(argument + 4);
	for (size_t i = 0; i < KINDS; i++)
		if (strncmp(argument, kinds[i], strlen(kinds[i])) == 0)
			return add_mark(argument + strlen(kinds[i]), handlers[i]);
	fprintf(stderr, "insncount: what is %s?\n", argument);
	return false;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (!take_argument(argv[i]))
			return -1;
	if (out == NULL || mark_count == 0) {
		fprintf(stderr, "insncount: needs out= and marks\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	return 0;
}
