/* SPDX-License-Identifier: MIT */
/* user/lib/spawn.c - see spawn.h. */
#include "user/lib/spawn.h"
#include "lib/err.h"
#include "lib/format.h"
#include "lib/string.h"
#include "user/lib/syscall.h"

#define PATH_MAX 64

s64 spawn_task(char **words, u64 n, u64 pages)
{
	char path[PATH_MAX], args[ARGS_MAX];
	size_t used = 0;

	for (u64 i = 0; i < n; i++) {
		size_t room = sizeof(args) - used, length = strlcpy(args + used, words[i], room);

		if (length >= room)
			return -E2BIG;
		used += length + 1;
	}
	format(path, sizeof(path), "bin/%s", words[0]);
	return sys_task_with(path, strlen(path), pages, args, used);
}
