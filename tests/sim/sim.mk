# SPDX-License-Identifier: MIT
# tests/sim/sim.mk - mm/ on simulated CPUs with a TLB that never drops what it may keep.
#
#   make sim-test				both twins: kept seeds, small searches, then random
#						schedules for SIM_SECONDS each; and the scheduler
#   make sim-exhaustive				all schedules of small scenarios, up to a bound
#   make sim-break				the table of what breaks if a piece is left out
#   make sim-break-quick			what must be noticed, and soon is: one kernel's, and the scheduler
#
# The top Makefile includes this; `make -f tests/sim/sim.mk` does too.
#
#   build/sim/sim-percpu --seeds 17 --trace	one schedule
#
# Each twin is built twice: sim-TWIN with the address and undefined-behaviour sanitizers, and
# fast-TWIN without, which runs several times as many schedules.  SIM_ROOT is where mm/ and
# kernel/ are taken from: sim-break's copies.

O ?= build
SIM_O := $(O)/sim
SIM_ROOT ?= .
SIM_CC ?= gcc
SIM_SECONDS ?= 3
SIM_SEEDS ?= 1..100000000

SIM_WARNINGS := -Wall -Wextra -Werror -Wshadow -Wundef -Wvla -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wcast-align -Wwrite-strings
SIM_CFLAGS := -std=gnu11 -g -fno-pie $(SIM_WARNINGS) -DPRAGUE_DEBUG=1 \
	-Itests/sim/fake -I$(SIM_ROOT)/arch/x86_64/classic -I$(SIM_ROOT) -I.
SIM_CFLAGS_sim := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
SIM_CFLAGS_fast := -O2
SIM_TWINS := percpu classic
SIM_BUILDS := sim fast

# The code under test.
SIM_TESTED := arch/x86_64/pte.c mm/asid.c mm/budget.c mm/counters.c mm/fault.c mm/flush.c mm/fork.c mm/map.c mm/mm.c mm/object.c \
	mm/region.c mm/region_avl.c mm/switch.c mm/tlb_check.c mm/user_pt.c kernel/page_fault.c
SIM_SELF := $(addprefix tests/sim/,accesses.c driver.c events.c interrupts.c locks.c machine.c main.c \
	memory.c operations.c scenarios.c schedule.c search.c shrink.c tlb.c) lib/rand.c

# Another program: threads, migrate-disabled sections and CPUs that leave, without address spaces.
# Its objects of the code under test are not shared: an interrupt may come at more places there.
SCHED_TESTED := $(filter-out kernel/page_fault.c,$(SIM_TESTED)) kernel/sched.c kernel/place.c \
	kernel/sched_check.c kernel/sched_cpu.c kernel/thread.c kernel/wait.c
SCHED_SELF := $(addprefix tests/sim/,accesses.c events.c machine.c memory.c schedule.c search.c shrink.c tlb.c \
	sched/fake_kernel.c sched/locks.c sched/main.c sched/nothing.c sched/timers.c) lib/rand.c

.PHONY: sim-test sim-build sim-exhaustive sim-break sim-break-quick

sim-build: $(foreach build,$(SIM_BUILDS),$(foreach twin,$(SIM_TWINS) sched,$(SIM_O)/$(build)-$(twin)))

# The kept seeds and a part of the random schedules with sanitizers, the rest without.
sim-test: sim-build
	@grep -v '^#' tests/sim/seeds | while read -r twin arguments; do \
		$(SIM_O)/sim-$$twin $$arguments || exit 1; done
	@for twin in $(SIM_TWINS); do \
		$(SIM_O)/fast-$$twin --search quick && \
		$(SIM_O)/sim-$$twin --seeds $(SIM_SEEDS) --seconds $(SIM_SECONDS) && \
		$(SIM_O)/fast-$$twin --seeds $(SIM_SEEDS) --seconds $(SIM_SECONDS) || exit 1; done
	$(SIM_O)/sim-sched --seeds $(SIM_SEEDS) --seconds $(SIM_SECONDS)
	$(SIM_O)/fast-sched --seeds $(SIM_SEEDS) --seconds $(SIM_SECONDS)

# $(1): build
sched_objects = $(patsubst %.c,$(SIM_O)/sched-$(1)/%.o,$(SCHED_TESTED) $(call sim_twin,percpu) $(SCHED_SELF))

sim-exhaustive: sim-build
	@for twin in $(SIM_TWINS); do $(SIM_O)/fast-$$twin --search all || exit 1; done

sim-break:
	@for twin in $(SIM_TWINS) sched; do tests/sim/break $(SIM_O)/break-$$twin --twin $$twin || exit 1; done

# Of the two kernels' mm the one that has the more to leave out.
sim-break-quick:
	@for twin in percpu sched; do tests/sim/break $(SIM_O)/break-$$twin --twin $$twin --quick || exit 1; done

# The twin's part, without what maps a real CPU's own pages.
sim_twin = $(filter-out %/cpu_map.c,$(patsubst $(SIM_ROOT)/%,%,$(wildcard $(SIM_ROOT)/mm/$(1)/*.c)))
# $(1): build, $(2): twin
sim_objects = $(patsubst %.c,$(SIM_O)/$(1)/%.o,$(SIM_TESTED) $(call sim_twin,$(2)) $(SIM_SELF))

# $(1): build
define sim_compile
$(SIM_O)/$(1)/tests/%.o: tests/%.c
	@mkdir -p $$(@D)
	@echo "SIMCC $$@"
	@$$(SIM_CC) $$(SIM_CFLAGS) $$(SIM_CFLAGS_$(1)) -MMD -MP -c -o $$@ $$<

$(SIM_O)/$(1)/%.o: $(SIM_ROOT)/%.c
	@mkdir -p $$(@D)
	@echo "SIMCC $$@"
	@$$(SIM_CC) $$(SIM_CFLAGS) $$(SIM_CFLAGS_$(1)) -MMD -MP -c -o $$@ $$<
endef
$(foreach build,$(SIM_BUILDS),$(eval $(call sim_compile,$(build))))

# $(1): build, $(2): twin
define sim_link
$(SIM_O)/$(1)-$(2): $(call sim_objects,$(1),$(2))
	@$$(SIM_CC) -no-pie $$(SIM_CFLAGS_$(1)) -o $$@ $$^

-include $(patsubst %.o,%.d,$(call sim_objects,$(1),$(2)))
endef
$(foreach build,$(SIM_BUILDS),$(foreach twin,$(SIM_TWINS),$(eval $(call sim_link,$(build),$(twin)))))

# $(1): build
define sched_build
$(SIM_O)/sched-$(1)/tests/%.o: tests/%.c
	@mkdir -p $$(@D)
	@echo "SIMCC $$@"
	@$$(SIM_CC) -Itests/sim/sched/fake $$(SIM_CFLAGS) $$(SIM_CFLAGS_$(1)) -MMD -MP -c -o $$@ $$<

$(SIM_O)/sched-$(1)/%.o: $(SIM_ROOT)/%.c
	@mkdir -p $$(@D)
	@echo "SIMCC $$@"
	@$$(SIM_CC) -Itests/sim/sched/fake $$(SIM_CFLAGS) $$(SIM_CFLAGS_$(1)) -MMD -MP -c -o $$@ $$<

$(SIM_O)/$(1)-sched: $(call sched_objects,$(1))
	@$$(SIM_CC) -no-pie $$(SIM_CFLAGS_$(1)) -o $$@ $$^

-include $(patsubst %.o,%.d,$(call sched_objects,$(1)))
endef
$(foreach build,$(SIM_BUILDS),$(eval $(call sched_build,$(build))))
