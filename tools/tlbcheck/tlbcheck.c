/* SPDX-License-Identifier: MIT */
/*
 * tools/tlbcheck/tlbcheck.c - a QEMU plugin that looks, at each access of the whole guest, for
 * a translation that a TLB with tags could still hold and the tables no longer have.
 *
 *	-plugin tlbcheck.so,memory=FILE,mailbox=ADDRESS[,stride=BYTES][,below=BYTES]
 *		[,fill=all|accessed][,reports=N][,kernel=ELF][,hold=GLOB:GLOB...][,odds=N]
 *		[,model=FILE[,quiet=ADDRESS,quiet_end=ADDRESS][,ARRAY=ENTRIES/WAYS]...]
 *
 * docs/tlbcheck.md says what the kernel must tell, and what is seen and what not.  After N
 * reports (1; 0: never) QEMU ends with status 3; so it does at its end if there were any.
 *
 * With model= nothing is checked: TLBs of real sizes count what they miss (docs/tlbmodel.md), and
 * FILE gets the figures.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../insncount/qemu_plugin.h"
#include "figures.h"
#include "hold.h"
#include "model.h"
#include "tlb.h"

#define EXIT_REPORTED 3
#define EXIT_UNUSABLE 7	   /* nothing was checked */
#define VERIFIED      1024 /* pages of each CPU that were compared lately */
#define NAME_MAX      128

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

/* The page is cached, and was as the tables are, at .stamp. */
static struct verified {
	uint64_t page, stamp;
	uint64_t place; /* of its memory, or NOWHERE */
} __attribute__((aligned(32))) verified[CPUS_MAX][VERIFIED];

static struct {
	uint64_t mailbox, stride, span, below, reports_max;
	uint64_t quiet, quiet_end; /* code that tells: its accesses are not the model's */
	const char *memory, *kernel, *model;
} options = { .reports_max = 1 };

static uint64_t report_count, told[CPUS_MAX][MAILS];

/* --- reports ---------------------------------------------------------------------------- */

static void print_place(const char *what, uint64_t rip)
{
	char name[NAME_MAX];

	fprintf(stderr, "tlbcheck:     %s%s\n", what, symbol_name(rip, name, sizeof(name)));
}

static void print_callers(const uint64_t *callers, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		print_place("", callers[i]);
}

static void print_way(const char *what, const struct walk *w)
{
	if (!w->present)
		fprintf(stderr, "tlbcheck:   %s nothing\n", what);
	else
		fprintf(stderr, "tlbcheck:   %s frame %#llx %c%c%c\n", what,
			(unsigned long long)(w->entry[w->last] & PTE_ADDRESS), w->user ? 'u' : '-',
			w->write ? 'w' : '-', w->exec ? 'x' : '-');
}

static void print_entry(const struct entry *e)
{
	if (e->leaf)
		print_way("the TLB may hold", &e->way);
	else
		fprintf(stderr,
			"tlbcheck:   its paging-structure cache may hold a table at %#llx, level "
			"%d\n",
			(unsigned long long)(e->way.entry[e->level] & PTE_ADDRESS), e->level - 1);
	if (e->rip != 0)
		print_place("since an access at ", e->rip);
}

static void print_change(const struct change *change)
{
	if (change == NULL) {
		fprintf(stderr, "tlbcheck:   the tag was given another root, without a flush\n");
		return;
	}
	fprintf(stderr, "tlbcheck:   changed by CPU %u, %s:\n", change->cpu,
		cpus[change->cpu].done > change->done
			? "which said that it was flushed"
			: "which has not said yet that it is flushed");
	print_place("", change->rip);
	print_callers(change->callers, change->depth);
}

static const char *const finding_words[] = {
	[FOUND_TRANSLATION] = "could use an old translation",
	[FOUND_RIGHTS] = "faults, and with an old translation would not",
	[FOUND_TABLE] = "could walk through an old table",
	[FOUND_AFTER_FLUSH] = "could still use an old translation after the flush",
	[FOUND_FREED] = "could still walk through a table that is freed",
	[FOUND_KEPT] = "is loaded without a flush, and could use an old translation",
};

