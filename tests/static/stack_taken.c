/* SPDX-License-Identifier: MIT */
/* check-stack: the address of helper, char\(char\), is taken */
int entry(void);

static char helper(char c)
{
	return (char)(c + 1);
}

char (*volatile where)(char c) = helper;

int entry(void)
{
	return where != 0;
}
