/* SPDX-License-Identifier: MIT */
/*
 * lib/log.c - printk and its ring.  ring_total counts every byte ever appended; the
 * byte with number i lies at i % LOG_RING_SIZE while i + LOG_RING_SIZE >= ring_total.
 */
#include "lib/log.h"
#include "lib/format.h"
#include "lib/string.h"

static char ring[LOG_RING_SIZE];
static u64 ring_total;
static log_sink *current_sink;

static const char cut_mark[] = "...\n";

void printk(const char *fmt, ...)
{
	char text[LOG_TEXT_MAX + 1];
	log_sink *sink = READ_ONCE(current_sink);
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = (size_t)format_v(text, sizeof(text), fmt, args);
	va_end(args);
	if (len > LOG_TEXT_MAX) {
		len = LOG_TEXT_MAX;
		memcpy(text + len - strlen(cut_mark), cut_mark, sizeof(cut_mark));
	}
	if (sink != NULL)
		sink(text, len);
	else
		log_append(text, len);
}

void log_set_sink(log_sink *sink)
{
	WRITE_ONCE(current_sink, sink);
}

void log_append(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ring[ring_total++ % LOG_RING_SIZE] = text[i];
}

/* The number of the first byte to replay. */
static u64 replay_start(void)
{
	u64 start = ring_total - LOG_RING_SIZE;

	if (ring_total <= LOG_RING_SIZE)
		return 0;
	for (u64 i = start; i < ring_total; i++) {
		if (ring[i % LOG_RING_SIZE] == '\n')
			return i + 1;
	}
	return start;
}

size_t log_read(u64 *from, char *text, size_t n)
{
	u64 start = MIN(MAX(*from, replay_start()), ring_total);

	*from = start;
	n = MIN(n, ring_total - start);
	for (size_t i = 0; i < n; i++)
		text[i] = ring[(start + i) % LOG_RING_SIZE];
	return n;
}

void log_replay(log_sink *sink)
{
	u64 start = replay_start();

	while (start < ring_total) {
		u64 at = start % LOG_RING_SIZE;
		u64 len = MIN(ring_total - start, LOG_RING_SIZE - at);

		sink(ring + at, len);
		start += len;
	}
}
