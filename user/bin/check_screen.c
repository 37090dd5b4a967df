/* SPDX-License-Identifier: MIT */
/*
 * user/bin/check_screen.c - SYS_FRAMEBUFFER with arguments good, bad and hostile, and what can be
 * done with its memory.  The argument is a handle of the system with RIGHT_SCREEN and
 * RIGHT_DUPLICATE, or'ed with PAINT: then it takes the screen, paints and gives it back, for ever.
 */
#include "user/lib/check.h"

#define PAINT (1ul << 32)
#define RW    (MAP_READ | MAP_WRITE)
#define LINES 100u /* so many are painted at a time */

static u64 system_handle;
static struct framebuffer fb;

static u64 take(void)
{
	s64 memory = sys_framebuffer(system_handle, &fb);

	CHECK(memory > 0);
	return (u64)memory;
}

static u64 bytes(void)
{
	return ALIGN_UP(fb.offset + (u64)fb.pitch * fb.height, PAGE_SIZE);
}

static volatile u32 *map(u64 memory)
{
	s64 at = sys_map(0, memory, 0, 0, bytes(), RW);

	CHECK(at > 0);
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): where the kernel has mapped it */
	return (volatile u32 *)(at + (s64)fb.offset);
}

static void unmap(volatile u32 *pixels)
{
	CHECK_EQ(sys_unmap(0, (uintptr_t)pixels - fb.offset, bytes()), 0);
}

static void arguments_are_checked(void)
{
	u64 none = (u64)sys_duplicate(system_handle, RIGHT_DUPLICATE), memory = take();
	u64 other = (u64)sys_notification();
	const u64 bad[] = { 0, ~0ul, none, other, memory, system_handle | 1ul << 40 };
	static const u64 bad_places[] = BAD_ADDRESSES;
	u64 end = check_page_end();

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(sys_framebuffer(bad[i], &fb), -EBADF);
	CHECK_EQ(sys_framebuffer(system_handle, &fb), -EBUSY);
	CHECK_EQ(sys_close(memory), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad_places); i++)
		CHECK_EQ(syscall2(SYS_FRAMEBUFFER, system_handle, bad_places[i]), -EFAULT);
	CHECK_EQ(syscall2(SYS_FRAMEBUFFER, system_handle, end - 8), -EFAULT);
	memory = (u64)syscall2(SYS_FRAMEBUFFER, system_handle, end - sizeof(fb));
	CHECK_EQ(sys_close(memory), 0);
	CHECK_EQ(sys_close(none), 0);
	CHECK_EQ(sys_close(other), 0);
}

static void description_is_right(u64 memory)
{
	volatile u32 *pixels = map(memory);
	u64 last = ((u64)fb.pitch * (fb.height - 1)) / sizeof(u32) + fb.width - 1;

	CHECK(fb.pitch >= fb.width * sizeof(u32) && fb.height > 0 && fb.offset < PAGE_SIZE);
	pixels[0] = 0x123456;
	pixels[last] = 0x654321;
	CHECK_EQ(pixels[0], 0x123456);
	CHECK_EQ(pixels[last], 0x654321);
	CHECK_EQ(sys_map(0, memory, 0, 0, bytes() + PAGE_SIZE, RW), -EINVAL);
	CHECK_EQ(sys_map(0, memory, 0, bytes(), PAGE_SIZE, RW), -EINVAL);
	CHECK_EQ(sys_map(0, memory, 0, ~0ul << 12, 2 * PAGE_SIZE, RW), -EINVAL);
	CHECK_EQ(sys_map(0, memory, 0, 0, PAGE_SIZE, RW | MAP_LARGE), -EINVAL);
	CHECK(sys_file_read("text/init.txt", 13, 0, (char *)pixels, 8) == 8); /* by the kernel */
	CHECK_EQ(((volatile char *)pixels)[0], '#');
	unmap(pixels);
}

static void rights_of_the_memory(u64 memory)
{
	u64 look = (u64)sys_duplicate(memory, RIGHT_DUPLICATE);
	s64 at = sys_map(0, look, 0, 0, PAGE_SIZE, MAP_READ);

	CHECK(at > 0);
	CHECK_EQ(sys_map(0, look, 0, 0, PAGE_SIZE, RW), -EPERM);
	CHECK_EQ(sys_protect(0, (u64)at, PAGE_SIZE, RW), -EPERM);
	CHECK_EQ(sys_unmap(0, (u64)at, PAGE_SIZE), 0);
	CHECK_EQ(sys_close(look), 0);
}

/* A fork has it too: the same memory.  What was made read-only is that for it. */
static void forks_share(u64 memory)
{
	volatile u32 *pixels = map(memory);
	s64 child;

	pixels[1] = 1;
	child = sys_fork();
	if (child == 0) {
		pixels[2] = pixels[1] + 1;
		CHECK_EQ(sys_protect(0, (uintptr_t)pixels - fb.offset, PAGE_SIZE, MAP_READ), 0);
		CHECK_EQ(pixels[2], 2);
		pixels[2] = 3; /* ends it */
		sys_exit(0);
	}
	CHECK_EQ(check_wait((u64)child), -EFAULT);
	CHECK_EQ(pixels[2], 2);
	unmap(pixels);
}

/* As long as a handle leads to it, or it is mapped. */
static void ends_when_nobody_has_it(void)
{
	u64 memory = take(), other = (u64)sys_duplicate(memory, RIGHT_WRITE);
	volatile u32 *pixels = map(memory), *again = map(other);

	CHECK_EQ(sys_close(memory), 0);
	CHECK_EQ(sys_close(other), 0);
	CHECK_EQ(sys_framebuffer(system_handle, &fb), -EBUSY);
	unmap(pixels);
	CHECK_EQ(sys_framebuffer(system_handle, &fb), -EBUSY);
	again[3] = 4;
	CHECK_EQ(again[3], 4);
	unmap(again);
	memory = take();
	CHECK_EQ(sys_close(memory), 0);
}

static void paint(u32 colour)
{
	s64 memory = sys_framebuffer(system_handle, &fb);
	volatile u32 *pixels;

	if (memory < 0) {
		sys_yield(); /* somebody else has it */
		return;
	}
	pixels = map((u64)memory);
	sys_close((u64)memory);
	for (u32 y = 0; y < MIN(LINES, fb.height); y++)
		for (u32 x = 0; x < fb.width; x++)
			pixels[y * (fb.pitch / sizeof(u32)) + x] = colour + x + y;
	unmap(pixels);
}

int main(void)
{
	u64 memory;

	system_handle = program_arg & ~PAINT;
	if (program_arg & PAINT)
		for (u32 colour = 0;; colour++)
			paint(colour);
	arguments_are_checked();
	memory = take();
	description_is_right(memory);
	rights_of_the_memory(memory);
	forks_share(memory);
	CHECK_EQ(sys_close(memory), 0);
	ends_when_nobody_has_it();
	return check_failures;
}
