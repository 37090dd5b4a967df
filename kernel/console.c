/* SPDX-License-Identifier: MIT */
/*
 * kernel/console.c - see console.h.
 *
 * .lock serialises whole printk() texts, the log ring and both devices.  After a panic
 * nobody takes it: the other CPUs are stopped or about to be, and one of them may hold it.
 */
#include "arch/x86_64/serial.h"
#include "arch/x86_64/spinlock.h"
#include "kernel/console.h"
#include "kernel/font.h"
#include "lib/err.h"
#include "lib/fbcon.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/kspace.h"
#include "mm/page.h"

static struct spinlock lock = SPINLOCK_INIT("console", LOCK_RANK_CONSOLE);
static bool in_panic;
static u32 borrowers GUARDED_BY(lock); /* of the serial line */
static enum {
	SCREEN_IS_OURS,
	SCREEN_IS_LENT,
	SCREEN_IS_KEPT, /* never lent again */
} screen_state GUARDED_BY(lock);
static struct handoff_framebuffer fb;
static bool on_screen;		     /* constant after console_init() */
static volatile u32 *kernel_mapping; /* of the framebuffer; NULL: none */

/* Under the lock; in a panic nobody takes it. */
static NO_LOCK_CHECK void write_all(const char *text, size_t len)
{
	log_append(text, len);
	if (borrowers == 0)
		serial_write(text, len);
	fbcon_write(text, len);
}

static void sink(const char *text, size_t len)
{
	u64 flags;

	if (READ_ONCE(in_panic)) {
		write_all(text, len);
		return;
	}
	flags = spin_lock_irqsave(&lock);
	write_all(text, len);
	spin_unlock_irqrestore(&lock, flags);
}

/* -ENODEV: there is no framebuffer; -EINVAL: none that can be used. */
static int init_screen(void)
{
	const struct screen s = { fb.width,	fb.height,	fb.pitch,
				  fb.red_shift, fb.green_shift, fb.blue_shift };

	if (fb.phys == 0)
		return -ENODEV;
	if (fb.phys % sizeof(u32) != 0 || fb.phys + (u64)fb.pitch * fb.height < fb.phys)
		return -EINVAL;
	return fbcon_init(&s, (volatile u32 *)(HANDOFF_DIRECT_MAP + fb.phys), font_begin,
			  (size_t)(font_end - font_begin));
}

void console_init(const struct handoff *h)
{
	int serial = serial_init();
	int screen;

	fb = h->fb;
	screen = init_screen();
	on_screen = screen == 0;
	log_set_sink(sink);
	if (serial)
		printk("console: no serial port at 0x3f8, text goes to the framebuffer only\n");
	if (screen == -ENODEV)
		printk("console: the firmware gave no framebuffer, text goes to the serial line "
		       "only\n");
	else if (screen)
		printk("console: framebuffer %ux%u, pitch %u cannot be used, serial line only\n",
		       fb.width, fb.height, fb.pitch);
	else
		printk("console: framebuffer %ux%u\n", fb.width, fb.height);
}

int console_map_framebuffer(void)
{
	if (!on_screen)
		return 0;
	kernel_mapping = kspace_map_device(fb.phys, (u64)fb.pitch * fb.height, PTE_PWT);
	return kernel_mapping != NULL ? 0 : -ENOMEM;
}

void console_use_kernel_mapping(void)
{
	if (on_screen)
		fbcon_move(kernel_mapping);
}

void console_lend_serial(void)
{
	u64 flags = spin_lock_irqsave(&lock);

	serial_flush();
	borrowers++;
	spin_unlock_irqrestore(&lock, flags);
}

void console_take_serial_back(void)
{
	u64 flags = spin_lock_irqsave(&lock);

	if (borrowers != 0 && --borrowers == 0)
		serial_reset();
	spin_unlock_irqrestore(&lock, flags);
}

/* Is one of its pages the allocator's?  Then firmware has said something wrong. */
static bool screen_lies_in_memory(void)
{
	u64 end = (fb.phys + (u64)fb.pitch * fb.height - 1) >> PAGE_SHIFT;

	for (u64 pfn = fb.phys >> PAGE_SHIFT; pfn <= end; pfn++)
		if (page_is_managed(pfn))
			return true;
	return false;
}

int console_lend_screen(struct handoff_framebuffer *out)
{
	int err = 0;
	u64 flags;

	if (kernel_mapping == NULL || screen_lies_in_memory())
		return -ENODEV;
	*out = fb;
	flags = spin_lock_irqsave(&lock);
	if (screen_state != SCREEN_IS_OURS) {
		err = -EBUSY;
	} else {
		screen_state = SCREEN_IS_LENT;
		fbcon_lend();
	}
	spin_unlock_irqrestore(&lock, flags);
	return err;
}

void console_take_screen_back(void)
{
	u64 flags = spin_lock_irqsave(&lock);

	if (screen_state == SCREEN_IS_LENT) {
		screen_state = SCREEN_IS_OURS;
		fbcon_take_back();
	}
	spin_unlock_irqrestore(&lock, flags);
}

volatile u32 *console_screen(void)
{
	return kernel_mapping;
}

bool console_screen_is_shown(void)
{
	u64 flags = spin_lock_irqsave(&lock);
	bool is = fbcon_is_shown();

	spin_unlock_irqrestore(&lock, flags);
	return is;
}

/* Under the lock; in a panic nobody takes it. */
static NO_LOCK_CHECK void keep_both(void)
{
	if (borrowers != 0)
		serial_reset();
	borrowers = 0;
	screen_state = SCREEN_IS_KEPT;
	fbcon_take_back();
}

void console_keep(void)
{
	u64 flags = spin_lock_irqsave(&lock);

	keep_both();
	spin_unlock_irqrestore(&lock, flags);
}

size_t console_read_log(u64 *from, char *text, size_t n)
{
	u64 flags = spin_lock_irqsave(&lock);
	size_t len = log_read(from, text, n);

	spin_unlock_irqrestore(&lock, flags);
	return len;
}

void console_enter_panic(void)
{
	WRITE_ONCE(in_panic, true);
	keep_both();
}

void console_last_words(const char *text)
{
	serial_write(text, strlen(text));
	serial_flush();
}

void console_flush(void)
{
	serial_flush();
}
