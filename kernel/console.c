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
#include "kernel/fbcon.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/kspace.h"

static struct spinlock lock = SPINLOCK_INIT("console", LOCK_RANK_CONSOLE);
static bool in_panic;
static u32 borrowers GUARDED_BY(lock); /* of the serial line */
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

void console_init(const struct handoff *h)
{
	int serial = serial_init();
	int screen;

	fb = h->fb;
	screen = fbcon_init(&fb, (volatile u32 *)(HANDOFF_DIRECT_MAP + fb.phys));
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

void console_keep_serial(void)
{
	u64 flags = spin_lock_irqsave(&lock);

	if (borrowers != 0)
		serial_reset();
	borrowers = 0;
	spin_unlock_irqrestore(&lock, flags);
}

size_t console_read_log(u64 *from, char *text, size_t n)
{
	u64 flags = spin_lock_irqsave(&lock);
	size_t len = log_read(from, text, n);

	spin_unlock_irqrestore(&lock, flags);
	return len;
}

/* Nobody takes the lock any more. */
NO_LOCK_CHECK void console_enter_panic(void)
{
	WRITE_ONCE(in_panic, true);
	if (borrowers != 0)
		serial_reset();
	borrowers = 0;
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
