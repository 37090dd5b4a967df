/* SPDX-License-Identifier: MIT */
/*
 * user/bin/shell.c - the shell: reads lines from the console and does what they say.
 *
 * A program that it runs in the foreground is waited for, and ^C kills it; others have a number
 * until they have ended and that was said, before a prompt.
 */
#include "lib/err.h"
#include "lib/string.h"
#include "user/lib/console.h"
#include "user/lib/line.h"
#include "user/lib/names.h"
#include "user/lib/program.h"
#include "user/lib/spawn.h"
#include "user/lib/syscall.h"
#include "user/lib/text.h"

/* Handles, in the order of init's manifest. */
#define CONSOLE (HANDLE_FIRST + 0)
#define SYSTEM	(HANDLE_FIRST + 1)
#define NAMES	(HANDLE_FIRST + 2)

#define HANDLES_GIVEN 1u /* to each program: the names server */

#define PROMPT	      "prague> "
#define WORDS_MAX     (ARGS_COUNT_MAX + 4u)
#define JOBS_MAX      16u
#define TASKS_AT_ONCE 8u
#define PROGRAM_PAGES 122880u /* for a program and what it makes: less than the shell has */
#define CPUS_MAX      256u
#define COUNTERS_MAX  64u
#define NS_PER_MS     1000000ul
#define LOOK_EVERY    (50 * NS_PER_MS)	 /* at the keys, while a program runs */
#define CPU_PATIENCE  (5000 * NS_PER_MS) /* for a CPU that is to go */
#define KEY_CANCEL    0x03

/* --- programs --------------------------------------------------------------------------------- */

static struct job {
	u64 task; /* a handle; 0: none */
	char name[TASK_NAME_MAX];
} jobs[JOBS_MAX];

static void say_status(const char *name, s64 status)
{
	if (status < 0 && status >= -ETIMEDOUT)
		console_print("%s: %s\n", name, err_name((int)status));
	else
		console_print("%s: status %ld\n", name, status);
}

/* Has it ended within @ns?  That is said, and it is forgotten. */
static bool has_ended(struct job *j, u64 ns)
{
	s64 status = 0;

	if (sys_task_wait(j->task, ns, &status) != 0)
		return false;
	say_status(j->name, status);
	sys_close(j->task);
	j->task = 0;
	return true;
}

static void say_who_ended(void)
{
	for (u32 i = 0; i < JOBS_MAX; i++)
		if (jobs[i].task != 0)
			has_ended(&jobs[i], 0);
}

static void wait_in_foreground(struct job *j)
{
	while (!has_ended(j, LOOK_EVERY))
		if (console_key(0) == KEY_CANCEL) {
			console_print("^C\n");
			sys_kill(j->task);
		}
}

/* The program and its arguments, with a handle to call the names server: its handle, or an error.
 */
static s64 start(char **words, u32 n)
{
	s64 task = spawn_task(words, n, PROGRAM_PAGES), err;

	if (task < 0)
		return task;
	err = sys_give((u64)task, NAMES, RIGHT_CALL | RIGHT_DUPLICATE);
	if (err > 0)
		err = sys_thread((u64)task, 0, 0, HANDLES_GIVEN, 0, ANY_CPU);
	if (err == 0)
		return task;
	sys_close((u64)task);
	return err;
}

static void run(char **words, u32 n)
{
	bool meanwhile = n > 2 && strcmp(words[n - 1], "&") == 0;
	struct job *j = jobs;
	s64 task;

	while (j < jobs + JOBS_MAX && j->task != 0)
		j++;
	if (j == jobs + JOBS_MAX) {
		console_print("%u programs run already\n", JOBS_MAX);
		return;
	}
	task = start(words + 1, n - 1 - meanwhile);
	if (task < 0) {
		console_print("%s: %s\n", words[1], err_name((int)task));
		return;
	}
	j->task = (u64)task;
	strlcpy(j->name, words[1], sizeof(j->name));
	if (meanwhile)
		console_print("[%lu] %s\n", (u64)(j - jobs), j->name);
	else
		wait_in_foreground(j);
}

