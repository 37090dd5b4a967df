/* SPDX-License-Identifier: MIT */
/*
 * kernel/main.c - the boot, in order.  Each stage says what it is about to do before it
 * does it, so that the last line on a screen that no longer moves names the stage.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/emulator.h"
#include "arch/x86_64/idt.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/pic.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/tlb_mailbox.h"
#include "boot/handoff.h"
#include "kernel/acpi.h"
#include "kernel/archive.h"
#include "kernel/boot_stages.h"
#include "kernel/console.h"
#include "kernel/cpu_slots.h"
#include "kernel/cpus.h"
#include "kernel/device_irq.h"
#include "kernel/init_task.h"
#include "kernel/options.h"
#include "kernel/results.h"
#include "kernel/sched.h"
#include "kernel/self_test.h"
#include "kernel/task.h"
#include "kernel/upcall.h"
#include "lib/assert.h"
#include "lib/lock_check.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/boot_alloc.h"
#include "mm/cpu_tables.h"
#include "mm/flush.h"
#include "mm/kspace.h"
#include "mm/page_alloc.h"
#include "mm/pgd.h"
#include "mm/pgtable.h"
#include "mm/reclaim.h"
#include "mm/trace.h"

/* @began: by the TSC, at the kernel's first instruction. */
NORETURN void kernel_main(paddr_t handoff_phys, u64 began) RELEASES(irqs_off);

u64 boot_stage_began[BOOT_OVER + 1];

/* The loader's struct lies in memory that is given to the page allocator. */
static struct handoff handoff;

static paddr_t trampoline_page, trampoline_root;

static void take_handoff(paddr_t phys)
{
	const struct handoff *h = (const struct handoff *)(HANDOFF_DIRECT_MAP + phys);

	emulator_init(h->cmdline);
	console_init(h);
	ASSERT(h->magic == HANDOFF_MAGIC && h->version == HANDOFF_VERSION,
	       "the loader hands over magic %#lx version %u, this kernel takes %#llx version %u",
	       h->magic, h->version, HANDOFF_MAGIC, HANDOFF_VERSION);
	ASSERT(h->size == sizeof(*h) && h->range_count <= HANDOFF_MAX_RANGES,
	       "the loader hands over %u bytes with %u ranges, this kernel takes %zu", h->size,
	       h->range_count, sizeof(*h));
	handoff = *h;
}

static void announce(void)
{
	char features[160];

	printk("prague: %s kernel, %s build, loaded by %s at %#lx\n", PRAGUE_KERNEL, PRAGUE_BUILD,
	       handoff.loader, handoff.kernel_phys);
	printk("cmdline: %s\n", handoff.cmdline);
	cpu_features_format(features, sizeof(features));
	printk("cpu: %s family %u model %u, %s\n", cpu_features.vendor, cpu_features.family,
	       cpu_features.model_number, cpu_features.model);
	printk("cpu: %s\n", features);
}

/* Before any table is made: it says what a top level is. */
static void choose_isolation(void)
{
	pti_init(options.pti);
	flush_init();
	if (pti_on && asids > ASIDS_MAX_ISOLATED) {
		printk("mm: asids=%u is too much with pti=on, using %u\n", asids,
		       ASIDS_MAX_ISOLATED);
		asids = ASIDS_MAX_ISOLATED;
	}
}

/* From the loader's tables to the boot CPU's own (R1). */
static void enter_own_tables(void)
{
	const char *why;

	choose_isolation();
	printk("mm: %u levels\n", pt_levels);
	printk("mm: building the kernel half, physmap=%s\n",
	       options.physmap == PHYSMAP_ALL ? "all" : "kernel");
	boot_alloc_init(&handoff);
	trampoline_page = cpus_trampoline_page(&handoff);
	if (kspace_init(&handoff, options.physmap, options.kmem))
		panic("too little memory for the kernel's page tables: %lu KiB were there",
		      boot_alloc_taken() / KIB);
	if (trampoline_page != 0)
		trampoline_root = kspace_trampoline_root(trampoline_page);
	if (console_map_framebuffer())
		printk("console: no memory to map the framebuffer, serial line only from here\n");
	printk("mm: entering this CPU's own page tables\n");
	if (cpu_tables_enter_boot_cpu(handoff.kernel_phys))
		panic("too little memory for the boot CPU's tables");
	console_use_kernel_mapping();
	cpu_area_load();
	idt_use_ist();
	why = pcid_init(options.pcid);
	if (why != NULL)
		printk("mm: pcid=on cannot be had: %s\n", why);
	if (tlb_mailbox_on && pcid_mode == PCID_ON)
		printk("tlbcheck: needs pcid=soft or off, and pcid=%s is in use: nothing is "
		       "checked\n",
		       pcid_mode_name());
	else if (tlb_mailbox_on)
		tlb_mailbox_start();
	pti_init_entry();
	pcid_enable();
	printk("mm: pcid=%s pti=%s asids=%u\n", pcid_mode_name(), pti_on ? "on" : "off", asids);
}

