/* SPDX-License-Identifier: MIT */
/*
 * boot/bios/console.c - COM1 as GRUB or BIOS set it up, or at 115200 baud if neither
 * did, and the VGA's text screen if that is what is shown.
 */
#include "boot/bios/multiboot.h"
#include "boot/ports.h"

#define COM1	       0x3f8
#define COM1_DATA      (COM1 + 0)
#define COM1_INTERRUPT (COM1 + 1)
#define COM1_FIFO      (COM1 + 2)
#define COM1_LINE      (COM1 + 3)
#define COM1_MODEM     (COM1 + 4)
#define COM1_STATUS    (COM1 + 5)
#define COM1_SCRATCH   (COM1 + 7)
#define STATUS_EMPTY   BIT(5)
#define STATUS_SENT    BIT(6)
#define LINE_8N1       0x03
#define LINE_DIVISOR   0x80
#define FIFO_ON	       0x07
#define MODEM_READY    0x03
#define DIVISOR	       1 /* 115200 baud */
#define SCRATCH_TEST   0x5a

#define SCREEN_COLUMNS 80
#define SCREEN_ROWS    25
#define SCREEN_COLOUR  0x0700 /* grey on black */

static volatile u16 *const screen = (volatile u16 *)0xb8000;
static bool have_screen, have_serial;
static unsigned int row, column;

static void serial_begin(void)
{
	outb(COM1_SCRATCH, SCRATCH_TEST);
	have_serial = inb(COM1_SCRATCH) == SCRATCH_TEST;
	if (!have_serial)
		return;
	outb(COM1_INTERRUPT, 0);
	outb(COM1_LINE, LINE_DIVISOR);
	outb(COM1_DATA, DIVISOR);
	outb(COM1_INTERRUPT, 0);
	outb(COM1_LINE, LINE_8N1);
	outb(COM1_FIFO, FIFO_ON);
	outb(COM1_MODEM, MODEM_READY);
}

void console_begin(bool text_screen)
{
	have_screen = text_screen;
	for (unsigned int i = 0; have_screen && i < SCREEN_ROWS * SCREEN_COLUMNS; i++)
		screen[i] = SCREEN_COLOUR | ' ';
	serial_begin();
}

static void serial_put(char c)
{
	while (!(inb(COM1_STATUS) & STATUS_EMPTY))
		__asm__ volatile("pause");
	outb(COM1_DATA, (u8)c);
}

/* Wait until the last byte is on the line: the machine may be about to end. */
static void serial_drain(void)
{
	while (!(inb(COM1_STATUS) & STATUS_SENT))
		__asm__ volatile("pause");
}

static void new_line(void)
{
	column = 0;
	if (++row < SCREEN_ROWS)
		return;
	row--;
	for (unsigned int i = 0; i < row * SCREEN_COLUMNS; i++)
		screen[i] = screen[i + SCREEN_COLUMNS];
	for (unsigned int i = 0; i < SCREEN_COLUMNS; i++)
		screen[row * SCREEN_COLUMNS + i] = SCREEN_COLOUR | ' ';
}

static void screen_put(char c)
{
	if (c != '\n')
		screen[row * SCREEN_COLUMNS + column++] = (u16)(SCREEN_COLOUR | (u8)c);
	if (c == '\n' || column == SCREEN_COLUMNS)
		new_line();
}

void console_write(const char *text)
{
	for (; *text; text++) {
		if (have_serial && *text == '\n')
			serial_put('\r');
		if (have_serial)
			serial_put(*text);
		if (have_screen)
			screen_put(*text);
	}
	if (have_serial)
		serial_drain();
}
