/* SPDX-License-Identifier: MIT */
/*
 * kernel/abi.h - the contract between the kernel and user programs, which both include: numbers
 * of system calls, rights, and what a message is.
 *
 * A system call is the instruction SYSCALL with its number in RAX and its arguments in RDI,
 * RSI, RDX, R10, R8 and R9.  The result is in RAX: not negative, or an error of lib/err.h,
 * negated.  RCX and R11 are lost; every other register is kept, unless a call says that it
 * returns words in it.
 *
 * A program begins at its ELF entry point with RDI as SYS_THREAD says and RSP 16-aligned.  There
 * lie, as in the System V ABI, how many arguments it has, a pointer to each, and a null pointer.
 */
#pragma once

enum syscall_number {
	/* The four that go the direct way: arch/x86_64/syscall.h. */
	SYS_CALL, /* (endpoint; message): send it, wait for the reply, which is the message then */
	SYS_REPLY_WAIT, /* (endpoint; message): reply to the last call, if there is one that waits
			   for it, then wait for the next, which is the message then; -EPIPE:
			   replied, and there will be no next */
	SYS_CALL_LONG,	/* as SYS_CALL; R13 is how many words of this thread's buffer go with it,
			   1 to LONG_WORDS_MAX.  The receiver's result is MESSAGE_LONG, and R13 how
			   many are in its own: that many, or 0: it has none */
	SYS_REPLY_WAIT_LONG, /* as SYS_REPLY_WAIT, the same for the reply */

	SYS_NULL,  /* nothing: 0 */
	SYS_EXIT,  /* (status): the thread ends */
	SYS_LOG,   /* (text, bytes): a line of the kernel's log, up to LOG_MAX bytes */
	SYS_YIELD, /* (): others of this priority run first */

	SYS_ENDPOINT,  /* (): a new endpoint's handle, with all rights */
	SYS_DUPLICATE, /* (handle, rights): another handle of the same, with fewer rights */
	SYS_CLOSE,     /* (handle) */

	SYS_NOTIFICATION, /* (): a new notification's handle, with all rights */
	SYS_SIGNAL,	  /* (notification, bits): set them, not 0, and wake the most urgent of who
			     waits, who gets them */
	SYS_WAIT,      /* (notification, ns): wait for bits, which come back in RSI, and take them;
			  -ETIMEDOUT after so long: 0: do not wait, WAIT_FOR_EVER; -EPIPE: there
			  are none, and nobody is left who might signal */
	SYS_BIND,      /* (notification, endpoint): from now on SYS_REPLY_WAIT there comes back for
			  its bits too, with MESSAGE_BITS, and the bits in RSI */
	SYS_TIMER,     /* (notification, bits): a new timer's handle; it will signal them */
	SYS_TIMER_SET, /* (timer, deadline, period): when SYS_CLOCK is deadline; 0: not any more.
			  Then each period ns, if it is not 0 */
	SYS_CLOCK,     /* (): ns since the boot */
	SYS_TIMEOUT,   /* (ns): from now on each SYS_CALL of this thread that is not answered
			  within ns gives -ETIMEDOUT; 0: it waits for ever */

	/* Devices: kernel/sys_device.c. */
	SYS_IRQ,      /* (system, number): a handle of an interrupt: of the ISA bus below 16, else
			 by its global number; -ENODEV; -EBUSY: somebody has it */
	SYS_IRQ_BIND, /* (irq, notification, bits): from now on they are signalled when it comes;
			 notification 0: it is masked again */
	SYS_IRQ_ACK, /* (irq): the device was served: it may come again; -EAGAIN: it did not come */
	SYS_PORTS,   /* (system, first, count): a handle of these I/O ports */
	SYS_PORT_IN, /* (ports, offset, width): 1, 2 or 4 bytes are read: the result */
	SYS_PORT_OUT, /* (ports, offset, width, value) */

	/* The screen: kernel/sys_screen.c. */
	SYS_FRAMEBUFFER, /* (system, buffer): a handle of the memory whose pixels are shown, which a
			    struct framebuffer describes; -ENODEV: none; -EBUSY: somebody has it.
			    The kernel draws nothing as long as it is mapped, or a handle leads to
			    it */

	/* The boot archive: kernel/sys_archive.c. */
	SYS_FILE_NAME, /* (n, buffer, bytes): the name of file n, cut to so many bytes: how many;
			  -ENOENT: there are not so many files */
	SYS_FILE_READ, /* (name, bytes of it, offset, buffer, bytes): how many of the file were
			  read; 0: it ends before */

