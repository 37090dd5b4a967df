; SPDX-License-Identifier: MIT
;
; tests/user_state_code.asm - what ring 3 runs in the tests of arch.user_state: code to be copied to
; user memory, anywhere.
;
; In: RDI = struct user_values (user_visitor.c), whose offsets are checked there.  Each part is
; entered at its label and ends with UD2.  None writes what it is not there to write.

bits 64
default rel

global user_state_code, user_state_code_end
global user_state_put, user_state_get, user_state_spin, user_state_read
global user_state_fs_base, user_state_gs_base, user_state_divide_sse, user_state_divide_x87

struc VALUES
.fs_base:	resq 1
.gs_base:	resq 1
.fs:		resw 1
.gs:		resw 1
.ds:		resw 1
.es:		resw 1
.has:		resd 1
.mxcsr:		resd 1
.spin:		resq 1
.fcw:		resw 1
		resb 22
.st:		resb 8 * 16
.vector:	resb 16 * 64
.fx:		resb 512
endstruc

%define HAS_FSGSBASE 1
%define HAS_AVX 2
%define HAS_AVX512 4

section .rodata
	align 16
user_state_code:

; The registers from [RDI].  Where user mode cannot write the bases the kernel does.
user_state_put:
	mov	ds, [rdi + VALUES.ds]
	mov	es, [rdi + VALUES.es]
	mov	fs, [rdi + VALUES.fs]
	mov	gs, [rdi + VALUES.gs]
	test	byte [rdi + VALUES.has], HAS_FSGSBASE
	jz	.no_bases
	mov	rax, [rdi + VALUES.fs_base]
	wrfsbase rax
	mov	rax, [rdi + VALUES.gs_base]
	wrgsbase rax
.no_bases:
	fninit
%assign n 0
%rep 8
	fld	tword [rdi + VALUES.st + 16 * n]
  %assign n n + 1
%endrep
	fldcw	[rdi + VALUES.fcw]
	ldmxcsr	[rdi + VALUES.mxcsr]
	test	byte [rdi + VALUES.has], HAS_AVX512
	jnz	.avx512
	test	byte [rdi + VALUES.has], HAS_AVX
	jnz	.avx
%macro LOAD_VECTORS 2 ; instruction, register
  %assign n 0
  %rep 16
	%1	%2 %+ n, [rdi + VALUES.vector + 64 * n]
    %assign n n + 1
  %endrep
	ud2
%endmacro
	LOAD_VECTORS movups, xmm
.avx:	LOAD_VECTORS vmovups, ymm
.avx512:
	LOAD_VECTORS vmovups, zmm

; The registers into [RDI], and they stay as they are.
user_state_get:
	mov	[rdi + VALUES.ds], ds
	mov	[rdi + VALUES.es], es
	mov	[rdi + VALUES.fs], fs
	mov	[rdi + VALUES.gs], gs
	test	byte [rdi + VALUES.has], HAS_FSGSBASE
	jz	.no_bases
	rdfsbase rax
	mov	[rdi + VALUES.fs_base], rax
	rdgsbase rax
	mov	[rdi + VALUES.gs_base], rax
.no_bases:
	fxsave64 [rdi + VALUES.fx]
	test	byte [rdi + VALUES.has], HAS_AVX512
	jnz	.avx512
	test	byte [rdi + VALUES.has], HAS_AVX
	jnz	.avx
%macro STORE_VECTORS 2 ; instruction, register
  %assign n 0
  %rep 16
	%1	[rdi + VALUES.vector + 64 * n], %2 %+ n
    %assign n n + 1
  %endrep
	ud2
%endmacro
	STORE_VECTORS movups, xmm
.avx:	STORE_VECTORS vmovups, ymm
.avx512:
	STORE_VECTORS vmovups, zmm

; Take a while.
user_state_spin:
	mov	rcx, [rdi + VALUES.spin]
.again:	dec	rcx
	jnz	.again
	ud2

; A byte from [RSI]: it may fault.
user_state_read:
	mov	al, [rsi]
	ud2

; A base that may be refused.
user_state_fs_base:
	wrfsbase rsi
	ud2
user_state_gs_base:
	wrgsbase rsi
	ud2

; 1 / 0 with the exception allowed: #XM, #MF.
user_state_divide_sse:
	ldmxcsr	[rdi + VALUES.mxcsr]
	xorps	xmm0, xmm0
	pcmpeqd	xmm1, xmm1
	pslld	xmm1, 25
	psrld	xmm1, 2			; 1.0
	divss	xmm1, xmm0
	ud2
user_state_divide_x87:
	fninit
	fldcw	[rdi + VALUES.fcw]
	fld1
	fldz
	fdivp
	fwait
	ud2
user_state_code_end:
