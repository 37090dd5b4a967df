; SPDX-License-Identifier: MIT
;
; tests/user_programs.asm - what ring 3 runs in tests of tasks (user_task.h).  A program ends with a
; status: 0 if all was as it should be, else how far it came.

%include "tests/user_programs.inc"

section .rodata

; All registers but RAX, RCX and R11 are what they were; the result is 0; flags stay.
PROGRAM registers_stay
	mov	r15, rsp
	FILL	rbx, 1
	FILL	rbp, 2
	FILL	rsi, 3
	FILL	rdi, 4
	FILL	rdx, 5
	FILL	r8, 6
	FILL	r9, 7
	FILL	r10, 8
	FILL	r12, 9
	FILL	r13, 10
	FILL	r14, 11
	mov	rax, -1			; an unknown one
	std
	syscall
	pushfq
	cld
	cmp	rax, ERR_UNKNOWN
	MUST	1
	SYSCALL_ SYS_NULL
	cmp	rax, 0
	MUST	2
	FILLED	rbx, 1, 3
	FILLED	rbp, 2, 4
	FILLED	rsi, 3, 5
	FILLED	rdi, 4, 6
	FILLED	rdx, 5, 7
	FILLED	r8, 6, 8
	FILLED	r9, 7, 9
	FILLED	r10, 8, 10
	FILLED	r12, 9, 11
	FILLED	r13, 10, 12
	FILLED	r14, 11, 13
	pop	rax
	cmp	rsp, r15
	MUST	14
	and	eax, 0x400		; the direction flag was kept for the user
	cmp	eax, 0x400
	MUST	15
	xor	edi, edi
	SYSCALL_ SYS_EXIT
user_registers_stay_end:

; RDI null calls, with single steps if bit 63 is set: ends as the kernel says.
PROGRAM counts_down
	mov	rbx, rdi
.next:
	SYSCALL_ SYS_NULL
	dec	rbx
	jnz	.next
	xor	edi, edi
	SYSCALL_ SYS_EXIT
user_counts_down_end:

; Never ends by itself.
PROGRAM spins
	jmp	user_spins
user_spins_end:

; Single steps into a system call, the first instruction with the trap flag, and behind it.
PROGRAM single_steps
	pushfq
	or	qword [rsp], 0x100
	mov	eax, SYS_NULL
	popfq
	syscall
	xor	edi, edi
	SYSCALL_ SYS_EXIT
user_single_steps_end:

; Reads at RDI.
PROGRAM reads
	mov	rax, [rdi]
	xor	edi, edi
	SYSCALL_ SYS_EXIT
user_reads_end:

; Jumps to RDI.
PROGRAM jumps
	jmp	rdi
user_jumps_end:

; SYSCALL with a stack pointer, in RDI, that no stack is at.
PROGRAM has_no_stack
	mov	rbx, rsp
	mov	rsp, rdi
	SYSCALL_ SYS_NULL
	cmp	rsp, rdi
	mov	rsp, rbx
	MUST	1
	SYSCALL_ SYS_YIELD
	xor	edi, edi
	SYSCALL_ SYS_EXIT
user_has_no_stack_end:

; Calls endpoint EDI (RDI >> 32) times: sends n, 2, 3, 4, 5, 6, 7 and gets n + 1, 12 to 17 back.
PROGRAM client
	mov	ebx, edi
	mov	rbp, rdi
	shr	rbp, 32
.next:
	mov	edi, ebx
	mov	rsi, rbp
	PUT_REST 2
	SYSCALL_ SYS_CALL
	cmp	rax, 0
	MUST	1
	lea	rax, [rbp + 1]
	cmp	rsi, rax
	MUST	2
	MUST_REST 12, 3, 1
	cmp	edi, ebx
	MUST	9
	dec	rbp
	jnz	.next
	xor	edi, edi
	SYSCALL_ SYS_EXIT
user_client_end:

; Serves endpoint RDI: as above.  Ends when there is none any more.
PROGRAM server
	mov	rbx, rdi
.next:
	mov	rdi, rbx
	SYSCALL_ SYS_REPLY_WAIT
	cmp	rax, ERR_PIPE
	je	.no_more
	cmp	rax, 0
	MUST	1
	inc	rsi
	MUST_REST 2, 2, 1
	DO_REST add, 10
	jmp	.next
.no_more:
	xor	edi, edi
	SYSCALL_ SYS_EXIT
user_server_end:

; One call of endpoint RDI; its result is the status.
PROGRAM calls_once
	SYSCALL_ SYS_CALL
	mov	rdi, rax
	SYSCALL_ SYS_EXIT
user_calls_once_end:

; The same, for a call that is to fail: its words are what they were, or 0; and the other registers
; what they were.
PROGRAM fails_and_looks
	FILL	rbx, 8
	FILL	rbp, 9
	FILL	r14, 10
	FILL	r15, 11
	mov	rsi, 7
	PUT_REST 8
	push	rdi
	SYSCALL_ SYS_CALL
	cmp	rax, ERR_PIPE
	MUST	1
	cmp	rdi, [rsp]
	MUST	2
  %assign word 7
  %rep 7
	LOOK_AT_WORD word
    %assign word word + 1
  %endrep
	FILLED	rbx, 8, 10
	FILLED	rbp, 9, 11
	FILLED	r14, 10, 12
	FILLED	r15, 11, 13
	xor	edi, edi
	SYSCALL_ SYS_EXIT
user_fails_and_looks_end:

; Takes one call of endpoint RDI and never answers.
PROGRAM takes_and_spins
	SYSCALL_ SYS_REPLY_WAIT
.for_ever:
	jmp	.for_ever
user_takes_and_spins_end:

; Takes one call of endpoint EDI, and calls the one in RDI's upper half.
PROGRAM relays
	mov	rbx, rdi
	mov	edi, edi
	SYSCALL_ SYS_REPLY_WAIT
	mov	rdi, rbx
	shr	rdi, 32
	SYSCALL_ SYS_CALL
	SYSCALL_ SYS_EXIT
user_relays_end:

; Takes one call of endpoint RDI and ends.
PROGRAM takes_and_ends
	SYSCALL_ SYS_REPLY_WAIT
	xor	edi, edi
	SYSCALL_ SYS_EXIT
user_takes_and_ends_end:

; --- notifications, timers, time limits ---------------------------------------------------------

; Waits for notification EDI for (RDI >> 32) us, all ones: for ever; ends with the bits, or why not.
PROGRAM waits
	mov	rsi, rdi
	shr	rsi, 32
	mov	edi, edi
	cmp	esi, -1
	je	.for_ever
	imul	rsi, rsi, 1000
	jmp	.wait
.for_ever:
	mov	rsi, WAIT_FOR_EVER
.wait:
	SYSCALL_ SYS_WAIT
	test	rax, rax
	cmovz	rax, rsi
	mov	rdi, rax
	SYSCALL_ SYS_EXIT
user_waits_end:

; Waits for notification EDI until it has got all bits of RDI >> 32.
PROGRAM collects
	mov	ebx, edi
	mov	rbp, rdi
	shr	rbp, 32
.next:
	mov	edi, ebx
	mov	rsi, WAIT_FOR_EVER
	SYSCALL_ SYS_WAIT
	cmp	rax, 0
	MUST	1
	not	rsi
	and	rbp, rsi
	jnz	.next
	xor	edi, edi
	SYSCALL_ SYS_EXIT
user_collects_end:

; Signals notification DI bit 4 and waits for it from notification RDI >> 16, (RDI >> 32) times.
PROGRAM pings
	movzx	r14d, di
	mov	r15d, edi
	shr	r15d, 16
	mov	rbp, rdi
	shr	rbp, 32
.next:
	mov	edi, r14d
	mov	esi, 4
	SYSCALL_ SYS_SIGNAL
	cmp	rax, 0
	MUST	1
	mov	edi, r15d
	mov	rsi, WAIT_FOR_EVER
	SYSCALL_ SYS_WAIT
	cmp	rax, 0
	MUST	2
	cmp	rsi, 4
	MUST	3
	dec	rbp
	jnz	.next
	xor	edi, edi
	SYSCALL_ SYS_EXIT
