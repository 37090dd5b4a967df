/* SPDX-License-Identifier: MIT */
/*
 * user/bin/init.c - the first task: starts what text/init.txt says, with the handles it says, and
 * keeps none of them.  Its argument is a handle of the system with all rights.
 *
 * A line that is wrong, or asks for what there is not, gets a line in the kernel's log, and its
 * program is not started.  The end of init, when all it has started has ended, is the session's.
 */
#include "lib/err.h"
#include "lib/string.h"
#include "user/lib/program.h"
#include "user/lib/spawn.h"
#include "user/lib/syscall.h"
#include "user/lib/text.h"

#define MANIFEST	  "text/init.txt"
#define MANIFEST_MAX	  4096
#define WORDS_MAX	  (ARGS_COUNT_MAX + 16)
#define PROGRAMS_MAX	  8
#define ENDPOINTS_MAX	  8
#define ENDPOINT_NAME_MAX 16
#define PAGES_DEFAULT	  4096

static struct {
	char name[ENDPOINT_NAME_MAX];
	u64 handle;
} endpoints[ENDPOINTS_MAX];

static u32 endpoint_count;

static u64 started[PROGRAMS_MAX]; /* handles of tasks */
static u32 started_count;

/* --- one word of a line: a handle of ours, to be given with @rights --------------------------- */

/* The endpoint of that name, made when it is first named. */
static s64 endpoint(const char *name)
{
	u32 i = 0;
	s64 handle;

	while (i < endpoint_count && strcmp(endpoints[i].name, name) != 0)
		i++;
	if (i < endpoint_count)
		return (s64)endpoints[i].handle;
	if (i == ENDPOINTS_MAX || strlen(name) >= ENDPOINT_NAME_MAX)
		return -ENOSPC;
	handle = sys_endpoint();
	if (handle < 0)
		return handle;
	strlcpy(endpoints[i].name, name, ENDPOINT_NAME_MAX);
	endpoints[i].handle = (u64)handle;
	endpoint_count++;
	return handle;
}

static s64 interrupt(const char *number)
{
	u64 n;

	return text_number(number, &n) ? sys_irq(program_arg, n) : -EINVAL;
}

/* FIRST+N */
static s64 port_range(const char *text)
{
	char first_text[16];
	const char *plus = strchr(text, '+');
	u64 first, n;

	if (plus == NULL || (size_t)(plus - text) >= sizeof(first_text))
		return -EINVAL;
	strlcpy(first_text, text, (size_t)(plus - text) + 1);
	if (!text_number(first_text, &first) || !text_number(plus + 1, &n))
		return -EINVAL;
	return sys_ports(program_arg, first, n);
}

static bool system_rights(const char *text, u64 *rights)
{
	static const struct {
		const char *name;
		u64 right;
	} names[] = { { "inspect", RIGHT_INSPECT },
		      { "cpus", RIGHT_CPUS },
		      { "power", RIGHT_POWER },
		      { "screen", RIGHT_SCREEN } };

	*rights = RIGHT_DUPLICATE;
	while (*text != '\0') {
		const char *rest = NULL;

		for (size_t i = 0; i < ARRAY_SIZE(names) && rest == NULL; i++) {
			rest = text_behind(text, names[i].name);
			if (rest != NULL)
				*rights |= names[i].right;
		}
		if (rest == NULL || (*rest != '+' && *rest != '\0'))
			return false;
		text = *rest == '+' ? rest + 1 : rest;
	}
	return true;
}

/* A new handle of ours for what @word says, and the rights to give; or an error. */
static s64 make(const char *word, u64 *rights)
{
	const char *rest;

	if ((rest = text_behind(word, "serves:")) != NULL) {
		*rights = RIGHT_RECEIVE;
		return endpoint(rest);
	}
	if ((rest = text_behind(word, "calls:")) != NULL) {
		*rights = RIGHT_CALL | RIGHT_DUPLICATE;
		return endpoint(rest);
	}
	if ((rest = text_behind(word, "irq:")) != NULL) {
		*rights = RIGHT_IRQ;
		return interrupt(rest);
	}
	if ((rest = text_behind(word, "ports:")) != NULL) {
		*rights = RIGHT_PORTS;
		return port_range(rest);
	}
	if ((rest = text_behind(word, "system:")) != NULL && system_rights(rest, rights))
		return sys_duplicate(program_arg, *rights);
	return -EINVAL;
}

