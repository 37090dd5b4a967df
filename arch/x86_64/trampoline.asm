; SPDX-License-Identifier: MIT
;
; arch/x86_64/trampoline.asm - an application processor, from real mode to the kernel.
;
; The bytes from trampoline_begin to trampoline_end are copied to a page below 1 MiB; the
; parameters (struct ap_params) lie at AP_PARAMS in that page.  CS:IP = page >> 4 : 0.
; All addressing is relative to CS in real mode and to EBX = page afterwards.

%include "offsets.inc"

global trampoline_begin, trampoline_end, trampoline_long
extern ap_entry

section .rodata
	align 16
bits 16
trampoline_begin:
	cli
	cld
	mov	ax, cs
	mov	ds, ax
	movzx	ebx, ax
	shl	ebx, 4			; the page's physical address
	o32 lgdt [AP_PARAMS + AP_GDT_LIMIT]

	; Five levels where the boot CPU has them: setting the bit without them would fault,
	; and there is no one to take it.
	test	dword [AP_PARAMS + AP_CR4], CR4_LA57_BIT
	jz	.has_levels
	mov	esi, ebx		; CPUID writes EBX
	xor	eax, eax
	cpuid
	cmp	eax, CPUID_FEATURES_LEAF
	jb	.lacks_la57
	mov	eax, CPUID_FEATURES_LEAF
	xor	ecx, ecx
	cpuid
	test	ecx, CPUID_LA57_BIT
	jz	.lacks_la57
	mov	ebx, esi

.has_levels:
	mov	eax, [AP_PARAMS + AP_CR4]
	mov	cr4, eax
	mov	eax, [AP_PARAMS + AP_TRAMPOLINE_CR3]
	mov	cr3, eax
	mov	ecx, MSR_EFER_NUMBER
	mov	eax, [AP_PARAMS + AP_EFER]
	mov	edx, [AP_PARAMS + AP_EFER + 4]
	wrmsr
	mov	eax, CR0_PAGED		; protection and paging at once: long mode
	mov	cr0, eax
	o32 jmp far [AP_PARAMS + AP_LONG_JUMP]

.lacks_la57:
	mov	dword [AP_PARAMS + AP_LACKS_LA57], 1
.halt:	hlt
	jmp	.halt

bits 64
trampoline_long:
	mov	eax, KERNEL_DS
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
	lea	rdi, [rbx + AP_PARAMS]
	jmp	[rdi + AP_KERNEL_ENTRY]
trampoline_end:
