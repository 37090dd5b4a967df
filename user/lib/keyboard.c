/* SPDX-License-Identifier: MIT */
/*
 * user/lib/keyboard.c - see keyboard.h.
 *
 * A key that goes down sends its code, again and again while it is held, and with bit 7 set when
 * it comes up.  Keys that the first PC had not have 0xe0 before each of the two.
 */
#include "user/lib/keyboard.h"

#define CODE_EXTENDED 0xe0
#define CODE_PAUSE    0xe1 /* two more codes follow, down and up alike */
#define PAUSE_MORE    2
#define CODE_UP	      0x80

enum key {
	KEY_CTRL = 0x1d,
	KEY_LEFT_SHIFT = 0x2a,
	KEY_RIGHT_SHIFT = 0x36,
	KEY_CAPS = 0x3a,
};

#define LEFT  1u
#define RIGHT 2u

#define CONTROL_BITS 0x1f /* what Ctrl leaves of a letter */

/* By code; 0: no character.  Rows of the keyboard, with the keys at their ends. */
static const char plain[] = "\0\033"
			    "1234567890-=\b"
			    "\tqwertyuiop[]\r"
			    "\0asdfghjkl;'`"
			    "\0\\zxcvbnm,./\0"
			    "*\0 ";
static const char shifted[] = "\0\033"
			      "!@#$%^&*()_+\b"
			      "\tQWERTYUIOP{}\r"
			      "\0ASDFGHJKL:\"~"
			      "\0|ZXCVBNM<>?\0"
			      "*\0 ";

#define NUMBERS_FIRST 0x47
static const char numbers[] = "789-456+1230.";

#define EXTRA_KEY 0x56 /* beside the left Shift, if there is one */

/* Behind 0xe0. */
static const struct {
	u8 code;
	const char *text;
} extended[] = {
	{ 0x1c, "\r" },	    { 0x35, "/" },	{ 0x47, "\033[H" },
	{ 0x48, "\033[A" }, { 0x4b, "\033[D" }, { 0x4d, "\033[C" },
	{ 0x4f, "\033[F" }, { 0x50, "\033[B" }, { 0x53, "\177" },
};

static u32 extended_key(u8 code, char *text)
{
	u32 n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(extended); i++)
		if (extended[i].code == code)
			for (; extended[i].text[n] != '\0'; n++)
				text[n] = extended[i].text[n];
	return n;
}

static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static char character(const struct keyboard *k, u8 code)
{
	bool shift = k->shifts != 0;

	if (code == EXTRA_KEY)
		return shift ? '|' : '\\';
	if (code >= NUMBERS_FIRST && code < NUMBERS_FIRST + sizeof(numbers) - 1)
		return numbers[code - NUMBERS_FIRST];
	if (code >= sizeof(plain) - 1)
		return '\0';
	if (k->caps && is_letter(plain[code]))
		shift = !shift;
	return shift ? shifted[code] : plain[code];
}

/* With Ctrl, letters and [ \ ] are control characters; others are nothing. */
static char control(char c)
{
	bool has_one = is_letter(c) || (c >= '[' && c <= ']');

	return has_one ? (char)(c & CONTROL_BITS) : '\0';
}

static u8 with(u8 mask, u8 bit, bool set)
{
	return (u8)(set ? mask | bit : mask & ~bit);
}

/* The key at @code changes what others are?  Then it is noted that it went down, or came up. */
static bool is_modifier(struct keyboard *k, u8 code, bool behind_e0, bool down)
{
	if (code == KEY_CTRL) {
		k->ctrls = with(k->ctrls, behind_e0 ? RIGHT : LEFT, down);
		return true;
	}
	if (behind_e0)
		return false;
	if (code == KEY_LEFT_SHIFT || code == KEY_RIGHT_SHIFT) {
		k->shifts = with(k->shifts, code == KEY_LEFT_SHIFT ? LEFT : RIGHT, down);
		return true;
	}
	if (code == KEY_CAPS) {
		if (down && !k->caps_down)
			k->caps = !k->caps;
		k->caps_down = down;
		return true;
	}
	return false;
}

u32 keyboard_take(struct keyboard *k, u8 code, char text[KEYBOARD_TEXT_MAX])
{
	bool behind_e0 = k->extended, down = (code & CODE_UP) == 0;
	u8 key = code & (u8)~CODE_UP;

	if (k->skip > 0) {
		k->skip--;
		return 0;
	}
	k->extended = code == CODE_EXTENDED;
	if (code == CODE_PAUSE)
		k->skip = PAUSE_MORE;
	if (code == CODE_EXTENDED || code == CODE_PAUSE || is_modifier(k, key, behind_e0, down) ||
	    !down)
		return 0;
	if (behind_e0)
		return extended_key(key, text);
	/* Ctrl takes the plain character, so that Caps Lock and Shift do not matter. */
	text[0] = k->ctrls == 0		    ? character(k, key)
		  : key < sizeof(plain) - 1 ? control(plain[key])
					    : '\0';
	return text[0] != '\0';
}
