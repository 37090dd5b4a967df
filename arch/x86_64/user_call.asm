; SPDX-License-Identifier: MIT
;
; arch/x86_64/user_call.asm - see user_call.h.
;
; user_call() leaves its callee-saved registers on the stack, notes RSP in
; user_call_stack, and lets traps from user mode start below it.  user_call_finish(),
; called from such a trap, drops everything below and returns from user_call().

%include "offsets.inc"
%include "twin_entry.inc"

bits 64
default rel

extern user_call_stack, kernel_stack_top
global user_call, user_call_finish

%define RFLAGS_FIXED 2

section .text
user_call:
	push	rbp
	mov	rbp, rsp
	push	rbx
	push	r12
	push	r13
	push	r14
	push	r15
	push	qword PERCPU(kernel_stack_top)
	mov	PERCPU(user_call_stack), rsp
	mov	rax, rsp
	and	rax, -16		; where the CPU would have aligned it
	mov	PERCPU(kernel_stack_top), rax

	push	USER_DS
	push	rsi
	push	RFLAGS_FIXED
	push	USER_CS
	push	rdi
	TWIN_LEAVE_TO_USER
	iretq

user_call_finish:
	mov	rax, rdi
	mov	rsp, PERCPU(user_call_stack)
	mov	qword PERCPU(user_call_stack), 0
	pop	qword PERCPU(kernel_stack_top)
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	rbx
	pop	rbp
	ret
