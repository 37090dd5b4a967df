/* SPDX-License-Identifier: MIT */
/*
 * tools/tlbcheck/hold.c - see hold.h.
 */
#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hold.h"
#include "tlb.h"

#define PATTERNS_MAX 16
#define NAME_MAX     128
#define HELD_US_MAX  2000u
#define FAR_ODDS     8u /* of the holds that are long; the others are a tenth of it */

static char *patterns[PATTERNS_MAX];
static unsigned int pattern_count;
static uint32_t odds = 16;

/* A CPU's own: no lock. */
static struct {
	uint64_t state, count;
} __attribute__((aligned(64))) chance[CPUS_MAX];

bool hold_take(const char *list)
{
	char *words = strdup(list), *rest = words;

	for (char *word; words != NULL && (word = strsep(&rest, ":")) != NULL;)
		if (pattern_count < PATTERNS_MAX)
			patterns[pattern_count++] = word;
		else
			return false;
	return words != NULL;
}

bool hold_take_odds(const char *word)
{
	odds = (uint32_t)strtoul(word, NULL, 0);
	return odds != 0;
}

static uint32_t draw(unsigned int cpu, uint32_t below)
{
	uint64_t x = chance[cpu].state;

	if (x == 0)
		x = 0x9e3779b97f4a7c15ull * (cpu + 1);
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	chance[cpu].state = x;
	return (uint32_t)(x >> 32) % below;
}

static void on_held(unsigned int cpu, void *unused)
{
	uint32_t most = HELD_US_MAX;

	(void)unused;
	if (draw(cpu, odds) != 0)
		return;
	if (draw(cpu, FAR_ODDS) != 0)
		most /= 10;
	chance[cpu].count++;
	usleep(1 + draw(cpu, most));
}

void hold_translate(struct qemu_plugin_insn *insn)
{
	uint64_t va = qemu_plugin_insn_vaddr(insn);
	char name[NAME_MAX], *plus;

	if (pattern_count == 0 || va >> 63 == 0)
		return;
	plus = strchr(symbol_name(va, name, sizeof(name)), '+');
	if (plus != NULL)
		*plus = '\0';
	for (unsigned int i = 0; i < pattern_count; i++)
		if (fnmatch(patterns[i], name, 0) == 0) {
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_held,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
			return;
		}
}

uint64_t hold_count(void)
{
	uint64_t sum = 0;

	for (unsigned int cpu = 0; cpu < CPUS_MAX; cpu++)
		sum += chance[cpu].count;
	return sum;
}
