/* SPDX-License-Identifier: MIT */
/*
 * kernel/sys_screen.c - the framebuffer as a memory object of tasks.
 *
 * There is one such object at a time.  As long as it is there, mapped or only held, the kernel does
 * not draw; it ends when no CPU can reach the pixels through it, and then the kernel draws all of
 * its text anew (console.h).
 */
#include "kernel/sys_screen.h"
#include "arch/x86_64/uaccess.h"
#include "kernel/abi.h"
#include "kernel/console.h"
#include "kernel/memory.h"
#include "kernel/system.h"
#include "kernel/task.h"
#include "lib/err.h"

/* Write-combining, as the kernel's own mapping: the same memory is not cached in two ways. */
static struct memory *pixels_of(const struct handoff_framebuffer *fb)
{
	paddr_t start = ALIGN_DOWN(fb->phys, PAGE_SIZE);
	u64 bytes = ALIGN_UP(fb->phys + (u64)fb->pitch * fb->height, PAGE_SIZE) - start;

	return memory_of_device(start, bytes / PAGE_SIZE, PTE_PWT, console_take_screen_back);
}

s64 sys_framebuffer(struct syscall_frame *f)
{
	struct handoff_framebuffer fb;
	struct framebuffer info;
	struct memory *m;
	int err;

	if (!may_use_system(f->rdi, RIGHT_SCREEN))
		return -EBADF;
	err = console_lend_screen(&fb);
	if (err)
		return err;
	m = pixels_of(&fb);
	if (m == NULL) {
		console_take_screen_back();
		return -ENOMEM;
	}
	info = (struct framebuffer){ .offset = fb.phys % PAGE_SIZE,
				     .width = fb.width,
				     .height = fb.height,
				     .pitch = fb.pitch,
				     .red_shift = fb.red_shift,
				     .green_shift = fb.green_shift,
				     .blue_shift = fb.blue_shift };
	if (copy_to_user(f->rsi, &info, sizeof(info)) != 0) {
		kobj_put(&m->kobj);
		return -EFAULT;
	}
	return handle_add_or_put(&current->user->task->handles, &m->kobj,
				 RIGHT_WRITE | RIGHT_DUPLICATE | RIGHT_REVOKE);
}
