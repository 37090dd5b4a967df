/* SPDX-License-Identifier: MIT */
/*
 * tools/tlbcheck/tlb.c - see tlb.h.
 */
#include <stdlib.h>

#include "entries.h"

#define TAG_MASK     0xfffull
#define ISOLATED_TAG 0x800u /* the user's of a pair of tags */
#define FAULT_WRITE  (1u << 1)
#define FAULT_USER   (1u << 2)
#define FAULT_FETCH  (1u << 4)

struct cpu cpus[CPUS_MAX];
pthread_mutex_t tlb_lock = PTHREAD_MUTEX_INITIALIZER;
uint64_t epoch __attribute__((aligned(64))) = 1;
bool fill_all __attribute__((aligned(64)));
unsigned int cpus_seen;

/* --- what is stale ---------------------------------------------------------------------- */

/* What does not hold any more of the way that @e remembers; NULL: it comes from another root. */
static bool change_of(const struct entry *e, const struct walk *now, const struct change **change)
{
	*change = NULL;
	if (e->way.place[e->way.top] != now->place[now->top])
		return true;
	for (unsigned int level = e->way.top; level >= e->level; level--) {
		uint64_t place = e->way.place[level];

		if (same_entry(e->way.entry[level], guest_read(place), level))
			continue;
		*change = change_at(place);
		return *change != NULL && (*change)->when > e->when; /* else it is under way */
	}
	return false;
}

/* May @cpu, which could use @e, use it no longer? */
static bool forbidden(unsigned int cpu, const struct entry *e, const struct walk *now,
		      const struct change **change)
{
	if (!change_of(e, now, change))
		return false;
	return *change == NULL || (*change)->cpu == cpu ||
	       cpus[(*change)->cpu].done > (*change)->done;
}

/* The page of 4 KiB that @e gives for @va. */
static uint64_t page_by(const struct entry *e, uint64_t va)
{
	uint64_t inside = (1ull << level_shift(e->level)) - 1;

	return (e->way.entry[e->level] & PTE_ADDRESS & ~inside) | (va & inside & ~(PAGE_BYTES - 1));
}

/* Of tables on the way: could a walk go through an old one, and come to something else? */
static void look_at_tables(unsigned int cpu, unsigned int tag, const struct walk *now,
			   enum access access, uint64_t rip)
{
	struct cpu *c = &cpus[cpu];
	const struct change *change;
	struct entry *e;

	for (unsigned int level = now->top; level > 1; level--) {
		uint64_t key = key_of(tag, level, false, now->va);

		for_each_entry (e, c, key) {
			struct walk old = { .write = true, .user = true, .exec = true };

			if (level >= now->last &&
			    ((e->way.entry[level] ^ now->entry[level]) & (PTE_ADDRESS | 1)) == 0)
				continue;
			guest_walk_from(&old, e->way.entry[level] & PTE_ADDRESS, level - 1,
					now->va);
			if (old.present && (!now->present || old.pa != now->pa) &&
			    forbidden(cpu, e, now, &change))
				found(FOUND_TABLE, cpu, e, change, now, access, rip);
		}
	}
}

static void look_at_leaves(unsigned int cpu, unsigned int tag, const struct walk *now,
			   enum access access, uint64_t rip)
{
	struct cpu *c = &cpus[cpu];
	const struct change *change;
	struct entry *e;

	for (unsigned int level = 1; level <= 3; level++) {
		uint64_t key = key_of(tag, level, true, now->va);

		for_each_entry (e, c, key)
			if ((!now->present || page_by(e, now->va) != now->pa) &&
			    forbidden(cpu, e, now, &change))
				found(FOUND_TRANSLATION, cpu, e, change, now, access, rip);
	}
}

void tlb_access(unsigned int cpu, const struct walk *now, enum access access, uint64_t rip)
{
	struct cpu *c = &cpus[cpu];

	look_at_tables(cpu, c->tag, now, access, rip);
	look_at_leaves(cpu, c->tag, now, access, rip);
	look_at_leaves(cpu, TAG_GLOBAL, now, access, rip);
	if (now->present)
		cache_way(c, c->tag, now, rip);
}

