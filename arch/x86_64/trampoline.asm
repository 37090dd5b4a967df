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

	mov	eax, CR4_PAE_BIT
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

bits 64
trampoline_long:
	mov	eax, KERNEL_DS
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
	lea	rdi, [rbx + AP_PARAMS]
	jmp	[rdi + AP_KERNEL_ENTRY]
trampoline_end:
