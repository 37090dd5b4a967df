# SPDX-License-Identifier: MIT
# tests/host/sheet_test.mk - a sheet is tested with the font that is shipped (fbcon_test.mk makes it).

HOST_SRC_sheet := lib/sheet.c lib/qr.c lib/font.c
HOST_CFLAGS_sheet := -Wa,-I$(HOST_O)/psf

$(HOST_O)/sheet/tests/host/sheet_test.o: $(HOST_O)/psf/font.psf
