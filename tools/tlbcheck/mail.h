/* SPDX-License-Identifier: MIT */
/*
 * tools/tlbcheck/mail.h - what the kernel tells by stores to its mailbox (docs/tlbcheck.md).
 */
#pragma once

#define MAIL_MAGIC  0
#define MAIL_LEVELS 8
#define MAIL_FIRST  0x100
#define MAGIC	    0x4b43454843424c54ull
#define NOFLUSH	    (1ull << 63)

enum mail {
	MAIL_SWITCH,
	MAIL_PAGE,
	MAIL_TAG_PAGE,
	MAIL_TAG,
	MAIL_ALL,
	MAIL_ALL_LOCAL,
	MAIL_FAULT,
	MAIL_FRAME,
	MAIL_DONE,
	MAIL_MARK,
	MAILS,
};
