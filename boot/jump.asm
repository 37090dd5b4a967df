; SPDX-License-Identifier: MIT
;
; boot/jump.asm - from the loader's machine state to the kernel's.
;
;	jump(rdi: handoff, rsi: the value for CR3, rdx: the kernel's entry, rcx: use NX?,
;	     r8: levels of page tables, 4 or 5)
;
; Both loaders run a copy of it, in a page below 4 GiB that is mapped at its physical
; address: firmware may have put the loader itself where the kernel's first page tables
; do not reach.  It goes through 32-bit mode without paging, always, because only there
; can five-level paging be entered or left; global pages and all other features that CR4
; holds go.  Its stack and its GDT are in the same page; the kernel starts on that GDT.

CODE64	equ 0x08
DATA	equ 0x10
CODE32	equ 0x18

CR0_PG	equ 1 << 31
CR0_ON	equ CR0_PG | 1 << 16 | 1 << 5 | 1 << 4 | 1	; PG WP NE ET PE
CR4_PAE	equ 1 << 5
CR4_LA57 equ 1 << 12
FIVE_LEVELS equ 5
MSR_EFER equ 0xc0000080
EFER_LME equ 1 << 8
EFER_NXE equ 1 << 11

PAGE	equ 4096

section .text
global jump_begin
global jump_end

bits 64
jump_begin:
	cli
	cld
	lea rbx, [rel jump_begin]
	lea rsp, [rbx + PAGE]
	mov [rel target], rdx
	mov ebp, CR4_PAE			; R8 cannot be named in 32-bit mode
	cmp r8d, FIVE_LEVELS
	jne .without_la57
	or ebp, CR4_LA57
.without_la57:
	lea rax, [rel gdt]
	mov [rel gdtr + 2], rax
	lgdt [rel gdtr]
	lea rax, [rel without_paging]
	push CODE32
	push rax
	o64 retf

bits 32
without_paging:
	mov eax, DATA
	mov ds, eax
	mov es, eax
	mov ss, eax
	mov fs, eax
	mov gs, eax
	mov eax, cr0
	and eax, ~CR0_PG
	mov cr0, eax
	mov cr4, ebp
	mov cr3, esi

	mov esi, ecx				; RDMSR wants ECX
	mov ecx, MSR_EFER
	rdmsr
	or eax, EFER_LME
	test esi, esi
	jz .no_nx
	or eax, EFER_NXE
.no_nx:	wrmsr

	mov eax, CR0_ON
	mov cr0, eax
	lea eax, [ebx + with_paging - jump_begin]
	push CODE64
	push eax
	retf

bits 64
with_paging:
	mov edi, edi				; upper halves are undefined after 32-bit mode
	mov ebx, ebx
	jmp [rbx + target - jump_begin]

align 8
gdt:	dq 0
	dq 0x00af9b000000ffff			; CODE64
	dq 0x00cf93000000ffff			; DATA
	dq 0x00cf9b000000ffff			; CODE32
gdtr:	dw gdtr - gdt - 1
	dq 0					; where the copy has it
align 8
target:	dq 0
jump_end:
