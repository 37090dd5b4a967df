/* SPDX-License-Identifier: MIT */
/*
 * user/bin/pager.c - the pager: pages for other tasks (user/lib/pager.h) when they touch them, and
 * copies of their regions, of which a page is copied when one side writes.
 *
 * Each region has a memory object of its size, all of which the pager has mapped.  A page lies in
 * the object at its own offset, or, as long as it is shared, at the same offset of another's; so
 * a region has room for each of its pages, and a write never lacks memory here.  Invariants:
 *
 *	whose object has a page that others read reads it there too, and nobody writes it
 *	what a client may write is in its own region's object, and shared with nobody
 *	what it has mapped of a page is where the page lies now
 *
 * So who writes to a page of another's object gets a copy; who writes to one of its own that others
 * read first gives it to them: a copy, in the object of one of them; and who ends does the same.
 *
 * What is shared is mapped by a handle that may not write, so that no SYS_PROTECT of a client's
 * helps it, and a fork has nothing of a region but by a snapshot.
 *
 * Two threads.  One takes calls of anybody; the other has all that is here, and an endpoint of its
 * own, of which others have handles by SYS_PAGER only: so a cookie there is one that was given
 * here.
 */
#include "user/lib/pager.h"
#include "lib/err.h"
#include "lib/string.h"
#include "user/lib/program.h"
#include "user/lib/syscall.h"

#define CALLS	    HANDLE_FIRST /* from init's manifest: calls of anybody */
#define SWEEP_NS    50000000ul	 /* how often is looked for clients that have ended */
#define BIT_SWEEP   1ul
#define STACK_BYTES 0x2000ul
#define CALL_ALIGN  8u /* where a function begins, RSP is 8 off a multiple of 16 */
#define RW	    (MAP_READ | MAP_WRITE)
#define NOT_YET	    0xffu /* a page that nobody has touched */
#define NOBODY	    PAGER_CLIENTS_MAX

STATIC_ASSERT(PAGER_REGIONS_MAX <= NOT_YET, "a page's place is a byte");

struct region {
	u64 at, pages;	      /* 0 pages: there is none */
	u64 object, readonly; /* handles */
	u8 *bytes;	      /* all of the object */
	u32 client;
	u8 place[PAGER_REGION_PAGES_MAX]; /* of each page: whose object it is in; NOT_YET */
};

static struct client {
	u64 task; /* a handle; 0: there is none */
	u64 pages;
} clients[PAGER_CLIENTS_MAX];

static struct region regions[PAGER_REGIONS_MAX];
static u64 endpoint; /* where faults come, and all calls in the end */
static u64 timer;
static u32 client_count;

/* --- regions ---------------------------------------------------------------------------------- */

static u8 number_of(const struct region *r)
{
	return (u8)(r - regions);
}

static u64 task_of(const struct region *r)
{
	return clients[r->client].task;
}

static u64 address_of(const struct region *r, u64 page)
{
	return r->at + page * PAGE_SIZE;
}

/* The next region of @client's behind @r, NULL: the first; or NULL. */
static struct region *next_of(u32 client, struct region *r)
{
	for (r = r != NULL ? r + 1 : regions; r < regions + PAGER_REGIONS_MAX; r++)
		if (r->pages != 0 && r->client == client)
			return r;
	return NULL;
}

/* The one of @client's that has some of [@at, @at + @bytes), which may wrap; or NULL. */
static struct region *find(u32 client, u64 at, u64 bytes)
{
	struct region *r = NULL;

	while ((r = next_of(client, r)) != NULL)
		if (at < r->at ? r->at - at < bytes : at - r->at < r->pages * PAGE_SIZE)
			return r;
	return NULL;
}

static void release(struct region *r)
{
	sys_unmap(0, (uintptr_t)r->bytes, r->pages * PAGE_SIZE);
	sys_close(r->readonly);
	sys_close(r->object);
	clients[r->client].pages -= r->pages;
	r->pages = 0;
}

/* The object of @bytes, and what leads to it.  0 or an error, with nothing done. */
static s64 make_object(struct region *r, u64 bytes)
{
	s64 object = sys_memory(bytes), readonly, at;

	if (object < 0)
		return object;
	readonly = sys_duplicate((u64)object, RIGHT_DUPLICATE);
	at = readonly < 0 ? readonly : sys_map(0, (u64)object, 0, 0, bytes, RW);
	if (at < 0) {
		if (readonly > 0)
			sys_close((u64)readonly);
		sys_close((u64)object);
		return at;
	}
	r->object = (u64)object;
	r->readonly = (u64)readonly;
	r->bytes = (u8 *)(uintptr_t)at;
	return 0;
}

static s64 make_region(u32 client, u64 at, u64 pages, struct region **made)
{
	struct region *r = regions;
	s64 err;

	while (r < regions + PAGER_REGIONS_MAX && r->pages != 0)
		r++;
	if (r == regions + PAGER_REGIONS_MAX)
		return -ENOSPC;
	err = make_object(r, pages * PAGE_SIZE);
	if (err != 0)
		return err;
	memset(r->place, NOT_YET, sizeof(r->place));
	r->client = client;
	r->at = at;
	r->pages = pages;
	clients[client].pages += pages;
	*made = r;
	return 0;
}

/* --- pages ------------------------------------------------------------------------------------ */

static u8 *bytes_of(const struct region *r, u64 page)
{
	return r->bytes + page * PAGE_SIZE;
}

/* The next region behind @x, NULL: the first, that reads @page in @r's object; or NULL. */
static struct region *next_reader(const struct region *r, u64 page, struct region *x)
{
	for (x = x != NULL ? x + 1 : regions; x < regions + PAGER_REGIONS_MAX; x++)
		if (x != r && x->pages != 0 && x->place[page] == number_of(r))
			return x;
	return NULL;
}

/*
 * Who reads @page in @r's object reads it elsewhere from now on.  False: a client's mapping cannot
 * be taken away, as it has no memory to cut what it mapped there itself; it is killed, and in the
 * way until it has ended.
 */
static bool give_away(struct region *r, u64 page)
{
	struct region *x = NULL, *heir = next_reader(r, page, NULL);
	bool all = true;

	while ((x = next_reader(r, page, x)) != NULL)
		if (sys_unmap(task_of(x), address_of(x, page), PAGE_SIZE) != 0) {
			sys_kill(task_of(x));
			all = false;
		}
	if (!all || heir == NULL)
		return all;
	memcpy(bytes_of(heir, page), bytes_of(r, page), PAGE_SIZE);
	while ((x = next_reader(r, page, x)) != NULL)
		x->place[page] = number_of(heir);
	return true;
}

/*
 * A page that is in another's object: a copy.  First what is mapped goes; if it cannot nothing has
 * changed.
 */
static s64 copy_here(struct region *r, u64 page)
{
	s64 err = sys_unmap(task_of(r), address_of(r, page), PAGE_SIZE);

	if (err != 0)
		return err;
	memcpy(bytes_of(r, page), bytes_of(&regions[r->place[page]], page), PAGE_SIZE);
	r->place[page] = number_of(r);
	return 0;
}

/* -EAGAIN: not before somebody has ended. */
static s64 make_own(struct region *r, u64 page)
{
	if (r->place[page] != number_of(r))
		return copy_here(r, page);
	return give_away(r, page) ? 0 : -EAGAIN;
}

/*
 * If something is mapped there already another thread's fault was told first, or the rights were
 * less; or the client has put something there, which is its own loss.
 */
static s64 map(const struct region *r, u64 page, u64 handle, u64 rights)
{
	u64 task = task_of(r), at = address_of(r, page), flags = rights | MAP_NOT_FORKED;
	s64 result = sys_map(task, handle, at, page * PAGE_SIZE, PAGE_SIZE, flags);

	if (result != -EEXIST)
		return result < 0 ? result : 0;
	if (sys_protect(task, at, PAGE_SIZE, rights) == 0)
		return 0;
	result = sys_unmap(task, at, PAGE_SIZE);
	if (result == 0)
		result = sys_map(task, handle, at, page * PAGE_SIZE, PAGE_SIZE, flags);
	return result < 0 ? result : 0;
}

static s64 give_page(struct region *r, u64 page, bool writes)
{
	s64 err = 0;

	if (r->place[page] == NOT_YET)
		r->place[page] = number_of(r);
	if (writes)
		err = make_own(r, page);
	if (err != 0)
		return err;
	if (r->place[page] == number_of(r) && next_reader(r, page, NULL) == NULL)
		return map(r, page, r->object, RW);
	return map(r, page, regions[r->place[page]].readonly, MAP_READ);
}

/* The reply to a fault: 0, it is tried again; or the thread ends with it. */
static s64 fault(u32 client, u64 address, u64 access)
{
	struct region *r = find(client, address, 1);
	s64 err;

	if (r == NULL || access == MAP_EXEC)
		return -EFAULT;
	err = give_page(r, (address - r->at) / PAGE_SIZE, access == MAP_WRITE);
	return err == -EAGAIN ? 0 : err;
}

