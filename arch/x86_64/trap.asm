; SPDX-License-Identifier: MIT
;
; arch/x86_64/trap.asm - from the CPU's frame to trap() in trap.c, and back.
;
; Every vector has a stub here that makes the stack look the same:
;
;	   SS  RSP  RFLAGS  CS  RIP	pushed by the CPU
;	   error			by the CPU, or 0 by the stub
;	   vector			by the stub
;	   RAX RCX ... R15	<- RSP	by the common part: struct trapframe
;
; Three ways in:
;   from the kernel	the frame stays on the stack that was interrupted;
;   from user mode	the CPU pushed on this CPU's entry stack; the seven words move to
;			the thread's stack, in the shared half, on which C may block;
;   #DF NMI #MC #DB	on an IST stack each, whatever was interrupted: C runs there,
;			blocks never, and returns to exactly what it found.

%include "offsets.inc"
%include "twin_entry.inc"

bits 64
default rel

extern trap, kernel_stack_top
global trap_stubs, trap_return_to_user

section .text

; Vectors on which the CPU pushes an error code: 8, 10-14, 17, 21, 29, 30.
%define HAS_ERROR ((1 << 8) | (0x1f << 10) | (1 << 17) | (1 << 21) | (3 << 29))
; Vectors with a stack of their own: 1, 2, 8, 18.
%define HAS_IST ((1 << 1) | (1 << 2) | (1 << 8) | (1 << 18))

%assign vec 0
%rep 256
	align 16
trap_stub_%+vec:
  %if vec >= 32 || ((HAS_ERROR >> vec) & 1) == 0
	push	0
  %endif
	push	vec
  %if vec < 32 && ((HAS_IST >> vec) & 1) == 1
	jmp	trap_ist
  %else
	jmp	trap_common
  %endif
  %assign vec vec + 1
%endrep

%macro PUSH_REGISTERS 0
	push	rax
	push	rcx
	push	rdx
	push	rbx
	push	rbp
	push	rsi
	push	rdi
	push	r8
	push	r9
	push	r10
	push	r11
	push	r12
	push	r13
	push	r14
	push	r15
%endmacro

%macro POP_REGISTERS 0
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	r11
	pop	r10
	pop	r9
	pop	r8
	pop	rdi
	pop	rsi
	pop	rbp
	pop	rbx
	pop	rdx
	pop	rcx
	pop	rax
	add	rsp, 16			; vector, error
%endmacro

; Offsets before the registers are pushed: vector, error, RIP, CS.
%define EARLY_CS 24

	align 16
trap_common:
	test	byte [rsp + EARLY_CS], 3
	jnz	.from_user
	PUSH_REGISTERS
	cld
	mov	rdi, rsp
	xor	ebp, ebp
	call	trap			; RSP is 16-aligned: 22 words below the CPU's alignment
	POP_REGISTERS
	iretq

.from_user:
	TWIN_ENTER_FROM_USER
	push	rdi
	mov	rdi, rsp		; the entry stack: RDI vector error RIP CS RFLAGS RSP SS
	mov	rsp, PERCPU(kernel_stack_top)
	push	qword [rdi + 7 * 8]
	push	qword [rdi + 6 * 8]
	push	qword [rdi + 5 * 8]
	push	qword [rdi + 4 * 8]
	push	qword [rdi + 3 * 8]
	push	qword [rdi + 2 * 8]
	push	qword [rdi + 1 * 8]
	mov	rdi, [rdi]
	PUSH_REGISTERS
	cld
	mov	rdi, rsp
	xor	ebp, ebp
	call	trap

; Also where a first entry to user mode joins.  In: RSP = struct trapframe of user mode.
trap_return_to_user:
	cli
	POP_REGISTERS
	TWIN_LEAVE_TO_USER
	iretq

	align 16
trap_ist:
	PUSH_REGISTERS
	cld
	TWIN_PARANOID_ENTER
	mov	rdi, rsp
	xor	ebp, ebp
	call	trap
	TWIN_PARANOID_LEAVE
	POP_REGISTERS
	iretq

; The IDT is filled from this table (idt.c).
section .rodata
	align 8
trap_stubs:
%assign vec 0
%rep 256
	dq	trap_stub_%+vec
  %assign vec vec + 1
%endrep