static void jobs_command(char **words, u32 n)
{
	(void)words;
	(void)n;
	for (u32 i = 0; i < JOBS_MAX; i++)
		if (jobs[i].task != 0)
			console_print("[%u] %s\n", i, jobs[i].name);
}

static void kill(char **words, u32 n)
{
	u64 i;

	(void)n;
	if (!text_number(words[1], &i) || i >= JOBS_MAX || jobs[i].task == 0)
		console_print("no such program: see jobs\n");
	else if (sys_kill(jobs[i].task) == 0)
		has_ended(&jobs[i], WAIT_FOR_EVER);
}

static void programs(char **words, u32 n)
{
	char name[FILE_NAME_MAX];
	s64 length;

	(void)words;
	(void)n;
	for (u64 i = 0; (length = sys_file_name(i, name, sizeof(name) - 1)) >= 0; i++) {
		name[length] = '\0';
		if (text_behind(name, "bin/") != NULL)
			console_print(" %s", text_behind(name, "bin/"));
	}
	console_print("\n");
}

/* --- what there is ---------------------------------------------------------------------------- */

/* The address-space slots that it has, by CPU: each is an ASID. */
static void say_slots(const struct task_info *t)
{
	for (u32 cpu = 0; cpu < t->cpus; cpu++)
		if (t->slot[cpu] != NO_SLOT)
			console_print(" %u:%u", cpu, t->slot[cpu]);
	console_print("\n");
}

static void tasks(char **words, u32 n)
{
	static struct task_info list[TASKS_AT_ONCE];
	u64 last = 0;
	s64 found;

	(void)words;
	(void)n;
	console_print("   id threads  pages name         cpu:asid\n");
	while ((found = sys_task_list(SYSTEM, last, list, sizeof(list))) > 0)
		for (u32 i = 0; i < found; i++) {
			last = list[i].id;
			console_print("%5lu %7u %6lu %-12s", list[i].id, list[i].threads,
				      list[i].pages, list[i].name);
			say_slots(&list[i]);
		}
}

static void cpus(char **words, u32 n)
{
	static struct cpu_info list[CPUS_MAX];
	s64 found = sys_cpus(SYSTEM, list, sizeof(list));

	(void)words;
	(void)n;
	for (u32 i = 0; i < found; i++)
		console_print("CPU %u (APIC id %u): %s\n", i, list[i].apic_id,
			      list[i].is_up	 ? "up"
			      : list[i].is_there ? "down"
						 : "not there");
}

static void cpu(char **words, u32 n)
{
	bool up = strcmp(words[1], "up") == 0;
	u64 which;
	s64 err;

	(void)n;
	if ((!up && strcmp(words[1], "down") != 0) || !text_number(words[2], &which)) {
		console_print("cpu down N, or cpu up N\n");
		return;
	}
	err = sys_cpu(SYSTEM, which, up ? CPU_CHANGE_UP : CPU_CHANGE_DOWN, CPU_PATIENCE);
	if (err != 0)
		console_print("CPU %lu: %s\n", which, err_name((int)err));
	else
		console_print("CPU %lu is %s\n", which, up ? "up" : "down");
}

static void counters(char **words, u32 n)
{
	static struct counter list[COUNTERS_MAX];
	u64 which = ANY_CPU;
	s64 found = -EINVAL;

	if (n < 2 || text_number(words[1], &which))
		found = sys_counters(SYSTEM, which, list, sizeof(list));
	if (found < 0)
		console_print("counters: %s\n", err_name((int)found));
	for (u32 i = 0; i < found; i++)
		console_print("%-16s %10lu\n", list[i].name, list[i].value);
}

