/* SPDX-License-Identifier: MIT */
/* user/lib/console.c - see console.h. */
#include "user/lib/console.h"
#include "lib/err.h"
#include "lib/format.h"
#include "lib/string.h"
#include "user/lib/syscall.h"

#define PRINT_MAX 256

static u64 console, input; /* the endpoint, the notification */
static char keys[CONSOLE_TEXT_MAX];
static size_t keys_at, keys_end;

s64 console_open(u64 endpoint)
{
	struct message m = { { CONSOLE_LISTEN } };
	s64 notification = sys_notification();

	if (notification < 0)
		return notification;
	console = endpoint;
	input = (u64)notification;
	m.word[MESSAGE_WORDS - 1] = input;
	return sys_call_handle(console, &m);
}

void console_open_to_write(u64 endpoint)
{
	console = endpoint;
}

static void must(s64 result)
{
	if (result < 0)
		sys_exit(result);
}

void console_write(const char *text, size_t n)
{
	while (n > 0) {
		size_t part = MIN(n, CONSOLE_TEXT_MAX);
		struct message m = { { CONSOLE_WRITE, part } };

		memcpy(&m.word[CONSOLE_TEXT_AT], text, part);
		must(sys_call(console, &m));
		text += part;
		n -= part;
	}
}

void console_print(const char *fmt, ...)
{
	char text[PRINT_MAX];
	va_list args;
	int length;

	va_start(args, fmt);
	length = format_v(text, sizeof(text), fmt, args);
	va_end(args);
	console_write(text, MIN((size_t)length, sizeof(text) - 1));
}

static void fetch(void)
{
	struct message m = { { CONSOLE_READ } };

	must(sys_call(console, &m));
	keys_at = 0;
	keys_end = MIN(m.word[0], CONSOLE_TEXT_MAX);
	memcpy(keys, &m.word[CONSOLE_TEXT_AT], keys_end);
}

int console_key(u64 ns)
{
	u64 bits;

	if (keys_at == keys_end)
		fetch();
	while (keys_at == keys_end) {
		if (sys_wait(input, ns, &bits) != 0)
			return -ETIMEDOUT;
		fetch();
	}
	return (u8)keys[keys_at++];
}
