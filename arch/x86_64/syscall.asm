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
; SYS_CALL and SYS_REPLY_WAIT go the direct way (syscall.h): their words stay in registers while C
; decides whether the partner can go on at once.  What C must not lose lies in struct syscall_kept
; below the frame, whose words are filled in only if it says no, in syscall_not_directly().
;
;	   work RSP RFLAGS RIP RAX	as above
;	   (room)
;	   RDI RSI RDX RBX R14 R15
;	   resume  RBP			<- RSP: what a switch to this thread takes (switch.h)
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
extern syscall_direct, syscall_resumed, spin_unlock, pti_on
global syscall_entry:function, syscall_entry_isolated:function, user_enter
global syscall_not_directly:function

%if PRAGUE_DEBUG
  %define SYSCALL_CHECKS 0
%else
  %define SYSCALL_CHECKS 1
%endif

%define SYSCALL_KEPT (SYSCALL_FRAME_SIZE + SYSCALL_KEPT_SIZE)	; from the stack's top down

; Around C: the words that a function of C may lose, or not give back if it does not come back,
; where the compiler was not told (Makefile).
%macro PUT_WORDS_BY 0
  %if !PRAGUE_WORDS_STAY
.words_put_by:				; tools/check-elf looks for it
	push	r8
	push	r9
	push	r10
	push	r12
	push	r13
	push	rax
  %endif
%endmacro

%define WORDS_PUT_BY 48		; bytes

%macro TAKE_WORDS_BACK 0
  %if !PRAGUE_WORDS_STAY
	mov	r13, [rsp + 8]
	mov	r12, [rsp + 16]
	mov	r10, [rsp + 24]
	mov	r9, [rsp + 32]
	mov	r8, [rsp + 40]
	lea	rsp, [rsp + WORDS_PUT_BY]
  %endif
%endmacro

; %1: from RSP to the frame.  The words that stay in registers on the direct way, into it.
%macro FILL_FRAME 1
	mov	[rsp + %1 + SF_R10], r10
	mov	[rsp + %1 + SF_R8], r8
	mov	[rsp + %1 + SF_R9], r9
	mov	[rsp + %1 + SF_R12], r12
	mov	[rsp + %1 + SF_R13], r13
%endmacro

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
	cmp	rax, DIRECT_LAST
	jbe	.direct
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
.called:
  %if %2
	mov	[rsp + SF_RAX], rax
	call	trap_prepare_user
	mov	rax, [rsp + SF_RAX]
  %else
	mov	ecx, PERCPU(need_resched)
	or	rcx, [rsp + SYSCALL_FRAME_SIZE]
	cmp	rcx, SYSCALL_CHECKS	; debug builds look each time
	jae	.work
  %endif
.leave:
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

.direct:
	sub	rsp, SF_RIP
	push	rdi
	push	rsi
	push	rdx
	push	rbx
	push	r14
	push	r15
	push	.resumed
	push	rbp
	PUT_WORDS_BY
	and	eax, DIRECT_LAST		; so it is, but not to who guesses the branch above
	call	[abs syscall_direct + rax * 8]
	TAKE_WORDS_BACK
	mov	[rdx], rsp
	mov	rsi, [rsp + SK_RSI]
	mov	rdx, [rsp + SK_RDX]
	mov	rsp, PERCPU(kernel_stack_top)	; the other's
  %if %2 == 0 && PRAGUE_DEBUG == 0
	inc	dword [rax + LOCK_SERVING]
	mov	rbx, [rsp - SYSCALL_KEPT + SK_RBX]
	mov	rbp, [rsp - SYSCALL_KEPT + SK_RBP]
	mov	r14, [rsp - SYSCALL_KEPT + SK_R14]
	mov	r15, [rsp - SYSCALL_KEPT + SK_R15]
	mov	ecx, PERCPU(need_resched)
	or	rcx, [rsp]
	jnz	.arrived_with_work
	mov	rdi, [rsp - SYSCALL_KEPT + SK_RDI]
	xor	eax, eax
	mov	r11, [rsp - SYSCALL_FRAME_SIZE + SF_RFLAGS]
	mov	rcx, [rsp - SYSCALL_FRAME_SIZE + SF_RIP]
	TWIN_LEAVE_TO_USER
	mov	rsp, [rsp - SYSCALL_FRAME_SIZE + SF_RSP]
	o64 sysret
  %endif

	; The other's turn begins with C: its words go through its frame.
.arrived_with_work:
	sub	rsp, SYSCALL_KEPT
	FILL_FRAME SYSCALL_KEPT_SIZE
	mov	[rsp + SYSCALL_KEPT_SIZE + SF_RSI], rsi
	mov	[rsp + SYSCALL_KEPT_SIZE + SF_RDX], rdx
  %if PRAGUE_DEBUG
	mov	rdi, rax
	call	spin_unlock
  %elif %2
	inc	dword [rax + LOCK_SERVING]
  %endif
	xor	eax, eax
	pop	rbp
	add	rsp, 8
	jmp	.unkeep

	; Who went the direct way was woken: switch_stacks() came here, and has taken RBP.
.resumed:
	call	syscall_resumed
.unkeep:
	pop	r15
	pop	r14
	pop	rbx
	add	rsp, 16
	pop	rdi
	mov	[rsp + SF_RDI], rdi
	jmp	.called
%endmacro

	SYSCALL_WAY , 0
	SYSCALL_WAY _isolated, 1

section .text
; void syscall_not_directly(number): nothing was done, and the longer way begins, with a whole
; frame.  In the middle of C, which has its own below struct syscall_kept, and perhaps RBP.
syscall_not_directly:
	mov	rsp, PERCPU(kernel_stack_top)
	sub	rsp, SYSCALL_KEPT
  %if !PRAGUE_WORDS_STAY
	sub	rsp, WORDS_PUT_BY
	TAKE_WORDS_BACK
  %endif
	mov	rbp, [rsp + SK_RBP]
	mov	rax, rdi
	mov	rdi, [rsp + SK_RDI]
	mov	rsi, [rsp + SK_RSI]
	mov	rdx, [rsp + SK_RDX]
	FILL_FRAME SYSCALL_KEPT_SIZE
	mov	[rsp + SYSCALL_KEPT_SIZE + SF_RSI], rsi
	mov	[rsp + SYSCALL_KEPT_SIZE + SF_RDX], rdx
	mov	[rsp + SYSCALL_KEPT_SIZE + SF_RDI], rdi
	mov	[rsp + SYSCALL_KEPT_SIZE + SF_RAX], rax
	lea	rdi, [rsp + SYSCALL_KEPT_SIZE]
	call	[abs syscall_table + rax * 8]
	add	rsp, 16
	cmp	byte [pti_on], 0
	je	syscall_entry.unkeep
	jmp	syscall_entry_isolated.unkeep

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