static void names(char **words, u32 n)
{
	char name[NAME_MAX];

	(void)words;
	(void)n;
	for (u64 i = 0; names_list(NAMES, i, name) == 0; i++)
		console_print("%s\n", name);
}

/* --- the machine ------------------------------------------------------------------------------ */

/* It ends all programs, this one too, unless the kernel says no. */
static void self_test(enum self_test what, const char *globs)
{
	s64 err = sys_self_test(SYSTEM, what, globs, strlen(globs));

	if (err != 0)
		console_print("%s: %s\n", globs, err_name((int)err));
}

static void test(char **words, u32 n)
{
	(void)n;
	self_test(SELF_TEST_TESTS, words[1]);
}

static void bench(char **words, u32 n)
{
	(void)n;
	self_test(SELF_TEST_BENCHMARKS, words[1]);
}

static void reboot(char **words, u32 n)
{
	(void)words;
	(void)n;
	sys_power(SYSTEM, POWER_REBOOT);
}

static void poweroff(char **words, u32 n)
{
	(void)words;
	(void)n;
	sys_power(SYSTEM, POWER_OFF);
}

/* --- lines ------------------------------------------------------------------------------------ */

static void help(char **words, u32 n);

static const struct command {
	const char *name, *arguments;
	u32 words; /* at least, the name included */
	void (*run)(char **words, u32 n);
	const char *what;
} commands[] = {
	{ "help", "", 1, help, "this" },
	{ "programs", "", 1, programs, "what can be run" },
	{ "run", "NAME ... [&]", 2, run,
	  "run a program with arguments; with & go on meanwhile; ^C kills it" },
	{ "jobs", "", 1, jobs_command, "programs that run meanwhile" },
	{ "kill", "N", 2, kill, "end one of those" },
	{ "tasks", "", 1, tasks, "all tasks, with their address-space slots" },
	{ "names", "", 1, names, "what programs find others by" },
	{ "cpus", "", 1, cpus, "all CPUs" },
	{ "cpu", "down|up N", 3, cpu, "take a CPU down, or bring it up" },
	{ "counters", "[CPU]", 1, counters, "what was counted, by one CPU or all" },
	{ "test", "GLOB,...", 2, test, "end all programs, run self-tests, and begin again" },
	{ "bench", "GLOB,...", 2, bench, "the same with benchmarks" },
	{ "reboot", "", 1, reboot, "start the machine anew" },
	{ "poweroff", "", 1, poweroff, "turn it off" },
};

static void help(char **words, u32 n)
{
	(void)words;
	(void)n;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		console_print("%-9s%-13s %s\n", commands[i].name, commands[i].arguments,
			      commands[i].what);
	console_print("Workloads are pingpong, ring, crowd, forktree and mapstorm; each says its\n"
		      "parameters if one is wrong: run ring 0\n");
}

static void obey(char *line)
{
	char *words[WORDS_MAX];
	u32 n = text_words(line, words, WORDS_MAX);
	size_t i = 0;

	if (n == 0)
		return;
	while (i < ARRAY_SIZE(commands) && strcmp(commands[i].name, words[0]) != 0)
		i++;
	if (i == ARRAY_SIZE(commands))
		console_print("%s: no such command; help lists them\n", words[0]);
	else if (n < commands[i].words)
		console_print("%s %s\n", commands[i].name, commands[i].arguments);
	else
		commands[i].run(words, n);
}

int main(void)
{
	static struct line line;
	s64 err = console_open(CONSOLE);

	if (err != 0) {
		print("no console: %s", err_name((int)err));
		return 1;
	}
	console_print("\nPrague.  help lists what there is to say.\n");
	for (;;) {
		enum line_state state;

		say_who_ended();
		console_print(PROMPT);
		line_begin(&line);
		do
			state = line_key(&line, (char)console_key(WAIT_FOR_EVER));
		while (state == LINE_GOES_ON);
		if (state == LINE_DONE)
			obey(line.text);
	}
}
