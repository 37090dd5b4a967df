/* SPDX-License-Identifier: MIT */
/* check-stack: nothing */
int entry(void);

static __attribute__((noinline)) int inner(const volatile int *a)
{
	return a[0] + a[100];
}

int entry(void)
{
	volatile int a[512] = { 0 };

	return inner(a) + 1;
}
