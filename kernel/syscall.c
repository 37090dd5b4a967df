/* SPDX-License-Identifier: MIT */
/*
 * kernel/syscall.c - the table of system calls, and the small ones.
 */
#include "arch/x86_64/syscall.h"
#include "arch/x86_64/uaccess.h"
#include "kernel/abi.h"
#include "kernel/fault_message.h"
#include "kernel/handle_message.h"
#include "kernel/ipc.h"
#include "kernel/long_message.h"
#include "kernel/memory.h"
#include "kernel/revoke.h"
#include "kernel/self_test.h"
#include "kernel/sched.h"
#include "kernel/sys_archive.h"
#include "kernel/sys_device.h"
#include "kernel/sys_machine.h"
#include "kernel/sys_notification.h"
#include "kernel/sys_screen.h"
#include "kernel/sys_task.h"
#include "kernel/task.h"
#include "lib/err.h"
#include "lib/log.h"

static s64 sys_null(struct syscall_frame *f)
{
	(void)f;
	return 0;
}

static s64 sys_unknown(struct syscall_frame *f)
{
	(void)f;
	return -EOPNOTSUPP;
}

static s64 sys_exit(struct syscall_frame *f)
{
	user_thread_exit((int)f->rdi);
}

static s64 sys_log(struct syscall_frame *f)
{
	char text[LOG_MAX + 1];

	if (f->rsi > LOG_MAX)
		return -E2BIG;
	if (copy_from_user(text, f->rdi, f->rsi) != 0)
		return -EFAULT;
	text[f->rsi] = '\0';
	for (u64 i = 0; i < f->rsi; i++)
		if (text[i] < ' ' || text[i] > '~')
			text[i] = ' ';
	printk("%s: %s\n", current->user->task->name, text);
	return 0;
}

static s64 sys_endpoint(struct syscall_frame *f)
{
	struct endpoint *ep = endpoint_create();

	(void)f;
	if (ep == NULL)
		return -ENOMEM;
	return handle_add_or_put(&current->user->task->handles, &ep->kobj,
				 RIGHT_CALL | RIGHT_RECEIVE | RIGHT_DUPLICATE | RIGHT_REVOKE);
}

static s64 sys_duplicate(struct syscall_frame *f)
{
	struct handle_table *table = &current->user->task->handles;
	struct handle_copy copy;
	int err = handle_copy_from(table, f->rdi, &copy);

	if (err != 0)
		return err;
	if (copy.rights & RIGHT_DUPLICATE && (f->rsi & ~(u64)copy.rights) == 0)
		return handle_copy_to_or_put(table, &copy, (u32)f->rsi);
	kobj_put(copy.object);
	return -EPERM;
}

static s64 sys_close(struct syscall_frame *f)
{
	return handle_close(&current->user->task->handles, f->rdi);
}

/* For those that may wait, or take long: the others run with interrupts off, as they begin. */
#define WITH_INTERRUPTS(call)                                                                      \
	static REQUIRES(irqs_off) s64 call##_enter(struct syscall_frame *f)                        \
	{                                                                                          \
		s64 result;                                                                        \
                                                                                                   \
		irq_enable();                                                                      \
		result = call(f);                                                                  \
		irq_disable();                                                                     \
		return result;                                                                     \
	}

WITH_INTERRUPTS(sys_exit)
WITH_INTERRUPTS(sys_log)
WITH_INTERRUPTS(sys_endpoint)
WITH_INTERRUPTS(sys_duplicate)
WITH_INTERRUPTS(sys_close)
WITH_INTERRUPTS(sys_notification)
WITH_INTERRUPTS(sys_timer)
WITH_INTERRUPTS(sys_timer_set)
WITH_INTERRUPTS(sys_clock)
WITH_INTERRUPTS(sys_timeout)
WITH_INTERRUPTS(sys_irq)
WITH_INTERRUPTS(sys_irq_bind)
WITH_INTERRUPTS(sys_ports)
WITH_INTERRUPTS(sys_framebuffer)
WITH_INTERRUPTS(sys_file_name)
WITH_INTERRUPTS(sys_file_read)
WITH_INTERRUPTS(sys_power)
WITH_INTERRUPTS(sys_self_test)
WITH_INTERRUPTS(sys_cpu)
WITH_INTERRUPTS(sys_cpus)
WITH_INTERRUPTS(sys_counters)
WITH_INTERRUPTS(sys_log_read)
WITH_INTERRUPTS(sys_task)
WITH_INTERRUPTS(sys_thread)
WITH_INTERRUPTS(sys_give)
WITH_INTERRUPTS(sys_kill)
WITH_INTERRUPTS(sys_task_wait)
WITH_INTERRUPTS(sys_task_list)
WITH_INTERRUPTS(sys_memory)
WITH_INTERRUPTS(sys_unmap)
WITH_INTERRUPTS(sys_protect)
WITH_INTERRUPTS(sys_buffer)
WITH_INTERRUPTS(sys_call_handle)
WITH_INTERRUPTS(sys_reply_wait_handle)
WITH_INTERRUPTS(sys_pager)
WITH_INTERRUPTS(sys_call_pager)
WITH_INTERRUPTS(sys_revoke)

