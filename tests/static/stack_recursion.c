/* SPDX-License-Identifier: MIT */
/* check-stack: recursion, of which the table does not know: even -> odd */
int entry(int n);
int odd(int n);

__attribute__((noinline)) int even(int n);
int even(int n)
{
	return n == 0 ? 1 : odd(n - 1) + 1;
}

__attribute__((noinline)) int odd(int n)
{
	return n == 0 ? 0 : even(n - 1) + 2;
}

int entry(int n)
{
	return even(n) + 1;
}
