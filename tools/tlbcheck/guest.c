/* SPDX-License-Identifier: MIT */
/*
 * tools/tlbcheck/guest.c - see guest.h.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"

#define HIGH_MEMORY	(1ull << 32)
#define STACK_SCAN	256 /* words that are looked at for the first frame */
#define CALL_REL32	0xe8
#define CALL_REL32_SIZE 5
#define CALL_INDIRECT	0xff

static uint8_t *memory;
static uint64_t memory_size, memory_below;
uint8_t *guest_is_table;

bool guest_open(const char *path, uint64_t below)
{
	struct stat info;
	int fd = open(path, O_RDWR);

	if (fd < 0 || fstat(fd, &info) != 0) {
		perror(path);
		return false;
	}
	memory_size = (uint64_t)info.st_size;
	memory_below = below != 0 ? below : memory_size;
	memory = mmap(NULL, memory_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	guest_is_table = calloc(memory_size >> PAGE_BITS, 1);
	if (memory == MAP_FAILED || guest_is_table == NULL) {
		perror(path);
		return false;
	}
	return true;
}

uint64_t guest_place(uint64_t pa)
{
	if (pa < memory_below)
		return pa;
	if (pa >= HIGH_MEMORY && pa - HIGH_MEMORY < memory_size - memory_below)
		return pa - HIGH_MEMORY + memory_below;
	return NOWHERE;
}

uint64_t guest_read(uint64_t place)
{
	return __atomic_load_n((uint64_t *)(void *)(memory + place), __ATOMIC_ACQUIRE);
}

/* --- tables ------------------------------------------------------------------------- */

void guest_walk_from(struct walk *w, uint64_t table, unsigned int level, uint64_t va)
{
	w->va = va;
	w->present = false;
	for (;; level--) {
		uint64_t place = guest_place(table), entry;

		w->last = (uint8_t)level;
		if (place == NOWHERE) {
			w->place[level] = NOWHERE;
			w->entry[level] = 0;
			return;
		}
		__atomic_store_n(&guest_is_table[place >> PAGE_BITS], 1, __ATOMIC_SEQ_CST);
		place += 8 * (va >> level_shift(level) & (TABLE_SLOTS - 1));
		entry = guest_read(place);
		w->place[level] = place;
		w->entry[level] = entry;
		if (!(entry & PTE_PRESENT))
			return;
		w->write &= (entry & PTE_WRITE) != 0;
		w->user &= (entry & PTE_USER) != 0;
		w->exec &= (entry & PTE_NX) == 0;
		if (is_leaf(entry, level)) {
			uint64_t inside = (1ull << level_shift(level)) - 1;

			w->present = true;
			w->pa = (entry & PTE_ADDRESS & ~inside) | (va & inside & ~(PAGE_BYTES - 1));
			return;
		}
		table = entry & PTE_ADDRESS;
	}
}

void guest_walk(struct walk *w, uint64_t root, unsigned int levels, uint64_t va)
{
	w->top = (uint8_t)levels;
	w->write = w->user = w->exec = true;
	guest_walk_from(w, root & PTE_ADDRESS, levels, va);
}

/* --- symbols ---------------------------------------------------------------------------- */

static struct symbol {
	uint64_t address;
	const char *name;
} * symbols;
static size_t symbol_count;

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static void take_symbols(const uint8_t *file, const Elf64_Shdr *table, const Elf64_Shdr *names)
{
	const Elf64_Sym *symbol = (const void *)(file + table->sh_offset);
	size_t n = table->sh_size / sizeof(*symbol);

	symbols = calloc(n, sizeof(*symbols));
	for (size_t i = 0; i < n && symbols != NULL; i++) {
		const char *name = (const char *)file + names->sh_offset + symbol[i].st_name;
		unsigned int type = ELF64_ST_TYPE(symbol[i].st_info);

		if ((type == STT_FUNC || type == STT_NOTYPE) && symbol[i].st_value >> 63 != 0 &&
		    *name != '\0' && *name != '.')
			symbols[symbol_count++] = (struct symbol){ symbol[i].st_value, name };
	}
	qsort(symbols, symbol_count, sizeof(*symbols), by_address);
}

void symbols_read(const char *path)
{
	struct stat info;
	int fd = open(path, O_RDONLY);
	const uint8_t *file;
	const Elf64_Ehdr *elf;
	const Elf64_Shdr *sections;

	if (fd < 0 || fstat(fd, &info) != 0) {
		perror(path);
		return;
	}
	file = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (file == MAP_FAILED)
		return;
	elf = (const void *)file;
	sections = (const void *)(file + elf->e_shoff);
	for (unsigned int i = 0; i < elf->e_shnum; i++)
		if (sections[i].sh_type == SHT_SYMTAB)
			take_symbols(file, &sections[i], &sections[sections[i].sh_link]);
}

const char *symbol_name(uint64_t address, char *buffer, size_t size)
{
	size_t low = 0, high = symbol_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address >> 63 == 0)
		snprintf(buffer, size, "%#llx", (unsigned long long)address);
	else
		snprintf(buffer, size, "%s+%#llx", symbols[low - 1].name,
			 (unsigned long long)(address - symbols[low - 1].address));
	return buffer;
}

/* --- backtraces --------------------------------------------------------------------------- */

struct reader {
	uint64_t root;
	unsigned int levels;
	uint64_t page, place; /* the last that was translated */
};

/* The byte at @va.  False: it is not mapped, or not memory. */
static bool place_of(struct reader *r, uint64_t va, uint64_t *place)
{
	uint64_t page = va & ~(PAGE_BYTES - 1);
	struct walk w;

	if (page != r->page || r->place == NOWHERE) {
		guest_walk(&w, r->root, r->levels, va);
		r->page = page;
		r->place = w.present ? guest_place(w.pa) : NOWHERE;
	}
	*place = r->place + va - page;
	return r->place != NOWHERE;
}

static bool read_word(struct reader *r, uint64_t va, uint64_t *value)
{
	uint64_t place;

	if ((va & 7) != 0 || !place_of(r, va, &place))
		return false;
	*value = guest_read(place);
	return true;
}

/* Is @address behind a call? */
static bool is_return(struct reader *text, uint64_t address)
{
	uint64_t place;

	if (symbol_count == 0 || address < symbols[0].address ||
	    address > symbols[symbol_count - 1].address ||
	    (address & (PAGE_BYTES - 1)) < CALL_REL32_SIZE || !place_of(text, address, &place))
		return false;
	return memory[place - CALL_REL32_SIZE] == CALL_REL32 ||
	       memory[place - 2] == CALL_INDIRECT || memory[place - 3] == CALL_INDIRECT ||
	       memory[place - 6] == CALL_INDIRECT;
}

unsigned int backtrace_take(uint64_t root, unsigned int levels, uint64_t rsp,
			    uint64_t callers[BACKTRACE_MAX])
{
	struct reader stack = { root, levels, 0, NOWHERE }, text = stack;
	uint64_t frame = rsp & ~7ull, next, back;
	unsigned int n = 0;

	for (unsigned int i = 0; i < STACK_SCAN; i++, frame += 8)
		if (read_word(&stack, frame, &next) && read_word(&stack, frame + 8, &back) &&
		    (next == 0 || (next > frame && next - frame < 8 * PAGE_BYTES)) &&
		    is_return(&text, back))
			break;
	while (n < BACKTRACE_MAX && read_word(&stack, frame, &next) &&
	       read_word(&stack, frame + 8, &back) && is_return(&text, back)) {
		callers[n++] = back;
		if (next <= frame)
			break;
		frame = next;
	}
	return n;
}
