/* SPDX-License-Identifier: MIT */
/* tests/host/fuzz/cmdline_fuzz.c - any text as a command line. */
#include "lib/cmdline.h"
#include "tests/host/fuzz/fuzz.h"

static u32 asids, pcid;
static u64 kmem;
static bool trace;
static char suites[8];
static const char *const choices[] = { "on", "off", "soft", NULL };

static const struct cmdline_option table[] = {
	{ "asids", CMDLINE_UINT, &asids, sizeof(asids), NULL, 1, 4094, NULL },
	{ "kmem", CMDLINE_SIZE, &kmem, sizeof(kmem), NULL, 0, 0, NULL },
	{ "trace", CMDLINE_FLAG, &trace, sizeof(trace), NULL, 0, 0, NULL },
	{ "suites", CMDLINE_STRING, suites, sizeof(suites), NULL, 0, 0, NULL },
	{ "pcid", CMDLINE_CHOICE, &pcid, sizeof(pcid), choices, 0, 0, NULL },
};

static int complaints;

static void complain(const char *message)
{
	complaints++;
	ASSERT(strlen(message) < CMDLINE_COMPLAINT_MAX && strchr(message, '\n') == NULL,
	       "not one line");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	char *line = malloc(size + 1);
	const char *value;
	size_t len = 0;

	memcpy(line, data, size);
	line[size] = '\0';
	asids = 1;
	complaints = 0;
	ASSERT(cmdline_parse(line, table, ARRAY_SIZE(table), complain) == complaints, "miscounted");
	ASSERT(asids >= 1 && asids <= 4094 && pcid < 3, "out of range");
	ASSERT(strnlen(suites, sizeof(suites)) < sizeof(suites), "not terminated");
	value = cmdline_find(line, "kmem", &len);
	ASSERT(value == NULL || (value > line && value + len <= line + size), "outside the line");
	free(line);
	return 0;
}