const syscall_fn syscall_table[] = {
	[SYS_NULL] = sys_null,
	[SYS_EXIT] = sys_exit_enter,
	[SYS_LOG] = sys_log_enter,
	[SYS_YIELD] = sys_yield,
	[SYS_CALL] = sys_call,
	[SYS_REPLY_WAIT] = sys_reply_wait,
	[SYS_CALL_LONG] = sys_call_long,
	[SYS_REPLY_WAIT_LONG] = sys_reply_wait_long,
	[SYS_ENDPOINT] = sys_endpoint_enter,
	[SYS_DUPLICATE] = sys_duplicate_enter,
	[SYS_CLOSE] = sys_close_enter,

	[SYS_NOTIFICATION] = sys_notification_enter,
	[SYS_SIGNAL] = sys_signal,
	[SYS_WAIT] = sys_wait,
	[SYS_BIND] = sys_bind,
	[SYS_TIMER] = sys_timer_enter,
	[SYS_TIMER_SET] = sys_timer_set_enter,
	[SYS_CLOCK] = sys_clock_enter,
	[SYS_TIMEOUT] = sys_timeout_enter,

	[SYS_IRQ] = sys_irq_enter,
	[SYS_IRQ_BIND] = sys_irq_bind_enter,
	[SYS_IRQ_ACK] = sys_irq_ack,
	[SYS_PORTS] = sys_ports_enter,
	[SYS_PORT_IN] = sys_port_in,
	[SYS_PORT_OUT] = sys_port_out,

	[SYS_FRAMEBUFFER] = sys_framebuffer_enter,

	[SYS_FILE_NAME] = sys_file_name_enter,
	[SYS_FILE_READ] = sys_file_read_enter,

	[SYS_POWER] = sys_power_enter,
	[SYS_CPU] = sys_cpu_enter,
	[SYS_CPUS] = sys_cpus_enter,
	[SYS_COUNTERS] = sys_counters_enter,
	[SYS_LOG_READ] = sys_log_read_enter,

	[SYS_TASK] = sys_task_enter,
	[SYS_THREAD] = sys_thread_enter,
	[SYS_GIVE] = sys_give_enter,
	[SYS_KILL] = sys_kill_enter,
	[SYS_TASK_WAIT] = sys_task_wait_enter,
	[SYS_TASK_LIST] = sys_task_list_enter,
	[SYS_FORK] = syscall_fork,

	[SYS_MEMORY] = sys_memory_enter,
	[SYS_MAP] = sys_map,
	[SYS_UNMAP] = sys_unmap_enter,
	[SYS_PROTECT] = sys_protect_enter,

	[SYS_BUFFER] = sys_buffer_enter,

	[SYS_CALL_HANDLE] = sys_call_handle_enter,
	[SYS_REPLY_WAIT_HANDLE] = sys_reply_wait_handle_enter,

	[SYS_PAGER] = sys_pager_enter,
	[SYS_CALL_PAGER] = sys_call_pager_enter,

	[SYS_REVOKE] = sys_revoke_enter,

	[SYS_SELF_TEST] = sys_self_test_enter,

	[SYS_NUMBERS] = sys_unknown,
};

const syscall_direct_fn syscall_direct[] = {
	[SYS_CALL] = ipc_call_directly,
	[SYS_REPLY_WAIT] = ipc_reply_wait_directly,
	[SYS_CALL_LONG] = ipc_call_long_not_directly,
	[SYS_REPLY_WAIT_LONG] = ipc_reply_wait_long_not_directly,
};

STATIC_ASSERT(ARRAY_SIZE(syscall_direct) == SYSCALL_DIRECT_COUNT &&
		      (SYSCALL_DIRECT_COUNT & (SYSCALL_DIRECT_COUNT - 1)) == 0,
	      "syscall.asm counts on it");

const u64 syscall_last = SYS_NUMBERS;
