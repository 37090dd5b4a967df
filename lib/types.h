/* SPDX-License-Identifier: MIT */
/*
 * lib/types.h - the integer types and the handful of macros everybody uses.
 *
 * paddr_t and vaddr_t are numbers on purpose: an address becomes a pointer at
 * one place only (phys_to_virt() and its like), and never by a stray cast.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

typedef u64 paddr_t; /* a physical address, in bytes */
typedef u64 vaddr_t; /* a virtual address, in bytes */

#define KIB (1ul << 10)
#define MIB (1ul << 20)
#define GIB (1ul << 30)
#define TIB (1ul << 40)

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1ul << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define ARRAY_SIZE(a)	   (sizeof(a) / sizeof((a)[0]))
#define ALIGN_DOWN(x, a)   ((x) & ~((__typeof__(x))(a)-1))
#define ALIGN_UP(x, a)	   ALIGN_DOWN((x) + (__typeof__(x))(a)-1, a)
#define IS_ALIGNED(x, a)   (((x) & ((__typeof__(x))(a)-1)) == 0)
#define DIV_ROUND_UP(x, y) (((x) + (y)-1) / (y))
#define BIT(n)		   (1ul << (n))

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define NORETURN	   __attribute__((noreturn))
#define PRINTF_LIKE(f, a)  __attribute__((format(printf, f, a)))
#define WARN_UNUSED_RESULT __attribute__((warn_unused_result))
#define ALIGNED(n)	   __attribute__((aligned(n)))
#define SECTION(name)	   __attribute__((section(name)))
#define USED		   __attribute__((used))
#define NOINLINE	   __attribute__((noinline))
#define ALWAYS_INLINE	   inline __attribute__((always_inline))
#define STATIC_ASSERT	   _Static_assert

/* One load or store, neither torn nor repeated by the compiler.  Orders nothing. */
#define READ_ONCE(x)	 (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

/* The compiler moves no memory access across this.  The CPU may. */
#define barrier() __asm__ volatile("" ::: "memory")
