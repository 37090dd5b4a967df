/* SPDX-License-Identifier: MIT */
/* tests/tools/qr_image.c - standard input as a QR code, a PGM on standard output, three pixels a
 * module. */
#include <stdio.h>

#include "lib/qr.h"

#define MODULE 3u
#define BYTES  3000u

int main(void)
{
	static struct qr code;
	static char bytes[BYTES];
	size_t n = fread(bytes, 1, sizeof(bytes), stdin);
	u32 side;

	if (qr_encode(&code, bytes, n, QR_VERSION_MAX) != 0)
		return 1;
	side = (code.size + 2 * QR_QUIET) * MODULE;
	printf("P5 %u %u 255\n", side, side);
	for (u32 y = 0; y < side; y++)
		for (u32 x = 0; x < side; x++) {
			u32 column = x / MODULE - QR_QUIET, row = y / MODULE - QR_QUIET;
			bool is_dark = column < code.size && row < code.size &&
				       qr_is_dark(&code, column, row);

			putchar(is_dark ? 0 : 255);
		}
	return 0;
}
