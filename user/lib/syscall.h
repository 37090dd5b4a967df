/* SPDX-License-Identifier: MIT */
/*
 * user/lib/syscall.h - system calls as functions; what each does stands in kernel/abi.h.
 */
#pragma once

#include "kernel/abi.h"
#include "lib/types.h"

static ALWAYS_INLINE s64 syscall0(enum syscall_number number)
{
	s64 result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number) : "rcx", "r11", "memory");
	return result;
}

static ALWAYS_INLINE s64 syscall1(enum syscall_number number, u64 a)
{
	s64 result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a) : "rcx", "r11", "memory");
	return result;
}

static ALWAYS_INLINE s64 syscall2(enum syscall_number number, u64 a, u64 b)
{
	s64 result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b)
			 : "rcx", "r11", "memory");
	return result;
}

static ALWAYS_INLINE s64 syscall3(enum syscall_number number, u64 a, u64 b, u64 c)
{
	s64 result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

static ALWAYS_INLINE s64 syscall4(enum syscall_number number, u64 a, u64 b, u64 c, u64 d)
{
	register u64 r10 __asm__("r10") = d;
	s64 result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}

static ALWAYS_INLINE s64 syscall6(enum syscall_number number, u64 a, u64 b, u64 c, u64 d, u64 e,
				  u64 f)
{
	register u64 r10 __asm__("r10") = d;
	register u64 r8 __asm__("r8") = e;
	register u64 r9 __asm__("r9") = f;
	s64 result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static inline s64 sys_null(void)
{
	return syscall0(SYS_NULL);
}

static inline NORETURN void sys_exit(s64 status)
{
	syscall1(SYS_EXIT, (u64)status);
	__builtin_unreachable();
}

static inline s64 sys_log(const char *text, size_t length)
{
	return syscall2(SYS_LOG, (uintptr_t)text, length);
}

/* --- calls between tasks ------------------------------------------------------------------- */

struct message {
	u64 word[MESSAGE_WORDS];
};

/* A system call that takes a message and brings one. */
static inline s64 syscall_message(enum syscall_number number, u64 handle, struct message *m)
{
	u64 rsi = m->word[0], rdx = m->word[1], a = m->word[2], b = m->word[3], c = m->word[4];
	u64 d = m->word[5], e = m->word[6];
	register u64 r10 __asm__("r10") = a;
	register u64 r8 __asm__("r8") = b;
	register u64 r9 __asm__("r9") = c;
	register u64 r12 __asm__("r12") = d;
	register u64 r13 __asm__("r13") = e;
	s64 result;

	__asm__ volatile("syscall"
			 : "=a"(result), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9),
			   "+r"(r12), "+r"(r13)
			 : "a"(number), "D"(handle)
			 : "rcx", "r11", "memory");
	*m = (struct message){ { rsi, rdx, r10, r8, r9, r12, r13 } };
	return result;
}

static inline s64 sys_call(u64 endpoint, struct message *m)
{
	return syscall_message(SYS_CALL, endpoint, m);
}

static inline s64 sys_reply_wait(u64 endpoint, struct message *m)
{
	return syscall_message(SYS_REPLY_WAIT, endpoint, m);
}

/* The last word is how many go along from the sender's buffer, and then how many came. */
static inline s64 sys_call_long(u64 endpoint, struct message *m)
{
	return syscall_message(SYS_CALL_LONG, endpoint, m);
}

static inline s64 sys_reply_wait_long(u64 endpoint, struct message *m)
{
	return syscall_message(SYS_REPLY_WAIT_LONG, endpoint, m);
}

static inline s64 sys_buffer(u64 memory, u64 offset)
{
	return syscall2(SYS_BUFFER, memory, offset);
}

/* The last word is a handle of the sender's. */
static inline s64 sys_call_handle(u64 endpoint, struct message *m)
{
	return syscall_message(SYS_CALL_HANDLE, endpoint, m);
}

static inline s64 sys_reply_wait_handle(u64 endpoint, struct message *m)
{
	return syscall_message(SYS_REPLY_WAIT_HANDLE, endpoint, m);
}

static inline s64 sys_endpoint(void)
{
	return syscall0(SYS_ENDPOINT);
}

/* --- handles ------------------------------------------------------------------------------- */

static inline s64 sys_duplicate(u64 handle, u64 rights)
{
	return syscall2(SYS_DUPLICATE, handle, rights);
}

static inline s64 sys_close(u64 handle)
{
	return syscall1(SYS_CLOSE, handle);
}

static inline s64 sys_revoke(u64 handle)
{
	return syscall1(SYS_REVOKE, handle);
}

static inline s64 sys_give(u64 task, u64 handle, u64 rights)
{
	return syscall3(SYS_GIVE, task, handle, rights);
}

/* --- tasks --------------------------------------------------------------------------------- */

static inline s64 sys_yield(void)
{
	return syscall0(SYS_YIELD);
}

static inline s64 sys_task_with(const char *name, size_t length, u64 pages, const char *args,
				size_t args_bytes)
{
	return syscall6(SYS_TASK, (uintptr_t)name, length, pages, (uintptr_t)args, args_bytes, 0);
}

/* Without arguments. */
static inline s64 sys_task(const char *name, size_t length, u64 pages)
{
	return sys_task_with(name, length, pages, NULL, 0);
}

static inline s64 sys_thread(u64 task, u64 rip, u64 rsp, u64 arg, u64 priority, u64 cpu)
{
	return syscall6(SYS_THREAD, task, rip, rsp, arg, priority, cpu);
}

static inline s64 sys_kill(u64 task)
{
	return syscall1(SYS_KILL, task);
}

/* *@status, unless it is NULL, is that of the thread that ended last, if the result is 0. */
static inline s64 sys_task_wait(u64 task, u64 timeout_ns, s64 *status)
{
	u64 rsi = timeout_ns;
	s64 result;

	__asm__ volatile("syscall"
			 : "=a"(result), "+S"(rsi)
			 : "a"(SYS_TASK_WAIT), "D"(task)
			 : "rcx", "r11", "memory");
	if (status != NULL && result == 0)
		*status = (s64)rsi;
	return result;
}

static inline s64 sys_task_list(u64 system, u64 id, struct task_info *buffer, size_t bytes)
{
	return syscall4(SYS_TASK_LIST, system, id, (uintptr_t)buffer, bytes);
}

static inline s64 sys_fork(void)
{
	return syscall0(SYS_FORK);
}

/* --- memory -------------------------------------------------------------------------------- */

static inline s64 sys_memory(u64 bytes)
{
	return syscall1(SYS_MEMORY, bytes);
}

static inline s64 sys_map(u64 task, u64 memory, u64 address, u64 offset, u64 bytes, u64 flags)
{
	return syscall6(SYS_MAP, task, memory, address, offset, bytes, flags);
}

static inline s64 sys_unmap(u64 task, u64 address, u64 bytes)
{
	return syscall3(SYS_UNMAP, task, address, bytes);
}

static inline s64 sys_protect(u64 task, u64 address, u64 bytes, u64 rights)
{
	return syscall4(SYS_PROTECT, task, address, bytes, rights);
}

static inline s64 sys_pager(u64 task, u64 endpoint, u64 cookie)
{
	return syscall3(SYS_PAGER, task, endpoint, cookie);
}

/* The last word is 0, or a handle. */
static inline s64 sys_call_pager(struct message *m)
{
	return syscall_message(SYS_CALL_PAGER, 0, m);
}

/* --- notifications, timers, time limits ----------------------------------------------------- */

static inline s64 sys_notification(void)
{
	return syscall0(SYS_NOTIFICATION);
}

static inline s64 sys_signal(u64 notification, u64 bits)
{
	return syscall2(SYS_SIGNAL, notification, bits);
}

/* *@bits is written if the result is 0. */
static inline s64 sys_wait(u64 notification, u64 ns, u64 *bits)
{
	u64 rsi = ns;
	s64 result;

	__asm__ volatile("syscall"
			 : "=a"(result), "+S"(rsi)
			 : "a"(SYS_WAIT), "D"(notification)
			 : "rcx", "r11", "memory");
	if (result == 0)
		*bits = rsi;
	return result;
}

static inline s64 sys_bind(u64 notification, u64 endpoint)
{
	return syscall2(SYS_BIND, notification, endpoint);
}

static inline s64 sys_timer(u64 notification, u64 bits)
{
	return syscall2(SYS_TIMER, notification, bits);
}

static inline s64 sys_timer_set(u64 timer, u64 deadline, u64 period)
{
	return syscall3(SYS_TIMER_SET, timer, deadline, period);
}

static inline u64 sys_clock(void)
{
	return (u64)syscall0(SYS_CLOCK);
}

static inline s64 sys_timeout(u64 ns)
{
	return syscall1(SYS_TIMEOUT, ns);
}

/* --- devices ------------------------------------------------------------------------------- */

static inline s64 sys_irq(u64 system, u64 number)
{
	return syscall2(SYS_IRQ, system, number);
}

static inline s64 sys_irq_bind(u64 irq, u64 notification, u64 bits)
{
	return syscall3(SYS_IRQ_BIND, irq, notification, bits);
}

static inline s64 sys_irq_ack(u64 irq)
{
	return syscall1(SYS_IRQ_ACK, irq);
}

static inline s64 sys_framebuffer(u64 system, struct framebuffer *info)
{
	return syscall2(SYS_FRAMEBUFFER, system, (uintptr_t)info);
}

static inline s64 sys_ports(u64 system, u64 first, u64 count)
{
	return syscall3(SYS_PORTS, system, first, count);
}

static inline s64 sys_port_in(u64 ports, u64 offset, u64 width)
{
	return syscall3(SYS_PORT_IN, ports, offset, width);
}

static inline s64 sys_port_out(u64 ports, u64 offset, u64 width, u64 value)
{
	return syscall4(SYS_PORT_OUT, ports, offset, width, value);
}

/* --- the boot archive ---------------------------------------------------------------------- */

static inline s64 sys_file_name(u64 n, char *buffer, size_t bytes)
{
	return syscall3(SYS_FILE_NAME, n, (uintptr_t)buffer, bytes);
}

static inline s64 sys_file_read(const char *name, size_t length, u64 offset, char *buffer,
				size_t bytes)
{
	return syscall6(SYS_FILE_READ, (uintptr_t)name, length, offset, (uintptr_t)buffer, bytes,
			0);
}

/* --- the machine --------------------------------------------------------------------------- */

static inline s64 sys_power(u64 system, u64 what)
{
	return syscall2(SYS_POWER, system, what);
}

static inline s64 sys_self_test(u64 system, u64 what, const char *globs, size_t bytes)
{
	return syscall4(SYS_SELF_TEST, system, what, (uintptr_t)globs, bytes);
}

static inline s64 sys_cpu(u64 system, u64 cpu, u64 change, u64 ns)
{
	return syscall4(SYS_CPU, system, cpu, change, ns);
}

static inline s64 sys_cpus(u64 system, struct cpu_info *buffer, size_t bytes)
{
	return syscall3(SYS_CPUS, system, (uintptr_t)buffer, bytes);
}

static inline s64 sys_counters(u64 system, u64 cpu, struct counter *buffer, size_t bytes)
{
	return syscall4(SYS_COUNTERS, system, cpu, (uintptr_t)buffer, bytes);
}

/* *@n becomes the number of the first byte that was copied. */
static inline s64 sys_log_read(u64 system, u64 *n, char *buffer, size_t bytes)
{
	register u64 r10 __asm__("r10") = bytes;
	u64 rsi = *n;
	s64 result;

	__asm__ volatile("syscall"
			 : "=a"(result), "+S"(rsi)
			 : "a"(SYS_LOG_READ), "D"(system), "d"(buffer), "r"(r10)
			 : "rcx", "r11", "memory");
	if (result >= 0)
		*n = rsi;
	return result;
}
