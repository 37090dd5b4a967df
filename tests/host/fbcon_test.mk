# SPDX-License-Identifier: MIT
# tests/host/fbcon_test.mk - fbcon and font are tested with the font that is shipped.

FONT ?= /usr/share/consolefonts/Lat15-Terminus16.psf.gz

HOST_SRC_fbcon := lib/fbcon.c lib/font.c lib/rand.c
HOST_SRC_font := lib/font.c lib/rand.c
HOST_CFLAGS_fbcon := -Wa,-I$(HOST_O)/psf
HOST_CFLAGS_font := $(HOST_CFLAGS_fbcon)

$(HOST_O)/fbcon/tests/host/fbcon_test.o $(HOST_O)/font/tests/host/font_test.o: $(HOST_O)/psf/font.psf

$(HOST_O)/psf/font.psf: $(FONT)
	@mkdir -p $(@D)
	@zcat $< > $@.tmp && mv $@.tmp $@