user_pings_end:

; The other side: what comes from notification DI goes to RDI >> 16, until nobody signals any more.
PROGRAM pongs
	movzx	r14d, di
	mov	r15d, edi
	shr	r15d, 16
.next:
	mov	edi, r14d
	mov	rsi, WAIT_FOR_EVER
	SYSCALL_ SYS_WAIT
	cmp	rax, ERR_PIPE
	je	.no_more
	cmp	rax, 0
	MUST	1
	mov	edi, r15d
	SYSCALL_ SYS_SIGNAL
	cmp	rax, 0
	MUST	2
	jmp	.next
.no_more:
	xor	edi, edi
	SYSCALL_ SYS_EXIT
user_pongs_end:

; Receives at endpoint EDI calls, which it answers, and bits, until it has got all of RDI >> 32.
PROGRAM serves_both
	mov	ebx, edi
	mov	rbp, rdi
	shr	rbp, 32
.next:
	mov	edi, ebx
	SYSCALL_ SYS_REPLY_WAIT
	cmp	rax, 0
	je	.call
	cmp	rax, 1
	MUST	1
	not	rsi
	and	rbp, rsi
	jnz	.next
	xor	edi, edi
	SYSCALL_ SYS_EXIT
.call:
	inc	rsi
	DO_REST add, 10
	jmp	.next
user_serves_both_end:

; Sets timer EDI again and again: soon, each ms, never.
PROGRAM sets_timer
	mov	ebx, edi
.next:
	SYSCALL_ SYS_CLOCK
	lea	rsi, [rax + 50000]
	mov	edi, ebx
	xor	edx, edx
	SYSCALL_ SYS_TIMER_SET
	cmp	rax, 0
	MUST	1
	mov	edi, ebx
	mov	esi, 1
	mov	edx, TIMER_PERIOD_MIN
	SYSCALL_ SYS_TIMER_SET
	cmp	rax, 0
	MUST	2
	mov	edi, ebx
	xor	esi, esi
	xor	edx, edx
	SYSCALL_ SYS_TIMER_SET
	cmp	rax, 0
	MUST	3
	jmp	.next
user_sets_timer_end:

; Calls endpoint DI RDI >> 32 times, as `client`, with a time limit of ((RDI >> 16) & 0xffff) * 64 ns:
; ends with how many calls were not answered in time.  One that was not has sent its words and
; kept them.
PROGRAM hurries
	movzx	ebx, di
	mov	rbp, rdi
	shr	rbp, 32
	shr	edi, 16
	shl	edi, 6
	SYSCALL_ SYS_TIMEOUT
	cmp	rax, 0
	MUST	-1
	xor	r15d, r15d
.next:
	mov	edi, ebx
	mov	rsi, rbp
	PUT_REST 2
	SYSCALL_ SYS_CALL
	xor	ecx, ecx		; what an answer adds
	cmp	rax, ERR_TIMED_OUT
	je	.late
	cmp	rax, 0
	MUST	-2
	dec	rsi
	mov	ecx, 10
	jmp	.words
.late:
	inc	r15
.words:
	cmp	rsi, rbp
	MUST	-3
	DO_REST sub, rcx
	MUST_REST 2, -4, -1
	dec	rbp
	jnz	.next
	mov	rdi, r15
	SYSCALL_ SYS_EXIT
user_hurries_end:

; Writes into page after page from RDI on.
PROGRAM touches_on
	mov	[rdi], rdi
	add	rdi, 4096
	jmp	user_touches_on
user_touches_on_end:

; One call of endpoint EDI, with the handle RDI >> 32; its result is the status.
PROGRAM sends_handle
	mov	r13, rdi
	shr	r13, 32
	mov	edi, edi
	SYSCALL_ SYS_CALL_HANDLE
	mov	rdi, rax
	SYSCALL_ SYS_EXIT
user_sends_handle_end:
