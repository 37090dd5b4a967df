/* SPDX-License-Identifier: MIT */
/*
 * boot/bios/multiboot.c - finding things in what GRUB left behind.
 */
#include "boot/bios/multiboot.h"
#include "lib/string.h"

#define TAG_ALIGN 8

static const u8 *info;

void multiboot_begin(const void *from)
{
	info = from;
}

u64 multiboot_start(void)
{
	return (uintptr_t)info;
}

u64 multiboot_end(void)
{
	u32 size;

	memcpy(&size, info, sizeof(size));
	return multiboot_start() + size;
}

static const struct tag *next_tag(const struct tag *t)
{
	return (const void *)((const u8 *)t + ALIGN_UP(t->size, TAG_ALIGN));
}

const void *find_tag(enum tag_type type, const void *after)
{
	const struct tag *t = after ? next_tag(after) : (const void *)(info + TAG_ALIGN);

	for (; t->type != TAG_END; t = next_tag(t)) {
		if (t->type == type)
			return t;
	}
	return NULL;
}

const struct tag_module *find_module(const char *name)
{
	const struct tag_module *m = NULL;

	while ((m = find_tag(TAG_MODULE, m)) != NULL) {
		if (strcmp(m->name, name) == 0)
			return m;
	}
	return NULL;
}

const struct mb_piece *map_piece(size_t i)
{
	const struct tag_memory_map *map = find_tag(TAG_MEMORY_MAP, NULL);

	if (!map)
		fail("GRUB gave no memory map: update it");
	if ((i + 1) * map->entry_size + sizeof(*map) > map->tag.size)
		return NULL;
	return (const void *)(map->entries + i * map->entry_size);
}
