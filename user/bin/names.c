/* SPDX-License-Identifier: MIT */
/*
 * user/bin/names.c - the names server: handles by names (user/lib/names.h).
 *
 * For each name it has a notification, to wait at only; who registered it has the token, the one
 * handle that may signal.  When that is gone the kernel says so to who waits: -EPIPE.  Before each
 * call those names are dropped, so no client ever finds one whose program has ended.
 *
 * One thread, which never waits but for calls.  What a client sends is believed in nothing: a name
 * is checked, a handle that comes uncalled for is closed.  Of one that is registered it keeps a
 * handle to call by and to pass on, and no more: so it takes endpoints only, and none lives on
 * because it is known here.
 */
#include "lib/err.h"
#include "lib/string.h"
#include "user/lib/names.h"
#include "user/lib/program.h"
#include "user/lib/syscall.h"

/* Handles, in the order of init's manifest. */
#define CALLS HANDLE_FIRST

#define HANDLE_WORD (MESSAGE_WORDS - 1)

static struct entry {
	char name[NAME_MAX]; /* "": nothing here */
	u64 endpoint;	     /* a handle to call it */
	u64 alive;	     /* and of the notification, to wait at */
} entries[NAMES_COUNT];

static u64 token; /* a handle that goes with the reply, and is not ours after it; 0: none */

/* --- the table ------------------------------------------------------------------------------- */

static bool is_name(const char *text)
{
	size_t n = 0;

	while (n < NAME_MAX && text[n] > ' ' && text[n] <= '~')
		n++;
	return n > 0 && n < NAME_MAX && text[n] == '\0';
}

static struct entry *find(const char *name)
{
	for (u32 i = 0; i < NAMES_COUNT; i++)
		if (strncmp(entries[i].name, name, NAME_MAX) == 0)
			return &entries[i];
	return NULL;
}

static void drop(struct entry *e)
{
	sys_close(e->endpoint);
	sys_close(e->alive);
	e->name[0] = '\0';
}

static void drop_endpoint(u64 endpoint)
{
	for (u32 i = 0; i < NAMES_COUNT; i++)
		if (entries[i].name[0] != '\0' && entries[i].endpoint == endpoint)
			drop(&entries[i]);
}

static void drop_the_dead(void)
{
	u64 bits;

	for (u32 i = 0; i < NAMES_COUNT; i++)
		if (entries[i].name[0] != '\0' && sys_wait(entries[i].alive, 0, &bits) == -EPIPE)
			drop(&entries[i]);
}

/* A notification that ends for us with its token.  0 or an error; then nothing is kept. */
static s64 make_token(u64 *alive)
{
	s64 n = sys_notification(), wait, signal;

	if (n < 0)
		return n;
	wait = sys_duplicate((u64)n, RIGHT_WAIT);
	signal = sys_duplicate((u64)n, RIGHT_SIGNAL | RIGHT_DUPLICATE);
	sys_close((u64)n);
	if (wait > 0 && signal > 0) {
		*alive = (u64)wait;
		token = (u64)signal;
		return 0;
	}
	if (wait > 0)
		sys_close((u64)wait);
	if (signal > 0)
		sys_close((u64)signal);
	return -ENOSPC;
}

/* --- calls ----------------------------------------------------------------------------------- */

/* 0: it can be registered, in *@entry.  Else the error. */
static s64 check(const char *name, struct entry **entry)
{
	if (!is_name(name))
		return -EINVAL;
	if (find(name) != NULL)
		return -EEXIST;
	*entry = find("");
	return *entry != NULL ? 0 : -ENOSPC;
}

static s64 enter(const char *name, u64 came)
{
	struct entry *e;
	s64 err = check(name, &e), endpoint;

	if (err != 0)
		return err;
	endpoint = sys_duplicate(came, RIGHT_CALL | RIGHT_DUPLICATE);
	if (endpoint < 0)
		return endpoint;
	err = make_token(&e->alive);
	if (err != 0) {
		sys_close((u64)endpoint);
		return err;
	}
	e->endpoint = (u64)endpoint;
	strlcpy(e->name, name, NAME_MAX);
	return 0;
}

/* The name of so many before it; NULL: there are not so many. */
static const struct entry *nth(u64 n)
{
	for (u32 i = 0; i < NAMES_COUNT; i++)
		if (entries[i].name[0] != '\0' && n-- == 0)
			return &entries[i];
	return NULL;
}

/* The reply is in @m then; the result is a handle that goes with it, 0: none. */
static u64 do_register(struct message *m, u64 came)
{
	s64 err = enter((const char *)&m->word[NAME_AT], came);

	*m = (struct message){ { (u64)err } };
	return token;
}

static u64 do_find(struct message *m)
{
	const char *name = (const char *)&m->word[NAME_AT];
	const struct entry *e = is_name(name) ? find(name) : NULL;

	*m = (struct message){ { (u64)(e != NULL ? 0 : -ENOENT) } };
	return e != NULL ? e->endpoint : 0;
}

static void do_list(struct message *m)
{
	const struct entry *e = nth(m->word[1]);

	*m = (struct message){ { (u64)(e != NULL ? 0 : -ENOENT) } };
	if (e != NULL)
		memcpy(&m->word[NAME_AT], e->name, NAME_MAX);
}

static u64 answer(struct message *m, u64 came)
{
	switch (m->word[0]) {
	case NAMES_REGISTER:
		return do_register(m, came);
	case NAMES_FIND:
		return do_find(m);
	case NAMES_LIST:
		do_list(m);
		return 0;
	default:
		*m = (struct message){ { (u64)-EINVAL } };
		return 0;
	}
}

/*
 * Send @m, with @handle unless that is 0, and wait for the next.  Who registered an endpoint may
 * have taken it back: then nothing was sent, and its name leads nowhere.
 */
static s64 reply(struct message *m, u64 handle)
{
	s64 result;

	m->word[HANDLE_WORD] = handle;
	if (handle == 0)
		return sys_reply_wait(CALLS, m);
	result = sys_reply_wait_handle(CALLS, m);
	if (result != -EBADF && result != -EBUSY)
		return result;
	drop_endpoint(handle);
	*m = (struct message){ { (u64)-ENOENT } };
	return sys_reply_wait(CALLS, m);
}

int main(void)
{
	struct message m = { { 0 } };
	s64 result = reply(&m, 0);

	while (result >= 0) {
		u64 came = result == MESSAGE_HANDLE ? m.word[HANDLE_WORD] : 0, goes;

		if (token != 0)
			sys_close(token); /* its client has it, or it has ended */
		token = 0;
		drop_the_dead();
		goes = answer(&m, came);
		if (came != 0)
			sys_close(came);
		result = reply(&m, goes);
	}
	return (int)result;
}
