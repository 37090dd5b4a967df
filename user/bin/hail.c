/* SPDX-License-Identifier: MIT */
/*
 * user/bin/hail.c - finds the console by its name and says so there.
 */
#include "user/lib/console.h"
#include "user/lib/names.h"
#include "user/lib/program.h"
#include "user/lib/syscall.h"
#include "lib/err.h"

/* The first handle, as the shell gives it. */
#define NAMES HANDLE_FIRST

int main(void)
{
	s64 console = names_find(NAMES, CONSOLE_NAME);

	if (console < 0) {
		print("no console: %s", err_name((int)console));
		return 1;
	}
	console_open_to_write((u64)console);
	console_print("hail: by the name \"%s\"\n", CONSOLE_NAME);
	return 0;
}
