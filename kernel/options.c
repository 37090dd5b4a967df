/* SPDX-License-Identifier: MIT */
/*
 * kernel/options.c - the table of command-line words.
 */
#include "arch/x86_64/layout.h"
#include "arch/x86_64/tlb_mailbox.h"
#include "kernel/options.h"
#include "lib/cmdline.h"
#include "lib/log.h"
#include "mm/kmap.h"
#include "mm/pgd.h"
#include "mm/trace.h"

struct options options = {
	.test = "*",
	.cpus = MAX_CPUS,
	.crowd = 4,
	.trace_records = 512,
	.ring_mms = 16,
	.top_entries = 4,
	.ring_pages = 16,
	.ring_kernel = 4,
};

/* Words that others read (the loaders, emulator.c); here so that they are known. */
static u32 kernel_word, emulator_word, la57_word, next_word;

static const char *const physmap_words[] = { "all", "kernel", NULL };
static const char *const pcid_words[] = { "auto", "on", "soft", "off", NULL };
static const char *const pti_words[] = { "auto", "on", "off", NULL };
static const char *const fill_words[] = { "setup", "touch", NULL };
static const char *const kernel_words[] = { "percpu", "classic", NULL };
static const char *const save_words[] = { "off", "on", "reboot", NULL };
static const char *const next_words[] = { "none", "percpu", "classic", NULL };
static const char *const la57_words[] = { "auto", "on", "off", NULL };
static const char *const emulator_words[] = { "none", "qemu", "bochs", NULL };

#define STRESS_MAX (24 * 60 * 60)
#define PHOTO_MAX  (60 * 60)

#define TARGET(x) .target = &(x), .target_size = sizeof(x)

static const struct cmdline_option table[] = {
	{ "test", CMDLINE_STRING, TARGET(options.test),
	  .help = "which tests to run: a list of globs over suite.name" },
	{ "init", CMDLINE_STRING, TARGET(options.init),
	  .help = "the program of the boot archive to start, with its arguments, instead of "
		  "tests" },
	{ "bench", CMDLINE_STRING, TARGET(options.bench),
	  .help = "which benchmarks to run, before the tests: a list of globs" },
	{ "save", CMDLINE_CHOICE, TARGET(options.save), .choices = save_words,
	  .help = "whether results survive a reset, and whether it follows" },
	{ "next", CMDLINE_CHOICE, TARGET(next_word), .choices = next_words,
	  .help = "the kernel that the loader starts next, when it has saved the results" },
	{ "photo", CMDLINE_UINT, TARGET(options.photo), .max = PHOTO_MAX,
	  .help = "seconds that the results of benchmarks stay on the screen" },
	{ "ring_mms", CMDLINE_UINT, TARGET(options.ring_mms), .min = 1, .max = RING_MMS_MAX,
	  .help = "address spaces of the benchmarks ring and visit" },
	{ "top_entries", CMDLINE_UINT, TARGET(options.top_entries), .min = 1,
	  .max = TOP_ENTRIES_MAX,
	  .help = "top-level entries that an address space of visit and grow has populated" },
	{ "ring_pages", CMDLINE_UINT, TARGET(options.ring_pages), .min = 1, .max = RING_PAGES_MAX,
	  .help = "pages that user mode reads in each turn of the ring" },
	{ "ring_kernel", CMDLINE_UINT, TARGET(options.ring_kernel), .max = RING_PAGES_MAX,
	  .help = "pages that the kernel reads in each turn of the ring" },
	{ "icount", CMDLINE_FLAG, TARGET(options.icount),
	  .help = "the TSC counts instructions: benchmarks say so" },
	{ "counters", CMDLINE_FLAG, TARGET(options.counters),
	  .help = "print all counters at the end" },
	{ "trace", CMDLINE_FLAG, TARGET(options.trace),
	  .help = "keep trace rings, print them at the end, or in a panic" },
	{ "trace_records", CMDLINE_UINT, TARGET(options.trace_records), .min = TRACE_RECORDS_MIN,
	  .max = TRACE_RECORDS_MAX, .help = "of each CPU's ring, rounded up to a power of two" },
	{ "provoke", CMDLINE_STRING, TARGET(options.provoke),
	  .help = "go wrong on purpose, to see how that is reported" },
	{ "provoke_cpu", CMDLINE_UINT, TARGET(options.provoke_cpu), .max = MAX_CPUS - 1,
	  .help = "the CPU that goes wrong" },
	{ "cpus", CMDLINE_UINT, TARGET(options.cpus), .min = 1, .max = MAX_CPUS,
	  .help = "use at most so many CPUs" },
	{ "hotadd", CMDLINE_FLAG, TARGET(options.hotadd),
	  .help = "the emulator may add and take away CPUs" },
	{ "crowd", CMDLINE_UINT, TARGET(options.crowd), .min = 1, .max = MAX_CPUS,
	  .help = "so many CPUs contend at once in tests" },
	{ "seed", CMDLINE_UINT, TARGET(options.seed), .help = "of everything random" },
	{ "stress", CMDLINE_UINT, TARGET(options.stress), .max = STRESS_MAX,
	  .help = "seconds that each storm of the tests goes on" },
	{ "physmap", CMDLINE_CHOICE, TARGET(options.physmap), .choices = physmap_words,
	  .help = "what the direct map covers" },
	{ "kmem", CMDLINE_SIZE, TARGET(options.kmem), .min = 8 * MIB, .max = 1 * TIB,
	  .help = "bytes of kernel-owned memory" },
	{ "pcid", CMDLINE_CHOICE, TARGET(options.pcid), .choices = pcid_words,
	  .help = "TLB tags: the CPU's, in protocol only, or none" },
	{ "pti", CMDLINE_CHOICE, TARGET(options.pti), .choices = pti_words,
	  .help = "user mode on page tables of its own" },
	{ "tlbcheck", CMDLINE_FLAG, TARGET(tlb_mailbox_on),
	  .help = "tell the TLB checker in the emulator what is flushed (pcid=soft or off)" },
	{ "asids", CMDLINE_UINT, TARGET(asids), .min = 1, .max = ASIDS_MAX,
	  .help = "slots per CPU" },
	{ "fill", CMDLINE_CHOICE, TARGET(fill_policy), .choices = fill_words,
	  .help = "what a slot copies when it is set up" },
	{ "pgd", CMDLINE_CHOICE, TARGET(pgd_kind), .choices = pgd_words,
	  .help = "which page a tag's top level is" },
	{ "kmap", CMDLINE_CHOICE, TARGET(kmap_kind), .choices = kmap_words,
	  .help = "how kmap_local reaches a page" },
	{ "kernel", CMDLINE_CHOICE, TARGET(kernel_word), .choices = kernel_words,
	  .help = "which kernel the loader starts" },
	{ "la57", CMDLINE_CHOICE, TARGET(la57_word), .choices = la57_words,
	  .help = "whether the loader uses five levels of page tables" },
	{ "emulator", CMDLINE_CHOICE, TARGET(emulator_word), .choices = emulator_words,
	  .help = "who waits for the verdict" },
};

static void complain(const char *message)
{
	printk("%s\n", message);
}

void options_parse(const char *cmdline)
{
	cmdline_parse(cmdline, table, ARRAY_SIZE(table), complain);
}
