/* SPDX-License-Identifier: MIT */
/* user/lib/workload.c - see workload.h. */
#include "user/lib/workload.h"
#include "lib/format.h"
#include "lib/string.h"
#include "user/lib/text.h"

static u64 started; /* ns */

/* @text is one of @p's words, or a number that it allows. */
static bool take(struct parameter *p, const char *text)
{
	u64 value;

	for (value = 0; p->of != NULL && value <= p->max; value++)
		if (strcmp(p->of[value], text) == 0)
			break;
	if (p->of == NULL && !text_number(text, &value))
		return false;
	if (value < p->min || value > p->max)
		return false;
	p->value = value;
	return true;
}

/* The program's name and its parameters, and what is wrong with @text. */
static void complain(const struct parameter *parameters, u64 n, const struct parameter *p,
		     const char *text)
{
	char line[LOG_MAX + 1];
	size_t at = (size_t)format(line, sizeof(line), "'%s' is not ", text);

	if (p == NULL)
		at += (size_t)format(line + at, sizeof(line) - at, "asked for");
	else if (p->of == NULL)
		at += (size_t)format(line + at, sizeof(line) - at,
				     "a number from %lu to %lu for %s", p->min, p->max, p->name);
	else
		at += (size_t)format(line + at, sizeof(line) - at, "%s", p->name);
	at += (size_t)format(line + at, sizeof(line) - at, "; usage: %s", program_argv[0]);
	for (u64 i = 0; i < n && at < sizeof(line); i++)
		at += (size_t)format(line + at, sizeof(line) - at, " [%s]", parameters[i].name);
	print("%s", line);
}

bool workload_begin(struct parameter *parameters, u64 n)
{
	for (u64 i = 1; i < program_argc; i++) {
		struct parameter *p = i <= n ? &parameters[i - 1] : NULL;
		char *text = program_argv[i];

		if (strlen(text) > TASK_NAME_MAX)
			text[TASK_NAME_MAX] = '\0'; /* it is wrong: so much of it is enough */
		if (p == NULL || !take(p, text)) {
			complain(parameters, n, p, text);
			return false;
		}
	}
	workload_start();
	return true;
}

void workload_start(void)
{
	started = sys_clock();
}

int workload_end(const char *fmt, ...)
{
	u64 ns = sys_clock() - started;
	char text[LOG_MAX / 2];
	va_list args;

	va_start(args, fmt);
	format_v(text, sizeof(text), fmt, args);
	va_end(args);
	print("%s: %lu ns by the kernel's clock, %d checks failed", text, ns, check_failures);
	return check_failures;
}

void *workload_shared(size_t bytes)
{
	u64 memory = workload_handle(sys_memory(bytes), "memory");
	u64 at = workload_handle(
		sys_map(0, memory, 0, 0, ALIGN_UP(bytes, PAGE_SIZE), MAP_READ | MAP_WRITE),
		"shared memory");

	sys_close(memory); /* it stays as long as it is mapped */
	return (void *)at;
}

u64 workload_handle(s64 handle, const char *what)
{
	if (handle > 0)
		return (u64)handle;
	print("no %s: %s", what, err_name((int)handle));
	sys_exit(1);
}
