; SPDX-License-Identifier: MIT
;
; arch/x86_64/halt.asm - halt, interrupts off, until an NMI comes with a flag set.
;
;	void halt_until(const u32 *flag);
;
; An NMI between the test and HLT would be slept over: smp_nmi() (smp.c) sends it back to
; the test if it came before halt_until_halted.

bits 64
default rel

global halt_until, halt_until_halted

section .text
	align 16
halt_until:
	cmp	dword [rdi], 0
	jne	halt_until_out
	hlt
halt_until_halted:
	jmp	halt_until
halt_until_out:
	ret
