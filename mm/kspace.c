/* SPDX-License-Identifier: MIT */
/*
 * mm/kspace.c - build the shared kernel half, then hand out stacks and device mappings.
 *
 * Built on the loader's tables, from the boot allocator, by the boot CPU alone.  Later
 * additions (stacks, devices) are made under .lock, below top-level entries that exist.
 *
 * The kernel's window of memory lies around what the boot allocator has taken: from
 * 4 GiB (or the end of memory) downwards, and if that is not enough, upwards from there.
 */
#include "arch/x86_64/layout.h"
#include "arch/x86_64/pti.h"
#include "arch/x86_64/spinlock.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/boot_alloc.h"
#include "mm/kspace.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"

#define KMEM_SHARE 4 /* ZONE_KERNEL's default: one part in four */
/* The boot takes this much of it: 48 bytes a frame, tables, and what each CPU needs. */
#define KMEM_LEAST_SHARE     64
#define KMEM_LEAST	     (6 * MIB)
#define STACK_STRIDE	     (2 * KERNEL_STACK_SIZE) /* the lower half is the guard */
#define STACK_MAX	     ((STACKS_END - STACKS_BASE) / STACK_STRIDE)
#define ENTRY_TEXT_FLAGS     (PTE_PRESENT | PTE_GLOBAL)
#define PAGES_PER_ARRAY_PAGE (PAGE_SIZE / sizeof(struct page))

/* linker.ld */
extern const u8 kernel_begin[], text_begin[], text_end[], rodata_begin[], rodata_end[];
extern const u8 data_begin[], kernel_end[];
extern const u8 entry_text_begin[], entry_text_end[], entry_data_begin[], entry_data_end[];
extern const u8 boot_stack_guard[]; /* entry.asm */

static struct {
	struct spinlock lock; /* and of the tables below what it guards here */
	pte_t *root;	      /* constant after kspace_init() */
	pte_t *half;	      /* constant: kspace_half(root) */
	pte_t image;	      /* constant: entry for KERNEL_BASE in a level-3 table */
	pte_t entry_image;    /* constant: the same in a user PGD's; 0: not isolated */
	vaddr_t devices_next GUARDED_BY(lock);
	u64 stacks_made GUARDED_BY(lock);
	paddr_t stack_page GUARDED_BY(lock); /* for a stack that memory ran out on; 0: none */
	/* Tops of recycled stacks, linked through their first word. */
	vaddr_t stack_free GUARDED_BY(lock);
	paddr_t window_start, window_end; /* constant */
} kspace = {
	.lock = SPINLOCK_INIT("kspace", LOCK_RANK_KSPACE),
	.devices_next = DEVICES_BASE,
};

paddr_t kspace_root(void)
{
	return virt_to_phys(kspace.root);
}

const pte_t *kspace_half(const pte_t *root)
{
	if (pt_levels == PT_LEVEL_HALF)
		return root;
	return phys_to_virt(pte_address(root[PT_CPU_LOCAL]));
}

pte_t *kspace_make_half(pte_t *root)
{
	paddr_t table;

	if (pt_levels == PT_LEVEL_HALF)
		return root;
	if (pte_present(root[PT_CPU_LOCAL]))
		return phys_to_virt(pte_address(root[PT_CPU_LOCAL]));
	table = pgtable_alloc();
	if (table == 0)
		return NULL;
	root[PT_CPU_LOCAL] = pte_table(table);
	return phys_to_virt(table);
}

pte_t kspace_image_entry(void)
{
	return kspace.image;
}

pte_t kspace_entry_image(void)
{
	return kspace.entry_image;
}

static pte_t text_flags(void)
{
	return PTE_PRESENT | (pti_on ? 0 : PTE_GLOBAL);
}

static pte_t rodata_flags(void)
{
	return text_flags() | pte_nx();
}

pte_t kspace_data_flags(void)
{
	return rodata_flags() | PTE_WRITE;
}

pte_t kspace_area_flags(void)
{
	return kspace_data_flags() | PTE_GLOBAL;
}

static bool is_ram(const struct handoff_range *r)
{
	return r->type != MEM_RESERVED;
}

/* --- which memory is the kernel's --------------------------------------------------- */

