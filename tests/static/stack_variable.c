/* SPDX-License-Identifier: MIT */
/* check-stack: (entry|inner): sub +%r */
int entry(int n);

int entry(int n)
{
	volatile char a[n];

	a[n - 1] = 1;
	return a[0];
}
