/* SPDX-License-Identifier: MIT */
/*
 * user/bin/notify.c - notifications and timers, as one thread sees them: what each system call
 * gives for good, bad and hostile arguments.  Its status is how many were not as they should be.
 */
#include "lib/err.h"
#include "user/lib/program.h"
#include "user/lib/syscall.h"

#define MS 1000000ul

static int wrong;

static void expect_at(int line, const char *what, u64 got, u64 want)
{
	if (got == want)
		return;
	print("line %d: %s is %#lx, expected %#lx\n", line, what, got, want);
	wrong++;
}

#define EXPECT(got, want) expect_at(__LINE__, #got, (u64)(got), (u64)(want))

static u64 make(s64 handle)
{
	if (handle <= 0) {
		print("a handle is %ld\n", handle);
		wrong++;
	}
	return (u64)handle;
}

/* The bits of @n that there are by now or in @ns; 0: none. */
static u64 bits_of(u64 n, u64 ns)
{
	u64 bits = 0;
	s64 err = sys_wait(n, ns, &bits);

	EXPECT(err, bits != 0 ? 0 : -ETIMEDOUT);
	return bits;
}

static void bits_stay(u64 n)
{
	EXPECT(bits_of(n, 0), 0);
	EXPECT(bits_of(n, MS), 0);
	EXPECT(sys_signal(n, 0), -EINVAL);
	EXPECT(sys_signal(n, 5), 0);
	EXPECT(sys_signal(n, 8), 0);
	EXPECT(bits_of(n, WAIT_FOR_EVER), 13);
	EXPECT(bits_of(n, 0), 0);
	EXPECT(sys_signal(n, 1ul << 63), 0);
	EXPECT(bits_of(n, 0), 1ul << 63);
	EXPECT(sys_signal(n, ~0ul), 0);
	EXPECT(bits_of(n, WAIT_FOR_EVER - 1), ~0ul);
}

static void bad_handles(u64 n, u64 ep)
{
	u64 wait_only = make(sys_duplicate(n, RIGHT_WAIT));
	u64 signal_only = make(sys_duplicate(n, RIGHT_SIGNAL));
	u64 call_only = make(sys_duplicate(ep, RIGHT_CALL));
	u64 closed = make(sys_notification());
	u64 bits;

	EXPECT(sys_close(closed), 0);
	for (int i = 0; i < 6; i++) {
		const u64 bad[] = { 0, ~0ul, closed, ep, n | 1ul << 40, n + 256 };

		EXPECT(sys_signal(bad[i], 1), -EBADF);
		EXPECT(sys_wait(bad[i], 0, &bits), -EBADF);
		EXPECT(sys_wait(bad[i], WAIT_FOR_EVER, &bits), -EBADF);
		EXPECT(sys_timer(bad[i], 1), -EBADF);
		EXPECT(sys_timer_set(bad[i], 1, 0), -EBADF);
		EXPECT(sys_bind(bad[i], ep), -EBADF);
		if (bad[i] != ep)
			EXPECT(sys_bind(n, bad[i]), -EBADF);
	}
	EXPECT(sys_signal(wait_only, 1), -EBADF);
	EXPECT(sys_timer(wait_only, 1), -EBADF);
	EXPECT(sys_timer_set(n, 1, 0), -EBADF);
	EXPECT(sys_wait(signal_only, WAIT_FOR_EVER, &bits), -EBADF);
	EXPECT(sys_bind(signal_only, ep), -EBADF);
	EXPECT(sys_bind(n, call_only), -EBADF);
	EXPECT(sys_duplicate(wait_only, RIGHT_SIGNAL), -EPERM);
	EXPECT(bits_of(n, 0), 0);
	EXPECT(sys_close(wait_only), 0);
	EXPECT(sys_close(signal_only), 0);
	EXPECT(sys_close(call_only), 0);
}

/* The last that signals goes; what it signalled before comes first. */
static void signallers_go(void)
{
	u64 n = make(sys_notification()), wait_only = make(sys_duplicate(n, RIGHT_WAIT));
	u64 timer = make(sys_timer(n, 4)), bits;

	EXPECT(sys_close(n), 0);
	EXPECT(bits_of(wait_only, 0), 0); /* the timer may signal */
	EXPECT(sys_timer_set(timer, 1, 0), 0);
	EXPECT(bits_of(wait_only, WAIT_FOR_EVER), 4);
	EXPECT(sys_close(timer), 0);
	EXPECT(sys_wait(wait_only, 0, &bits), -EPIPE);
	EXPECT(sys_wait(wait_only, WAIT_FOR_EVER, &bits), -EPIPE);
	EXPECT(sys_close(wait_only), 0);
}

