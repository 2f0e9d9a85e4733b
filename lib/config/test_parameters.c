/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/test_parameters.h"

void test_parameters_default(struct test_parameters *out)
{
    *out = (struct test_parameters){
        .rule = TEST_RULE_ANYTIME,
        .drop_probability = 0.05,
        .alpha = 1e-6,
        .beta = 1e-4,
        .max_duplicate_ratio = 0.15,
        .max_reordering_ratio = 0.80,
        .p_miss = 0.05,
        .retransmission_timeout_ms = 3000,
        .admission_grace_ms = 3000,
        .flow_idle_timeout_ms = 30000,
        .passive_flow_idle_timeout_ms = 15000,
        .max_drops_per_flow = 6,
        .max_drops_per_aggregate = 12,
        .fallback_to_individual = true,
        .max_individual_flows = 10,
        .min_closed_loop_flows = 2,
        .max_jump_bytes = 16u << 20,
        .individual_phase_timeout_ms = 60000,
    };
}
