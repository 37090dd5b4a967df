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
 * A program begins at its ELF entry point with RSP at the top of its stack, 16-aligned.
 */
#pragma once

enum syscall_number {
	SYS_NULL,  /* nothing: 0 */
	SYS_EXIT,  /* (status): the thread ends */
	SYS_LOG,   /* (text, bytes): a line of the kernel's log, up to LOG_MAX bytes */
	SYS_YIELD, /* (): others of this priority run first */
	SYS_CALL,  /* (endpoint; message): send it, wait for the reply, which is the message then */
	SYS_REPLY_WAIT, /* (endpoint; message): reply to the last call, if there is one that waits
			   for it, then wait for the next, which is the message then; -EPIPE:
			   replied, and there will be no next */
	SYS_ENDPOINT,	/* (): a new endpoint's handle, with all rights */
	SYS_DUPLICATE,	/* (handle, rights): another handle of the same, with fewer rights */
	SYS_CLOSE,	/* (handle) */

	SYS_NOTIFICATION, /* (): a new notification's handle, with all rights */
	SYS_SIGNAL,	  /* (notification, bits): set them, not 0, and wake the most urgent of who
			     waits, who gets them */
	SYS_WAIT,      /* (notification, ns): wait for bits, which come back in RSI, and take them;
			  -ETIMEDOUT after so long: 0: do not wait, WAIT_FOR_EVER; -EPIPE: there
			  are none, and nobody is left who might signal */
	SYS_BIND,      /* (notification, endpoint): from now on SYS_REPLY_WAIT there comes back for
			  its bits too, with 1, and the bits in RSI */
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

	SYS_NUMBERS,
};

/* A message: seven words, in RSI, RDX, R10, R8, R9, R12, R13. */
#define MESSAGE_WORDS 7

#define LOG_MAX	     200
#define LOG_READ_MAX 512

#define ANY_CPU (~0ul)

enum power {
	POWER_OFF,
	POWER_REBOOT,
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

#define COUNTER_NAME_MAX 24 /* with the 0 */

struct counter {
	char name[COUNTER_NAME_MAX];
	unsigned long value;
};

#define WAIT_FOR_EVER	 (~0ul)
#define TIMER_PERIOD_MIN 1000000ul /* ns */
#define TIMER_PERIOD_MAX (~0ul >> 1)

/* What a handle allows: bits. */
enum right {
	RIGHT_CALL = 1,	     /* of an endpoint: SYS_CALL */
	RIGHT_RECEIVE = 2,   /* SYS_REPLY_WAIT */
	RIGHT_DUPLICATE = 4, /* of any */
	RIGHT_SIGNAL = 8,  /* of a notification: SYS_SIGNAL, SYS_TIMER; of a timer: SYS_TIMER_SET */
	RIGHT_IRQ = 256,   /* of the system: SYS_IRQ; of an interrupt: bind and acknowledge it */
	RIGHT_PORTS = 512, /* of the system: SYS_PORTS; of ports: SYS_PORT_IN, SYS_PORT_OUT */
	RIGHT_POWER = 1024, /* of the system: SYS_POWER */
	RIGHT_CPUS = 2048,  /* of the system: SYS_CPU */
	RIGHT_INSPECT = 64, /* of the system: SYS_CPUS, SYS_COUNTERS, SYS_LOG_READ */
	RIGHT_WAIT = 16,    /* of a notification: SYS_WAIT, SYS_BIND */
};