	/* The machine: kernel/sys_machine.c. */
	SYS_POWER, /* (system, enum power): does not return */
	SYS_CPU,   /* (system, cpu, enum cpu_change, ns): take it down, at most so long, 0: as long
		      as it takes; or bring it up: the errors of cpu_down() and cpu_up() */
	SYS_CPUS,  /* (system, buffer, bytes): struct cpu_info of each, as many as fit: how many */
	SYS_COUNTERS, /* (system, cpu, buffer, bytes): struct counter of a CPU, or of all together:
			 ANY_CPU; as many as fit: how many */
	SYS_LOG_READ, /* (system, n, buffer, bytes): what was printed, from byte n on, up to
			 LOG_READ_MAX bytes: how many; RSI: the number of the first, more than n if
			 that is forgotten */

	/* Tasks: kernel/sys_task.c.  @task 0 is the caller's own. */
	SYS_TASK,   /* (name, bytes, pages, arguments, bytes): a handle of a new task, without
		       threads: with the program of that name in the boot archive, or of 0 bytes,
		       with nothing.  It and the tasks that it makes may have so many pages
		       together, which are the caller's too; 0: no limit of their own.  A program
		       gets arguments: strings, each with its 0; -E2BIG: too many */
	SYS_THREAD, /* (task, rip, rsp, arg, priority, cpu): a thread begins there, with arg in RDI;
		       rip 0: where the task's program and its stack begin; priority 0: the default;
		       cpu: a number, or ANY_CPU */
	SYS_GIVE,   /* (task, handle, rights): a handle of that task's for the same object */
	SYS_KILL,   /* (task): its threads end, and it takes no more */
	SYS_TASK_WAIT, /* (task, timeout in ns): until it has no threads; RSI: the status of the
			  last. 0: -ETIMEDOUT at once, WAIT_FOR_EVER: never */
	SYS_TASK_LIST, /* (system, id, buffer, bytes): struct task_info of the tasks above that id,
			  as many as fit, ascending: their number */
	SYS_FORK,      /* (): a handle of a new task, a copy of the caller's with a copy of this
			  thread, where the result is 0 */

	/* Memory: kernel/sys_memory.c. */
	SYS_MEMORY,  /* (bytes): a handle of new, zeroed memory, that many rounded up to pages */
	SYS_MAP,     /* (task, memory, address, offset, bytes, MAP_*): where it is mapped; memory 0:
			private zeroed memory; address 0: where there is room */
	SYS_UNMAP,   /* (task, address, bytes) */
	SYS_PROTECT, /* (task, address, bytes, rights of MAP_*) */

	/* Long messages: kernel/long_message.c. */
	SYS_BUFFER, /* (memory, offset): from now on this thread's buffer is that page of it; with
		       RIGHT_WRITE.  It stays so, wherever it is mapped.  memory 0: it has none */

	/* A handle in a message: kernel/handle_message.c. */
	SYS_CALL_HANDLE, /* as SYS_CALL; the word in R13 is a handle with RIGHT_DUPLICATE.  The
			    receiver's result is MESSAGE_HANDLE, and R13 a handle of its own,
			    with the same rights but RIGHT_REVOKE, or 0: it has no room,
			    or what was sent was taken back */
	SYS_REPLY_WAIT_HANDLE, /* as SYS_REPLY_WAIT, the same for the reply */

	/* Pagers: kernel/fault_message.c. */
	SYS_PAGER, /* (task, endpoint, cookie): a fault of that task's that nothing resolves becomes
		      a call at the endpoint, with RIGHT_CALL and RIGHT_DUPLICATE: MESSAGE_FAULT.
		      Once a task: -EBUSY.  The result is the task's own handle of it */
	SYS_CALL_PAGER, /* (; message): SYS_CALL at the endpoint of the caller's own SYS_PAGER, told
			   as MESSAGE_CLIENT: the word in R10 is the cookie then, that in R13 0, or
			   a handle as with SYS_CALL_HANDLE.  -ENODEV: there is no pager */

	/* kernel/revoke.c */
	SYS_REVOKE, /* (handle): with RIGHT_REVOKE: no other task has a handle of it any more; who
		       waits at it, and is not of this task, gets -EIDRM; -EBUSY: another thread
		       does it just now */
	SYS_SELF_TEST, /* (system, enum self_test, globs, bytes): all tasks end, the caller too, the
			  kernel runs what the list of globs chooses, and starts init again.
			  -EBUSY: somebody has asked, or the machine runs tests anyway */

	SYS_NUMBERS,
};

/* A message: seven words, in RSI, RDX, R10, R8, R9, R12, R13. */
#define MESSAGE_WORDS  7
#define MESSAGE_BITS   1 /* results of calls that bring a message: RSI is bits of a notification, */
#define MESSAGE_HANDLE 2 /* R13 is a handle */

/*
 * A thread's fault, told by the kernel: the address, MAP_READ, MAP_WRITE or MAP_EXEC, the cookie of
 * SYS_PAGER, the instruction.  The reply's first word is 0: the access is tried again; or an error,
 * negated, with which the thread ends.
 */
