/* SPDX-License-Identifier: MIT */
/*
 * user/bin/check_devices.c - the system calls about devices and the machine, with arguments good,
 * bad and hostile.  The argument is a handle of the system with all rights but those to change
 * anything: RIGHT_POWER and RIGHT_CPUS.
 */
#include "lib/string.h"
#include "user/lib/check.h"

#define PORTS_END     0x10000ul
#define SCRATCH_PORTS 0x80 /* diagnostics: may be read and written */
#define CPUS_MAX      256
#define COUNTERS_MAX  64

static u64 system_handle;

static void rights_are_checked(void)
{
	u64 none = (u64)sys_duplicate(system_handle, RIGHT_DUPLICATE), closed, other;
	char text[8];
	u64 n = 0;

	closed = (u64)sys_duplicate(system_handle, RIGHT_IRQ | RIGHT_PORTS | RIGHT_INSPECT);
	other = (u64)sys_notification();
	CHECK_EQ(sys_close(closed), 0);
	for (int i = 0; i < 6; i++) {
		const u64 bad[] = { 0, ~0ul, none, closed, other, system_handle | 1ul << 40 };

		CHECK_EQ(sys_irq(bad[i], 8), -EBADF);
		CHECK_EQ(sys_irq_bind(bad[i], other, 1), -EBADF);
		CHECK_EQ(sys_irq_ack(bad[i]), -EBADF);
		CHECK_EQ(sys_ports(bad[i], SCRATCH_PORTS, 1), -EBADF);
		CHECK_EQ(sys_port_in(bad[i], 0, 1), -EBADF);
		CHECK_EQ(sys_port_out(bad[i], 0, 1, 0), -EBADF);
		CHECK_EQ(sys_power(bad[i], POWER_OFF), -EBADF);
		CHECK_EQ(sys_cpu(bad[i], 1, CPU_CHANGE_DOWN, 0), -EBADF);
		CHECK_EQ(sys_cpus(bad[i], NULL, 0), -EBADF);
		CHECK_EQ(sys_counters(bad[i], 0, NULL, 0), -EBADF);
		CHECK_EQ(sys_log_read(bad[i], &n, text, sizeof(text)), -EBADF);
	}
	CHECK_EQ(sys_power(system_handle, POWER_OFF), -EBADF);
	CHECK_EQ(sys_cpu(system_handle, 1, CPU_CHANGE_DOWN, 0), -EBADF);
	CHECK_EQ(sys_close(none), 0);
	CHECK_EQ(sys_close(other), 0);
}

static void interrupts(void)
{
	static const u64 bad[] = { 175, 176, 255, 256, 0x100000000, 0x100000008, ~0ul };
	s64 irq = sys_irq(system_handle, 7);
	u64 n = (u64)sys_notification(), waits = (u64)sys_duplicate(n, RIGHT_WAIT), weak;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(sys_irq(system_handle, bad[i]), -ENODEV);
	if (irq > 0) { /* else there is no I/O APIC */
		weak = (u64)sys_duplicate((u64)irq, RIGHT_DUPLICATE);
		CHECK_EQ(sys_irq(system_handle, 7), -EBUSY);
		CHECK_EQ(sys_irq_bind(weak, n, 1), -EBADF);
		CHECK_EQ(sys_irq_ack(weak), -EBADF);
		CHECK_EQ(sys_irq_bind((u64)irq, waits, 1), -EBADF);
		CHECK_EQ(sys_irq_bind((u64)irq, (u64)irq, 1), -EBADF);
		CHECK_EQ(sys_irq_bind((u64)irq, ~0ul, 1), -EBADF);
		CHECK_EQ(sys_irq_bind((u64)irq, n, 1), 0);
		CHECK_EQ(sys_irq_bind((u64)irq, n, 2), 0);
		CHECK_EQ(sys_close((u64)irq), 0);
		CHECK_EQ(sys_irq(system_handle, 7), -EBUSY); /* the other handle */
		CHECK_EQ(sys_close(weak), 0);
		irq = sys_irq(system_handle, 7);
		CHECK_EQ(sys_close((u64)irq), 0);
	}
	CHECK_EQ(sys_close(n), 0);
	CHECK_EQ(sys_close(waits), 0);
}

