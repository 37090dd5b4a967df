; SPDX-License-Identifier: MIT
;
; arch/x86_64/user_resume.asm - a thread that is a copy of another: its registers are taken in a
; system call, and loaded on its own stack.

%include "offsets.inc"

bits 64
default rel

extern sys_fork, trap_return_to_user
global syscall_fork:function, user_resume:function

section .text

; s64 syscall_fork(frame): what no frame of a system call has, the caller's RBX, RBP, R14 and R15
; are still the user's, goes onto the stack: struct kept_registers.
syscall_fork:
	push	r15
	push	r14
	push	rbp
	push	rbx
	mov	rsi, rsp
	mov	rbp, rsp
	sub	rsp, 8			; 16-aligned at the call
	call	sys_fork
	add	rsp, 8
	pop	rbx
	pop	rbp
	pop	r14
	pop	r15
	ret

; void user_resume(frame, entry): a struct trapframe to the top of the stack, its last word first,
; since it may lie where the first ones go.  An interrupt meanwhile would lie on what is not copied.
user_resume:
	cli
	mov	rsp, rsi
  %assign word TF_SIZE - 8
  %rep TF_SIZE / 8
	push	qword [rdi + word]
  %assign word word - 8
  %endrep
	jmp	trap_return_to_user