#define MESSAGE_FAULT 3

#define MESSAGE_LONG   4   /* R13 is how many words came into the buffer */
#define LONG_WORDS_MAX 512 /* a page */

/* A task's own words to its pager, by SYS_CALL_PAGER: whose they are is the cookie's to say. */
#define MESSAGE_CLIENT 5

#define ANY_CPU	      (~0ul)
#define WAIT_FOR_EVER (~0ul)

/* How memory is mapped.  Not MAP_WRITE and MAP_EXEC together. */
enum map_flag {
	MAP_READ = 1,
	MAP_WRITE = 2,
	MAP_EXEC = 4,
	MAP_SHARED = 8,		/* private memory: a fork shares what was touched */
	MAP_OWN_TOP_ENTRY = 16, /* below its entries of the top level only others with this flag */
	MAP_LARGE = 32,		/* private memory: by pages of 2 MiB where it can be */
	MAP_NOT_FORKED = 128,	/* a fork's child does not have it */
};

#define ARGS_MAX       1024 /* bytes of a program's arguments, the 0s included */
#define ARGS_COUNT_MAX 32

#define TASK_NAME_MAX  24 /* of a struct task_info, with the 0 */
#define TASK_INFO_CPUS 256
#define NO_SLOT	       0xffff

struct task_info {
	unsigned long id; /* never used again */
	char name[TASK_NAME_MAX];
	unsigned int threads;
	unsigned int cpus;   /* elements of .slot that mean something */
	unsigned long pages; /* of memory that it uses, as its limit counts them: with
				those of tasks that have no more than it together */
	unsigned long limit; /* 0: none */
	unsigned short slot[TASK_INFO_CPUS]; /* its ASID on each CPU; NO_SLOT: none */
};

#define LOG_MAX	      200
#define FILE_NAME_MAX 101 /* with a 0 */
#define LOG_READ_MAX  512

enum power {
	POWER_OFF,
	POWER_REBOOT,
};

#define SELF_TEST_MAX 128 /* with a 0 */

enum self_test {
	SELF_TEST_TESTS,
	SELF_TEST_BENCHMARKS,
	SELF_TEST_KINDS,
};

enum cpu_change {
	CPU_CHANGE_DOWN,
	CPU_CHANGE_UP,
};

struct cpu_info {
	unsigned int apic_id;
	unsigned int is_there; /* else it is a place for one */
	unsigned int is_up;
};

/* Pixels are 32 bits, of which the colours have 8 each, from those bits on. */
struct framebuffer {
	unsigned long offset;	    /* bytes from the beginning of the memory to the first pixel */
	unsigned int width, height; /* pixels */
	unsigned int pitch;	    /* bytes from one line to the next */
	unsigned char red_shift, green_shift, blue_shift;
	unsigned char reserved;
};

#define COUNTER_NAME_MAX 24 /* with the 0 */

struct counter {
	char name[COUNTER_NAME_MAX];
	unsigned long value;
};

#define TIMER_PERIOD_MIN 1000000ul /* ns */
#define TIMER_PERIOD_MAX (~0ul >> 1)

/* A new task's handles are this one, the next number, and so on, in the order they come to it. */
#define HANDLE_FIRST 257

/* What a handle allows: bits. */
enum right {
	RIGHT_CALL = 1,	     /* of an endpoint: SYS_CALL */
	RIGHT_RECEIVE = 2,   /* SYS_REPLY_WAIT */
	RIGHT_DUPLICATE = 4, /* of any */
	RIGHT_SIGNAL = 8, /* of a notification: SYS_SIGNAL, SYS_TIMER; of a timer: SYS_TIMER_SET */
	RIGHT_WAIT = 16,  /* of a notification: SYS_WAIT, SYS_BIND */
	RIGHT_CONTROL = 32,  /* of a task: all but SYS_TASK_WAIT */
	RIGHT_INSPECT = 64,  /* of a task: SYS_TASK_WAIT; of the system: SYS_TASK_LIST, SYS_CPUS,
				SYS_COUNTERS, SYS_LOG_READ */
	RIGHT_WRITE = 128,   /* of memory: map it writable */
	RIGHT_IRQ = 256,     /* of the system: SYS_IRQ; of an interrupt: bind and acknowledge it */
	RIGHT_PORTS = 512,   /* of the system: SYS_PORTS; of ports: SYS_PORT_IN, SYS_PORT_OUT */
	RIGHT_POWER = 1024,  /* of the system: SYS_POWER, SYS_SELF_TEST */
	RIGHT_CPUS = 2048,   /* of the system: SYS_CPU */
	RIGHT_SCREEN = 4096, /* of the system: SYS_FRAMEBUFFER */
	RIGHT_REVOKE = 8192, /* of any but the system: SYS_REVOKE; who makes it has it, and neither
				a fork nor a message passes it on */
};
