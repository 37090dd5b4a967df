/* SPDX-License-Identifier: MIT */
/*
 * kernel/hotplug.c - see hotplug.h.
 *
 * One walk at a time, by a thread named "hotplug" on a CPU that stays.  What only the CPU
 * itself may do, it does by order of that thread, in obey(): interrupts off, the idle thread
 * on its stack, nothing else to run.  So all steps, whoever makes them, come one after the
 * other, and a step that fails is undone like any other.
 *
 *	the thread				the CPU, in obey()
 *	  .fn, .what = ORDER_RUN (release)	  reads .what (acquire), runs .fn
 *	  waits for .what == ORDER_NONE		  .result, .what = ORDER_NONE (release)
 *	    (acquire), reads .result
 *
 * A CPU that waits for an order serves calls: others wait for it as long as it is in
 * cpus_online, and a moment more (arch/x86_64/ipi.c).
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/count_mark.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/ipi.h"
#include "arch/x86_64/irq.h"
#include "arch/x86_64/migrate.h"
#include "arch/x86_64/shared.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/trap.h"
#include "arch/x86_64/upcall.h"
#include "kernel/device_irq.h"
#include "kernel/hotplug.h"
#include "kernel/mutex.h"
#include "kernel/sched.h"
#include "kernel/timer.h"
#include "lib/assert.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/asid.h"
#include "mm/cpu_tables.h"
#include "mm/kmap.h"
#include "mm/page_alloc.h"
#include "mm/reclaim.h"
#include "mm/switch.h"
#include "mm/trace.h"

const char *hotplug_fail_up, *hotplug_fail_down;

/* --- orders to a CPU ---------------------------------------------------------------------- */

enum order {
	ORDER_NONE,
	ORDER_RUN,  /* .fn */
	ORDER_GO,   /* out of obey(), to the idle loop */
	ORDER_PARK, /* stop */
};

static struct orders {
	u32 what;	    /* enum order: the thread gives it, the CPU takes it back */
	u32 die;	    /* the idle loop is to come to obey() */
	u32 obeys;	    /* it is there */
	int result;	    /* of .fn */
	int (*fn)(u32 cpu); /* constant while .what is ORDER_RUN */
} ALIGNED(64) orders[MAX_CPUS];

static void obey(void) REQUIRES(irqs_off)
{
	u32 self = cpu_id, what;
	struct orders *o = &orders[self];

	do {
		cpu_pause();
		ipi_serve();
		what = shared_load(&o->what);
		if (what == ORDER_RUN)
			o->result = o->fn(self);
		if (what == ORDER_GO)
			shared_store(&o->obeys, 0);
		if (what != ORDER_NONE)
			shared_store(&o->what, ORDER_NONE);
		if (what == ORDER_PARK)
			smp_halt();
	} while (what != ORDER_GO);
}

/* The thread's: give an order and wait until it has been taken. */
static void give_order(u32 cpu, enum order what)
{
	struct orders *o = &orders[cpu];

	shared_store(&o->what, what);
	COUNT_NOT(while (shared_load(&o->what) != ORDER_NONE) yield());
}

static int run_there(u32 cpu, int (*fn)(u32 cpu))
{
	orders[cpu].fn = fn;
	give_order(cpu, ORDER_RUN);
	return orders[cpu].result;
}

bool cpu_told_to_die(void)
{
	return shared_load(&orders[cpu_id].die);
}

void cpu_die(void)
{
	struct orders *o = &orders[cpu_id];

	shared_store(&o->die, 0);
	shared_store(&o->obeys, 1);
	obey();
}

/* From the start, on a CPU that nobody knows of but the thread. */
void cpu_main(void)
{
	u32 self = cpu_id;

	shared_store(&orders[self].obeys, 1);
	shared_store(&cpus[self].state, CPU_ONLINE);
	obey();
	sched_run_idle();
}

/* --- steps: by the thread, or by its order on the CPU.  In the order of the way up --------- */

static u64 deadline; /* of this walk down; 0: none */

/* What a CPU has got once it keeps. */
static int make_tables(u32 cpu)
{
	int err = cpu_tables_create(cpu);

	if (!err)
		err = trace_prepare_cpu(cpu);
	if (err)
		return err;
	cpus[cpu].stack_top = sched_prepare_cpu(cpu);
	return cpus[cpu].stack_top != 0 ? 0 : -ENOMEM;
}

static int park(u32 cpu)
{
	give_order(cpu, ORDER_PARK);
	smp_park_cpu(cpu);
	return 0;
}

static int forget_reclaim(u32 cpu)
{
	reclaim_forget(cpu);
	return 0;
}

/* The last step that frees anything: what the others freed came here. */
static int drain_pages(u32 cpu)
{
	page_alloc_drain_cpu(cpu);
	return 0;
}

