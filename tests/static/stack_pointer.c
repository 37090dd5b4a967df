/* SPDX-License-Identifier: MIT */
/* check-stack: entry: call +\*%r.*: no line of the table says what that calls */
int entry(int (*fn)(int n));

int entry(int (*fn)(int n))
{
	return fn(1) + 1;
}
