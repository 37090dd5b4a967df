/* SPDX-License-Identifier: MIT */
/* tests/host/fake/page_zero.h - what happens elsewhere while a frame is zeroed. */
#pragma once

/* Called once, by the next page_zero() at its end, and NULL then: another CPU's turn. */
extern void (*page_zero_rival)(void);