/* --- clients ---------------------------------------------------------------------------------- */

static void free_client(u32 client)
{
	struct region *r = NULL;

	while ((r = next_of(client, r)) != NULL)
		release(r);
	clients[client].task = 0;
	client_count--;
}

/* Nobody reads in @r's object any more, and @r in no other.  False: not yet. */
static bool part(struct region *r)
{
	bool all = true;

	for (u64 page = 0; page < r->pages; page++)
		if (r->place[page] != number_of(r))
			r->place[page] = NOT_YET;
		else if (!give_away(r, page))
			all = false;
	return all;
}

static bool has_ended(u32 client)
{
	return clients[client].task != 0 && sys_task_wait(clients[client].task, 0, NULL) == 0;
}

/* Its task has ended: what others read of it is given to them, and its memory goes. */
static void bury(u32 client)
{
	struct region *r = NULL;
	u64 task = clients[client].task;
	bool all = true;

	while ((r = next_of(client, r)) != NULL)
		all &= part(r);
	if (!all)
		return;
	free_client(client);
	sys_close(task);
}

static void sweep(void)
{
	for (u32 client = 0; client < PAGER_CLIENTS_MAX; client++)
		if (has_ended(client))
			bury(client);
	if (client_count == 0)
		sys_timer_set(timer, 0, 0);
}

/*
 * A record for the task, which is no client before it has its pager.  It must run: its end is seen
 * by its having no threads.
 */
static s64 make_client(u64 task)
{
	s64 err = sys_task_wait(task, 0, NULL);
	u32 client = 0;

	if (err != -ETIMEDOUT)
		return err == 0 ? -ESRCH : err;
	while (client < PAGER_CLIENTS_MAX && clients[client].task != 0)
		client++;
	if (client == PAGER_CLIENTS_MAX)
		return -ENOSPC;
	clients[client] = (struct client){ .task = task };
	if (client_count++ == 0)
		sys_timer_set(timer, sys_clock() + SWEEP_NS, SWEEP_NS);
	return client;
}

static s64 tell_faults(u32 client)
{
	s64 result = sys_pager(clients[client].task, endpoint, client);

	return result < 0 ? result : 0;
}

static s64 attach(u64 task)
{
	s64 client = make_client(task), err;

	if (client < 0)
		return client;
	err = tell_faults((u32)client);
	if (err != 0)
		free_client((u32)client);
	return err;
}

/* --- snapshots -------------------------------------------------------------------------------- */

/*
 * Regions for @child as @client has them; and what that has mapped, perhaps to write, it has not
 * any more.  What has been done when there is an error can stay so, but for @child's.
 */
static s64 prepare_copies(u32 client, u32 child)
{
	struct region *r = NULL, *copy;
	s64 err = 0;

	while (err == 0 && (r = next_of(client, r)) != NULL)
		err = make_region(child, r->at, r->pages, &copy);
	while (err == 0 && (r = next_of(client, r)) != NULL)
		err = sys_unmap(task_of(r), r->at, r->pages * PAGE_SIZE);
	return err != 0 ? err : tell_faults(child);
}

static s64 snapshot(u32 client, u64 task)
{
	s64 child = make_client(task), err;
	struct region *r = NULL;

	if (child < 0)
		return child;
	err = prepare_copies(client, (u32)child);
	if (err != 0)
		free_client((u32)child);
	while (err == 0 && (r = next_of(client, r)) != NULL)
		memcpy(find((u32)child, r->at, 1)->place, r->place, sizeof(r->place));
	return err;
}

/* --- calls ------------------------------------------------------------------------------------ */

/* Is all of @r the client's to map, and free?  The kernel knows. */
static s64 try_place(const struct region *r)
{
	u64 task = task_of(r), bytes = r->pages * PAGE_SIZE;
	s64 result = sys_map(task, r->readonly, r->at, 0, bytes, MAP_READ | MAP_NOT_FORKED);

	return result < 0 ? result : sys_unmap(task, r->at, bytes);
}

static s64 add_region(u32 client, u64 at, u64 pages)
{
	struct region *r;
	s64 err;

	if (at == 0 || pages == 0)
		return -EINVAL;
	if (pages > PAGER_REGION_PAGES_MAX ||
	    clients[client].pages + pages > PAGER_CLIENT_PAGES_MAX)
		return -ENOSPC;
	if (find(client, at, pages * PAGE_SIZE) != NULL)
		return -EEXIST;
	err = make_region(client, at, pages, &r);
	if (err != 0)
		return err;
	err = try_place(r);
	if (err != 0)
		release(r);
	return err;
}

