; SPDX-License-Identifier: MIT
;
; user/lib/start.asm - where a program begins: RSP is the top of its stack, 16-aligned
; (kernel/abi.h), and no return address lies there, but the arguments.  RDI is what the thread was
; started with.

bits 64

extern program_run
global _start

section .text
_start:
	xor	ebp, ebp	; the outermost frame
	mov	rsi, rsp
	call	program_run	; does not return
	ud2
