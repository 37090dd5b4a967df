/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/percpu/twin_percpu.h - how the percpu kernel reaches its variables:
 * they are plain globals at a fixed address, which each CPU maps to its own copy.
 */
#pragma once

#define PERCPU_QUAL		       /* an ordinary object */
#define PERCPU_ENTRY_SECTION ".percpu" /* entry code has the entry area for that */
#define PERCPU_ASM(operand)  operand   /* an ordinary memory operand */
#define PERCPU_LVALUE(var)   (var)     /* what an asm constraint takes */
#define PERCPU_CLOBBER		       /* the operands say all */
