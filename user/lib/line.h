/* SPDX-License-Identifier: MIT */
/*
 * user/lib/line.h - a line that is typed: keys are echoed; backspace, ^U and ^C take back a
 * character, the line, or give it up; up and down bring lines of before.
 */
#pragma once

#include "lib/types.h"

#define LINE_SIZE     80 /* with the 0 */
#define LINES_OF_PAST 8

enum line_state {
	LINE_GOES_ON,
	LINE_DONE, /* .text is the line */
	LINE_GIVEN_UP,
};

struct line {
	char text[LINE_SIZE];
	u32 length;
	u32 escape; /* how much of an arrow key's sequence has come */
	char past[LINES_OF_PAST][LINE_SIZE];
	u32 lines, shown; /* so many are in the past; one of them, or .lines, is shown */
};

/* The next line begins; what was the last one is in the past. */
void line_begin(struct line *l);

enum line_state line_key(struct line *l, char key);