static int release_slots(u32 cpu)
{
	(void)cpu;
	asid_release_cpu();
	return 0;
}

/* Whatever is started here, and is due or not, gets its interrupt again. */
static int arm_timers(u32 cpu)
{
	(void)cpu;
	timers_arm();
	return 0;
}

static int move_timers(u32 cpu)
{
	(void)cpu;
	timers_move(cpumask_first(&cpus_online));
	return 0;
}

static int join_calls(u32 cpu)
{
	(void)cpu;
	ipi_join();
	return 0;
}

static int refuse_calls(u32 cpu)
{
	(void)cpu;
	ipi_leave();
	return 0;
}

static int serve_last_calls(u32 cpu) REQUIRES(irqs_off)
{
	(void)cpu;
	ipi_serve();
	return 0;
}

static int leave_calls(u32 cpu)
{
	run_there(cpu, refuse_calls);
	ipi_wait_for_callers();
	return run_there(cpu, serve_last_calls);
}

/* Nothing is held or mapped here, and nothing will be: the idle thread borrows no mm any more. */
static int leave_mm(u32 cpu) REQUIRES(irqs_off)
{
	ASSERT(preempt_count == 0 && irq_depth == 0 && migrate_count == 0 && kmap_depth == 0,
	       "CPU %u leaves with preempt_count %u, irq_depth %u, migrate_count %u, %u kmaps", cpu,
	       preempt_count, irq_depth, migrate_count, kmap_depth);
	sched_check_drained();
	switch_to_neutral();
	return 0;
}

static int join_devices(u32 cpu)
{
	device_irq_join(cpu);
	return 0;
}

/* What was sent here before it was sent elsewhere is taken, or the device would wait for ever. */
static int take_last_interrupts(u32 cpu) REQUIRES(irqs_off)
{
	(void)cpu;
	this_cpu_inc(preempt_count); /* this is the idle thread, and obeys */
	irq_window();
	this_cpu_dec(preempt_count);
	return 0;
}

static int leave_devices(u32 cpu)
{
	int err = device_irq_leave(cpu);

	return err ? err : run_there(cpu, take_last_interrupts);
}

static int let_idle(u32 cpu)
{
	give_order(cpu, ORDER_GO);
	return 0;
}

/* The interrupt ends its HLT; the idle loop looks at .die before each. */
static int wait_for_idle(u32 cpu)
{
	shared_store(&orders[cpu].die, 1);
	apic_send_ipi(cpus[cpu].apic_id, IRQ_RESCHEDULE);
	COUNT_NOT(while (!shared_load(&orders[cpu].obeys)) yield());
	return 0;
}

static int activate(u32 cpu)
{
	sched_cpu_activate(cpu);
	return 0;
}

static int deactivate(u32 cpu)
{
	return sched_cpu_deactivate(cpu, deadline);
}

struct step {
	int (*fn)(u32 cpu);
	bool there; /* on the CPU itself, by run_there() */
};

/* clang-format off */
#define BY_THREAD(fn) { fn, false }
#define ON_CPU(fn)    { fn, true }
#define NOTHING	      { NULL, false }
/* clang-format on */

/*
 * In the order of the way up; the way down is the other way round.  Down from "threads" may
 * take long, and may be given up; from there on nothing waits for a thread.  Each step down
 * can be undone until "slots", which may need memory that is gone.
 */
static const struct state {
	const char *name;
	struct step up, down;
} states[] = {
	{ "tables", BY_THREAD(make_tables), NOTHING },
	{ "running", BY_THREAD(smp_start_cpu), BY_THREAD(park) },
	{ "pages", BY_THREAD(forget_reclaim), ON_CPU(drain_pages) },
	{ "slots", BY_THREAD(asid_prepare_cpu), ON_CPU(release_slots) },
	{ "timers", ON_CPU(arm_timers), ON_CPU(move_timers) },
	{ "calls", ON_CPU(join_calls), BY_THREAD(leave_calls) },
	{ "mm", NOTHING, ON_CPU(leave_mm) },
	{ "devices", BY_THREAD(join_devices), BY_THREAD(leave_devices) },
	{ "idle", BY_THREAD(let_idle), BY_THREAD(wait_for_idle) },
	{ "threads", BY_THREAD(activate), BY_THREAD(deactivate) },
};

#define UP (u32) ARRAY_SIZE(states)

#define TRACE_STATE_SHIFT 8

/* How many states each CPU has; UP: it is up.  Under `walking`. */
static u32 level[MAX_CPUS] = { [BOOT_CPU] = UP };

const char *hotplug_state_name(u32 n)
{
	return n < UP ? states[n].name : NULL;
}

