/* SPDX-License-Identifier: MIT */
/*
 * user/bin/console.c - the console server: the serial line, the keyboard and the screen, which
 * others write to and read from by calls (user/lib/console.h).  What the kernel prints it shows
 * between their lines.
 *
 * One thread: it receives calls, and bits of its notification where it receives calls.  Output
 * waits in a ring that the device's interrupts empty; who writes more than there is room for waits.
 */
#include "lib/err.h"
#include "lib/string.h"
#include "user/lib/console.h"
#include "user/lib/i8042.h"
#include "user/lib/keyboard.h"
#include "user/lib/names.h"
#include "user/lib/program.h"
#include "user/lib/screen.h"
#include "user/lib/syscall.h"

/* Handles, in the order of init's manifest. */
#define CALLS	       (HANDLE_FIRST + 0)
#define IRQ	       (HANDLE_FIRST + 1)
#define PORTS	       (HANDLE_FIRST + 2)
#define SYSTEM	       (HANDLE_FIRST + 3)
#define KEYBOARD_IRQ   (HANDLE_FIRST + 4)
#define KEYBOARD_PORTS (HANDLE_FIRST + 5)
#define OWN_CALLS      (HANDLE_FIRST + 6) /* to call us, for who asks for our name */
#define NAMES	       (HANDLE_FIRST + 7)

/* Registers of a 16550. */
enum {
	REG_DATA = 0,
	REG_INTERRUPTS = 1,
	REG_IDENTIFY = 2, /* read: what interrupts */
	REG_FIFO = 2,	  /* write */
	REG_MODEM_CONTROL = 4,
	REG_LINE_STATUS = 5,
};

#define INTERRUPT_RECEIVED 0x01
#define INTERRUPT_ROOM	   0x02
#define IDENTIFY_NONE	   0x01
#define FIFO_ON		   0x01
#define FIFO_BYTES	   16u
#define MODEM_DTR_RTS_OUT2 0x0b /* OUT2 lets the interrupt through */
#define STATUS_RECEIVED	   0x01
#define STATUS_ROOM	   0x20

#define BIT_IRQ	     1ul
#define BIT_TIMER    2ul
#define BIT_KEYBOARD 4ul

#define LOG_EVERY 50000000ul /* ns: how often the kernel's log is looked at */
#define RING_SIZE 4096u
#define OLD_TEXT  2048u /* bytes of the log that a new screen shows first */

struct ring {
	char bytes[RING_SIZE];
	u32 first, count;
};

static struct ring input, output;
static u64 listener; /* a notification of who reads; 0: nobody */
static u64 log_at;   /* the number of the kernel's next byte */

/* --- rings ------------------------------------------------------------------------------------ */

/* What there is no room for is lost. */
static void put(struct ring *r, char c)
{
	if (r->count < RING_SIZE)
		r->bytes[(r->first + r->count++) % RING_SIZE] = c;
}

static char take(struct ring *r)
{
	char c = r->bytes[r->first % RING_SIZE];

	r->first = (r->first + 1) % RING_SIZE;
	r->count--;
	return c;
}

/* Those who read are told if there is more than @before. */
static void tell_listener(u32 before)
{
	if (input.count > before && listener != 0)
		sys_signal(listener, 1);
}

/* --- the serial line -------------------------------------------------------------------------- */

static u8 in(u8 reg)
{
	return (u8)sys_port_in(PORTS, reg, 1);
}

static void out(u8 reg, u8 value)
{
	sys_port_out(PORTS, reg, 1, value);
}

static void send(void)
{
	if (output.count == 0 || (in(REG_LINE_STATUS)&STATUS_ROOM) == 0)
		return;
	for (u32 i = 0; i < FIFO_BYTES && output.count > 0; i++)
		out(REG_DATA, (u8)take(&output));
}

static void receive(void)
{
	while (in(REG_LINE_STATUS)&STATUS_RECEIVED)
		put(&input, (char)in(REG_DATA));
}

/* Until it says that nothing is left: only then does its next interrupt come. */
static void serve_device(void)
{
	u32 before = input.count;

	do {
		receive();
		send();
	} while ((in(REG_IDENTIFY)&IDENTIFY_NONE) == 0);
	sys_irq_ack(IRQ);
	tell_listener(before);
}

static void set_up_device(void)
{
	out(REG_FIFO, FIFO_ON);
	out(REG_MODEM_CONTROL, MODEM_DTR_RTS_OUT2);
	out(REG_INTERRUPTS, INTERRUPT_RECEIVED | INTERRUPT_ROOM);
}

/* --- the keyboard ----------------------------------------------------------------------------- */

/* What is typed is as if it had come by the line. */
static void serve_keyboard(void)
{
	static struct keyboard keyboard;
	char text[KEYBOARD_TEXT_MAX];
	u32 before = input.count;
	int code;

	while ((code = i8042_read(KEYBOARD_PORTS)) >= 0) {
		u32 n = keyboard_take(&keyboard, (u8)code, text);

		for (u32 i = 0; i < n; i++)
			put(&input, text[i]);
	}
	sys_irq_ack(KEYBOARD_IRQ);
	tell_listener(before);
}

/* Without one the line alone is read. */
static void set_up_keyboard(u64 notification)
{
	s64 err = i8042_set_up(KEYBOARD_PORTS);

	if (err == 0)
		err = sys_irq_bind(KEYBOARD_IRQ, notification, BIT_KEYBOARD);
	if (err != 0)
		print("no keyboard: %s", err_name((int)err));
	else
		serve_keyboard(); /* what came before is not told of again */
}

/* --- text ------------------------------------------------------------------------------------- */

static void write_char(char c)
{
	while (output.count == RING_SIZE)
		send();
	put(&output, c);
}

/* First on the screen: who sees it come by the line finds it there. */
static void write(const char *text, size_t n)
{
	screen_write(text, n);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			write_char('\r');
		write_char(text[i]);
	}
	send();
}

/* What the kernel has printed since. */
static void show_log(void)
{
	char text[LOG_READ_MAX];
	s64 n;

	while ((n = sys_log_read(SYSTEM, &log_at, text, sizeof(text))) > 0) {
		write(text, (size_t)n);
		log_at += (u64)n;
	}
}

/* What the kernel drew last is drawn again.  Without a screen text goes to the line alone. */
static void set_up_screen(void)
{
	s64 err = screen_open(SYSTEM), n;
	u64 at = log_at - MIN(log_at, OLD_TEXT);
	char text[LOG_READ_MAX];

	if (err != 0)
		print("no screen: %s", err_name((int)err));
	while (at < log_at && (n = sys_log_read(SYSTEM, &at, text, sizeof(text))) > 0) {
		screen_write(text, MIN((size_t)n, log_at - at));
		at += (u64)n;
	}
}

/* --- calls ------------------------------------------------------------------------------------ */

static void read_into(struct message *m)
{
	char *text = (char *)&m->word[CONSOLE_TEXT_AT];
	u64 n = 0;

	while (n < CONSOLE_TEXT_MAX && input.count > 0)
		text[n++] = take(&input);
	m->word[0] = n;
}

static void listen(u64 handle)
{
	if (listener != 0)
		sys_close(listener);
	listener = handle;
}

/* @m is the call, and then the reply. */
static void answer(struct message *m, bool with_handle)
{
	u64 handle = with_handle ? m->word[MESSAGE_WORDS - 1] : 0;

	switch (m->word[0]) {
	case CONSOLE_WRITE:
		show_log();
		write((const char *)&m->word[CONSOLE_TEXT_AT], MIN(m->word[1], CONSOLE_TEXT_MAX));
		break;
	case CONSOLE_READ:
		read_into(m);
		break;
	case CONSOLE_LISTEN:
		listen(handle);
		return;
	}
	if (handle != 0)
		sys_close(handle);
}

static void take_bits(u64 bits)
{
	if (bits & BIT_IRQ)
		serve_device();
	if (bits & BIT_KEYBOARD)
		serve_keyboard();
	if (bits & BIT_TIMER)
		show_log();
}

/* Without one it can still be called by whom init has told of it. */
static void set_up_name(void)
{
	s64 token = names_register(NAMES, CONSOLE_NAME, OWN_CALLS); /* kept: the name is, too */

	if (token < 0)
		print("no name: %s", err_name((int)token));
}

static s64 prepare(void)
{
	s64 notification = sys_notification(), timer;

	if (notification < 0)
		return notification;
	timer = sys_timer((u64)notification, BIT_TIMER);
	if (timer < 0)
		return timer;
	log_at = ~0ul; /* becomes where the next is */
	sys_log_read(SYSTEM, &log_at, NULL, 0);
	set_up_screen();
	set_up_name();
	sys_bind((u64)notification, CALLS);
	sys_timer_set((u64)timer, sys_clock() + LOG_EVERY, LOG_EVERY);
	set_up_device();
	set_up_keyboard((u64)notification);
	return sys_irq_bind(IRQ, (u64)notification, BIT_IRQ);
}

int main(void)
{
	struct message m = { { 0 } };
	s64 result = prepare();

	if (result != 0)
		print("%s", err_name((int)result));
	while (result >= 0) {
		result = sys_reply_wait(CALLS, &m);
		if (result == MESSAGE_BITS)
			take_bits(m.word[0]);
		else if (result >= 0)
			answer(&m, result == MESSAGE_HANDLE);
	}
	return (int)result;
}
