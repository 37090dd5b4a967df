; SPDX-License-Identifier: MIT
;
; boot/bios/entry.asm - GRUB enters here, in 32-bit mode without paging; C is entered in
; 64-bit mode, on page tables that map the first 4 GiB at their physical address.
;
; What can go wrong before C runs is told on COM1 and, if the screen is in text mode, there.

MB2_MAGIC	equ 0xe85250d6
MB2_LOADED	equ 0x36d76289		; in EAX
MB2_TAG_END	equ 0
MB2_TAG_FRAMEBUFFER equ 5
MB2_TAG_ALIGN	equ 6			; modules at page boundaries
MB2_OPTIONAL	equ 1
WIDTH		equ 1024
HEIGHT		equ 768

CODE64		equ 0x08
DATA		equ 0x10

CR0_PG		equ 1 << 31
CR4_PAE		equ 1 << 5
MSR_EFER	equ 0xc0000080
EFER_LME	equ 1 << 8
EFLAGS_ID	equ 1 << 21
CPUID_EXTENDED	equ 0x80000000
CPUID_LONG_MODE	equ 1 << 29		; in EDX of CPUID_EXTENDED + 1

PTE_TABLE	equ 0x3			; present, writable
PTE_HUGE	equ 0x83
PAGE		equ 4096
HUGE		equ 2 << 20
GIBS		equ 4
STACK		equ 4 * PAGE

COM1		equ 0x3f8
COM1_STATUS	equ COM1 + 5
COM1_EMPTY	equ 1 << 5
COM1_TRIES	equ 100000		; there may be no port
TEXT_SCREEN	equ 0xb8000
WHITE_ON_RED	equ 0x4f

section .multiboot align=8
header:	dd MB2_MAGIC, 0, header_end - header, -(MB2_MAGIC + header_end - header)
	align 8, db 0
	dw MB2_TAG_ALIGN, 0
	dd 8
	align 8, db 0
	dw MB2_TAG_FRAMEBUFFER, MB2_OPTIONAL
	dd 20, WIDTH, HEIGHT, 32	; what to try first; the last is bits in a pixel
	align 8, db 0
	dw MB2_TAG_END, 0
	dd 8
header_end:

section .text
global entry
extern loader_main

bits 32
entry:	cli
	cld
	mov esp, stack_end
	mov edi, ebx			; the multiboot2 information, for C
	mov esi, not_multiboot
	cmp eax, MB2_LOADED
	jne stop
	call require_long_mode
	call make_tables
	lgdt [gdtr]
	mov eax, CR4_PAE
	mov cr4, eax
	mov eax, top
	mov cr3, eax
	mov ecx, MSR_EFER
	rdmsr
	or eax, EFER_LME
	wrmsr
	mov eax, cr0
	or eax, CR0_PG
	mov cr0, eax
	jmp CODE64:in_long_mode

; Returns only if the CPU has 64-bit mode.  Keeps EDI.
require_long_mode:
	mov esi, no_long_mode
	pushfd				; a CPU that cannot change ID has no CPUID
	pop eax
	mov ecx, eax
	xor eax, EFLAGS_ID
	push eax
	popfd
	pushfd
	pop eax
	xor eax, ecx
	test eax, EFLAGS_ID
	jz stop
	mov eax, CPUID_EXTENDED
	cpuid
	cmp eax, CPUID_EXTENDED + 1
	jb stop
	mov eax, CPUID_EXTENDED + 1
	cpuid
	test edx, CPUID_LONG_MODE
	jz stop
	ret

; top -> middle -> GIBS tables of 2 MiB pages.  The bss is zero.  Keeps EDI.
make_tables:
	mov dword [top], middle + PTE_TABLE
	xor ecx, ecx
.middle:
	mov eax, ecx
	shl eax, 12
	add eax, low + PTE_TABLE
	mov [middle + ecx * 8], eax
	inc ecx
	cmp ecx, GIBS
	jb .middle
	xor ecx, ecx
	mov eax, PTE_HUGE
.low:	mov [low + ecx * 8], eax
	add eax, HUGE
	inc ecx
	cmp ecx, GIBS * 512
	jb .low
	ret

; Show the line at ESI, and halt.
stop:	mov ebx, TEXT_SCREEN
.next:	lodsb
	test al, al
	jz .halt
	mov ah, WHITE_ON_RED
	cmp al, ' '
	jb .serial			; line ends mean nothing to the screen
	mov [ebx], ax
	add ebx, 2
.serial:
	mov ah, al
	mov dx, COM1_STATUS
	mov ecx, COM1_TRIES
.wait:	in al, dx
	test al, COM1_EMPTY
	loopz .wait
	mov al, ah
	mov dx, COM1
	out dx, al
	jmp .next
.halt:	hlt
	jmp .halt

bits 64
in_long_mode:
	mov eax, DATA
	mov ds, eax
	mov es, eax
	mov ss, eax
	mov fs, eax
	mov gs, eax
	mov rsp, stack_end
	mov edi, edi
	xor ebp, ebp
	call loader_main		; does not return

section .rodata
no_long_mode:
	db "prague-loader: error: this CPU has no 64-bit mode: use another machine", 13, 10, 0
not_multiboot:
	db "prague-loader: error: bios.elf must be started by GRUB's multiboot2 command", 13, 10, 0
align 8
gdt:	dq 0
	dq 0x00af9b000000ffff		; CODE64
	dq 0x00cf93000000ffff		; DATA
gdtr:	dw gdtr - gdt - 1
	dd gdt

section .bss align=4096
top:	resb PAGE
middle:	resb PAGE
low:	resb GIBS * PAGE
	resb STACK
stack_end:
