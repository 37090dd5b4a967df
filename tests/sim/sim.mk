# SPDX-License-Identifier: MIT
# tests/sim/sim.mk - mm/ on simulated CPUs with a TLB that never drops what it may keep.
#
#   make sim-test				both twins: kept seeds, then SIM_SECONDS each
#   make sim-break				the table of what breaks if a piece is left out
#   make sim-break-quick			what must be noticed, and soon is
#
# The top Makefile includes this; `make -f tests/sim/sim.mk` does too.
#
#   build/sim/sim-percpu --seeds 17 --trace	one schedule
#
# SIM_ROOT is where mm/ and kernel/ are taken from: sim-break's copies.

O ?= build
SIM_O := $(O)/sim
SIM_ROOT ?= .
SIM_CC ?= gcc
SIM_SECONDS ?= 10
SIM_SEEDS ?= 1..1000000

SIM_WARNINGS := -Wall -Wextra -Werror -Wshadow -Wundef -Wvla -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wcast-align -Wwrite-strings
SIM_SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
SIM_CFLAGS := -std=gnu11 -g -O1 -fno-pie -fno-omit-frame-pointer $(SIM_WARNINGS) \
	-DPRAGUE_DEBUG=1 $(SIM_SANITIZE) \
	-Itests/sim/fake -I$(SIM_ROOT)/arch/x86_64/classic -I$(SIM_ROOT) -I.

# The code under test.
SIM_TESTED := arch/x86_64/pte.c mm/asid.c mm/counters.c mm/fault.c mm/flush.c mm/fork.c mm/map.c mm/mm.c mm/object.c \
	mm/region.c mm/region_avl.c mm/switch.c mm/tlb_check.c mm/user_pt.c kernel/page_fault.c
SIM_SELF := $(addprefix tests/sim/,accesses.c driver.c events.c interrupts.c locks.c machine.c main.c \
	memory.c tlb.c) lib/rand.c

.PHONY: sim-test sim-build sim-break sim-break-quick

sim-build: $(SIM_O)/sim-percpu $(SIM_O)/sim-classic

sim-test: sim-build
	@grep -v '^#' tests/sim/seeds | while read -r twin arguments; do \
		$(SIM_O)/sim-$$twin $$arguments || exit 1; done
	$(SIM_O)/sim-percpu --seeds $(SIM_SEEDS) --seconds $(SIM_SECONDS)
	$(SIM_O)/sim-classic --seeds $(SIM_SEEDS) --seconds $(SIM_SECONDS)

sim-break:
	tests/sim/break $(SIM_O)/break-percpu --twin percpu
	tests/sim/break $(SIM_O)/break-classic --twin classic

sim-break-quick:
	tests/sim/break $(SIM_O)/break-percpu --twin percpu --quick
	tests/sim/break $(SIM_O)/break-classic --twin classic --quick

# The twin's part, without what maps a real CPU's own pages.
sim_twin = $(filter-out %/cpu_map.c,$(patsubst $(SIM_ROOT)/%,%,$(wildcard $(SIM_ROOT)/mm/$(1)/*.c)))
sim_objects = $(patsubst %.c,$(SIM_O)/%.o,$(SIM_TESTED) $(call sim_twin,$(1)) $(SIM_SELF))

$(SIM_O)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	@echo "SIMCC $@"
	@$(SIM_CC) $(SIM_CFLAGS) -MMD -MP -c -o $@ $<

$(SIM_O)/%.o: $(SIM_ROOT)/%.c
	@mkdir -p $(@D)
	@echo "SIMCC $@"
	@$(SIM_CC) $(SIM_CFLAGS) -MMD -MP -c -o $@ $<

$(SIM_O)/sim-percpu: $(call sim_objects,percpu)
	@$(SIM_CC) -no-pie $(SIM_SANITIZE) -o $@ $^

$(SIM_O)/sim-classic: $(call sim_objects,classic)
	@$(SIM_CC) -no-pie $(SIM_SANITIZE) -o $@ $^

-include $(patsubst %.o,%.d,$(call sim_objects,percpu) $(call sim_objects,classic))
