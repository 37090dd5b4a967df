; SPDX-License-Identifier: MIT
;
; arch/x86_64/switch.asm - see switch.h, which draws the stack.
;
;	void switch_stacks(u64 *save, u64 load);

bits 64
default rel

global switch_stacks

section .text
	align 16
switch_stacks:
	push	rbp
	push	rbx
	push	r12
	push	r13
	push	r14
	push	r15
	mov	[rdi], rsp
	mov	rsp, rsi
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	rbx
	pop	rbp
	ret
