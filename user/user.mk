# SPDX-License-Identifier: MIT
# user/user.mk - user programs, and the boot archive of them: $(O)/archive.bin.
#
# A program is user/bin/NAME.c, linked with all of user/lib and a few files of lib/, of which those
# that draw on a screen (they have memory for all its text) are left out if it has none.  In the
# archive it is bin/NAME, without symbols; with them it is $(O)/user/NAME.elf.  The files of
# user/text are there as text/NAME, and the font as font/console.psf.  The same inputs give the
# same bytes.

USER	:= $(O)/user
USER_PROGRAMS := $(patsubst user/bin/%.c,%,$(sort $(wildcard user/bin/*.c)))
USER_TEXTS := $(patsubst user/%,%,$(sort $(wildcard user/text/*)))
USER_LIB := $(sort $(wildcard user/lib/*.c user/lib/*.asm)) $(addprefix lib/,string.c strlcpy.c format.c err.c rand.c fbcon.c font.c)
USER_SCREEN := user/lib/screen.c lib/fbcon.c lib/font.c
USER_LIB_OBJ := $(USER_LIB:%=$(USER)/%.o)
USER_SCREEN_OBJ := $(USER_SCREEN:%=$(USER)/%.o)
USER_REST_OBJ := $(filter-out $(USER_SCREEN_OBJ),$(USER_LIB_OBJ))
USER_ELF := $(USER_PROGRAMS:%=$(USER)/%.elf)
USER_FONT := font/console.psf
USER_FILES := $(USER_PROGRAMS:%=bin/%) $(USER_FONT) $(USER_TEXTS)

# Frame pointers, so that a stack can be walked; SSE, as user code has it.
USER_CFLAGS := -std=gnu11 -O2 -g -MMD -MP -I. $(WARN) -DPRAGUE_DEBUG=0 \
	-ffreestanding -fno-pic -fno-stack-protector -fno-omit-frame-pointer -fno-asynchronous-unwind-tables \
	-fcf-protection=none -ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(O)=build
USER_NASMFLAGS := -f elf64 -g -F dwarf -Wall -Werror
USER_LDFLAGS := -nostdlib -static --fatal-warnings -z noexecstack -z max-page-size=4096 --build-id=none \
	--orphan-handling=error -T user/user.ld

.PHONY: archive
archive: $(O)/archive.bin

# In the order of their names; no dates, no owners, no folders.
$(O)/archive.bin: $(USER_FILES:%=$(USER)/archive/%) $(USER)/flags
	$(call say,TAR,$@)
	$(Q)tar --format=ustar --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rw,go=r \
		-C $(USER)/archive -cf $@ $(sort $(USER_FILES))

$(USER)/archive/bin/%: $(USER)/%.elf
	$(Q)mkdir -p $(@D)
	$(Q)$(OBJCOPY) --strip-all $< $@

$(USER)/archive/text/%: user/text/%
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

$(USER)/archive/$(USER_FONT): $(FONT)
	$(Q)mkdir -p $(@D)
	$(Q)gzip -dc $< > $@

$(USER_ELF): $(USER)/%.elf: $(USER)/user/bin/%.c.o $(USER_REST_OBJ) $(USER)/screen.a user/user.ld
	$(call say,LD,$@)
	$(Q)$(LD) $(USER_LDFLAGS) -o $@ $< $(USER_REST_OBJ) $(USER)/screen.a

$(USER)/screen.a: $(USER_SCREEN_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcsD $@ $^

$(USER)/%.c.o: %.c $(USER)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) -c $< -o $@

$(USER)/%.asm.o: %.asm $(USER)/flags
	$(call say,NASM,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(NASM) $(USER_NASMFLAGS) $< -o $@

# Changes when the compiler, its flags or the list of files do.
$(USER)/flags: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(CC) $(USER_CFLAGS) $(USER_NASMFLAGS) $(USER_LDFLAGS) $(USER_LIB) $(USER_FILES)' | cmp -s - $@ || \
		echo '$(CC) $(USER_CFLAGS) $(USER_NASMFLAGS) $(USER_LDFLAGS) $(USER_LIB) $(USER_FILES)' > $@

.SECONDARY: $(USER_PROGRAMS:%=$(USER)/user/bin/%.c.o)
-include $(USER_PROGRAMS:%=$(USER)/user/bin/%.c.d) $(patsubst %.o,%.d,$(filter %.c.o,$(USER_LIB_OBJ)))
