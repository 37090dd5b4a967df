/* SPDX-License-Identifier: MIT */
/* check-stack: a stack: [0-9]+ bytes are more than 4096 */
int entry(void);

static __attribute__((noinline)) int inner(int n)
{
	volatile int a[512] = { n };

	return a[n];
}

int entry(void)
{
	volatile int a[768] = { 0 };

	return inner(3) + a[1];
}