static void bad_timers(u64 n)
{
	u64 timer;

	EXPECT(sys_timer(n, 0), -EINVAL);
	timer = make(sys_timer(n, 1));
	EXPECT(sys_timer_set(timer, 1, 1), -EINVAL);
	EXPECT(sys_timer_set(timer, 1, TIMER_PERIOD_MIN - 1), -EINVAL);
	EXPECT(sys_timer_set(timer, 1, TIMER_PERIOD_MAX + 1), -EINVAL);
	EXPECT(sys_timer_set(timer, 1, ~0ul), -EINVAL);
	EXPECT(bits_of(n, MS), 0);
	EXPECT(sys_timer_set(timer, ~0ul, TIMER_PERIOD_MAX), 0);
	EXPECT(sys_timer_set(timer, 0, TIMER_PERIOD_MIN), 0); /* never */
	EXPECT(bits_of(n, 3 * TIMER_PERIOD_MIN), 0);
	EXPECT(sys_timer_set(timer, 1, TIMER_PERIOD_MAX), 0); /* once, as far as we shall see */
	EXPECT(bits_of(n, WAIT_FOR_EVER), 1);
	EXPECT(sys_wait(timer, 0, &timer), -EBADF);
	EXPECT(sys_signal(timer, 1), -EBADF);
	EXPECT(sys_close(timer), 0);
	EXPECT(sys_timer_set(timer, 1, 0), -EBADF);
}

static void timers_signal(u64 n)
{
	u64 timer = make(sys_timer(n, 2)), other = make(sys_timer(n, 16));
	u64 start = sys_clock();

	EXPECT(sys_timer_set(timer, start + 2 * MS, 0), 0);
	EXPECT(bits_of(n, WAIT_FOR_EVER), 2);
	EXPECT(sys_clock() >= start + 2 * MS, 1);
	EXPECT(bits_of(n, MS), 0);
	start = sys_clock();
	EXPECT(sys_timer_set(timer, start + MS, MS), 0);
	for (int i = 0; i < 5; i++)
		EXPECT(bits_of(n, WAIT_FOR_EVER), 2);
	EXPECT(sys_timer_set(timer, 0, 0), 0);
	(void)bits_of(n, 0); /* one that came between */
	EXPECT(bits_of(n, 3 * MS), 0);
	EXPECT(sys_timer_set(timer, start + 100000 * MS, MS), 0); /* set again: forgotten */
	EXPECT(sys_timer_set(timer, start, 0), 0);
	EXPECT(bits_of(n, WAIT_FOR_EVER), 2);
	EXPECT(sys_timer_set(other, sys_clock() + 2 * MS, MS), 0);
	EXPECT(sys_close(other), 0);
	(void)bits_of(n, 0);
	EXPECT(bits_of(n, 4 * MS), 0);
	EXPECT(sys_close(timer), 0);
}

/* One endpoint of a notification, one notification of an endpoint, for as long as both are. */
static void bound_once(u64 n)
{
	u64 ep = make(sys_endpoint()), other_ep = make(sys_endpoint());
	u64 other = make(sys_notification());

	EXPECT(sys_signal(n, 1), 0);
	EXPECT(sys_bind(n, ep), 0);
	EXPECT(sys_bind(n, ep), -EBUSY);
	EXPECT(sys_bind(n, other_ep), -EBUSY);
	EXPECT(sys_bind(other, ep), -EBUSY);
	EXPECT(bits_of(n, 0), 1); /* here, too */
	EXPECT(sys_signal(n, 2), 0);
	EXPECT(sys_close(ep), 0);
	EXPECT(bits_of(n, 0), 2);
	EXPECT(sys_bind(n, other_ep), 0);
	EXPECT(sys_close(other_ep), 0);
	EXPECT(sys_close(other), 0);
	EXPECT(sys_signal(n, 4), 0);
	EXPECT(bits_of(n, 0), 4);
}

static void time_limits(u64 ep)
{
	u64 start = sys_clock();

	EXPECT(sys_timeout(2 * MS), 0);
	EXPECT(syscall1(SYS_CALL, ep), -ETIMEDOUT);
	EXPECT(sys_clock() >= start + 2 * MS, 1);
	EXPECT(sys_timeout(1), 0);
	EXPECT(syscall1(SYS_CALL, ep), -ETIMEDOUT);
	EXPECT(syscall1(SYS_CALL, 0), -EBADF);
	EXPECT(sys_timeout(0), 0);
}

/* What cannot be given a handle is not made. */
static void table_is_full(u64 n)
{
	static u64 handles[256];
	u32 count = 0;
	s64 handle = 0;

	while (count < ARRAY_SIZE(handles) && (handle = sys_duplicate(n, RIGHT_SIGNAL)) > 0)
		handles[count++] = (u64)handle;
	EXPECT(handle, -ENOSPC);
	EXPECT(sys_notification(), -ENOSPC);
	EXPECT(sys_timer(n, 1), -ENOSPC);
	while (count != 0)
		EXPECT(sys_close(handles[--count]), 0);
	EXPECT(sys_close(make(sys_timer(n, 1))), 0);
}

int main(void)
{
	u64 n = make(sys_notification()), ep = make(sys_endpoint());

	bits_stay(n);
	bad_handles(n, ep);
	signallers_go();
	bad_timers(n);
	timers_signal(n);
	bound_once(n);
	time_limits(ep);
	table_is_full(n);
	return wrong;
}
