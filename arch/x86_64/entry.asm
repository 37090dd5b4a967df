; SPDX-License-Identifier: MIT
;
; arch/x86_64/entry.asm - the first instructions: of the boot CPU in the kernel, and of
; an application processor on its own page tables.
;
; In: boot/handoff.h says the state.  RDI: physical address of struct handoff.

%include "offsets.inc"
%include "twin_entry.inc"

bits 64
default rel

extern kernel_main, ap_main
extern percpu_begin, percpu_end, percpu_template
global kernel_entry, ap_entry, boot_stack_guard, boot_stack_top

section .text.entry progbits alloc exec nowrite align=16
kernel_entry:
	cli
	cld
	lea	rsp, [boot_stack_top]
	mov	rbx, rdi
	rdtsc				; when the boot began
	shl	rdx, 32
	or	rax, rdx
	mov	r12, rax

	; What the other CPUs start from, before the boot CPU has written any of it.
	mov	rsi, percpu_begin
	mov	rdi, percpu_template
	mov	rcx, percpu_end
	sub	rcx, rsi
	shr	rcx, 3
	rep movsq

	lgdt	[boot_gdt_pointer]
	push	KERNEL_CS
	lea	rax, [.reloaded]
	push	rax
	retfq
.reloaded:
	mov	eax, KERNEL_DS
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
	xor	eax, eax
	mov	fs, eax
	mov	gs, eax
	TWIN_BOOT_CPU_BASE

	xor	ebp, ebp		; ends backtraces
	mov	rdi, rbx
	mov	rsi, r12
	call	kernel_main		; does not return
	ud2

; In: RDI = params page (struct ap_params at its direct-map address is not mapped
; here; the identity address is).  Interrupts off, the trampoline's tables.
ap_entry:
	mov	rax, [rdi + AP_CR3]
	mov	rsp, [rdi + AP_STACK]
	TWIN_AP_BASE rdi
	mov	cr3, rax		; this CPU's neutral PGD; the trampoline is gone
	xor	eax, eax
	mov	fs, eax
	mov	ebp, eax
	call	ap_main			; does not return
	ud2

section .rodata
	align 8
boot_gdt:
	dq	0
	dq	0x00af9b000000ffff	; KERNEL_CS
	dq	0x00cf93000000ffff	; KERNEL_DS
	dq	0, 0, 0, 0, 0		; user segments and TSS: not before cpu_area_load()
	dq	0x0040f50000000000	; CPU number: 0
boot_gdt_end:
boot_gdt_pointer:
	dw	boot_gdt_end - boot_gdt - 1
	dq	boot_gdt

; The boot CPU's stack lies in the shared half, as each stack on which C may block.
section .bss nobits alloc noexec write align=4096
boot_stack_guard:
	resb	4096			; unmapped once the kernel has its own tables
	resb	16384
boot_stack_top:
