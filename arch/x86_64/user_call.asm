; SPDX-License-Identifier: MIT
;
; arch/x86_64/user_call.asm - see user_call.h.
;
; user_call_frame() leaves its callee-saved registers on the stack, notes RSP in
; user_call_stack, and lets traps from user mode start below it.  user_call_finish(),
; called from such a trap, drops everything below and returns from user_call_frame().

%include "offsets.inc"
%include "twin_entry.inc"

bits 64
default rel

extern user_call_stack, kernel_stack_top, trap_return_to_user
global user_call_frame, user_call_finish

section .text
; In: RDI = struct trapframe.
user_call_frame:
	push	rbp
	mov	rbp, rsp
	push	rbx
	push	r12
	push	r13
	push	r14
	push	r15
	push	qword PERCPU(kernel_stack_top)
	mov	PERCPU(user_call_stack), rsp
	and	rsp, -16		; where the CPU would have aligned it
	mov	PERCPU(kernel_stack_top), rsp

	mov	rsi, rdi
	sub	rsp, TF_SIZE
	mov	rdi, rsp
	mov	ecx, TF_SIZE / 8
	rep movsq
	jmp	trap_return_to_user

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
