/* SPDX-License-Identifier: MIT */
/*
 * tools/tlbcheck/guest.h - the guest's memory, its page tables, and its kernel's symbols.
 *
 * Memory is the file of -object memory-backend-file,share=on, mapped here too.  A place in it
 * is an offset into that file; the guest's physical addresses are the same up to the hole
 * below 4 GiB.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_BITS   12
#define PAGE_BYTES  4096ull
#define INDEX_BITS  9
#define TABLE_SLOTS 512u
#define LEVELS_MAX  5
#define NOWHERE	    (~0ull)

#define PTE_PRESENT (1ull << 0)
#define PTE_WRITE   (1ull << 1)
#define PTE_USER    (1ull << 2)
#define PTE_LARGE   (1ull << 7)
#define PTE_GLOBAL  (1ull << 8)
#define PTE_NX	    (1ull << 63)
#define PTE_ADDRESS 0x000ffffffffff000ull

/* What a walk found.  Arrays are by level; those from .last to the top are filled. */
struct walk {
	uint64_t va;
	uint64_t place[LEVELS_MAX + 1]; /* of the entry, in memory */
	uint64_t entry[LEVELS_MAX + 1];
	uint8_t top, last;
	bool present;
	bool write, user, exec; /* all levels together */
	uint64_t pa;		/* of the page of 4 KiB that holds .va */
};

/* Map the file at @path.  Memory above @below is at 4 GiB and up.  Or say why not. */
bool guest_open(const char *path, uint64_t below);

/* Where physical address @pa is, or NOWHERE. */
uint64_t guest_place(uint64_t pa);

/* The word at @place, which is aligned. */
uint64_t guest_read(uint64_t place);

/* Is the page that @place lies in a table as far as any walk found out? */
extern uint8_t *guest_is_table;
static inline bool is_table(uint64_t place)
{
	return guest_is_table[place >> PAGE_BITS] != 0;
}

/* Bits of an address that one entry at @level does not translate. */
static inline unsigned int level_shift(unsigned int level)
{
	return PAGE_BITS + INDEX_BITS * (level - 1);
}

static inline bool is_leaf(uint64_t entry, unsigned int level)
{
	return level == 1 || (entry & PTE_LARGE);
}

/* Walk @levels levels below @root for @va; each table becomes known as one before it is read. */
void guest_walk(struct walk *w, uint64_t root, unsigned int levels, uint64_t va);

/* Go on with a walk of the same address from the table at @table, at @level. */
void guest_walk_from(struct walk *w, uint64_t table, unsigned int level, uint64_t va);

/* Read the symbols of the kernel at @path.  Without them addresses have no names. */
void symbols_read(const char *path);

/* "name+0x12", or the number. */
const char *symbol_name(uint64_t address, char *buffer, size_t size);

#define BACKTRACE_MAX 10

/*
 * The callers of the function that runs with tables @root and, nearly, stack pointer @rsp: the
 * first frame is looked for, the others are its chain's.  How many.
 */
unsigned int backtrace_take(uint64_t root, unsigned int levels, uint64_t rsp,
			    uint64_t callers[BACKTRACE_MAX]);
