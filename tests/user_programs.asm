; SPDX-License-Identifier: MIT
;
; tests/user_programs.asm - what ring 3 runs in tests and benchmarks of tasks (user_task.h).
; Each is copied to the beginning of a page; RDI is the start's argument.  A program ends
; with a status: 0 if all was as it should be, else how far it came.

%include "test_offsets.inc"

bits 64
default rel

%macro PROGRAM 1
	align 16
global user_%1, user_%1_end
user_%1:
%endmacro

%macro SYSCALL_ 1
	mov	eax, %1
	syscall
%endmacro

; Status %1 unless the last comparison was equal.
%macro MUST 1
	je	%%good
	mov	edi, %1
	SYSCALL_ SYS_EXIT
%%good:
%endmacro

; Register %1 has 0x1111... times %2.
%macro FILL 2
	mov	%1, 0x1111111111111111 * %2
%endmacro
%macro FILLED 3
	mov	rax, 0x1111111111111111 * %2
	cmp	%1, rax
	MUST	%3
%endmacro

; The register of a message's word is %1 (7: RSI, 8: RDX, ...) or 0, else the status is that.
%macro LOOK_AT_WORD 1
  %assign word_number %1 - 6
	mov	rax, %[MESSAGE_WORD_%[word_number]]
	test	rax, rax
	jz	%%good
	cmp	rax, %1
	MUST	%1
%%good:
%endmacro
%define MESSAGE_WORD_1 rsi
%define MESSAGE_WORD_2 rdx
%define MESSAGE_WORD_3 r10
%define MESSAGE_WORD_4 r8
%define MESSAGE_WORD_5 r9
%define MESSAGE_WORD_6 r12
%define MESSAGE_WORD_7 r13

; The words of a message but the first, RDX, R10, R8, R9, R12 and R13: put %1, %1 + 1, ... in; do %1 with
; operand %2 to each; end with status %2, %2 + %3, ... at the first that is not %1, %1 + 1, ...
%define MESSAGE_REST rdx, r10, r8, r9, r12, r13
%macro PUT_REST 1
	PUT_EACH %1, MESSAGE_REST
%endmacro
%macro PUT_EACH 2-*
  %assign word %1
  %rep %0 - 1
    %rotate 1
	mov	%1, word
    %assign word word + 1
  %endrep
%endmacro
%macro DO_REST 2
	DO_EACH %1, %2, MESSAGE_REST
%endmacro
%macro DO_EACH 3-*
  %xdefine operation %1
  %xdefine operand %2
  %rotate 1
  %rep %0 - 2
    %rotate 1
	operation %1, operand
  %endrep
%endmacro
%macro MUST_REST 3
	MUST_EACH %1, %2, %3, MESSAGE_REST
%endmacro
%macro MUST_EACH 4-*
  %assign word %1
  %assign status %2
  %xdefine step %3
  %rotate 2
  %rep %0 - 3
    %rotate 1
	cmp	%1, word
	MUST	status
    %assign word word + 1
    %assign status status + step
  %endrep
%endmacro

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

; --- benchmarks: MEASURED times, what each took into the words at RDI -----------------------------

%define MEASURED 128

%macro CLOCK 0
	rdtsc
	shl	rdx, 32
	or	rax, rdx
%endmacro

; Around what is measured.  R14: where the next result goes; R15: the word that was at RDI.
%macro MEASURE_BEGIN 0
	mov	r14, rdi
	mov	r15, [rdi]
	lea	rbx, [rdi + MEASURED * 8]
.next:
	CLOCK
	mov	rbp, rax
%endmacro
; %1: how much R15 grows from one to the next.
%macro MEASURE_END_OF 1
	CLOCK
	add	r15, %1
	sub	rax, rbp
	mov	[r14], rax
	add	r14, 8
	cmp	r14, rbx
	jne	.next
	xor	edi, edi
	SYSCALL_ SYS_EXIT
%endmacro
%macro MEASURE_END 0
	MEASURE_END_OF 0
%endmacro

PROGRAM measures_nothing
	MEASURE_BEGIN
	MEASURE_END
user_measures_nothing_end:

PROGRAM measures_null
	MEASURE_BEGIN
	SYSCALL_ SYS_NULL
	MEASURE_END
user_measures_null_end:

; The word at RDI is the endpoint's handle.
PROGRAM measures_call
	MEASURE_BEGIN
	mov	rdi, r15
	SYSCALL_ SYS_CALL
	MEASURE_END
user_measures_call_end:

; The other side: replies what it was sent.
PROGRAM echoes
	mov	rbx, rdi
.next:
	mov	rdi, rbx
	SYSCALL_ SYS_REPLY_WAIT
	cmp	rax, ERR_PIPE
	jne	.next
	xor	edi, edi
	SYSCALL_ SYS_EXIT
user_echoes_end:

; Both: the word at RDI is the notification's handle.  The bits are when they were signalled.
PROGRAM measures_wake
	mov	r14, rdi
	mov	r15, [rdi]
	lea	rbx, [rdi + MEASURED * 8]
.next:
	mov	rdi, r15
	mov	rsi, WAIT_FOR_EVER
	SYSCALL_ SYS_WAIT
	CLOCK
	sub	rax, rsi
	mov	[r14], rax
	add	r14, 8
	cmp	r14, rbx
	jne	.next
	xor	edi, edi
	SYSCALL_ SYS_EXIT
user_measures_wake_end:

; RDI: the notification.  Each signal finds a thread that waits, until that has ended.
PROGRAM signals_the_time
	mov	rbx, rdi
	mov	r14d, MEASURED
.next:
	CLOCK
	mov	rsi, rax
	mov	rdi, rbx
	SYSCALL_ SYS_SIGNAL
	dec	r14
	jnz	.next
	xor	edi, edi
	SYSCALL_ SYS_EXIT
user_signals_the_time_end:

; The other thread yields too: here and back.
PROGRAM measures_yield
	MEASURE_BEGIN
	SYSCALL_ SYS_YIELD
	MEASURE_END
user_measures_yield_end:

PROGRAM yields
	SYSCALL_ SYS_YIELD
	jmp	user_yields
user_yields_end:

; The word at RDI is the first of as many pages that nobody has touched.
PROGRAM measures_fault
	MEASURE_BEGIN
	mov	[r15], rbp
	MEASURE_END_OF 4096
user_measures_fault_end:

%define MAPPED_BYTES 1 << 20

; The words at RDI: an endpoint, a task whose pager this is there, what it begins with.  Each page
; that is asked for is mapped, of a memory object.
PROGRAM maps_pages
	mov	rbx, [rdi]
	mov	r14, [rdi + 8]
	mov	rbp, [rdi + 16]
	mov	edi, MAPPED_BYTES
	SYSCALL_ SYS_MEMORY
	mov	r15, rax
	mov	rdi, r14
	mov	rsi, rbx
	SYSCALL_ SYS_PAGER
.next:
	mov	rdi, rbx
	SYSCALL_ SYS_REPLY_WAIT
	cmp	rax, MESSAGE_FAULT
	MUST	1
	mov	rdi, r14
	mov	rdx, rsi
	mov	r10, rsi
	sub	r10, rbp
	mov	rsi, r15
	mov	r8d, 4096
	mov	r9d, MAP_RW
	SYSCALL_ SYS_MAP
	xor	esi, esi
	jmp	.next
user_maps_pages_end:

; Ends at once; forks, waits for the child, which ends at once, and ends.
PROGRAM ends
	xor	edi, edi
	SYSCALL_ SYS_EXIT
user_ends_end:

PROGRAM forks_once
	SYSCALL_ SYS_FORK
	test	rax, rax
	jz	.child
	mov	rbx, rax
	mov	rdi, rax
	mov	rsi, -1
	SYSCALL_ SYS_TASK_WAIT
	cmp	rax, 0
	MUST	1
	mov	rdi, rbx
	SYSCALL_ SYS_CLOSE
	cmp	rax, 0
	MUST	2
.child:
	xor	edi, edi
	SYSCALL_ SYS_EXIT
user_forks_once_end:

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
