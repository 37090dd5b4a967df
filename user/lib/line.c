/* SPDX-License-Identifier: MIT */
/* user/lib/line.c - see line.h. */
#include "user/lib/line.h"
#include "lib/string.h"
#include "user/lib/console.h"

#define KEY_CANCEL    0x03 /* ^C */
#define KEY_BACKSPACE 0x08
#define KEY_ENTER     '\r'
#define KEY_ERASE     0x15 /* ^U */
#define KEY_ESCAPE    0x1b
#define KEY_DELETE    0x7f
#define RUB_OUT	      "\b \b"

void line_begin(struct line *l)
{
	l->length = 0;
	l->escape = 0;
	l->shown = l->lines;
}

static void erase(struct line *l, u32 to)
{
	for (; l->length > to; l->length--)
		console_write(RUB_OUT, strlen(RUB_OUT));
}

static void show(struct line *l, u32 which)
{
	erase(l, 0);
	l->shown = which;
	if (which == l->lines)
		return;
	l->length = (u32)strlcpy(l->text, l->past[which % LINES_OF_PAST], LINE_SIZE);
	console_write(l->text, l->length);
}

/* ESC [ A is up, ESC [ B is down; others are passed over. */
static void arrow(struct line *l, char key)
{
	if (l->escape == 1) {
		l->escape = key == '[' ? 2 : 0;
		return;
	}
	l->escape = 0;
	if (key == 'A' && l->shown > 0 && l->lines - l->shown < LINES_OF_PAST)
		show(l, l->shown - 1);
	else if (key == 'B' && l->shown < l->lines)
		show(l, l->shown + 1);
}

static enum line_state end(struct line *l)
{
	console_write("\n", 1);
	l->text[l->length] = '\0';
	if (l->length > 0)
		strlcpy(l->past[l->lines++ % LINES_OF_PAST], l->text, LINE_SIZE);
	return LINE_DONE;
}

enum line_state line_key(struct line *l, char key)
{
	if (l->escape != 0) {
		arrow(l, key);
	} else if (key == KEY_ENTER || key == '\n') {
		return end(l);
	} else if (key == KEY_CANCEL) {
		console_write("^C\n", 3);
		return LINE_GIVEN_UP;
	} else if (key == KEY_ERASE) {
		erase(l, 0);
	} else if (key == KEY_BACKSPACE || key == KEY_DELETE) {
		erase(l, l->length > 0 ? l->length - 1 : 0);
	} else if (key == KEY_ESCAPE) {
		l->escape = 1;
	} else if (key >= ' ' && key <= '~' && l->length < LINE_SIZE - 1) {
		l->text[l->length++] = key;
		console_write(&key, 1);
	}
	return LINE_GOES_ON;
}
