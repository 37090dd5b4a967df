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

static inline s64 sys_endpoint(void)
{
	return syscall0(SYS_ENDPOINT);
}

static inline s64 sys_duplicate(u64 handle, u64 rights)
{
	return syscall2(SYS_DUPLICATE, handle, rights);
}

static inline s64 sys_close(u64 handle)
{
	return syscall1(SYS_CLOSE, handle);
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
