/* SPDX-License-Identifier: MIT */
/*
 * lib/qr.h - QR codes, by ISO/IEC 18004 (Model 2): bytes as a square of dark and light modules.
 *
 * Byte mode and error correction level L alone, which mends 7 % of a code: what is shown here is a
 * clean screen, and fewer modules are larger ones.  All versions, 1 to 40; the smallest that holds
 * the bytes is taken.
 *
 * Pure; any context.  A struct qr is 39 KiB: nobody's stack has room for it.
 */
#pragma once

#include "lib/types.h"

#define QR_VERSION_MAX	 40u
#define QR_SIZE_MAX	 177u  /* modules, of version 40 */
#define QR_QUIET	 4u    /* modules that are to be light on each side */
#define QR_CODEWORDS_MAX 3706u /* of version 40 */
#define QR_MASKS	 8u

struct qr {
	u32 version, size; /* modules on each side */
	u32 mask;
	u8 modules[QR_SIZE_MAX][QR_SIZE_MAX]; /* by y and x: QR_DARK, QR_FUNCTION */
	u8 data[QR_CODEWORDS_MAX];	      /* as they were put in */
	u8 codewords[QR_CODEWORDS_MAX];	      /* with error correction, as they are drawn */
};

/* Modules on each side of @version. */
u32 qr_size(u32 version);

/* How many bytes @version holds. */
size_t qr_capacity(u32 version);

/* Make the code of @n bytes.  0; -ENOSPC: they are too many for @version_max. */
int qr_encode(struct qr *qr, const void *bytes, size_t n, u32 version_max) WARN_UNUSED_RESULT;

/* The module in column @x of row @y, both below qr->size. */
bool qr_is_dark(const struct qr *qr, u32 x, u32 y);
