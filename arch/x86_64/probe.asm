; SPDX-License-Identifier: MIT
;
; arch/x86_64/probe.asm - accesses that may fault; see probe.h.
; A fault listed in .fixups continues at its landing with EAX = PROBE_FAULT(...).

bits 64
default rel

global probe_read, probe_write, probe_exec, probe_invpcid, copy_may_fault

; MAY_FAULT place, landing: a fault at the first continues at the second.
%macro MAY_FAULT 2
section .fixups progbits alloc noexec nowrite align=4
	dd	%1 - $
	dd	%2 - $
section .text
%endmacro

section .text
probe_read:
.access:
	mov	al, [rdi]
	xor	eax, eax
.done:
	ret
MAY_FAULT probe_read.access, probe_read.done

probe_write:
	xor	eax, eax
.access:
	mov	[rdi], sil		; a read first would fault as a read
.done:
	ret
MAY_FAULT probe_write.access, probe_write.done

probe_exec:
	push	rbp
	mov	rbp, rsp
	call	rdi
.returned:				; a fetch fault is found by its return address
	xor	eax, eax
.done:
	pop	rbp
	ret
MAY_FAULT probe_exec.returned, probe_exec.done

probe_invpcid:
	xor	eax, eax
.access:
	invpcid	rdi, [rsi]
.done:
	ret
MAY_FAULT probe_invpcid.access, probe_invpcid.done

; uaccess.h.  In: RDI to, RSI from, RDX bytes.  Out: RAX bytes left.  A word that is aligned is
; copied by one access: who may be preempted, or reads what another CPU writes, sees it whole.
copy_may_fault:
	mov	rcx, rdx
	shr	rcx, 3
	and	edx, 7
.words:
	rep movsq
	mov	ecx, edx
.bytes:
	rep movsb
.done:
	mov	rax, rcx
	ret
.words_left:
	lea	rax, [rdx + rcx * 8]
	ret
MAY_FAULT copy_may_fault.words, copy_may_fault.words_left
MAY_FAULT copy_may_fault.bytes, copy_may_fault.done
