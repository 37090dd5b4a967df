; SPDX-License-Identifier: MIT
; kernel/font.asm - the console's font, as its file is.  The build puts font.psf
; (Terminus 8x16, packaged by Debian, SIL Open Font License 1.1) on the include path;
; kernel/font.h declares the symbols.

section .rodata

global font_begin
global font_end

font_begin:
	incbin "font.psf"
font_end:
