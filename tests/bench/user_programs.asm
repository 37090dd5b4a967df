; SPDX-License-Identifier: MIT
;
; tests/bench/user_programs.asm - what ring 3 runs in benchmarks of tasks, and the other sides of it:
; MEASURED times, what each took into the words at RDI.

%include "tests/user_programs.inc"

section .rodata

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

; The words that come to endpoint RBX go back.
%macro REPLY_WHAT_COMES 0
%%next:
	mov	rdi, rbx
	SYSCALL_ SYS_REPLY_WAIT
	cmp	rax, ERR_PIPE
	jne	%%next
	xor	edi, edi
	SYSCALL_ SYS_EXIT
%endmacro

; The word at RDI is the endpoint's handle.  And the other side.
PROGRAM measures_call
	MEASURE_BEGIN
	mov	rdi, r15
	SYSCALL_ SYS_CALL
	MEASURE_END
user_measures_call_end:

PROGRAM echoes
	mov	rbx, rdi
	REPLY_WHAT_COMES
user_echoes_end:

; A thread's buffer.
%macro TAKE_BUFFER 0
	mov	edi, 4096
	SYSCALL_ SYS_MEMORY
	mov	rdi, rax
	xor	esi, esi
	SYSCALL_ SYS_BUFFER
	cmp	rax, 0
	MUST	1
%endmacro

; The same with LONG_WORDS of a buffer, and the other side, which has one.
%define LONG_WORDS 64

PROGRAM measures_call_long
	mov	r14, rdi
	TAKE_BUFFER
	mov	rdi, r14
	mov	r13d, LONG_WORDS	; the reply has it too
	MEASURE_BEGIN
	mov	rdi, r15
	SYSCALL_ SYS_CALL_LONG
	MEASURE_END
user_measures_call_long_end:

; The other side, which has a buffer; its last word stays what came.
PROGRAM echoes_long
	mov	rbx, rdi
	TAKE_BUFFER
	REPLY_WHAT_COMES
user_echoes_long_end:

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