static u64 total_ram(const struct handoff *h)
{
	u64 total = 0;

	for (u32 i = 0; i < h->range_count; i++)
		if (is_ram(&h->ranges[i]))
			total += h->ranges[i].end - h->ranges[i].start;
	return total;
}

/* Grow the window downwards from 4 GiB until it holds @want bytes of RAM; what is missing. */
static u64 grow_window_down(const struct handoff *h, u64 want)
{
	for (u32 i = h->range_count; i-- > 0 && want > 0;) {
		const struct handoff_range *r = &h->ranges[i];
		u64 end = MIN(r->end, BOOT_ALLOC_MAX), size;

		if (!is_ram(r) || r->start >= BOOT_ALLOC_MAX)
			continue;
		size = MIN(end - r->start, want);
		kspace.window_start = end - size;
		want -= size;
	}
	return want;
}

static u64 grow_window_up(const struct handoff *h, u64 want)
{
	for (u32 i = 0; i < h->range_count && want > 0; i++) {
		const struct handoff_range *r = &h->ranges[i];
		u64 start = MAX(r->start, BOOT_ALLOC_MAX), size;

		if (!is_ram(r) || r->end <= start)
			continue;
		size = MIN(r->end - start, want);
		kspace.window_end = start + size;
		want -= size;
	}
	return want;
}

static void choose_window(const struct handoff *h, u64 kmem)
{
	u64 least = total_ram(h) / KMEM_LEAST_SHARE + KMEM_LEAST;
	u64 want = kmem != 0 ? kmem : total_ram(h) / KMEM_SHARE;

	if (want < least) {
		if (kmem != 0)
			printk("mm: kmem=%luK is too little for this machine's page array and "
			       "tables, using %luK\n",
			       kmem / KIB, least / KIB);
		want = least;
	}
	want = ALIGN_UP(want, LARGE_PAGE_SIZE);
	kspace.window_start = BOOT_ALLOC_MAX;
	kspace.window_end = BOOT_ALLOC_MAX;
	want = grow_window_down(h, want);
	if (want > 0)
		grow_window_up(h, want);
	kspace.window_start = ALIGN_DOWN(kspace.window_start, LARGE_PAGE_SIZE);
	kspace.window_end = ALIGN_UP(kspace.window_end, LARGE_PAGE_SIZE);
}

void kspace_kernel_window(paddr_t *start, paddr_t *end)
{
	*start = kspace.window_start;
	*end = kspace.window_end;
}

enum zone_id kspace_zone(paddr_t pa)
{
	return pa >= kspace.window_start && pa < kspace.window_end ? ZONE_KERNEL : ZONE_USER;
}

/* --- building ------------------------------------------------------------------------ */

/* Fill the level-4 entries of [start, end): from here on they never change. */
static int preallocate(vaddr_t start, vaddr_t end)
{
	for (vaddr_t va = start; va < end; va += 1ul << pt_shift(PT_LEVEL_HALF)) {
		pte_t *entry = &kspace.half[pt_index(va, PT_LEVEL_HALF)];
		paddr_t table;

		if (pte_present(*entry))
			continue;
		table = pgtable_alloc();
		if (table == 0)
			return -ENOMEM;
		*entry = pte_table(table);
	}
	return 0;
}

static int map_direct(paddr_t start, paddr_t end, pte_t flags)
{
	u32 max = cpu_features.gib_pages ? PT_LEVEL_1G : PT_LEVEL_2M;

	if (start >= end)
		return 0;
	return pgtable_map(kspace.root, (vaddr_t)phys_to_virt(start), start, end - start, flags,
			   max);
}

/* The image in the direct map: what is read-only there must not be writable here. */
static int map_direct_image(const struct handoff *h, const struct handoff_range *r)
{
	paddr_t writable = h->kernel_phys + (u64)(data_begin - kernel_begin);
	int err = map_direct(h->kernel_phys, writable, rodata_flags());

	ASSERT(r->start <= h->kernel_phys && writable < r->end,
	       "the kernel at %#lx is not inside its range %#lx-%#lx", h->kernel_phys, r->start,
	       r->end);
	if (!err)
		err = map_direct(writable, r->end, kspace_data_flags());
	return err;
}

/* The part of @r that the direct map covers for physmap=kernel. */
static int map_direct_window(const struct handoff_range *r)
{
	paddr_t start = MAX(r->start, kspace.window_start);
	paddr_t end = MIN(r->end, kspace.window_end);

	if (r->start < BOOT_ALLOC_MIN) /* the trampoline's page is written through it */
		return map_direct(r->start, MIN(r->end, BOOT_ALLOC_MIN), kspace_data_flags());
	return map_direct(start, end, kspace_data_flags());
}

static int map_direct_range(const struct handoff *h, const struct handoff_range *r,
			    enum physmap physmap)
{
	switch (r->type) {
	case MEM_RESERVED:
		return 0;
	case MEM_KERNEL:
		return map_direct_image(h, r);
	case MEM_ACPI:
	case MEM_ARCHIVE:
	case MEM_RESULTS:
		return map_direct(r->start, r->end, kspace_data_flags());
	default:
		if (physmap == PHYSMAP_KERNEL)
			return map_direct_window(r);
		return map_direct(r->start, r->end, kspace_data_flags());
	}
}

static int map_image_part(pte_t *root, const struct handoff *h, const u8 *begin, const u8 *end,
			  pte_t flags)
{
	paddr_t pa = h->kernel_phys + (u64)(begin - kernel_begin);

	return pgtable_map(root, (vaddr_t)begin, pa, ALIGN_UP((u64)(end - begin), PAGE_SIZE), flags,
			   PT_LEVEL_LEAF);
}

/* The entry of @root's level-3 table that KERNEL_BASE lies below. */
static pte_t image_entry(const pte_t *root)
{
	const pte_t *level3 = phys_to_virt(pte_address(kspace_half(root)[PT_CPU_LOCAL]));

	return level3[pt_index(KERNEL_BASE, PT_LEVEL_1G)];
}

static int map_image(const struct handoff *h)
{
	pte_t *root = kspace.root;
	int err = map_image_part(root, h, entry_text_begin, entry_text_end, ENTRY_TEXT_FLAGS);

	if (!err)
		err = map_image_part(root, h, entry_text_end, text_end, text_flags());
	if (!err)
		err = map_image_part(root, h, rodata_begin, rodata_end, rodata_flags());
	if (!err)
		err = map_image_part(root, h, data_begin, boot_stack_guard, kspace_data_flags());
	if (!err)
		err = map_image_part(root, h, boot_stack_guard + PAGE_SIZE, kernel_end,
				     kspace_data_flags());
	if (!err)
		kspace.image = image_entry(root);
	return err;
}

/* What all user PGDs have of the image.  The kernel writes entry data, user PGDs do not let it. */
static int map_entry_image(const struct handoff *h)
{
	pte_t *root = pti_user_pgd(kspace.root);
	int err = map_image_part(root, h, entry_text_begin, entry_text_end, ENTRY_TEXT_FLAGS);

	if (!err)
		err = map_image_part(root, h, entry_data_begin, entry_data_end, rodata_flags());
	if (!err)
		kspace.entry_image = image_entry(root);
	return err;
}

/* Map zeroed memory where the struct pages of [start, end) lie, unless a neighbour has. */
static int map_page_array(paddr_t start, paddr_t end)
{
	vaddr_t from = ALIGN_DOWN((vaddr_t)phys_to_page(start), PAGE_SIZE);
	vaddr_t to = ALIGN_UP((vaddr_t)phys_to_page(end), PAGE_SIZE);

	for (vaddr_t va = from; va < to; va += PAGE_SIZE) {
		paddr_t pa;

		if (pgtable_translate(kspace.root, va).present)
			continue;
		pa = boot_alloc(PAGE_SIZE, PAGE_SIZE);
		if (pa == 0)
			return -ENOMEM;
		if (pgtable_map(kspace.root, va, pa, PAGE_SIZE, kspace_data_flags(), PT_LEVEL_LEAF))
			return -ENOMEM;
	}
	return 0;
}

static int map_ram(const struct handoff *h, enum physmap physmap)
{
	int err = 0;

	for (u32 i = 0; i < h->range_count && !err; i++) {
		const struct handoff_range *r = &h->ranges[i];

		err = map_direct_range(h, r, physmap);
		if (!err && (r->type == MEM_USABLE || r->type == MEM_LOADER) &&
		    r->end > BOOT_ALLOC_MIN)
			err = map_page_array(MAX(r->start, BOOT_ALLOC_MIN), r->end);
	}
	return err;
}