static void port_ranges(void)
{
	static const u64 bad[][2] = { { 0, 0 },		{ 0, PORTS_END + 1 }, { PORTS_END - 1, 2 },
				      { PORTS_END, 1 }, { PORTS_END, 0 },     { ~0ul, 1 },
				      { 1, ~0ul },	{ ~0ul, ~0ul },	      { 1ul << 32, 1 } };
	u64 last = (u64)sys_ports(system_handle, PORTS_END - 1, 1), weak;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(sys_ports(system_handle, bad[i][0], bad[i][1]), -EINVAL);
	CHECK(sys_port_in(last, 0, 1) >= 0);
	CHECK_EQ(sys_port_in(last, 0, 2), -EINVAL);
	CHECK_EQ(sys_port_in(last, 1, 1), -EINVAL);
	weak = (u64)sys_duplicate(last, RIGHT_DUPLICATE);
	CHECK_EQ(sys_port_in(weak, 0, 1), -EBADF);
	CHECK_EQ(sys_port_out(weak, 0, 1, 0), -EBADF);
	CHECK_EQ(sys_close(weak), 0);
	CHECK_EQ(sys_close(last), 0);
}

static void widths(void)
{
	static const u64 bad[][2] = {
		{ 0, 0 },    { 0, 3 }, { 0, 8 },	 { 0, ~0ul },
		{ 4, 1 },    { 3, 2 }, { 1, 4 },	 { ~0ul, 1 },
		{ ~0ul, 2 }, { 5, 0 }, { 1ul << 32, 1 }, { 0, 1ul << 32 | 1 }
	};
	u64 ports = (u64)sys_ports(system_handle, SCRATCH_PORTS, 4);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(sys_port_in(ports, bad[i][0], bad[i][1]), -EINVAL);
		CHECK_EQ(sys_port_out(ports, bad[i][0], bad[i][1], 0), -EINVAL);
	}
	for (u64 width = 1; width <= 4; width *= 2) {
		s64 value = sys_port_in(ports, 0, width);

		CHECK(value >= 0 && (u64)value <= 0xfffffffful >> (32 - 8 * width));
	}
	CHECK_EQ(sys_port_out(ports, 0, 1, ~0ul), 0);
	CHECK_EQ(sys_close(ports), 0);
}

static void cpus_and_counters(void)
{
	static struct cpu_info cpus[CPUS_MAX];
	static struct counter counters[COUNTERS_MAX];
	static const u64 bad[] = BAD_ADDRESSES;
	s64 n = sys_cpus(system_handle, cpus, sizeof(cpus));
	u64 end = check_page_end();

	CHECK(n > 0 && cpus[0].is_there);
	CHECK_EQ(sys_cpus(system_handle, cpus, 0), 0);
	CHECK_EQ(sys_cpus(system_handle, cpus, sizeof(cpus[0]) * 2 - 1), 1);
	CHECK_EQ(sys_cpus(system_handle, (void *)(end - sizeof(cpus[0])), sizeof(cpus[0])), 1);
	CHECK_EQ(sys_cpus(system_handle, (void *)(end - 4), sizeof(cpus[0])), -EFAULT);
	CHECK(sys_counters(system_handle, ANY_CPU, counters, sizeof(counters)) > 10);
	CHECK_EQ(strcmp(counters[0].name, "switches"), 0);
	CHECK(counters[0].value > 0);
	CHECK_EQ(sys_counters(system_handle, (u64)n, counters, sizeof(counters)), -ENODEV);
	CHECK_EQ(sys_counters(system_handle, ~1ul, counters, sizeof(counters)), -ENODEV);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(sys_cpus(system_handle, (void *)bad[i], sizeof(cpus)), -EFAULT);
		CHECK_EQ(sys_counters(system_handle, 0, (void *)bad[i], sizeof(counters)), -EFAULT);
	}
}

static void log_is_read(void)
{
	static const u64 bad[] = BAD_ADDRESSES;
	static char text[LOG_READ_MAX + 1];
	u64 n = 0, far = ~0ul;

	CHECK_EQ(sys_log_read(system_handle, &n, text, 10), 10);
	CHECK_EQ(sys_log_read(system_handle, &n, text, ~0ul), LOG_READ_MAX);
	CHECK_EQ(sys_log_read(system_handle, &n, text, 0), 0);
	CHECK_EQ(sys_log_read(system_handle, &far, text, LOG_READ_MAX), 0);
	CHECK(far > n && far < 1ul << 40); /* where the next will be */
	print("check_devices was here");
	CHECK(sys_log_read(system_handle, &far, text, LOG_READ_MAX) > 10);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(sys_log_read(system_handle, &n, (char *)bad[i], 10), -EFAULT);
}

int main(void)
{
	system_handle = program_arg;
	CHECK_EQ(system_handle, HANDLE_FIRST);
	CHECK_EQ(sys_notification(), HANDLE_FIRST + 1);
	CHECK_EQ(sys_endpoint(), HANDLE_FIRST + 2);
	rights_are_checked();
	interrupts();
	port_ranges();
	widths();
	cpus_and_counters();
	log_is_read();
	return check_failures;
}
