# Prague.  make help lists what there is to do.
#
# KERNEL=percpu|classic and BUILD=debug|release choose one kernel; plain `make` builds
# all four and the boot files.  V=1 shows the commands.  Local settings go into config.mk.

# make run SHELL=1: the shell in user mode.  The name is make's own, for what runs the recipes.
ifeq ($(SHELL),1)
override SHELL := /bin/sh
TALK := --talk --timeout 0 --append init=init
endif

-include config.mk
O	?= build
KERNEL	?= percpu
BUILD	?= debug
CROSS_COMPILE ?=
ifeq ($(origin CC),default)
CC	:= $(CROSS_COMPILE)gcc
endif
LD	:= $(CROSS_COMPILE)ld
NM	:= $(CROSS_COMPILE)nm
OBJCOPY	:= $(CROSS_COMPILE)objcopy
NASM	?= nasm
SMP	?= 4
MEM	?= 512M
RUN	?= --smp $(SMP) --mem $(MEM)

K	:= $(O)/$(KERNEL)-$(BUILD)
Q	:= $(if $(V),,@)
say	= $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

KERNELS := percpu-debug percpu-release classic-debug classic-release

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all kernel boot iso usb flash run debug test test-all soak check setup help clean

all: boot archive
	$(Q)for k in $(KERNELS); do \
		$(MAKE) --no-print-directory KERNEL=$${k%-*} BUILD=$${k#*-} kernel || exit 1; done

# --- the kernel ----------------------------------------------------------------

# Layers from the lowest: a file includes from its own layer and those before it
# (tools/check-layers).  A folder named after a twin is compiled for that twin only.
LAYERS	:= lib arch/x86_64 arch/x86_64/$(KERNEL) mm mm/$(KERNEL) kernel tests tests/bench tests/$(KERNEL)
SRC	:= $(foreach d,$(LAYERS),$(sort $(wildcard $(d)/*.c $(d)/*.asm)))
SRC	:= $(filter-out arch/x86_64/offsets.c tests/offsets.c,$(SRC))
OBJ	:= $(SRC:%=$(K)/%.o)

WARN	:= -Wall -Wextra -Werror -Wshadow -Wundef -Wvla -Wstrict-prototypes -Wmissing-prototypes \
	   -Wpointer-arith -Wcast-align -Wwrite-strings
TUNE	:= $(if $(filter debug,$(BUILD)),-DPRAGUE_DEBUG=1,-DPRAGUE_DEBUG=0)
CFLAGS	:= -std=gnu11 -O2 -g -MMD -MP -I. -Iarch/x86_64/$(KERNEL) $(WARN) $(TUNE) \
	   -DPRAGUE_KERNEL='"$(KERNEL)"' -DPRAGUE_BUILD='"$(BUILD)"' \
	   -ffreestanding -fno-pic -fno-stack-protector -fno-omit-frame-pointer -fno-asynchronous-unwind-tables \
	   -fno-optimize-sibling-calls -fcf-protection=none -ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(O)=build \
	   -mno-red-zone -mgeneral-regs-only -mcmodel=kernel

# The direct way of a call (kernel/ipc_direct.c, fault_reply.c) leaves words of the message in R8, R9,
# R10, R12 and R13 where the compiler can be told to, and saves no registers for its caller.  It can if it calls
# nothing that comes back: in release builds.  Else syscall.asm puts the words by.
WORDS_STAY_FLAGS := -ffixed-r8 -ffixed-r9 -ffixed-r10 -ffixed-r12 -ffixed-r13 \
	   -fcall-used-rbx -fcall-used-r14 -fcall-used-r15 -fomit-frame-pointer
WORDS_STAY := $(if $(filter release,$(BUILD)),$(shell echo | $(CC) $(WORDS_STAY_FLAGS) -S -xc -o /dev/null - \
	   2>/dev/null && echo 1))
NASMFLAGS := -f elf64 -g -F dwarf -Wall -Werror -I$(K)/ -Iarch/x86_64/ -Iarch/x86_64/$(KERNEL)/ \
	   $(filter -DPRAGUE_DEBUG=%,$(TUNE)) -DPRAGUE_WORDS_STAY=$(or $(WORDS_STAY),0)
LDFLAGS	:= -nostdlib --fatal-warnings -z noexecstack -z max-page-size=4096 --build-id=none \
	   --orphan-handling=error -T linker.ld

kernel: $(K)/kernel.elf

# Two passes: the symbol table of backtraces is made from the first and lies behind
# everything whose address it holds, so that the second moves none of it.
$(K)/kernel.elf: $(OBJ) $(K)/ksyms.o linker.ld
	$(call say,LD,$@)
	$(Q)$(LD) $(LDFLAGS) -Map $@.map -o $@ $(OBJ) $(K)/ksyms.o
	$(Q)$(NM) -n $@ | tools/ksyms | cmp -s - $(K)/ksyms.c || \
		{ echo "$@: the symbol table does not match its kernel" >&2; rm -f $@; exit 1; }

$(K)/kernel.pass1: $(OBJ) $(K)/ksyms0.o linker.ld
	$(Q)$(LD) $(LDFLAGS) -o $@ $(OBJ) $(K)/ksyms0.o

$(K)/ksyms.c: $(K)/kernel.pass1 tools/ksyms
	$(Q)$(NM) -n $< | tools/ksyms > $@

$(K)/ksyms0.c: tools/ksyms
	$(Q)mkdir -p $(@D)
	$(Q)tools/ksyms < /dev/null > $@

$(K)/ksyms.o $(K)/ksyms0.o: %.o: %.c
	$(Q)$(CC) $(CFLAGS) -c $< -o $@

$(K)/%.c.o: %.c $(K)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c $< -o $@

$(K)/kernel/ipc_direct.c.o $(K)/kernel/fault_reply.c.o: CFLAGS += $(if $(WORDS_STAY),$(WORDS_STAY_FLAGS))

$(K)/%.asm.o: %.asm $(K)/offsets.inc $(K)/test_offsets.inc $(K)/flags \
		$(wildcard arch/x86_64/*.inc arch/x86_64/$(KERNEL)/*.inc tests/*.inc)
	$(call say,NASM,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(NASM) $(NASMFLAGS) -MD $(@:.o=.d) -MT $@ $< -o $@

# What NASM must know about C structures, asked of the compiler.
$(K)/offsets.inc: arch/x86_64/offsets.c
$(K)/test_offsets.inc: tests/offsets.c
$(K)/offsets.inc $(K)/test_offsets.inc: $(K)/flags
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MT $@ -MF $@.d -S $(filter %offsets.c,$^) -o - | \
		sed -n 's/.*"->\([A-Z_0-9]*\) \$$\?\(-\?[0-9]*\)".*/%define \1 \2/p' > $@

# The framebuffer console's font, as Debian packages it (console-setup-linux).
FONT	?= /usr/share/consolefonts/Lat15-Terminus16.psf.gz
$(K)/font.psf: $(FONT)
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)gzip -dc $< > $@
$(K)/kernel/font.asm.o: $(K)/font.psf

# Changes when the flags do, so that CC=clang or a new option rebuilds.
$(K)/flags: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(CC) $(CFLAGS) $(NASMFLAGS) $(SRC)' | cmp -s - $@ || echo '$(CC) $(CFLAGS) $(NASMFLAGS) $(SRC)' > $@
FORCE:

-include $(OBJ:.o=.d) $(K)/offsets.inc.d $(K)/test_offsets.inc.d

# --- the loaders, user programs and images ------------------------------------------------------

-include boot/boot.mk
include user/user.mk
-include tests/host/host.mk
-include tests/sim/sim.mk

# --- running, testing, checking --------------------------------------------------

include tools/tools.mk

clean:
	$(Q)rm -rf $(O)