static bool permits(const struct walk *way, enum access access, bool user)
{
	return (access != ACCESS_WRITE || way->write) && (access != ACCESS_FETCH || way->exec) &&
	       (!user || way->user);
}

static void fault_by(unsigned int cpu, unsigned int tag, const struct walk *now, enum access access,
		     bool user)
{
	struct cpu *c = &cpus[cpu];
	const struct change *change;
	struct entry *e;

	if (now->present && permits(now, access, user))
		return; /* somebody made it right meanwhile, or the tables were not the reason */
	for (unsigned int level = 1; level <= 3; level++) {
		uint64_t key = key_of(tag, level, true, now->va);

		for_each_entry (e, c, key)
			if (permits(&e->way, access, user) && forbidden(cpu, e, now, &change))
				found(FOUND_RIGHTS, cpu, e, change, now, access, 0);
	}
}

void tlb_fault(unsigned int cpu, uint64_t va, unsigned int error)
{
	struct cpu *c = &cpus[cpu];
	bool user = error & FAULT_USER;
	enum access access = error & FAULT_FETCH   ? ACCESS_FETCH
			     : error & FAULT_WRITE ? ACCESS_WRITE
						   : ACCESS_READ;
	bool isolated = user && c->tag_before == (c->tag | ISOLATED_TAG) && c->tag_before != c->tag;
	unsigned int tag = isolated ? c->tag_before : c->tag;
	struct walk now;

	guest_walk(&now, isolated ? c->root_before : c->root, c->levels, va);
	look_at_tables(cpu, tag, &now, access, 0);
	fault_by(cpu, tag, &now, access, user);
	fault_by(cpu, TAG_GLOBAL, &now, access, user);
}

/* --- what is told --------------------------------------------------------------------------- */

static void new_epoch(void)
{
	__atomic_store_n(&epoch, epoch + 1, __ATOMIC_RELEASE);
}

static void open_change(struct cpu *c, struct change *change)
{
	if (c->open_count == c->open_room) {
		c->open_room = c->open_room == 0 ? 64 : 2 * c->open_room;
		c->open = must(realloc(c->open, c->open_room * sizeof(*c->open)));
	}
	c->open[c->open_count++] = change;
}

void tlb_table_changed(unsigned int cpu, uint64_t place, uint64_t rip)
{
	struct cpu *c = &cpus[cpu];
	struct change *change = change_make(place);

	new_epoch();
	change_is_now(change);
	change->rip = rip;
	change->cpu = (uint16_t)cpu;
	change->done = c->done;
	change->depth = (uint8_t)backtrace_take(c->root, c->levels, c->rsp, change->callers);
	open_change(c, change);
	if (fill_all)
		fill_change(place);
}

void tlb_flush_tag(unsigned int cpu, unsigned int tag)
{
	struct cpu *c = &cpus[cpu];

	c->leaf_life[tag]++;
	c->table_life[tag]++;
	c->local_epoch++;
}

void tlb_flush_tag_page(unsigned int cpu, unsigned int tag, uint64_t va)
{
	struct cpu *c = &cpus[cpu];

	for (unsigned int level = 1; level <= 3; level++)
		forget(c, key_of(tag, level, true, va));
	for (unsigned int level = 2; level <= LEVELS_MAX && tag != TAG_GLOBAL; level++)
		forget(c, key_of(tag, level, false, va));
	c->local_epoch++;
}

/* INVLPG drops all that the tag's paging-structure caches hold (SDM vol. 3A, 4.10.4.1). */
void tlb_flush_page(unsigned int cpu, uint64_t va)
{
	struct cpu *c = &cpus[cpu];

	tlb_flush_tag_page(cpu, c->tag, va);
	tlb_flush_tag_page(cpu, TAG_GLOBAL, va);
	c->table_life[c->tag]++;
	if (fill_all && va >> 63 == 0)
		fill_address(c, va);
}

void tlb_flush_all(unsigned int cpu, bool global)
{
	for (unsigned int tag = 0; tag < TAGS; tag++)
		tlb_flush_tag(cpu, tag);
	if (global)
		cpus[cpu].leaf_life[TAG_GLOBAL]++;
}

