/* SPDX-License-Identifier: BSD-3-Clause */
/* The parameters of one test. Plain values, copied by whoever runs the test: a reload never changes
 * a test that is under way. No file of the ground floor needs more of the configuration than this.
 *
 * Meaning, bounds and defaults are rows of lib/config/rows_test.c, which the reference page prints.
 * A loaded configuration holds only values within those bounds. */
#ifndef CONFIG_TEST_PARAMETERS_H
#define CONFIG_TEST_PARAMETERS_H

#include <stdbool.h>
#include <stdint.h>

enum test_rule {
    TEST_RULE_ANYTIME, /* the e-value, looked at after every packet */
    TEST_RULE_PENNY,   /* the paper's rule, evaluated when its drops have ended */
};

/* In test_parameters.units: what a test may drop. */
#define TEST_UNITS_DATA     1u
#define TEST_UNITS_OF(kind) (2u << (unsigned int)(kind)) /* enum unit_kind */

/* Bounds that others size arrays and counters by. */
#define TEST_MAX_DROPS_PER_FLOW       15
#define TEST_MAX_DROPS_PER_AGGREGATE  10000
#define TEST_MAX_INDIVIDUAL_FLOWS     64
#define TEST_MAX_FLOW_IDLE_TIMEOUT_MS 3600000

struct test_parameters {
    enum test_rule rule;
    uint32_t units;          /* TEST_UNITS_DATA, TEST_UNITS_OF(); not empty */
    double drop_probability; /* 0 < p <= 0.5; constant within a test */
    double alpha;            /* most probable wrong closed_loop, rule anytime */
    double beta;             /* most probable wrong not_closed_loop, rule anytime */
    double max_duplicate_ratio;
    double max_reordering_ratio;
    double p_miss; /* share of retransmissions that may take another path */

    uint32_t retransmission_timeout_ms;
    uint32_t admission_grace_ms;
    uint32_t flow_idle_timeout_ms;
    uint32_t passive_flow_idle_timeout_ms; /* flow_idle_timeout_ms of mode passive */

    uint32_t max_drops_per_flow;      /* 1..TEST_MAX_DROPS_PER_FLOW */
    uint32_t max_drops_per_aggregate; /* 1..TEST_MAX_DROPS_PER_AGGREGATE */
    bool fallback_to_individual;      /* go on with single flows when the aggregate says no */
    uint32_t max_individual_flows;    /* 1..TEST_MAX_INDIVIDUAL_FLOWS */
    uint32_t min_closed_loop_flows;   /* 1..max_individual_flows */
    uint32_t protect_first_packets;   /* of each flow */
    uint32_t max_jump_bytes;          /* a jump of the sequence beyond this is not believed */

    uint32_t max_duration_ms;     /* 0: no limit */
    uint32_t min_flows_to_finish; /* mode passive; 0: no limit */
    uint32_t max_flows;           /* mode passive; 0: no limit */
    uint32_t watch_grace_ms;      /* mode passive: watching ends so long after its reason */
    uint32_t report_flows;        /* mode passive: so many flows of the slice one by one */
    uint32_t sampling;            /* mode passive: one packet in so many comes; 0: not said */
    uint32_t individual_phase_timeout_ms; /* the flows phase ends at the latest */
    uint32_t retest_interval_ms;          /* 0: never again by itself */

    bool has_seed; /* false: the coin is seeded from getrandom(2), as it must be in service */
    uint64_t seed;
};

/* Units beside data segments. */
static inline uint32_t test_parameters_kinds(const struct test_parameters *p)
{
    return p->units & ~TEST_UNITS_DATA;
}

/* Single flows are looked at when the aggregate says no; they are flows of data segments. */
static inline bool test_parameters_have_flows_phase(const struct test_parameters *p)
{
    return p->fallback_to_individual && (p->units & TEST_UNITS_DATA) != 0;
}

/* No test of an aggregate makes more drops than this. Units alone may take as many again where what
 * came back speaks for a sender and is not enough. */
static inline uint32_t test_parameters_most_drops(const struct test_parameters *p)
{
    if (!p->fallback_to_individual)
        return p->max_drops_per_aggregate;
    return p->max_drops_per_aggregate + (test_parameters_have_flows_phase(p)
                                             ? p->max_individual_flows * p->max_drops_per_flow
                                             : p->max_drops_per_aggregate);
}

/* The defaults of the table. At start only: it allocates, and aborts when memory is short. */
void test_parameters_default(struct test_parameters *out);

#endif
