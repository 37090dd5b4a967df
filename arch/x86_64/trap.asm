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
;			(#DB comes by an IST stack, and leaves it as the others leave the entry
;			stack: it is an ordinary fault of the user)
;   #DF NMI #MC #DB	on an IST stack each, whatever was interrupted: C runs there,
;			blocks never, and returns to exactly what it found.
;
; An exception of the IRETQ to user mode itself comes from the kernel by its CS, but finds
; what an entry from user mode finds (the user's GS base; isolated: the user PGD and the
; entry stack), and is taken as one.
;
; With page-table isolation (pti.h) the CPU comes from user mode on the user PGD, on which
; this file and the entry area are all of the kernel that there is.  Then the stubs with
; _isolated are in the IDT (idt.c): they load the kernel PGD, the pair's other page, before
; they touch anything else.  The IST ways cannot know from CS which of the two was loaded:
; they look, and put back what they found.

%include "offsets.inc"
%include "twin_entry.inc"
%include "load_cr3.inc"

bits 64
default rel

extern trap, trap_prepare_user, kernel_stack_top, entry_stack_top
extern pti_on, pti_user_cr3
global trap_stubs, trap_stubs_isolated, trap_return_to_user, trap_iret, trap_iret_isolated

section .entry_text progbits alloc exec nowrite align=4096

; Vectors on which the CPU pushes an error code: 8, 10-14, 17, 21, 29, 30.
%define HAS_ERROR ((1 << 8) | (0x1f << 10) | (1 << 17) | (1 << 21) | (3 << 29))
; Vectors with a stack of their own: 1, 2, 8, 18.
%define HAS_IST ((1 << 1) | (1 << 2) | (1 << 8) | (1 << 18))

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
%define EARLY_RIP 16
%define EARLY_CS 24

; The three ways in.  %1: suffix of the labels; %2: is isolation on?
%macro WAYS_IN 2
	align 16
trap_exception%1:
	test	byte [rsp + EARLY_CS], 3
	jnz	trap_from_user%1
	cmp	qword [rsp + EARLY_RIP], trap_iret%1
	je	trap_from_user%1
trap_from_kernel%1:
	PUSH_REGISTERS
	cld
	mov	rdi, rsp
	xor	ebp, ebp
	call	trap			; RSP is 16-aligned: 22 words below the CPU's alignment
	POP_REGISTERS
	iretq

	align 16
trap_interrupt%1:
	test	byte [rsp + EARLY_CS], 3
	jz	trap_from_kernel%1
trap_from_user%1:
	TWIN_ENTER_FROM_USER
	push	rdi
  %if %2
	mov	rdi, cr3
	KERNEL_CR3 rdi
  %endif
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
	jmp	trap_return_to_user

; User mode's CS is the truth, where the kernel's is not: nothing of the entry has been done.
	align 16
trap_debug%1:
	test	byte [rsp + EARLY_CS], 3
	jnz	trap_from_user%1
trap_ist%1:
	PUSH_REGISTERS
	cld
  %if %2
	mov	r14, cr3		; callee-saved, restored from the frame
	test	r14, PTI_PGD
	jz	.kernel_pgd
	mov	rax, r14
	KERNEL_CR3 rax
.kernel_pgd:
  %endif
	TWIN_PARANOID_ENTER
	mov	rdi, rsp
	xor	ebp, ebp
	call	trap
	TWIN_PARANOID_LEAVE
  %if %2
	test	r14, PTI_PGD		; a kernel PGD is not written again: nobody changed it
	jz	.leave
	or	r14, [pti_noflush]	; what was owed was paid when it was loaded
	LOAD_CR3 r14
.leave:
  %endif
	POP_REGISTERS
	iretq
%endmacro

; A stub per vector.  %1: suffix.
%macro STUBS 0-1
%assign vec 0
%rep 256
	align 16
trap_stub%1_%+vec:
  %if vec >= 32 || ((HAS_ERROR >> vec) & 1) == 0
	push	0
  %endif
	push	vec
  %if vec >= 32
	jmp	trap_interrupt%1
  %elif vec == VECTOR_DEBUG
	jmp	trap_debug%1
  %elif ((HAS_IST >> vec) & 1) == 1
	jmp	trap_ist%1
  %else
	jmp	trap_exception%1
  %endif
  %assign vec vec + 1
%endrep
%endmacro

	WAYS_IN , 0
	WAYS_IN _isolated, 1

; The way out to user mode, for a first entry too.  In: RSP = struct trapframe of user mode.
	align 16
trap_return_to_user:
	cli
	call	trap_prepare_user
	cmp	byte [pti_on], 0
	jne	return_isolated
	POP_REGISTERS
	TWIN_LEAVE_TO_USER
trap_iret:
	iretq

; What IRETQ and the last pops read must be mapped by the user PGD: it goes to the entry stack.
return_isolated:
	mov	rdi, rsp
	mov	rsp, PERCPU(entry_stack_top)
	push	qword [rdi + TF_SS]
	push	qword [rdi + TF_RSP]
	push	qword [rdi + TF_RFLAGS]
	push	qword [rdi + TF_CS]
	push	qword [rdi + TF_RIP]
	push	qword [rdi + TF_RAX]
	push	qword [rdi + TF_RDI]
	mov	rax, PERCPU(pti_user_cr3)
	mov	r15, [rdi + TF_R15]
	mov	r14, [rdi + TF_R14]
	mov	r13, [rdi + TF_R13]
	mov	r12, [rdi + TF_R12]
	mov	r11, [rdi + TF_R11]
	mov	r10, [rdi + TF_R10]
	mov	r9, [rdi + TF_R9]
	mov	r8, [rdi + TF_R8]
	mov	rsi, [rdi + TF_RSI]
	mov	rbp, [rdi + TF_RBP]
	mov	rbx, [rdi + TF_RBX]
	mov	rdx, [rdi + TF_RDX]
	mov	rcx, [rdi + TF_RCX]
	TWIN_LEAVE_TO_USER
	LOAD_CR3 rax
	pop	rdi
	pop	rax
trap_iret_isolated:
	iretq

	STUBS
	STUBS _isolated

; The IDT is filled from one of these tables (idt.c).
%macro STUB_TABLE 0-1
	align 8
trap_stubs%1:
%assign vec 0
%rep 256
	dq	trap_stub%1_%+vec
  %assign vec vec + 1
%endrep
%endmacro

section .rodata
	STUB_TABLE
	STUB_TABLE _isolated
