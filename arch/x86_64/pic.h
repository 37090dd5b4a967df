/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/pic.h - the old pair of 8259 interrupt controllers: out of the way.
 */
#pragma once

/* Move its vectors away from the exceptions' and mask all of them.  Boot CPU, once. */
void pic_disable(void);
