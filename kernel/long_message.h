/* SPDX-License-Identifier: MIT */
/*
 * kernel/long_message.h - what goes with a message beside its words: a part of the sender's buffer
 * into the receiver's.
 *
 * A thread's buffer is a page of a memory object, which the thread holds: so it is there whatever
 * is unmapped, closed or forked, no copy faults, and none can fail half way.  Who copies is one of
 * the two, with interrupts off, while the other waits (ipc.c); both pages are in this CPU's window
 * meanwhile, and nowhere else.  What user mode writes to them at that time may arrive or not.
 */
#pragma once

#include "arch/x86_64/copy_words.h"
#include "kernel/task.h"
#include "mm/kmap.h"

/* May @me send @words of its buffer? */
static ALWAYS_INLINE bool long_message_may_send(const struct user_thread *me, u64 words)
{
	return me->buffer != NULL && words - 1 < LONG_WORDS_MAX;
}

/*
 * The first @words of @from's buffer into @to's, if it has one; their number, or 0, into @to's last
 * word.  The value is the result that says so.  No lock is held.
 */
static ALWAYS_INLINE s64 long_message_pass(struct user_thread *to, const struct user_thread *from,
					   u32 words) REQUIRES(irqs_off)
{
	void *target, *source;

	if (unlikely(to->buffer == NULL)) {
		user_frame(to)->r13 = 0;
		return MESSAGE_LONG;
	}
	source = kmap_local_page(from->buffer);
	target = kmap_local_page(to->buffer);
	words_copy(target, source, words);
	kunmap_local(target);
	kunmap_local(source);
	user_frame(to)->r13 = words;
	return MESSAGE_LONG;
}

/* @u, which is the current thread, ends.  Interrupts on, no lock held. */
void long_message_thread_ends(struct user_thread *u);

/* A system call (abi.h). */
s64 sys_buffer(struct syscall_frame *f);