static s64 pages_used(void)
{
	u64 n = 0;

	for (u32 client = 0; client < PAGER_CLIENTS_MAX; client++)
		n += clients[client].task != 0 ? clients[client].pages : 0;
	return (s64)n;
}

/* @client is NOBODY if the kernel does not say who calls.  The handle is kept with result 0. */
static s64 serve(const struct message *m, u32 client, u64 handle)
{
	bool is_client = client != NOBODY;

	sweep();
	if (is_client && clients[client].task == 0)
		return -ESRCH; /* it has ended since it called */
	switch (m->word[PAGER_CALL]) {
	case PAGER_ATTACH:
		return handle != 0 ? attach(handle) : -EBADF;
	case PAGER_USED:
		return pages_used();
	case PAGER_REGION:
		return is_client ? add_region(client, m->word[PAGER_ADDRESS], m->word[PAGER_PAGES])
				 : -EPERM;
	case PAGER_SNAPSHOT:
		if (handle == 0)
			return -EBADF;
		return is_client ? snapshot(client, handle) : -EPERM;
	default:
		return -EOPNOTSUPP;
	}
}

static bool keeps_handle(u64 call)
{
	return call == PAGER_ATTACH || call == PAGER_SNAPSHOT;
}

/* What came with a call: a handle of ours; or 0. */
static u64 handle_in(const struct message *m, s64 kind)
{
	return kind == MESSAGE_HANDLE || kind == MESSAGE_CLIENT ? m->word[PAGER_HANDLE] : 0;
}

/* @m is the call, and then the reply. */
static void answer(struct message *m, s64 kind)
{
	u32 client = kind == MESSAGE_CLIENT ? (u32)m->word[2] : NOBODY;
	u64 handle = handle_in(m, kind);
	s64 result = serve(m, client, handle);

	if (handle != 0 && (result != 0 || !keeps_handle(m->word[PAGER_CALL])))
		sys_close(handle);
	m->word[0] = (u64)result;
}

static void take(struct message *m, s64 kind)
{
	if (kind == MESSAGE_BITS)
		sweep();
	else if (kind == MESSAGE_FAULT)
		m->word[0] = (u64)fault((u32)m->word[2], m->word[0], m->word[1]);
	else
		answer(m, kind);
}

/* --- threads ---------------------------------------------------------------------------------- */

/* What anybody called, with what came by it, to the other thread. */
static void pass_on(struct message *m, s64 kind)
{
	u64 handle = handle_in(m, kind);
	s64 result = -EPERM; /* a fault, or the like, of somebody who has taken us for his pager */

	if (kind == 0 || kind == MESSAGE_LONG)
		result = sys_call(endpoint, m);
	else if (kind == MESSAGE_HANDLE)
		result = handle != 0 ? sys_call_handle(endpoint, m) : -ENOSPC;
	if (handle != 0)
		sys_close(handle);
	if (result < 0)
		m->word[0] = (u64)result;
}

static void take_calls(u64 unused)
{
	struct message m = { { 0 } };
	s64 kind;

	(void)unused;
	while ((kind = sys_reply_wait(CALLS, &m)) >= 0)
		pass_on(&m, kind);
	sys_exit(kind);
}

static s64 prepare(void)
{
	static u8 stack[STACK_BYTES] ALIGNED(16);
	s64 made = sys_endpoint(), notification = sys_notification(), err;

	if (made < 0 || notification < 0)
		return -ENOMEM;
	endpoint = (u64)made;
	made = sys_timer((u64)notification, BIT_SWEEP);
	if (made < 0)
		return made;
	timer = (u64)made;
	err = sys_bind((u64)notification, endpoint);
	if (err != 0)
		return err;
	return sys_thread(0, (uintptr_t)take_calls, (uintptr_t)stack + STACK_BYTES - CALL_ALIGN, 0,
			  0, ANY_CPU);
}

int main(void)
{
	struct message m = { { 0 } };
	s64 kind = prepare();

	if (kind != 0)
		print("%s", err_name((int)kind));
	while (kind >= 0) {
		kind = sys_reply_wait(endpoint, &m);
		if (kind >= 0)
			take(&m, kind);
	}
	return (int)kind;
}
