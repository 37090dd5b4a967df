/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/cpuid.c - which features there are (one table), and switching them on.
 */
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/fpu.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/format.h"
#include "lib/string.h"

#define LEAF_XSAVE	0xdu
#define LEAF_EXTENDED	0x80000000u
#define LEAF_EXT_BASE	0x80000001u
#define LEAF_BRAND	0x80000002u
#define LEAF_POWER	0x80000007u
#define LEAF_ADDRESS	0x80000008u
#define PHYS_BITS_LEAST 36
#define VENDOR_INTEL	"GenuineIntel"

enum { EAX, EBX, ECX, EDX };

struct cpu_features cpu_features;

/* Where CPUID says it (SDM vol. 2A, CPUID), and where we keep it. */
static const struct feature {
	const char *name;
	u32 leaf;
	u8 reg, bit;
	bool *found;
	u8 subleaf;
} features[] = {
	{ "pcid", 1, ECX, 17, &cpu_features.pcid, 0 },
	{ "x2apic", 1, ECX, 21, &cpu_features.x2apic, 0 },
	{ "xsave", 1, ECX, 26, &cpu_features.xsave, 0 },
	{ "tsc_deadline", 1, ECX, 24, &cpu_features.tsc_deadline, 0 },
	{ "hypervisor", 1, ECX, 31, &cpu_features.hypervisor, 0 },
	{ "mce", 1, EDX, 7, &cpu_features.mce, 0 },
	{ "pge", 1, EDX, 13, &cpu_features.pge, 0 },
	{ "pat", 1, EDX, 16, &cpu_features.pat, 0 },
	{ "fsgsbase", 7, EBX, 0, &cpu_features.fsgsbase, 0 },
	{ "smep", 7, EBX, 7, &cpu_features.smep, 0 },
	{ "invpcid", 7, EBX, 10, &cpu_features.invpcid, 0 },
	{ "smap", 7, EBX, 20, &cpu_features.smap, 0 },
	{ "umip", 7, ECX, 2, &cpu_features.umip, 0 },
	{ "la57", 7, ECX, 16, &cpu_features.la57, 0 },
	{ "arch_capabilities", 7, EDX, 29, &cpu_features.arch_capabilities, 0 },
	{ "rdpid", 7, ECX, 22, &cpu_features.rdpid, 0 },
	{ "avx", LEAF_XSAVE, EAX, XCR0_AVX_BIT, &cpu_features.avx, 0 },
	{ "avx512", LEAF_XSAVE, EAX, XCR0_AVX512_BIT, &cpu_features.avx512, 0 },
	{ "xsaveopt", LEAF_XSAVE, EAX, 0, &cpu_features.xsaveopt, 1 },
	{ "nx", LEAF_EXT_BASE, EDX, 20, &cpu_features.nx, 0 },
	{ "1g", LEAF_EXT_BASE, EDX, 26, &cpu_features.gib_pages, 0 },
	{ "invariant_tsc", LEAF_POWER, EDX, 8, &cpu_features.invariant_tsc, 0 },
	{ "xsaveerptr", LEAF_ADDRESS, EBX, 2, &cpu_features.xsaveerptr, 0 },
};

/* Leaf @leaf and its @subleaf, or zeros where the CPU has no such leaf. */
static void cpuid_or_zero(u32 leaf, u32 subleaf, u32 out[4])
{
	u32 range[4];

	cpuid(leaf & LEAF_EXTENDED, 0, range);
	if (range[EAX] < leaf)
		memset(out, 0, 4 * sizeof(out[0]));
	else
		cpuid(leaf, subleaf, out);
}

static bool feature_present(const struct feature *f)
{
	u32 regs[4];

	cpuid_or_zero(f->leaf, f->subleaf, regs);
	return regs[f->reg] >> f->bit & 1;
}

static void detect_identity(void)
{
	u32 r[4];

	cpuid(0, 0, r);
	memcpy(cpu_features.vendor, &r[EBX], 4);
	memcpy(cpu_features.vendor + 4, &r[EDX], 4);
	memcpy(cpu_features.vendor + 8, &r[ECX], 4);

	for (u32 i = 0; i < 3; i++) {
		cpuid_or_zero(LEAF_BRAND + i, 0, r);
		memcpy(cpu_features.model + i * sizeof(r), r, sizeof(r));
	}

	cpuid(1, 0, r);
	cpu_features.stepping = r[EAX] & 0xf;
	cpu_features.family = (r[EAX] >> 8 & 0xf);
	cpu_features.model_number = (r[EAX] >> 4 & 0xf) | (r[EAX] >> 12 & 0xf0);
	if (cpu_features.family == 0xf)
		cpu_features.family += r[EAX] >> 20 & 0xff;

	cpuid_or_zero(LEAF_ADDRESS, 0, r);
	cpu_features.phys_bits = r[EAX] & 0xff;
	if (cpu_features.phys_bits < PHYS_BITS_LEAST)
		cpu_features.phys_bits = PHYS_BITS_LEAST;
}

void cpu_features_detect(void)
{
	detect_identity();
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		*features[i].found = feature_present(&features[i]);
	cpu_features.quick_user_state = cpu_features.fsgsbase && cpu_features.xsaveopt;
	cpu_features.x87_keeps_pointers =
		!cpu_features.xsaveerptr && strcmp(cpu_features.vendor, VENDOR_INTEL) != 0;
}

const char *cpu_features_missing(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		if (*features[i].found && !feature_present(&features[i]))
			return features[i].name;
	return NULL;
}

void cpu_features_format(char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		if (*features[i].found && used < size)
			used += (size_t)format(buf + used, size - used, "%s%s", used ? " " : "",
					       features[i].name);
}

u32 cpu_paging_levels(void)
{
	return read_cr4() & CR4_LA57 ? 5 : 4;
}

/*
 * PAT: the power-on values, but entry 1 (PWT) is write-combining instead of
 * write-through, for the framebuffer (SDM vol. 3A, 11.12).
 */
#define PAT_VALUE 0x0007040600070106ul

void cpu_features_enable(void)
{
	const struct cpu_features *f = &cpu_features;

	if (f->nx)
		wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
	if (f->pat)
		wrmsr(MSR_PAT, PAT_VALUE);
	write_cr0((read_cr0() | CR0_WP | CR0_NE | CR0_MP) & ~(CR0_EM | CR0_TS | CR0_AM));
	write_cr4(read_cr4() | CR4_DE | (f->mce ? CR4_MCE : 0) | (f->pge ? CR4_PGE : 0) |
		  (f->smep ? CR4_SMEP : 0) | (f->smap ? CR4_SMAP : 0) | (f->umip ? CR4_UMIP : 0) |
		  (f->fsgsbase ? CR4_FSGSBASE : 0));
	fpu_enable();
}
