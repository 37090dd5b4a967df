# boot/boot.mk - the loaders: $(O)/boot/BOOTX64.EFI and $(O)/boot/bios.elf.
#
# Included by the Makefile; `make -f boot/boot.mk`, from the top, builds them alone.

O	?= build
CROSS_COMPILE ?=
ifeq ($(origin CC),default)
CC	:= $(CROSS_COMPILE)gcc
endif
NASM	?= nasm
Q	?= $(if $(V),,@)
say	?= $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

EFI_INCLUDE ?= /usr/include/efi
EFI_LIB	?= /usr/lib

BOOT	:= $(O)/boot
BOOT_LIB := string strlcpy format cmdline elf memranges crc32 kept
BOOT_SHARED := $(BOOT_LIB:%=lib/%.c) $(addprefix boot/,report.c handoff.c place.c tables.c jump.c jump.asm)
BOOT_UEFI := $(BOOT_SHARED) $(addprefix boot/uefi/,main.c cpus.c files.c menu.c memory.c results.c screen.c)
BOOT_BIOS := $(BOOT_SHARED) $(addprefix boot/bios/,entry.asm main.c console.c memory.c multiboot.c)
BOOT_UEFI_OBJ := $(BOOT_UEFI:%=$(BOOT)/uefi-obj/%.o)
BOOT_BIOS_OBJ := $(BOOT_BIOS:%=$(BOOT)/bios-obj/%.o)

BOOT_CFLAGS := -std=gnu11 -O2 -g -MMD -MP -I. -DPRAGUE_DEBUG=0 \
	-Wall -Wextra -Werror -Wshadow -Wundef -Wvla -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wcast-align -Wwrite-strings \
	-ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none \
	-ffile-prefix-map=$(CURDIR)=. -mno-red-zone -mgeneral-regs-only
BOOT_UEFI_CFLAGS := $(BOOT_CFLAGS) -fpic -fshort-wchar -fvisibility=hidden -DGNU_EFI_USE_MS_ABI \
	-isystem $(EFI_INCLUDE) -isystem $(EFI_INCLUDE)/x86_64
BOOT_BIOS_CFLAGS := $(BOOT_CFLAGS) -fno-pic -mcmodel=small

.PHONY: boot
boot: $(BOOT)/BOOTX64.EFI $(BOOT)/bios.elf

$(BOOT)/BOOTX64.EFI: $(BOOT)/uefi.so
	$(call say,EFI,$@)
	$(Q)$(CROSS_COMPILE)objcopy -j .text -j .sdata -j .data -j .dynamic -j .dynsym -j '.rel*' \
		-j .reloc --target=efi-app-x86_64 --subsystem=10 $< $@

$(BOOT)/uefi.so: $(BOOT_UEFI_OBJ) boot/boot.mk
	$(call say,LD,$@)
	$(Q)$(CROSS_COMPILE)ld -nostdlib -shared -Bsymbolic -z nocombreloc -z noexecstack --build-id=none \
		--no-undefined --fatal-warnings -T $(EFI_LIB)/elf_x86_64_efi.lds -o $@ \
		$(EFI_LIB)/crt0-efi-x86_64.o $(BOOT_UEFI_OBJ) $(EFI_LIB)/libgnuefi.a

$(BOOT)/bios.elf: $(BOOT_BIOS_OBJ) boot/bios/bios.ld boot/boot.mk
	$(call say,LD,$@)
	$(Q)$(CROSS_COMPILE)ld -nostdlib -static -z noexecstack --build-id=none --fatal-warnings \
		-T boot/bios/bios.ld -o $@ $(BOOT_BIOS_OBJ)

$(BOOT)/uefi-obj/%.c.o: %.c $(BOOT)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BOOT_UEFI_CFLAGS) -c $< -o $@

$(BOOT)/bios-obj/%.c.o: %.c $(BOOT)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BOOT_BIOS_CFLAGS) -c $< -o $@

$(BOOT)/uefi-obj/%.asm.o: %.asm $(BOOT)/flags
	$(call say,NASM,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(NASM) -f elf64 -Wall -Werror $< -o $@

$(BOOT)/bios-obj/%.asm.o: %.asm $(BOOT)/flags
	$(call say,NASM,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(NASM) -f elf64 -Wall -Werror $< -o $@

# Changes when the compiler or its flags do.
$(BOOT)/flags: BOOT_FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(CC) $(BOOT_UEFI_CFLAGS) $(BOOT_BIOS_CFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(BOOT_UEFI_CFLAGS) $(BOOT_BIOS_CFLAGS)' > $@
.PHONY: BOOT_FORCE
BOOT_FORCE:

-include $(patsubst %.o,%.d,$(filter %.c.o,$(BOOT_UEFI_OBJ) $(BOOT_BIOS_OBJ)))
