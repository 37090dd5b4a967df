/* SPDX-License-Identifier: MIT */
/* lib/ksyms.c - a binary search for the last symbol that is not above an address. */
#include "lib/ksyms.h"

const char *ksym_find(u64 address, u64 *offset)
{
	u64 wanted = address - KSYMS_BASE; /* huge when below the base */
	u32 low = 0, high = ksyms_count;   /* table[low - 1] <= wanted < table[high] */

	*offset = 0;
	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (ksyms_table[middle].offset <= wanted)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || wanted >= ksyms_text_end)
		return NULL;
	*offset = wanted - ksyms_table[low - 1].offset;
	return ksyms_names + ksyms_table[low - 1].name;
}
