/* SPDX-License-Identifier: MIT */
/*
 * kernel/syscall.c - the table of system calls, and the small ones.
 */
#include "arch/x86_64/syscall.h"
#include "arch/x86_64/uaccess.h"
#include "kernel/abi.h"
#include "kernel/ipc.h"
#include "kernel/memory.h"
#include "kernel/sched.h"
#include "kernel/sys_archive.h"
#include "kernel/sys_device.h"
#include "kernel/sys_machine.h"
#include "kernel/sys_notification.h"
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

static s64 sys_yield(struct syscall_frame *f)
{
	(void)f;
	yield();
	return 0;
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
	s64 handle;

	(void)f;
	if (ep == NULL)
		return -ENOMEM;
	handle = handle_add(&current->user->task->handles, &ep->kobj,
			    RIGHT_CALL | RIGHT_RECEIVE | RIGHT_DUPLICATE);
	if (handle < 0)
		kobj_put(&ep->kobj);
	return handle;
}

static s64 sys_duplicate(struct syscall_frame *f)
{
	struct handle_table *table = &current->user->task->handles;
	u32 rights;
	struct kobj *k = handle_get_any(table, f->rdi, &rights);
	s64 handle;

	if (k == NULL)
		return -EBADF;
	handle = -EPERM;
	if (rights & RIGHT_DUPLICATE && (f->rsi & ~(u64)rights) == 0)
		handle = handle_add(table, k, (u32)f->rsi);
	if (handle < 0)
		kobj_put(k);
	return handle;
}

static s64 sys_close(struct syscall_frame *f)
{
	return handle_close(&current->user->task->handles, f->rdi);
}

const syscall_fn syscall_table[] = {
	[SYS_NULL] = sys_null,
	[SYS_EXIT] = sys_exit,
	[SYS_LOG] = sys_log,
	[SYS_YIELD] = sys_yield,
	[SYS_CALL] = sys_call,
	[SYS_REPLY_WAIT] = sys_reply_wait,
	[SYS_ENDPOINT] = sys_endpoint,
	[SYS_DUPLICATE] = sys_duplicate,
	[SYS_CLOSE] = sys_close,

	[SYS_NOTIFICATION] = sys_notification,
	[SYS_SIGNAL] = sys_signal,
	[SYS_WAIT] = sys_wait,
	[SYS_BIND] = sys_bind,
	[SYS_TIMER] = sys_timer,
	[SYS_TIMER_SET] = sys_timer_set,
	[SYS_CLOCK] = sys_clock,
	[SYS_TIMEOUT] = sys_timeout,

	[SYS_IRQ] = sys_irq,
	[SYS_IRQ_BIND] = sys_irq_bind,
	[SYS_IRQ_ACK] = sys_irq_ack,
	[SYS_PORTS] = sys_ports,
	[SYS_PORT_IN] = sys_port_in,
	[SYS_PORT_OUT] = sys_port_out,

	[SYS_FILE_NAME] = sys_file_name,
	[SYS_FILE_READ] = sys_file_read,

	[SYS_POWER] = sys_power,
	[SYS_CPU] = sys_cpu,
	[SYS_CPUS] = sys_cpus,
	[SYS_COUNTERS] = sys_counters,
	[SYS_LOG_READ] = sys_log_read,

	[SYS_TASK] = sys_task,
	[SYS_THREAD] = sys_thread,
	[SYS_GIVE] = sys_give,
	[SYS_KILL] = sys_kill,
	[SYS_TASK_WAIT] = sys_task_wait,
	[SYS_TASK_LIST] = sys_task_list,
	[SYS_FORK] = syscall_fork,

	[SYS_MEMORY] = sys_memory,
	[SYS_MAP] = sys_map,
	[SYS_UNMAP] = sys_unmap,
	[SYS_PROTECT] = sys_protect,

	[SYS_CALL_HANDLE] = sys_call_handle,
	[SYS_REPLY_WAIT_HANDLE] = sys_reply_wait_handle,

	[SYS_NUMBERS] = sys_unknown,
};

const u64 syscall_last = SYS_NUMBERS;
