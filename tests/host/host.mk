# SPDX-License-Identifier: MIT
# tests/host/host.mk - the parts that run on the host: unit tests and fuzzers.
#
#   make -f tests/host/host.mk host-test		build and run all tests
#   make -f tests/host/host.mk host-test HOST_TESTS=acpi	one of them
#   make -f tests/host/host.mk host-fuzz		run each fuzzer, bounded
#
# A test is tests/host/<name>_test.c with a main() of its own.  It is linked with
# HOST_SRC_<name> (default: lib/<name>.c where that exists) and compiled with
# HOST_CFLAGS_<name>, whose -I come first.  A fuzzer is tests/host/fuzz/<name>_fuzz.c,
# linked with HOST_SRC_<name>.  Files tests/host/<name>_test.mk may set both variables.

O ?= build
HOST_O := $(O)/host
HOST_CC ?= gcc
HOST_FUZZ_CC ?= clang
HOST_FUZZ_RUNS ?= 200000
HOST_FUZZ_SECONDS ?= 20

HOST_TESTS ?= $(patsubst tests/host/%_test.c,%,$(sort $(wildcard tests/host/*_test.c)))
HOST_FUZZERS ?= $(patsubst tests/host/fuzz/%_fuzz.c,%,$(sort $(wildcard tests/host/fuzz/*_fuzz.c)))

HOST_WARNINGS := -Wall -Wextra -Werror -Wshadow -Wundef -Wvla -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wcast-align -Wwrite-strings
HOST_CFLAGS := -std=gnu11 -g -O1 $(HOST_WARNINGS) -DPRAGUE_DEBUG=1 -fno-omit-frame-pointer
HOST_SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all

# Linked with every test and fuzzer.
HOST_SRC := tests/host/host_panic.c lib/strlcpy.c

HOST_SRC_acpi := lib/acpi.c lib/acpi_dsdt.c lib/acpi_madt.c lib/format.c
HOST_SRC_acpi_madt := $(HOST_SRC_acpi)
HOST_SRC_cmdline := lib/cmdline.c lib/format.c lib/rand.c
HOST_SRC_elf := lib/elf.c lib/format.c
HOST_SRC_keyboard := user/lib/keyboard.c lib/rand.c
HOST_SRC_log := lib/log.c lib/format.c
HOST_SRC_cpumask := lib/rand.c
HOST_SRC_crc32 := lib/crc32.c
HOST_SRC_kept := lib/kept.c lib/cmdline.c lib/crc32.c lib/format.c
HOST_SRC_format := lib/format.c lib/rand.c
HOST_SRC_ksyms := lib/ksyms.c $(HOST_O)/ksyms_tables.c
HOST_SRC_ksyms_empty := lib/ksyms.c $(HOST_O)/ksyms_none.c
HOST_SRC_list :=
HOST_SRC_memranges := lib/memranges.c lib/rand.c
HOST_SRC_pmu := arch/x86_64/pmu_choose.c
HOST_SRC_string := lib/rand.c
HOST_SRC_tar := lib/tar.c lib/format.c

-include $(sort $(wildcard tests/host/*_test.mk))

host_sources = $(sort $(HOST_SRC) $(if $(filter undefined,$(origin HOST_SRC_$(1))), \
	$(wildcard lib/$(1).c),$(HOST_SRC_$(1))))
host_objects = $(patsubst %.c,$(2)/%.o,$(3) $(call host_sources,$(1)))

.PHONY: host-test host-fuzz host-build

host-build: $(HOST_TESTS:%=$(HOST_O)/%_test)

host-test: host-build
	@tests/host/run-tests $(HOST_O) $(HOST_TESTS)

host-fuzz: $(HOST_FUZZERS:%=$(HOST_O)/fuzz/%_fuzz)
	@tests/host/run-fuzzers $(HOST_O)/fuzz $(HOST_FUZZ_RUNS) $(HOST_FUZZ_SECONDS) $(HOST_FUZZERS)

# $(1): name.  Objects are per test, because flags are.
define host_test_rules
$(HOST_O)/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	@echo "HOSTCC $$@"
	@$$(HOST_CC) $$(HOST_CFLAGS) $$(HOST_SANITIZE) $$(HOST_CFLAGS_$(1)) -I. -MMD -MP -c -o $$@ $$<

$(HOST_O)/$(1)_test: $(call host_objects,$(1),$(HOST_O)/$(1),tests/host/$(1)_test.c)
	@echo "HOSTLD $$@"
	@$$(HOST_CC) $$(HOST_SANITIZE) -o $$@ $$^ -lcmocka

-include $(patsubst %.o,%.d,$(call host_objects,$(1),$(HOST_O)/$(1),tests/host/$(1)_test.c))
endef

define host_fuzz_rules
$(HOST_O)/fuzz/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	@echo "HOSTCC $$@"
	@$$(HOST_FUZZ_CC) $$(HOST_CFLAGS) $$(HOST_SANITIZE) -fsanitize=fuzzer -I. -MMD -MP -c -o $$@ $$<

$(HOST_O)/fuzz/$(1)_fuzz: $(call host_objects,$(1),$(HOST_O)/fuzz/$(1),tests/host/fuzz/$(1)_fuzz.c)
	@echo "HOSTLD $$@"
	@$$(HOST_FUZZ_CC) $$(HOST_SANITIZE) -fsanitize=fuzzer -o $$@ $$^

-include $(patsubst %.o,%.d,$(call host_objects,$(1),$(HOST_O)/fuzz/$(1),tests/host/fuzz/$(1)_fuzz.c))
endef

$(foreach test,$(HOST_TESTS),$(eval $(call host_test_rules,$(test))))
$(foreach fuzzer,$(HOST_FUZZERS),$(eval $(call host_fuzz_rules,$(fuzzer))))

$(HOST_O)/ksyms_tables.c: tools/ksyms tests/host/ksyms_test.nm
	@mkdir -p $(@D)
	@tools/ksyms < tests/host/ksyms_test.nm > $@

$(HOST_O)/ksyms_none.c: tools/ksyms
	@mkdir -p $(@D)
	@tools/ksyms < /dev/null > $@