/* @step, of state @name; @fail names the state at which it is to fail, for once. */
static int take(const struct step *step, const char *name, const char **fail, u32 cpu)
{
	if (*fail != NULL && strcmp(*fail, name) == 0) {
		*fail = NULL;
		return -EIO;
	}
	if (step->fn == NULL)
		return 0;
	return step->there ? run_there(cpu, step->fn) : step->fn(cpu);
}

static int step_up(u32 cpu)
{
	const struct state *s = &states[level[cpu]];
	int err = take(&s->up, s->name, &hotplug_fail_up, cpu);

	if (err)
		return err;
	trace(TRACE_CPU_UP, 0, level[cpu] << TRACE_STATE_SHIFT | cpu);
	level[cpu]++;
	return 0;
}

static int step_down(u32 cpu)
{
	const struct state *s = &states[level[cpu] - 1];
	int err = take(&s->down, s->name, &hotplug_fail_down, cpu);

	if (err)
		return err;
	level[cpu]--;
	trace(TRACE_CPU_DOWN, 0, level[cpu] << TRACE_STATE_SHIFT | cpu);
	return 0;
}

static int climb(u32 cpu)
{
	int err = 0;

	while (!err && level[cpu] < UP)
		err = step_up(cpu);
	return err;
}

static int descend(u32 cpu)
{
	int err = 0;

	while (!err && level[cpu] > 0)
		err = step_down(cpu);
	return err;
}

/* --- one walk at a time ------------------------------------------------------------------- */

/* Held by who asks for a walk; the thread that makes it is another. */
static struct mutex walking = MUTEX_INIT(walking, MUTEX_RANK_HOTPLUG);

/*
 * A way down that is given up may fail only for memory, late: then it is not given up, and
 * the CPU is down, as it was asked to be.
 */
static int go_down(void *arg)
{
	u32 cpu = *(u32 *)arg;
	int err = descend(cpu), back;

	if (!err)
		return 0;
	back = climb(cpu);
	if (!back)
		return err;
	printk("cpus: CPU %u cannot stay: %s\n", cpu, err_name(back));
	return descend(cpu);
}

static int go_up(void *arg)
{
	u32 cpu = *(u32 *)arg;
	int err = climb(cpu), back;

	if (!err)
		return 0;
	back = descend(cpu);
	ASSERT(back == 0, "CPU %u is neither up nor down: %s", cpu, err_name(back));
	return err;
}

/* On a CPU that stays; it runs no walk of its own meanwhile, so it does. */
static int walk_elsewhere(thread_fn go, u32 cpu)
{
	u32 stays = cpumask_first(&cpus_online);
	struct thread *t;

	if (stays == cpu)
		stays = cpumask_next(&cpus_online, stays);
	t = thread_create_on(stays, "hotplug", go, &cpu);
	if (t == NULL)
		return -ENOMEM;
	thread_set_priority(t, PRIORITY_HIGH); /* nobody who is urgent and spins keeps it waiting */
	thread_start(t);
	return thread_join(t);
}

/*
 * A caller in a migrate-disabled section would hold up whoever takes its CPU down, and may
 * have to wait for just that.
 */
static int begin(void)
{
	might_block(__builtin_return_address(0));
	if (this_cpu_read(migrate_count) != 0)
		return -EDEADLK;
	mutex_lock(&walking);
	return 0;
}

static int down(u32 cpu, u64 timeout)
{
	if (cpu >= cpu_count || level[cpu] != UP)
		return -ENODEV;
	if (cpumask_weight(&cpus_online) == 1)
		return -EBUSY;
	deadline = timeout != 0 ? time_ns() + timeout : 0;
	return walk_elsewhere(go_down, cpu);
}

int cpu_down(u32 cpu, u64 timeout)
{
	int err = begin();

	if (err)
		return err;
	err = down(cpu, timeout);
	mutex_unlock(&walking);
	return err;
}

static int up(u32 cpu)
{
	if (cpu >= cpu_count || cpus[cpu].state == CPU_ABSENT)
		return -ENODEV;
	if (level[cpu] == UP)
		return -EEXIST;
	deadline = 0; /* for the way back */
	return walk_elsewhere(go_up, cpu);
}

int cpu_up(u32 cpu)
{
	int err = begin();

	if (err)
		return err;
	err = up(cpu);
	mutex_unlock(&walking);
	return err;
}

int cpu_arrive(u32 cpu)
{
	int err = begin();

	if (err)
		return err;
	if (cpus[cpu].state == CPU_ABSENT)
		cpus[cpu].state = CPU_PRESENT;
	else
		err = -EEXIST;
	mutex_unlock(&walking);
	return err;
}

int cpu_depart(u32 cpu)
{
	int err = begin();

	if (err)
		return err;
	if (level[cpu] == 0)
		cpus[cpu].state = CPU_ABSENT;
	else
		err = -EBUSY;
	mutex_unlock(&walking);
	return err;
}