/* Is the table at @place behind one that @e remembers?  Then it can be walked. */
static void look_for_table(unsigned int cpu, uint64_t place, uint64_t rip)
{
	struct cpu *c = &cpus[cpu];
	const struct where *w = where_is(c, c->tag, place);
	struct walk now;
	struct entry *e;
	uint64_t va, key;

	if (w == NULL || w->level == c->levels)
		return;
	va = address_of(c->levels, w->va);
	key = key_of(c->tag, w->level + 1u, false, va);
	guest_walk(&now, c->root, c->levels, va);
	for_each_entry (e, c, key)
		if (guest_place(e->way.entry[e->level] & PTE_ADDRESS) == place)
			found(FOUND_FREED, cpu, e, change_at(e->way.place[e->level]), &now,
			      ACCESS_READ, rip);
}

void tlb_frame_freed(uint64_t pa, uint64_t rip)
{
	uint64_t place = guest_place(pa & PTE_ADDRESS);

	if (place == NOWHERE || !is_table(place))
		return;
	for (unsigned int other = 0; other < cpus_seen; other++)
		if (cpus[other].armed)
			look_for_table(other, place, rip);
	guest_is_table[place >> PAGE_BITS] = 0;
}

/* @change is flushed wherever it must be, said the CPU that did it: does @cpu hold it? */
static void look_for_change(unsigned int cpu, const struct change *change, enum finding what,
			    uint64_t rip)
{
	struct cpu *c = &cpus[cpu];
	const struct where *w = where_is(c, c->tag, table_of(change->place));
	unsigned int level;
	struct walk now;
	struct entry *e;
	uint64_t va, key;

	if (w == NULL)
		return;
	level = w->level;
	va = address_of(c->levels,
			w->va + ((change->place & (PAGE_BYTES - 1)) / 8 << level_shift(level)));
	if (va >> 63 != 0)
		return;
	key = key_of(c->tag, level, true, va);
	for_each_entry (e, c, key) {
		uint64_t entry = guest_read(change->place);

		if (e->way.place[level] != change->place || e->when > change->when ||
		    same_entry(e->way.entry[level], entry, level))
			continue;
		guest_walk(&now, c->root, c->levels, va);
		if (now.present && page_by(e, va) == now.pa && e->way.write <= now.write &&
		    e->way.user <= now.user && e->way.exec <= now.exec)
			continue; /* it permits no more than the tables do */
		found(what, cpu, e, change, &now, ACCESS_READ, rip);
	}
}

void tlb_done(unsigned int cpu, uint64_t rip)
{
	struct cpu *c = &cpus[cpu];

	c->done++;
	for (size_t i = 0; i < c->open_count; i++)
		for (unsigned int other = 0; other < cpus_seen; other++)
			if (cpus[other].armed && c->open[i]->cpu == cpu)
				look_for_change(other, c->open[i], FOUND_AFTER_FLUSH, rip);
	c->open_count = 0;
}

static bool is_done(const struct change *change)
{
	return cpus[change->cpu].done > change->done;
}

/*
 * The tag that @cpu loads keeps what it has: is there something of before a change that is
 * flushed?  Of changes that are not done yet it will hear, and is looked at again.
 */
static void audit(unsigned int cpu, uint64_t rip)
{
	struct cpu *c = &cpus[cpu];
	uint64_t from = c->audited[c->tag];

	c->audited[c->tag] = now_is;
	for (struct change *ch = change_before(NULL); ch != NULL && ch->when > from;
	     ch = change_before(ch)) {
		if (is_done(ch))
			look_for_change(cpu, ch, FOUND_KEPT, rip);
		else
			c->audited[c->tag] = ch->when - 1;
	}
}

void tlb_switch(unsigned int cpu, uint64_t cr3, bool keep, uint64_t rip)
{
	struct cpu *c = &cpus[cpu];

	if (cpu >= cpus_seen)
		cpus_seen = cpu + 1;
	c->tag_before = c->tag;
	c->root_before = c->root;
	c->tag = cr3 & TAG_MASK;
	c->root = cr3 & PTE_ADDRESS;
	c->local_epoch++;
	if (keep)
		audit(cpu, rip);
	else
		tlb_flush_tag(cpu, c->tag);
	if (fill_all)
		fill_user_half(c);
}