/* Found by what the kernel says, not by what it does. */
static bool is_claim(enum finding what)
{
	return what == FOUND_AFTER_FLUSH || what == FOUND_FREED;
}

void found(enum finding what, unsigned int cpu, const struct entry *e, const struct change *change,
	   const struct walk *now, enum access access, uint64_t rip)
{
	static const char *const access_words[] = { "read", "write", "fetch" };
	struct cpu *c = &cpus[cpu];
	uint64_t callers[BACKTRACE_MAX];

	report_count++;
	fprintf(stderr, "tlbcheck: CPU %u, tag %u%s, address %#llx: %s\n", cpu, c->tag,
		e->tag == TAG_GLOBAL ? " (global)" : "", (unsigned long long)now->va,
		finding_words[what]);
	print_entry(e);
	print_way("the tables say", now);
	fprintf(stderr, "tlbcheck:   the %s:\n",
		what == FOUND_KEPT ? "load"
		: is_claim(what)   ? "claim"
				   : access_words[access]);
	if (rip != 0)
		print_place("", rip);
	if (!is_claim(what))
		print_callers(callers, backtrace_take(c->root, c->levels, c->rsp, callers));
	print_change(change);
	if (report_count == options.reports_max)
		_exit(EXIT_REPORTED);
}

/* --- the mailbox ------------------------------------------------------------------------ */

static void take_mail(unsigned int cpu, enum mail what, uint64_t value, uint64_t rip)
{
	told[cpu][what]++;
	if (options.model != NULL) {
		figures_mail(cpu, what, value);
		return;
	}
	switch (what) {
	case MAIL_SWITCH:
		tlb_switch(cpu, value & ~NOFLUSH, value & NOFLUSH, rip);
		break;
	case MAIL_PAGE:
		tlb_flush_page(cpu, value);
		break;
	case MAIL_TAG_PAGE:
		tlb_flush_tag_page(cpu, value & 0xfff, value);
		break;
	case MAIL_TAG:
		tlb_flush_tag(cpu, value & 0xfff);
		break;
	case MAIL_ALL:
		tlb_flush_all(cpu, true);
		break;
	case MAIL_ALL_LOCAL:
		tlb_flush_all(cpu, false);
		break;
	case MAIL_FAULT:
		tlb_fault(cpu, value & ~0xfffull, value & 0xfff);
		break;
	case MAIL_FRAME:
		tlb_frame_freed(value, rip);
		break;
	case MAIL_DONE:
		tlb_done(cpu, rip);
		break;
	default:
		break;
	}
}

static void arm(unsigned int cpu, bool armed)
{
	struct cpu *c = &cpus[cpu];

	if (armed && options.model != NULL)
		figures_mail(cpu, MAIL_ALL, 0);
	else if (armed)
		tlb_flush_all(cpu, true);
	c->root = 0;
	c->armed = armed;
}

/* The kernel's root is not known before it is armed: the store says where its page is. */
static void on_mail(unsigned int cpu, uint64_t offset, uint64_t place, uint64_t rip)
{
	uint64_t value = guest_read(place);

	if (offset == MAIL_LEVELS)
		cpus[cpu].levels = (uint8_t)value;
	else if (offset == MAIL_MAGIC)
		arm(cpu, value == MAGIC);
	else if (cpus[cpu].armed && offset >= MAIL_FIRST && offset < MAIL_FIRST + 8 * MAILS)
		take_mail(cpu, (offset - MAIL_FIRST) / 8, value, rip);
}

/* --- accesses ----------------------------------------------------------------------------- */

static bool is_mailbox(uint64_t va, uint64_t *offset)
{
	uint64_t from = va - options.mailbox;

	if (__builtin_expect(from >= options.span, true))
		return false;
	*offset = options.stride != 0 ? from % options.stride : from;
	return *offset < PAGE_BYTES;
}

static __attribute__((noinline)) void look(unsigned int cpu, uint64_t va, enum access access,
					   uint64_t rip, struct verified *v)
{
	struct cpu *c = &cpus[cpu];
	uint64_t stamp = __atomic_load_n(&epoch, __ATOMIC_ACQUIRE) + c->local_epoch;
	struct walk now;

	pthread_mutex_lock(&tlb_lock);
	guest_walk(&now, c->root, c->levels, va);
	tlb_access(cpu, &now, access, rip);
	pthread_mutex_unlock(&tlb_lock);
	v->page = now.present ? va >> PAGE_BITS : 0;
	v->place = now.present ? guest_place(now.pa) : NOWHERE;
	v->stamp = stamp;
}

static __attribute__((noinline)) void store_to_table(unsigned int cpu, uint64_t place,
						     unsigned int bytes, uint64_t rip)
{
	pthread_mutex_lock(&tlb_lock);
	for (uint64_t at = place & ~7ull; at < place + bytes; at += 8)
		tlb_table_changed(cpu, at, rip);
	pthread_mutex_unlock(&tlb_lock);
}

static inline __attribute__((always_inline)) void
access_page(unsigned int cpu, uint64_t va, enum access access, unsigned int bytes, uint64_t rip)
{
	struct cpu *c = &cpus[cpu];
	struct verified *v = &verified[cpu][va >> PAGE_BITS & (VERIFIED - 1)];

	if (v->page != va >> PAGE_BITS ||
	    v->stamp != __atomic_load_n(&epoch, __ATOMIC_RELAXED) + c->local_epoch)
		look(cpu, va, access, rip, v);
	if (access == ACCESS_WRITE && v->place != NOWHERE && is_table(v->place))
		store_to_table(cpu, v->place + (va & (PAGE_BYTES - 1)), bytes, rip);
}

static __attribute__((noinline)) void mail_or_nothing(unsigned int cpu, qemu_plugin_meminfo_t info,
						      uint64_t va, uint64_t rip)
{
	struct qemu_plugin_hwaddr *hw;
	uint64_t offset;

	if (!qemu_plugin_mem_is_store(info) || !is_mailbox(va, &offset))
		return;
	hw = qemu_plugin_get_hwaddr(info, va);
	if (hw == NULL || qemu_plugin_hwaddr_is_io(hw))
		return;
	pthread_mutex_lock(&tlb_lock);
	on_mail(cpu, offset, qemu_plugin_hwaddr_phys_addr(hw), rip);
	pthread_mutex_unlock(&tlb_lock);
}

static void on_memory(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t va, void *rip)
{
	unsigned int bytes = 1u << qemu_plugin_mem_size_shift(info);
	enum access access = qemu_plugin_mem_is_store(info) ? ACCESS_WRITE : ACCESS_READ;
	uint64_t offset, over = (va & (PAGE_BYTES - 1)) + bytes;

	if (is_mailbox(va, &offset)) {
		mail_or_nothing(cpu, info, va, (uint64_t)rip);
		return;
	}
	if (!cpus[cpu].armed || cpus[cpu].root == 0)
		return;
	access_page(cpu, va, access, bytes, (uint64_t)rip);
	if (over > PAGE_BYTES)
		access_page(cpu, va + bytes - (over - PAGE_BYTES), access,
			    (unsigned int)(over - PAGE_BYTES), (uint64_t)rip);
}

/* One that moves the stack pointer to where it accesses. */
static void on_stack(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t va, void *rip)
{
	if (qemu_plugin_mem_is_store(info))
		cpus[cpu].rsp = va;
	on_memory(cpu, info, va, rip);
}

/* One that leaves it behind what it reads. */
static void on_unstack(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t va, void *rip)
{
	cpus[cpu].rsp = va + 8;
	on_memory(cpu, info, va, rip);
}

static void on_fetch(unsigned int cpu, void *va)
{
	if (cpus[cpu].armed && cpus[cpu].root != 0)
		access_page(cpu, (uint64_t)va, ACCESS_FETCH, 1, (uint64_t)va);
}

static bool is_quiet(uint64_t rip)
{
	return rip >= options.quiet && rip < options.quiet_end;
}

static void on_model_memory(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t va, void *rip)
{
	enum access access = qemu_plugin_mem_is_store(info) ? ACCESS_WRITE : ACCESS_READ;
	uint64_t at = (uint64_t)rip, offset;

	if (is_mailbox(va, &offset))
		mail_or_nothing(cpu, info, va, at);
	else if (cpus[cpu].armed && cpus[cpu].root != 0 && !is_quiet(at))
		figures_access(cpu, va, access, 1u << qemu_plugin_mem_size_shift(info));
}

static void on_model_fetch(unsigned int cpu, void *va)
{
	uint64_t at = (uint64_t)va;

	if (cpus[cpu].armed && cpus[cpu].root != 0 && !is_quiet(at))
		figures_access(cpu, at, ACCESS_FETCH, 1);
}

/* --- translation ---------------------------------------------------------------------------- */

#define REX_FIRST      0x40
#define REX_LAST       0x4f
#define PUSH_FIRST     0x50
#define PUSH_LAST      0x57
#define POP_LAST       0x5f
#define CALL	       0xe8
#define RET	       0xc3
#define LEAVE	       0xc9
#define GROUP5	       0xff /* with /2, a call */
#define GROUP5_CALL(m) (((m) >> 3 & 7) == 2)

static qemu_plugin_vcpu_mem_cb_t callback_for(const struct qemu_plugin_insn *insn)
{
	const uint8_t *code = qemu_plugin_insn_data(insn);
	size_t size = qemu_plugin_insn_size(insn);

	if (options.model != NULL)
		return on_model_memory;
	if (size > 1 && code[0] >= REX_FIRST && code[0] <= REX_LAST) {
		code++;
		size--;
	}
	if ((code[0] >= PUSH_FIRST && code[0] <= PUSH_LAST) || code[0] == CALL ||
	    (code[0] == GROUP5 && size > 1 && GROUP5_CALL(code[1])))
		return on_stack;
	if ((code[0] > PUSH_LAST && code[0] <= POP_LAST) || code[0] == RET || code[0] == LEAVE)
		return on_unstack;
	return on_memory;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	uint64_t page = NOWHERE;

	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t va = qemu_plugin_insn_vaddr(insn);
		uint64_t last = va + qemu_plugin_insn_size(insn) - 1;

		hold_translate(insn);
		for (; page != last >> PAGE_BITS; page = last >> PAGE_BITS) {
			uint64_t from = page == va >> PAGE_BITS ? last : va;

			qemu_plugin_register_vcpu_insn_exec_cb(
				insn, options.model != NULL ? on_model_fetch : on_fetch,
				QEMU_PLUGIN_CB_NO_REGS, (void *)from);
		}
		qemu_plugin_register_vcpu_mem_cb(insn, callback_for(insn), QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_RW, (void *)va);
	}
}

/* --- beginning and end ------------------------------------------------------------------------ */

static void write_figures(unsigned int cpus_told)
{
	FILE *out = fopen(options.model, "w");

	if (out == NULL)
		perror(options.model);
	else
		figures_report(out);
	if (out == NULL || fclose(out) != 0 || cpus_told == 0)
		_exit(EXIT_UNUSABLE);
}

