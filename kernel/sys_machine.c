/* SPDX-License-Identifier: MIT */
/*
 * kernel/sys_machine.c - system calls about the machine as a whole: its power, its CPUs, what was
 * counted, what was printed.  Who may is said by handles of the system object.
 */
#include "kernel/sys_machine.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/shared.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/uaccess.h"
#include "kernel/abi.h"
#include "kernel/console.h"
#include "kernel/hotplug.h"
#include "kernel/power.h"
#include "kernel/system.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/totals.h"

s64 sys_power(struct syscall_frame *f)
{
	if (!may_use_system(f->rdi, RIGHT_POWER))
		return -EBADF;
	if (f->rsi == POWER_OFF)
		power_off();
	if (f->rsi == POWER_REBOOT)
		power_reboot();
	return -EINVAL;
}

s64 sys_cpu(struct syscall_frame *f)
{
	if (!may_use_system(f->rdi, RIGHT_CPUS))
		return -EBADF;
	if (f->rsi >= cpu_count)
		return -ENODEV;
	if (f->rdx == CPU_CHANGE_DOWN)
		return cpu_down((u32)f->rsi, f->r10);
	if (f->rdx == CPU_CHANGE_UP)
		return cpu_up((u32)f->rsi);
	return -EINVAL;
}

/* Element @i of a buffer in user memory. */
static int put_element(u64 buffer, u64 i, const void *element, u64 size)
{
	return copy_to_user(buffer + i * size, element, size);
}

s64 sys_cpus(struct syscall_frame *f)
{
	u64 n = MIN(f->rdx / sizeof(struct cpu_info), cpu_count);

	if (!may_use_system(f->rdi, RIGHT_INSPECT))
		return -EBADF;
	for (u32 i = 0; i < n; i++) {
		const struct cpu_info info = {
			.apic_id = cpus[i].apic_id,
			.is_there = shared_load(&cpus[i].state) != CPU_ABSENT,
			.is_up = smp_runs(i),
		};

		if (put_element(f->rsi, i, &info, sizeof(info)) != 0)
			return -EFAULT;
	}
	return (s64)n;
}

static const char *const counter_names[] = {
#define X(name) #name,
	TOTALS(X)
#undef X
};

STATIC_ASSERT(sizeof(struct totals) == sizeof(u64) * ARRAY_SIZE(counter_names), "a word for each");

s64 sys_counters(struct syscall_frame *f)
{
	u64 n = MIN(f->r10 / sizeof(struct counter), ARRAY_SIZE(counter_names));
	struct totals t;

	if (!may_use_system(f->rdi, RIGHT_INSPECT))
		return -EBADF;
	if (f->rsi == ANY_CPU)
		all_totals(&t);
	else if (f->rsi < cpu_count && percpu_offset[f->rsi] != 0)
		cpu_totals((u32)f->rsi, &t);
	else
		return -ENODEV;
	for (u32 i = 0; i < n; i++) {
		struct counter c = { .value = ((const u64 *)&t)[i] };

		strlcpy(c.name, counter_names[i], sizeof(c.name));
		if (put_element(f->rdx, i, &c, sizeof(c)) != 0)
			return -EFAULT;
	}
	return (s64)n;
}

s64 sys_log_read(struct syscall_frame *f)
{
	char text[LOG_READ_MAX];
	u64 from = f->rsi;
	size_t n;

	if (!may_use_system(f->rdi, RIGHT_INSPECT))
		return -EBADF;
	n = console_read_log(&from, text, MIN(f->r10, sizeof(text)));
	if (copy_to_user(f->rdx, text, n) != 0)
		return -EFAULT;
	f->rsi = from;
	return (s64)n;
}
