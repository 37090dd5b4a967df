/* SPDX-License-Identifier: MIT */
/* user/lib/names.c - see names.h. */
#include "user/lib/names.h"
#include "lib/err.h"
#include "lib/string.h"
#include "user/lib/syscall.h"

#define HANDLE_WORD (MESSAGE_WORDS - 1)

/* What the reply brings: a handle; or its error. */
static s64 handle_of(s64 result, const struct message *m)
{
	if (result < 0)
		return result;
	if (m->word[0] != 0)
		return (s64)m->word[0];
	return result == MESSAGE_HANDLE && m->word[HANDLE_WORD] != 0 ? (s64)m->word[HANDLE_WORD]
								     : -ENOSPC;
}

/* False: it is too long. */
static bool put_name(struct message *m, const char *name)
{
	return strlcpy((char *)&m->word[NAME_AT], name, NAME_MAX) < NAME_MAX;
}

/* A token that may be passed on becomes one that may not. */
static s64 keep_token(s64 came)
{
	s64 token = came < 0 ? came : sys_duplicate((u64)came, RIGHT_SIGNAL);

	if (came > 0)
		sys_close((u64)came);
	return token;
}

s64 names_register(u64 names, const char *name, u64 endpoint)
{
	struct message m = { { NAMES_REGISTER } };
	s64 to_call = sys_duplicate(endpoint, RIGHT_CALL | RIGHT_DUPLICATE), result;

	if (to_call < 0)
		return to_call;
	m.word[HANDLE_WORD] = (u64)to_call;
	result = put_name(&m, name) ? handle_of(sys_call_handle(names, &m), &m) : -EINVAL;
	sys_close((u64)to_call);
	return keep_token(result);
}

s64 names_find(u64 names, const char *name)
{
	struct message m = { { NAMES_FIND } };

	return put_name(&m, name) ? handle_of(sys_call(names, &m), &m) : -EINVAL;
}

s64 names_list(u64 names, u64 n, char name[NAME_MAX])
{
	struct message m = { { NAMES_LIST, n } };
	s64 result = sys_call(names, &m);

	if (result < 0)
		return result;
	memcpy(name, &m.word[NAME_AT], NAME_MAX);
	name[NAME_MAX - 1] = '\0';
	return (s64)m.word[0];
}
