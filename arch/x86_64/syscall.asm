; SPDX-License-Identifier: MIT
;
; arch/x86_64/syscall.asm - SYSCALL to a function of the table, and SYSRET.
;
; What SYSCALL leaves: RCX, R11: the user's RIP and RFLAGS; RSP: still the user's; flags
; cleared by the mask that syscall.c chose, interrupts are off.  The frame (syscall.h) goes
; to the top of the thread's stack, below the word that says that something is to be done
; before user mode; so whoever has the thread finds both.
;
;	   work				syscall.h
;	   RSP  RFLAGS  RIP		the user's
;	   RAX				number, then result
;	   R13 R12 R9 R8 R10 RDX RSI RDI	<- RSP
;
; The C function keeps RBX, RBP, R14 and R15; the others come back from the frame, so that
; nothing of the kernel's leaks.
;
; SYSRET with a RIP that is not canonical would fault in the kernel, on the user's stack.
; RIP is the address behind a SYSCALL in user memory, and the last user page is never mapped
; (USER_MAP_END): it is canonical.

%include "offsets.inc"
%include "twin_entry.inc"
%include "load_cr3.inc"

bits 64
default rel

extern kernel_stack_top, entry_stack_top, need_resched, pti_user_cr3
extern syscall_table, syscall_last, trap_prepare_user
extern trap_return_to_user
global syscall_entry:function, syscall_entry_isolated:function, user_enter

%if PRAGUE_DEBUG
  %define SYSCALL_CHECKS 0
%else
  %define SYSCALL_CHECKS 1
%endif

section .entry_text progbits alloc exec nowrite align=16

; %1: suffix; %2: is isolation on?
%macro SYSCALL_WAY 2
	align 16
syscall_entry%1:
	TWIN_ENTER_BY_SYSCALL
	mov	SYSCALL_USER_SP, rsp
  %if %2
	TWIN_SYSCALL_ENTRY_STACK
	push	rdi
	mov	rdi, cr3
	KERNEL_CR3 rdi
	pop	rdi
  %endif
	mov	rsp, PERCPU(kernel_stack_top)
	push	qword SYSCALL_USER_SP
	push	r11
	push	rcx
	push	rax
	push	r13
	push	r12
	push	r9
	push	r8
	push	r10
	push	rdx
	push	rsi
	push	rdi
	mov	rcx, [syscall_last]	; all above it are the last one, which does not know them
	cmp	rax, rcx
	cmova	rax, rcx
	mov	rdi, rsp
	call	[abs syscall_table + rax * 8]
  %if %2
	mov	[rsp + SF_RAX], rax
	call	trap_prepare_user
	mov	rax, [rsp + SF_RAX]
  %else
	mov	ecx, PERCPU(need_resched)
	or	rcx, [rsp + SYSCALL_FRAME_SIZE]
	cmp	rcx, SYSCALL_CHECKS	; debug builds look each time
	jae	.work
.leave:
  %endif
	pop	rdi
	pop	rsi
	pop	rdx
	pop	r10
	pop	r8
	pop	r9
	pop	r12
	pop	r13
	add	rsp, SF_RIP - SF_RAX
  %if %2
	mov	rcx, rsp		; RIP, RFLAGS, RSP
	mov	r11, PERCPU(pti_user_cr3)
	TWIN_SYSCALL_ENTRY_STACK
	push	qword [rcx + SF_RSP - SF_RIP]
	push	rax
	mov	rax, r11
	mov	r11, [rcx + SF_RFLAGS - SF_RIP]
	mov	rcx, [rcx]
	TWIN_LEAVE_TO_USER
	LOAD_CR3 rax
	pop	rax
  %else
	pop	rcx
	pop	r11
	TWIN_LEAVE_TO_USER
  %endif
	mov	rsp, [rsp]
	o64 sysret

  %if %2 == 0
.work:
	mov	[rsp + SF_RAX], rax
	call	trap_prepare_user
	mov	rax, [rsp + SF_RAX]
	jmp	.leave
  %endif
%endmacro

	SYSCALL_WAY , 0
	SYSCALL_WAY _isolated, 1

section .text
; void user_enter(rip, rsp, arg, entry): a thread's first time in user mode.  Its registers
; are 0 but for RDI, interrupts on; what is on its stack is forgotten.
user_enter:
	mov	rsp, rcx
	push	USER_DS
	push	rsi
	push	RFLAGS_USER
	push	USER_CS
	push	rdi
	push	0			; error, vector
	push	0
	mov	rdi, rdx
	xor	eax, eax
  %rep 6				; RAX to RSI
	push	rax
  %endrep
	push	rdi
  %rep 8				; R8 to R15
	push	rax
  %endrep
	jmp	trap_return_to_user
