/* SPDX-License-Identifier: MIT */
/*
 * arch/x86_64/syscall.h - system calls, as C sees them.
 *
 * The number is in RAX, the result comes back there.  A call finds and leaves the other
 * registers in its frame: RDI, RSI, RDX, R10, R8, R9, R12 and R13 are arguments and, where a call
 * says so, results; else the user finds in them what was there.  RCX and R11 are spoilt (SYSCALL).
 *
 * The frame of a thread that is in a system call lies at a fixed place, the top of its stack,
 * so that a message can be put into another thread's registers.  Above it is a word that says
 * whether something is to be done before the thread is in user mode again.
 */
#pragma once

#include "kernel/abi.h"
#include "lib/lock_check.h"
#include "lib/types.h"

struct spinlock;

/* As syscall.asm pushes it. */
struct syscall_frame {
	u64 rdi, rsi, rdx, r10, r8, r9, r12, r13;
	u64 rax;
	u64 rip, rflags, rsp;
};

#define USER_WORK_END	     1u /* the thread is to end */
#define USER_WORK_TIME_LIMIT 2u /* its calls have one; nothing else to do */
#define USER_WORK_LENT	     4u /* it has its caller's priority (kernel/lend.h); nothing else to do */

/* Above the stack on which a thread enters the kernel. */
struct stack_head {
	u64 user_work; /* USER_WORK_*; not 0: trap_prepare_user() has more to do; atomic */
	u64 reserved;  /* keeps the stack aligned */
};

STATIC_ASSERT(sizeof(struct syscall_frame) % 16 == 0 && sizeof(struct stack_head) % 16 == 0,
	      "a stack is aligned to 16 bytes at each call");

/* What belongs to a thread that enters the kernel at @entry, which kernel_stack_top says. */
static inline struct stack_head *stack_head_at(vaddr_t entry)
{
	return (struct stack_head *)entry;
}

static inline struct syscall_frame *syscall_frame_at(vaddr_t entry)
{
	return (struct syscall_frame *)entry - 1;
}

/* What lies above the frame of a thread that is in a system call; others may write to it. */
static inline volatile struct stack_head *stack_head_of(struct syscall_frame *f)
{
	return (volatile struct stack_head *)(f + 1);
}

/* Interrupts off, before and after; on the thread's stack, on the kernel's PGD.  The value is for
 * RAX. */
typedef s64 (*syscall_fn)(struct syscall_frame *f);

/* By number; the last one, @syscall_last, is called for all above it too.  kernel/syscall.c */
extern const syscall_fn syscall_table[];
extern const u64 syscall_last;

/*
 * The direct way: the first numbers, a power of two of them, first try to go straight from the user
 * mode of one thread to that of another, with the message in the registers.  (Long ones do not try,
 * but the reply to one may come so.)  Of each only what the other's needs is put away, below the
 * frame; what the frame has room for is filled in later, if at all.
 */
#define SYSCALL_DIRECT_COUNT 4u

/* As syscall.asm pushes it below the frame: what the thread finds when its turn comes. */
struct syscall_kept {
	u64 rbp, resume; /* as switch.h says */
	u64 r15, r14, rbx, rdx, rsi, rdi;
};

static inline struct syscall_kept *syscall_kept_at(vaddr_t entry)
{
	return (struct syscall_kept *)syscall_frame_at(entry) - 1;
}

STATIC_ASSERT(sizeof(struct syscall_kept) % 16 == 0, "a stack is aligned to 16 bytes at each call");

/* What is left to do in assembly, without a stack. */
struct syscall_switch {
	struct spinlock *lock; /* is to be released when the old stack is not used any more */
	u64 *save;	       /* where the old stack pointer goes */
};

/*
 * Interrupts off, @handle from RDI.  If it returns the other thread is the current one in all but
 * its stack; else nothing was done, and it ends in syscall_not_directly().  Leaves R8, R9, R10, R12
 * and R13 alone, which are words of the message (see the Makefile).
 */
typedef struct syscall_switch (*syscall_direct_fn)(u64 handle);
extern const syscall_direct_fn syscall_direct[];

/* The longer way of the system call with this number, with all registers in its frame.  From where
 * a syscall_direct_fn is; what is on the stack is forgotten. */
NORETURN void syscall_not_directly(u64 number);

/*
 * A thread that left the direct way goes on as any thread does, on its own stack, of which nothing
 * is used but frame and struct syscall_kept.  The value is for RAX.  kernel/ipc_direct.c
 */
s64 syscall_resumed(void) REQUIRES(irqs_off);

/*
 * The current thread, whose address space is loaded, goes on in user mode at @rip with stack
 * pointer @rsp and @arg in RDI, other registers 0, interrupts on.  It enters the kernel at @entry,
 * its stack_top.  syscall.asm
 */
NORETURN void user_enter(u64 rip, u64 rsp, u64 arg, vaddr_t entry);

/*
 * The same with all registers of user mode as @f has them, which is not above the place at the
 * top of the stack where it is put; CS, SS and RFLAGS are good.  user_resume.asm
 */
struct trapframe;
NORETURN void user_resume(const struct trapframe *f, vaddr_t entry);

/* The registers that a C function keeps: the user's, in a system call. */
struct kept_registers {
	u64 rbx, rbp, r14, r15;
};

/* Calls sys_fork() with them, interrupts off before and after.  user_resume.asm */
s64 syscall_fork(struct syscall_frame *f);
s64 sys_fork(struct syscall_frame *f, const struct kept_registers *kept) REQUIRES(irqs_off);

/* Where SYSCALL goes, without and with isolation. */
extern const u8 syscall_entry[], syscall_entry_isolated[];

/* Let this CPU take system calls.  Its entry area is loaded; interrupts off. */
void syscall_init_cpu(void);
