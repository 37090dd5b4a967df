# SPDX-License-Identifier: MIT
# tools/tools.mk - images, runs, tests and checks.  Included by the Makefile.

C_DIRS	:= $(wildcard arch boot kernel lib mm tests user bench)
C_FILES	= $(shell find $(C_DIRS) tools -name '*.[ch]' | sort)
PYTHON_FILES = $(shell grep -rlIE '^\#!.*python3' tools tests .ci | sort) $(wildcard tools/*/*.py tests/tools/*.py)
SHELL_FILES = $(shell grep -rlIE '^\#!/bin/sh' tools tests .ci | sort)

# --- images ----------------------------------------------------------------------

iso: $(O)/prague.iso
usb: $(O)/prague-usb.img

# Made anew each time: mkimage is quick, and knows what it puts in.
$(O)/prague.iso: all FORCE
	$(call say,ISO,$@)
	$(Q)tools/mkimage --out $@ --boot $(O)/boot --menu boot/menu.txt \
		--percpu $(O)/percpu-release/kernel.elf --classic $(O)/classic-release/kernel.elf \
		--archive $(O)/archive.bin

# The image is a hybrid: what boots as a CD boots as a disk.
$(O)/prague-usb.img: $(O)/prague.iso
	$(Q)cp $< $@

flash: iso
	$(Q)tools/flash DEV=$(DEV) IMAGE=$(O)/prague.iso $(if $(FORCE),FORCE=$(FORCE))

# --- running ---------------------------------------------------------------------

# In a recipe, one after the other: nothing is built before its tools are there.
run: setup
	$(Q)$(MAKE) --no-print-directory kernel boot archive
	$(Q)tools/run --out $(O) --kernel $(KERNEL) --build $(BUILD) $(RUN) $(TALK)

debug: setup
	$(Q)$(MAKE) --no-print-directory kernel boot archive
	@echo "in another terminal: gdb -x tools/gdb/prague.py $(K)/kernel.elf -ex 'target remote :1234'"
	$(Q)tools/run --gdb --out $(O) --kernel $(KERNEL) --build $(BUILD) $(RUN)

# What counts instructions in QEMU, for tools/run --count; for the host.
.PHONY: insncount count
insncount: $(O)/insncount.so
$(O)/insncount.so: tools/insncount/insncount.c tools/insncount/qemu_plugin.h
	$(call say,HOST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CC) -std=gnu11 -O2 $(WARN) -fPIC -shared -fvisibility=hidden -o $@ $<

# What checks TLB flushes in QEMU, for tools/run --tlbcheck, and models TLBs, for --tlbmodel; for the host.
TLBCHECK := $(addprefix tools/tlbcheck/,tlbcheck.c tlb.c entries.c fill.c guest.c figures.c hold.c model.c)
.PHONY: tlbcheck
tlbcheck: $(O)/tlbcheck.so
$(O)/tlbcheck.so: $(TLBCHECK) $(wildcard tools/tlbcheck/*.h) tools/insncount/qemu_plugin.h
	$(call say,HOST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CC) -std=gnu11 -O2 $(WARN) -fPIC -shared -fvisibility=hidden -pthread -o $@ $(TLBCHECK)

# flush_page in both kernels, with 1 and with 64 CPUs online.
count: all insncount
	$(Q)tools/count-instructions --out $(O)

# Both release kernels: what experiments boot.
.PHONY: bench report bench-compare bench-build
bench-build: setup
	$(Q)for k in percpu classic; do \
		$(MAKE) --no-print-directory -j2 KERNEL=$$k BUILD=release kernel || exit 1; done
	$(Q)$(MAKE) --no-print-directory boot archive insncount tlbcheck

bench: bench-build
	$(Q)tools/bench --out $(O) $(EXPERIMENTS)

report: bench
	$(Q)tools/report $(O)/results.jsonl

# The quick experiment with what is built here, and with the commit BASE.
bench-compare: bench-build
	$(Q)tools/bench-base --out $(O) $(if $(BASE),$(BASE),$(error say BASE=commit))

test: setup
	$(Q)$(MAKE) --no-print-directory -j2 all
	$(Q)$(MAKE) --no-print-directory iso
	$(Q)tools/test --out $(O)

test-all: setup
	$(Q)$(MAKE) --no-print-directory -j2 all
	$(Q)$(MAKE) --no-print-directory iso
	$(Q)tools/test --out $(O) --all

# What there is, by chance, for MINUTES; SEED= repeats it.
MINUTES	?= 10
soak: setup
	$(Q)$(MAKE) --no-print-directory -j2 all sim-build
	$(Q)tools/soak --out $(O) --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

setup:
	$(Q)tools/setup

# --- static checks ---------------------------------------------------------------

.PHONY: check-format check-layers check-words check-hazards check-scripts check-matrix check-cppcheck \
	check-elf check-stack check-locks

check: check-format check-layers check-words check-hazards check-scripts check-matrix check-cppcheck check-locks \
	check-elf check-stack

check-format:
	$(call say,CHECK,format)
	$(Q)clang-format --dry-run --Werror $(C_FILES)

check-layers:
	$(call say,CHECK,layers)
	$(Q)tools/check-layers

check-words:
	$(call say,CHECK,words)
	$(Q)tools/check-words

check-hazards:
	$(call say,CHECK,hazards)
	$(Q)tools/check-hazards

check-scripts:
	$(call say,CHECK,scripts)
	$(Q)python3 -c 'import sys; [compile(open(f).read(), f, "exec") for f in sys.argv[1:]]' $(PYTHON_FILES)
	$(Q)for f in $(SHELL_FILES); do sh -n $$f || exit 1; done

check-matrix:
	$(call say,CHECK,matrix)
	$(Q)tools/matrix --verify

# What cppcheck is told to pass over, and why:
#   missingInclude*	it is not given the compiler's own headers
#   unusedFunction	it sees neither assembly nor the linker's tables of tests
#   unusedStructMember	tables of the hardware have members for their layout alone
#   variableScope	declarations stand at the head of a block, by style
#   constParameter*, constVariable*  callbacks have the type that their caller wants
#   nullPointerRedundantCheck, arrayIndexOutOfBoundsCond  an EXPECT() that fails goes on, by design,
#			and an ASSERT() that fails does not, which it cannot tell from the macro
#   comparePointers, subtractPointers	the linker's X_begin and X_end bound one object
CPPCHECK_PASS := missingInclude missingIncludeSystem unusedFunction unusedStructMember variableScope \
	constParameter constParameterCallback constVariable nullPointerRedundantCheck \
	arrayIndexOutOfBoundsCond comparePointers subtractPointers
CPPCHECK := cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --platform=unix64 \
	--enable=warning,performance,portability --library=gnu -I. \
	-DPRAGUE_DEBUG=1 -DPRAGUE_KERNEL='"percpu"' -DPRAGUE_BUILD='"debug"' \
	$(CPPCHECK_PASS:%=--suppress=%)

# What both kernels are made of once, as the percpu kernel has it; then what the classic one has for itself.
CPPCHECK_FILES = $(filter-out tests/host/% tests/sim/% tests/static/%,$(filter %.c,$(C_FILES)))

check-cppcheck:
	$(call say,CHECK,cppcheck)
	$(Q)$(CPPCHECK) -Iarch/x86_64/percpu $(foreach file,$(CPPCHECK_FILES),$(if $(findstring /classic/,$(file)),,$(file)))
	$(Q)$(CPPCHECK) -Iarch/x86_64/classic $(foreach file,$(CPPCHECK_FILES),$(if $(findstring /classic/,$(file)),$(file)))

# Who holds which lock: lib/lock_check.h.  Members' guards in C are for clang 19 and later.
LOCK_CLANG ?= clang-19
LOCK_FLAGS := -std=gnu11 -fsyntax-only -ffreestanding -mgeneral-regs-only -mcmodel=kernel -I. -DLOCK_CHECK \
	-DPRAGUE_DEBUG=1 -DPRAGUE_KERNEL=\"percpu\" -DPRAGUE_BUILD=\"debug\" \
	$(WARN) -Wthread-safety -fexperimental-late-parse-attributes -Wno-gcc-compat
LOCK_FILES = $(filter-out arch/x86_64/offsets.c,$(wildcard $(addsuffix /*.c,$(1))))

check-locks:
	$(call say,CHECK,locks)
	$(Q)$(LOCK_CLANG) $(LOCK_FLAGS) -Iarch/x86_64/percpu $(call LOCK_FILES,lib arch/x86_64 mm mm/percpu kernel)
	$(Q)$(LOCK_CLANG) $(LOCK_FLAGS) -Iarch/x86_64/classic $(call LOCK_FILES,arch/x86_64 arch/x86_64/classic mm/classic)

check-elf: all
	$(Q)for k in $(KERNELS); do \
		tools/check-elf $(O)/$$k/kernel.elf --twin $${k%-*} --build $${k#*-} || exit 1; done
	$(Q)for elf in $(USER_ELF); do tools/check-elf $$elf --user || exit 1; done

check-stack: all
	$(Q)for k in $(KERNELS); do tools/check-stack $(O)/$$k/kernel.elf || exit 1; done

# That the checks can fail: small sources and ELF files that are wrong.
.PHONY: check-checks analyze
check-checks: all
	$(Q)tools/check-checks --out $(O)/static --elf $(O)/percpu-debug/kernel.elf --user $(O)/user/hello.elf \
		--locks '$(LOCK_CLANG) $(LOCK_FLAGS)'

# What takes longer: gcc's and clang's own analysis of paths.
ANALYZE_FLAGS := -std=gnu11 -I. -ffreestanding -fno-pic -mgeneral-regs-only -mcmodel=kernel \
	-DPRAGUE_DEBUG=1 -DPRAGUE_KERNEL=\"percpu\" -DPRAGUE_BUILD=\"debug\"

analyze:
	$(Q)for twin in percpu classic; do \
		for file in lib/*.c arch/x86_64/*.c mm/*.c mm/$$twin/*.c kernel/*.c; do \
			echo "  GCC   $$file ($$twin)"; \
			gcc $(ANALYZE_FLAGS) -O2 $(WARN) -fanalyzer -Iarch/x86_64/$$twin -c $$file -o /dev/null || exit 1; \
		done; done
	$(Q)clang-tidy --quiet --warnings-as-errors='*' $(wildcard lib/*.c arch/x86_64/*.c mm/*.c mm/percpu/*.c kernel/*.c) \
		-- $(ANALYZE_FLAGS) -Iarch/x86_64/percpu

# --- for people ------------------------------------------------------------------

compile_commands.json: FORCE
	$(call say,GEN,$@)
	$(Q)tools/compile-commands --make '$(MAKE)' --out $@

help:
	@echo 'make                   both kernels, debug and release, and the loaders'
	@echo 'make kernel            one kernel: KERNEL=percpu|classic BUILD=debug|release'
	@echo 'make boot              the loaders, for UEFI and BIOS'
	@echo 'make archive           $(O)/archive.bin: user programs and files, for all images'
	@echo 'make iso               $(O)/prague.iso, with the release kernels and a menu'
	@echo 'make usb               $(O)/prague-usb.img, the same for a USB disk'
	@echo 'make flash DEV=/dev/sdX  write it to a USB disk, after asking'
	@echo 'make run               build and run the self-tests in QEMU: SMP=4 MEM=512M, or RUN=... (tools/run --help)'
	@echo 'make run SHELL=1       the same with the shell in user mode, on this terminal'
	@echo 'make debug             the same, waiting for gdb on :1234'
	@echo 'make test              every check there is'
	@echo 'make test-all          the same, with every combination of the matrix'
	@echo 'make soak MINUTES=10   rounds of all kinds, by chance; SEED= repeats them'
	@echo 'make check             static checks only'
	@echo 'make analyze            static checks that take longer: gcc -fanalyzer, clang-tidy'
	@echo 'make check-checks       the static checks complain of what is wrong on purpose'
	@echo 'make count             flush_page, in instructions, with 1 and with 64 CPUs online'
	@echo 'make bench             run the experiments on both kernels: EXPERIMENTS=, all of them'
	@echo 'make report            the same, and $(O)/report.html and report.md of the results'
	@echo 'make bench-compare BASE=commit  has a hot path become slower since then?'
	@echo 'make host-test         unit tests, on the host'
	@echo 'make host-fuzz         fuzzers of the parsers, on the host'
	@echo 'make sim-test          mm/ on simulated CPUs with a TLB that forgets nothing: SIM_SECONDS=10 for each kernel'
	@echo 'make sim-break         leave out one piece of the protocol at a time and see the simulator notice'
	@echo 'make compile_commands.json  for editors'
	@echo 'make setup             install the Debian packages that are missing'
	@echo 'make clean             remove $(O)'
	@echo 'V=1 shows the commands; CROSS_COMPILE=, CC=clang and O=DIR are honoured'