/* [start, end) to the zones that it lies in; the first MiB stays out. */
static void give_memory(paddr_t start, paddr_t end)
{
	paddr_t window[2], cut[4];

	kspace_kernel_window(&window[0], &window[1]);
	start = MAX(start, BOOT_ALLOC_MIN);
	cut[0] = start;
	cut[1] = MIN(MAX(window[0], start), end);
	cut[2] = MIN(MAX(window[1], start), end);
	cut[3] = end;
	for (u32 i = 0; i < 3; i++)
		if (cut[i] < cut[i + 1] &&
		    page_alloc_add_range(kspace_zone(cut[i]), cut[i], cut[i + 1]))
			printk("mm: memory %#lx-%#lx cannot be used\n", cut[i], cut[i + 1]);
}

static void start_page_allocator(void)
{
	struct page_alloc_stats stats[ZONE_COUNT];
	paddr_t start, end;
	u32 cursor = 0;

	printk("mm: starting the page allocator\n");
	page_alloc_init(options.physmap == PHYSMAP_ALL);
	boot_alloc_close();
	while (boot_alloc_next_free(&cursor, &start, &end))
		give_memory(start, end);
	for (u32 i = 0; i < handoff.range_count; i++)
		if (handoff.ranges[i].type == MEM_LOADER)
			give_memory(handoff.ranges[i].start, handoff.ranges[i].end);
	pgtable_use_page_alloc();
	pgd_init();
	if (asid_prepare_cpu(0))
		panic("too little memory for the boot CPU's address-space slots");
	page_alloc_stats(ZONE_KERNEL, &stats[ZONE_KERNEL]);
	page_alloc_stats(ZONE_USER, &stats[ZONE_USER]);
	printk("mm: %lu KiB for the kernel, %lu KiB for users, %lu KiB taken by the boot\n",
	       stats[ZONE_KERNEL].total * PAGE_SIZE / KIB, stats[ZONE_USER].total * PAGE_SIZE / KIB,
	       boot_alloc_taken() / KIB);
}

static void start_apic_and_clock(void)
{
	volatile u32 *apic;

	printk("apic: starting the local APIC\n");
	apic = kspace_map_device(machine.cpus.n != 0 ? machine.cpus.lapic_phys : APIC_DEFAULT_BASE,
				 PAGE_SIZE, PTE_PCD);
	if (apic == NULL)
		panic("no memory to map the local APIC");
	pic_disable();
	apic_init(apic);
	apic_enable();
	ipi_init();
	printk("time: calibrating\n");
	if (time_calibrate(machine.pm_timer_port))
		panic("no clock: neither CPUID, PM timer nor PIT tells how fast the TSC runs");
	printk("time: TSC %lu kHz, APIC timer %lu kHz, by %s; %s, timer %s\n", time_tsc_khz(),
	       time_apic_khz(), time_source(), apic_mode_name(),
	       apic_timer_by_deadline() ? "by TSC deadline" : "one-shot");
}

static void start_cpus(void)
{
	cpumask_set_atomic(&cpus_online, 0);
	reclaim_init();
	cpus_enumerate(options.cpus);
	device_irq_init();
	if (options.hotadd)
		cpu_slots_find(options.cpus);
	if (cpu_count > 1 && trampoline_root == 0) {
		printk("cpus: no free page below 1 MiB, running on the boot CPU alone\n");
		cpu_count = 1;
	}
	printk("cpus: starting %u\n", cpus_present() - 1);
	cpus_start(trampoline_page, trampoline_root);
	printk("cpus: %u of %u online\n", cpumask_weight(&cpus_online), cpus_present());
}

/* Init, and again if it was ended for self-tests. */
static bool run_session(void)
{
	bool passed;

	self_test_allow();
	for (;;) {
		passed = init_task_run(options.init);
		if (!self_test_asked())
			return passed;
		self_test_done(run_tests());
	}
}

static void stage(enum boot_stage stage)
{
	boot_stage_began[stage] = rdtsc();
}

void kernel_main(paddr_t handoff_phys, u64 began)
{
	bool passed;

	boot_stage_began[BOOT_console] = began;
	idt_init_early();
	pt_set_levels(cpu_paging_levels());
	take_handoff(handoff_phys);
	cpu_features_detect();
	cpu_features_enable();
	options_parse(handoff.cmdline);
	announce();
	stage(BOOT_tables);
	enter_own_tables();
	stage(BOOT_pages);
	start_page_allocator();
	stage(BOOT_acpi);
	archive_init(&handoff);
	acpi_read_tables(handoff.rsdp);
	stage(BOOT_clock);
	start_apic_and_clock();
	stage(BOOT_threads);
	sched_init();
	thread_user_init();
	irq_enable();
	stage(BOOT_cpus);
	start_cpus();
	stage(BOOT_rest);
	task_init();
	cpu_slots_watch();
	if (options.trace && trace_start(options.trace_records))
		printk("trace: too little memory for rings of %u records: off\n",
		       options.trace_records);

	results_init(&handoff);
	stage(BOOT_OVER);
	provoke();
	if (options.init[0] != '\0') {
		passed = run_session();
		printk("prague: result: %s (init has ended)\n", passed ? "pass" : "fail");
	} else {
		passed = run_tests();
		say_verdict();
		results_end(&handoff, passed);
	}
	console_flush();
	emulator_exit(passed ? VERDICT_PASS : VERDICT_FAIL);
}
