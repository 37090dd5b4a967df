# SPDX-License-Identifier: MIT
# tests/host/tlbmodel_test.mk - the TLB model of QEMU's plugin, without QEMU.

HOST_SRC_tlbmodel := tools/tlbcheck/model.c
HOST_CFLAGS_tlbmodel := -Itools/tlbcheck