static void on_exit_of_qemu(qemu_plugin_id_t id, void *unused)
{
	uint64_t sum[MAILS] = { 0 };
	unsigned int cpus_told = 0;

	(void)id;
	(void)unused;
	for (unsigned int cpu = 0; cpu < CPUS_MAX; cpu++) {
		for (unsigned int m = 0; m < MAILS; m++)
			sum[m] += told[cpu][m];
		cpus_told += told[cpu][MAIL_SWITCH] != 0;
	}
	if (options.model != NULL) {
		write_figures(cpus_told);
		return;
	}
	fprintf(stderr,
		"tlbcheck: fill=%s, %u CPUs: %llu loads of CR3, %llu pages and %llu tags flushed, "
		"%llu faults, "
		"%llu tables freed, %llu flushes done, %llu table stores; %llu reports\n",
		fill_all ? "all" : "accessed", cpus_told, (unsigned long long)sum[MAIL_SWITCH],
		(unsigned long long)(sum[MAIL_PAGE] + sum[MAIL_TAG_PAGE]),
		(unsigned long long)(sum[MAIL_TAG] + sum[MAIL_ALL] + sum[MAIL_ALL_LOCAL]),
		(unsigned long long)sum[MAIL_FAULT], (unsigned long long)sum[MAIL_FRAME],
		(unsigned long long)sum[MAIL_DONE], (unsigned long long)epoch - 1,
		(unsigned long long)report_count);
	if (hold_count() != 0)
		fprintf(stderr, "tlbcheck: CPUs were held up %llu times\n",
			(unsigned long long)hold_count());
	if (cpus_told == 0)
		fprintf(stderr, "tlbcheck: the kernel never told anything: nothing was checked\n");
	if (cpus_told == 0 || report_count != 0)
		_exit(report_count != 0 ? EXIT_REPORTED : EXIT_UNUSABLE);
}

static bool take_argument(char *argument)
{
	char *value = strchr(argument, '=');

	if (value == NULL)
		return false;
	*value++ = '\0';
	if (strcmp(argument, "memory") == 0)
		options.memory = strdup(value);
	else if (strcmp(argument, "kernel") == 0)
		options.kernel = strdup(value);
	else if (strcmp(argument, "mailbox") == 0)
		options.mailbox = strtoull(value, NULL, 0);
	else if (strcmp(argument, "stride") == 0)
		options.stride = strtoull(value, NULL, 0);
	else if (strcmp(argument, "below") == 0)
		options.below = strtoull(value, NULL, 0);
	else if (strcmp(argument, "reports") == 0)
		options.reports_max = strtoull(value, NULL, 0);
	else if (strcmp(argument, "hold") == 0)
		return hold_take(value);
	else if (strcmp(argument, "odds") == 0)
		return hold_take_odds(value);
	else if (strcmp(argument, "fill") == 0)
		fill_all = strcmp(value, "all") == 0;
	else if (strcmp(argument, "model") == 0)
		options.model = strdup(value);
	else if (strcmp(argument, "quiet") == 0)
		options.quiet = strtoull(value, NULL, 0);
	else if (strcmp(argument, "quiet_end") == 0)
		options.quiet_end = strtoull(value, NULL, 0);
	else
		return model_set_shape(argument, value);
	return true;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv)
{
	if (info->version.cur != QEMU_PLUGIN_VERSION) {
		fprintf(stderr,
			"tlbcheck: this QEMU speaks version %d of the plugin interface, known is "
			"%d\n",
			info->version.cur, QEMU_PLUGIN_VERSION);
		return -1;
	}
	for (int i = 0; i < argc; i++)
		if (!take_argument(argv[i])) {
			fprintf(stderr, "tlbcheck: %s: no such option, or not such a value\n",
				argv[i]);
			return -1;
		}
	if (options.memory == NULL || options.mailbox == 0) {
		fprintf(stderr, "tlbcheck: needs memory= and mailbox=\n");
		return -1;
	}
	options.span = options.stride != 0 ? options.stride * CPUS_MAX : PAGE_BYTES;
	if (!guest_open(options.memory, options.below))
		return -1;
	if (options.kernel != NULL)
		symbols_read(options.kernel);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
	return 0;
}
