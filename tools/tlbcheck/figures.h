/* SPDX-License-Identifier: MIT */
/*
 * tools/tlbcheck/figures.h - the plugin with model=on: each CPU has a model of a TLB (model.h),
 * which is told all that the kernel tells, and whose figures are kept apart for each workload.
 *
 * A workload is what a CPU does from a MARK with a name to its next MARK.  It may come many
 * times: how often is counted too.
 */
#pragma once

#include <stdio.h>

#include "mail.h"
#include "tlb.h"

/* What @cpu tells, with tlb_lock held. */
void figures_mail(unsigned int cpu, enum mail what, uint64_t value);

/* An access of @bytes bytes at @va by @cpu, which is armed and has told its root. */
void figures_access(unsigned int cpu, uint64_t va, enum access access, unsigned int bytes);

/* A line for each workload and CPU: a JSON object. */
void figures_report(FILE *out);