int kspace_init(const struct handoff *h, enum physmap physmap, u64 kmem)
{
	static const struct {
		vaddr_t start, end;
	} areas[] = {
		{ PAGES_BASE, PAGES_END },
		{ STACKS_BASE, STACKS_END },
		{ DEVICES_BASE, DEVICES_END },
		{ CPU_AREAS_BASE, CPU_AREAS_END },
	};
	paddr_t root = pgtable_alloc_root();
	int err = 0;

	if (root == 0)
		return -ENOMEM;
	kspace.root = phys_to_virt(root);
	kspace.half = kspace_make_half(kspace.root);
	if (kspace.half == NULL)
		return -ENOMEM;
	choose_window(h, kmem);
	for (size_t i = 0; i < ARRAY_SIZE(areas) && !err; i++)
		err = preallocate(areas[i].start, areas[i].end);
	if (!err)
		err = map_image(h);
	if (!err && pti_on)
		err = map_entry_image(h);
	if (!err)
		err = map_ram(h, physmap);
	return err;
}

paddr_t kspace_trampoline_root(paddr_t page)
{
	paddr_t root = pgtable_alloc();
	pte_t *table;

	if (root == 0)
		return 0;
	table = phys_to_virt(root);
	memcpy(&table[PT_KERNEL_FIRST], &kspace.root[PT_KERNEL_FIRST],
	       (PT_ENTRIES - PT_KERNEL_FIRST) * sizeof(pte_t));
	if (pgtable_map(table, page, page, PAGE_SIZE, PTE_PRESENT, PT_LEVEL_LEAF))
		return 0;
	return root;
}

/* --- additions later ------------------------------------------------------------------ */

void *kspace_map_device(paddr_t pa, u64 size, pte_t cache)
{
	paddr_t start = ALIGN_DOWN(pa, PAGE_SIZE);
	u64 bytes = ALIGN_UP(pa + size, PAGE_SIZE) - start;
	vaddr_t va = 0;
	u64 flags = spin_lock_irqsave(&kspace.lock);

	if (bytes <= DEVICES_END - kspace.devices_next &&
	    pgtable_map(kspace.root, kspace.devices_next, start, bytes, kspace_data_flags() | cache,
			PT_LEVEL_LEAF) == 0) {
		va = kspace.devices_next;
		kspace.devices_next += bytes + PAGE_SIZE; /* a hole catches overruns */
	}
	spin_unlock_irqrestore(&kspace.lock, flags);
	return va != 0 ? (void *)(va + (pa - start)) : NULL;
}

/*
 * Map the next stack of the stack area.  What was mapped when memory ran out
 * stays, and the next attempt goes on from there.
 */
static vaddr_t make_stack(void) REQUIRES(kspace.lock)
{
	vaddr_t top = STACKS_BASE + (kspace.stacks_made + 1) * STACK_STRIDE;

	if (kspace.stacks_made == STACK_MAX)
		return 0;
	for (vaddr_t va = top - KERNEL_STACK_SIZE; va < top; va += PAGE_SIZE) {
		if (pgtable_translate(kspace.root, va).present)
			continue;
		if (kspace.stack_page == 0)
			kspace.stack_page = pgtable_alloc();
		if (kspace.stack_page == 0 ||
		    pgtable_map(kspace.root, va, kspace.stack_page, PAGE_SIZE, kspace_data_flags(),
				PT_LEVEL_LEAF))
			return 0;
		kspace.stack_page = 0;
	}
	kspace.stacks_made++;
	return top;
}

vaddr_t kspace_alloc_stack(void)
{
	u64 flags = spin_lock_irqsave(&kspace.lock);
	vaddr_t top = kspace.stack_free;

	if (top != 0)
		kspace.stack_free = *(vaddr_t *)(top - sizeof(vaddr_t));
	else
		top = make_stack();
	spin_unlock_irqrestore(&kspace.lock, flags);
	return top;
}

void kspace_free_stack(vaddr_t top)
{
	u64 flags = spin_lock_irqsave(&kspace.lock);

	*(vaddr_t *)(top - sizeof(vaddr_t)) = kspace.stack_free;
	kspace.stack_free = top;
	spin_unlock_irqrestore(&kspace.lock, flags);
}