static bool is_endpoint(u64 handle)
{
	for (u32 i = 0; i < endpoint_count; i++)
		if (endpoints[i].handle == handle)
			return true;
	return false;
}

/* Endpoints stay until all lines are read: others may name them. */
static s64 give(u64 task, const char *word)
{
	u64 rights = 0;
	s64 handle = make(word, &rights), given;

	if (handle < 0)
		return handle;
	given = sys_give(task, (u64)handle, rights);
	if (!is_endpoint((u64)handle))
		sys_close((u64)handle);
	return given;
}

/* --- lines ------------------------------------------------------------------------------------ */

static s64 give_all(u64 task, char **words, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		s64 err = give(task, words[i]);

		if (err < 0) {
			print("%s: %s", words[i], err_name((int)err));
			return err;
		}
	}
	return sys_thread(task, 0, 0, n, 0, ANY_CPU);
}

/* Takes "pages:N" away, if it is the first of @words, of which there are *@n. */
static u64 take_pages(char **words, u32 *n)
{
	const char *rest = *n > 0 ? text_behind(words[0], "pages:") : NULL;
	u64 pages;

	if (rest == NULL || !text_number(rest, &pages))
		return PAGES_DEFAULT;
	memmove(words, words + 1, --*n * sizeof(words[0]));
	return pages;
}

/* The program @args[0], with these arguments, and the handles that @words say. */
static void start(char **args, u32 arg_count, char **words, u32 n)
{
	u64 pages = take_pages(words, &n);
	s64 task = -ENOSPC, err;

	if (started_count < PROGRAMS_MAX)
		task = spawn_task(args, arg_count, pages);
	err = task < 0 ? task : give_all((u64)task, words, n);
	if (err == 0)
		started[started_count++] = (u64)task;
	else
		print("bin/%s is not started: %s", args[0], err_name((int)err));
	if (task > 0 && err != 0)
		sys_close((u64)task);
}

/* Arguments stand behind "--", in whose place their first is put: the name. */
static void start_line(char **words, u32 n)
{
	u32 i = 1;

	while (i < n && strcmp(words[i], "--") != 0)
		i++;
	if (i == n) {
		start(words, 1, words + 1, n - 1);
	} else {
		words[i] = words[0];
		start(words + i, n - i, words + 1, i - 1);
	}
}

static void read_line(char *line)
{
	char *words[WORDS_MAX], *comment = strchr(line, '#');
	u32 n;

	if (comment != NULL)
		*comment = '\0';
	n = text_words(line, words, WORDS_MAX);
	if (n > 0)
		start_line(words, n);
}

static void read_all(char *text)
{
	char *end;

	while ((end = strchr(text, '\n')) != NULL) {
		*end = '\0';
		read_line(text);
		text = end + 1;
	}
}

int main(void)
{
	static char text[MANIFEST_MAX + 1];
	s64 n = sys_file_read(MANIFEST, strlen(MANIFEST), 0, text, MANIFEST_MAX);
	s64 status = 0;

	if (n < 0)
		print("%s: %s", MANIFEST, err_name((int)n));
	if (n <= 0)
		return 1;
	read_all(text);
	for (u32 i = 0; i < endpoint_count; i++)
		sys_close(endpoints[i].handle);
	for (u32 i = 0; i < started_count; i++) {
		sys_task_wait(started[i], WAIT_FOR_EVER, &status);
		sys_close(started[i]); /* what it had mapped, the screen too, goes with it */
	}
	return 1;
}
