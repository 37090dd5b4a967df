; SPDX-License-Identifier: MIT
;
; arch/x86_64/tlb_mailbox.asm - what the places of tlb_mailbox.h call with tlbcheck=on.  All
; registers are kept but the flags.  Entry text: a user PGD may be loaded.

%include "offsets.inc"

bits 64
default rel

global tlb_mailbox_cr3_rax, tlb_mailbox_cr3_rdi, tlb_mailbox_cr3_r14, tlb_mailbox_invlpg
global tlb_mailbox_invpcid, tlb_mailbox_fault, tlb_mailbox_everything, tlb_mailbox_done
global tlb_mailbox_frame, tlb_mailbox_mark

; For tools/run: where the first CPU's mailbox is, how far it is to the next one's, and where
; the code below lies.
global tlb_mailbox_first, tlb_mailbox_stride, tlb_mailbox_text, tlb_mailbox_text_end
tlb_mailbox_first equ TLB_MAILBOX_FIRST
tlb_mailbox_stride equ TLB_MAILBOX_STRIDE

%define NOFLUSH_BIT 63

section .entry_text progbits alloc exec nowrite align=16

tlb_mailbox_text:

; Store RDX at %1 of this CPU's mailbox.  The number is in its descriptor tables; one that has
; not loaded them is not armed.  Spoils RCX.
%macro TELL 1
	mov	ecx, CPU_NUMBER_SELECTOR
	lsl	ecx, ecx
	jnz	%%unarmed
	push	rdx
	mov	rdx, TLB_MAILBOX_FIRST
	imul	rcx, rcx, TLB_MAILBOX_STRIDE
	add	rcx, rdx
	pop	rdx
	mov	[rcx + %1], rdx
%%unarmed:
%endmacro

%macro ENTER 0
	push	rcx
	push	rdx
%endmacro

%macro LEAVE_AND_RETURN 0
	pop	rdx
	pop	rcx
	ret
%endmacro

%macro LOADS_CR3 1
tlb_mailbox_cr3_%1:
	ENTER
	mov	rdx, %1
	btr	rdx, NOFLUSH_BIT	; reserved without PCID
	mov	cr3, rdx
	mov	rdx, %1
	TELL	MAIL_SWITCH
	LEAVE_AND_RETURN
%endmacro

	LOADS_CR3 rax
	LOADS_CR3 rdi
	LOADS_CR3 r14

; In: RAX = address.
tlb_mailbox_invlpg:
	ENTER
	invlpg	[rax]
	mov	rdx, rax
	TELL	MAIL_PAGE
	LEAVE_AND_RETURN

; In: RAX = descriptor, RCX = type.
tlb_mailbox_invpcid:
	ENTER
	mov	rdx, [rax]		; tag
	cmp	ecx, 1
	je	.tag
	ja	.all
	or	rdx, [rax + 8]
	TELL	MAIL_TAG_PAGE
	LEAVE_AND_RETURN
.tag:
	TELL	MAIL_TAG
	LEAVE_AND_RETURN
.all:
	cmp	ecx, 2
	jne	.local
	TELL	MAIL_ALL
	LEAVE_AND_RETURN
.local:
	TELL	MAIL_ALL_LOCAL
	LEAVE_AND_RETURN

; In: RDI = struct trapframe.  Out: RAX = address.
tlb_mailbox_fault:
	mov	rax, cr2
	ENTER
	mov	rdx, rax
	and	rdx, ~0xfff
	mov	ecx, [rdi + TF_ERROR]
	and	ecx, 0xfff
	or	rdx, rcx
	TELL	MAIL_FAULT
	LEAVE_AND_RETURN

tlb_mailbox_everything:
	ENTER
	TELL	MAIL_ALL
	LEAVE_AND_RETURN

tlb_mailbox_done:
	ENTER
	TELL	MAIL_DONE
	LEAVE_AND_RETURN

; In: RAX = physical address.
tlb_mailbox_frame:
	ENTER
	mov	rdx, rax
	TELL	MAIL_FRAME
	LEAVE_AND_RETURN

; In: RAX = address of a name, or 0.
tlb_mailbox_mark:
	ENTER
	mov	rdx, rax
	TELL	MAIL_MARK
	LEAVE_AND_RETURN

tlb_mailbox_text_end:
