/* SPDX-License-Identifier: BSD-3-Clause */
/* Each identity of the counters: one more on either side of it is told, and told by its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "stats/counters.h"
#include "stats/passive.h"
#include "stats/units.h"

#define FIELD(type, field) offsetof(struct type, field)
#define P(field)           FIELD(passive_counters, field)
#define A(field)           FIELD(aggregate_counters, field)
#define W(field)           FIELD(worker_counters, field)
#define U(field)           FIELD(unit_counters, field)
#define NO_FIELD           SIZE_MAX

/* If `field` grows by `more`, `words` begin what is said; nothing is, if `balance` grows with it.
 */
struct step {
    size_t field;
    uint64_t more;
    size_t balance;
    const char *words;
};

static uint64_t *at(void *counters, size_t field)
{
    return (uint64_t *)((uint8_t *)counters + field);
}

static void check_step(void *counters, const struct step *step,
                       const char *(*check)(const void *counters))
{
    const char *said;

    assert_null(check(counters));
    *at(counters, step->field) += step->more;
    said = check(counters);
    if (step->words == NULL) {
        assert_null(said);
    } else {
        assert_non_null(said);
        assert_memory_equal(said, step->words, strlen(step->words));
    }
    if (step->balance != NO_FIELD) {
        *at(counters, step->balance) += step->more;
        assert_null(check(counters));
        *at(counters, step->balance) -= step->more;
    }
    *at(counters, step->field) -= step->more;
}

static const char *check_passive(const void *counters)
{
    return passive_counters_check(counters);
}

static void of_passive_counters(void **state)
{
    /* Every bound is met exactly, and every number another one. */
    struct passive_counters c = {.first_time = 1000,
                                 .reordered = 1 + 2 + 4 + 8 + 16,
                                 .extent_1 = 1,
                                 .extent_2 = 2,
                                 .extent_3_7 = 4,
                                 .extent_8_31 = 8,
                                 .extent_32 = 16,
                                 .lost_upstream_repairs = 300,
                                 .late = 5,
                                 .repeats = 70,
                                 .needless = 11,
                                 .unknown = 90,
                                 .maybe_late = 90,
                                 .repeat_runs = 70 + 11,
                                 .repeatable = 70,
                                 .lost_upstream = 400,
                                 .observed = 400,
                                 .holes_reordered = 10000,
                                 .holes_retransmitted = 20000,
                                 .holes_unfilled = 40000,
                                 .holes_unknown = 80000,
                                 .holes_merged = 160000,
                                 .holes_fragmented = 320000,
                                 .holes_opened = 630000,
                                 .ended_fin = 3,
                                 .ended_rst = 6,
                                 .ended_idle = 12,
                                 .ended_evicted = 24,
                                 .ended_syn_only = 48,
                                 .flows_finished = 93};
    static const char passed[] = "passed =", holes[] = "holes_opened >=",
                      reordered[] = "reordered =", flows[] = "flows_finished =";
    const struct step steps[] = {
        {P(passed), 1, P(first_time), passed},
        {P(passed), 1, P(lost_upstream_repairs), passed},
        {P(passed), 1, P(late), passed},
        {P(passed), 1, P(needless), passed},
        {P(passed), 1, P(unknown), passed},
        {P(first_time), 1, P(passed), passed},
        {P(repeats), 1, NO_FIELD, passed},
        {P(holes_reordered), 1, P(holes_opened), holes},
        {P(holes_retransmitted), 1, P(holes_opened), holes},
        {P(holes_unfilled), 1, P(holes_opened), holes},
        {P(holes_unknown), 1, P(holes_opened), holes},
        {P(holes_merged), 1, P(holes_opened), holes},
        {P(holes_fragmented), 1, P(holes_opened), holes},
        {P(holes_opened), 1, NO_FIELD, NULL}, /* one is open */
        {P(extent_1), 1, NO_FIELD, reordered},
        {P(extent_2), 1, NO_FIELD, reordered},
        {P(extent_3_7), 1, NO_FIELD, reordered},
        {P(extent_8_31), 1, NO_FIELD, reordered},
        {P(extent_32), 1, NO_FIELD, reordered},
        {P(ended_fin), 1, P(flows_finished), flows},
        {P(ended_rst), 1, P(flows_finished), flows},
        {P(ended_idle), 1, P(flows_finished), flows},
        {P(ended_evicted), 1, P(flows_finished), flows},
        {P(ended_syn_only), 1, P(flows_finished), flows},
        {P(flows_finished), 1, P(ended_fin), flows},
        {P(repeat_runs), 1, NO_FIELD, "repeat_runs <="},
        {P(maybe_late), 1, NO_FIELD, "maybe_late <="},
        {P(lost_upstream), 1, P(observed), "lost_upstream <="},
        {P(observed), 1, NO_FIELD, NULL},
        {P(repeatable), 1, NO_FIELD, NULL},
    };

    (void)state;
    c.passed = c.first_time + c.reordered + c.lost_upstream_repairs + c.late + c.repeats +
               c.needless + c.unknown;
    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++)
        check_step(&c, &steps[i], check_passive);
    c.repeats++;
    c.passed++;
    assert_string_equal(passive_counters_check(&c), "repeats <= repeatable");
}

static const char *check_aggregate(const void *counters)
{
    return aggregate_counters_check(counters);
}

static void of_aggregate_counters(void **state)
{
    struct aggregate_counters c = {.segments = 1000 + 200 + 40 + 8,
                                   .in_order = 1000,
                                   .out_of_order = 200,
                                   .repairs = 40,
                                   .duplicates = 8,
                                   .droppable = 1000,
                                   .population_in_order = 1000,
                                   .population_droppable = 1000,
                                   .dropped = 100 + 200 + 63,
                                   .retransmitted = 100,
                                   .expired = 200,
                                   .expired_repaired_late = 200,
                                   .voided = 63,
                                   .void_ambiguous = 1,
                                   .void_closed = 2,
                                   .void_evicted = 4,
                                   .void_own_loss = 8,
                                   .void_stall = 16,
                                   .void_silence = 32,
                                   .ambiguous = 8,
                                   .test_duplicates = 8,
                                   .population_duplicates = 8,
                                   .checksums_sampled = 5,
                                   .checksums_wrong = 5};
    static const char dropped[] = "dropped >=", voided[] = "void =", segments[] = "segments =",
                      population[] = "population_droppable <=", duplicates[] = "ambiguous <=";
    const struct step steps[] = {
        {A(retransmitted), 1, A(dropped), dropped},
        {A(expired), 1, A(dropped), dropped},
        {A(voided), 1, NO_FIELD, dropped},
        {A(dropped), 1, NO_FIELD, NULL}, /* one is pending */
        {A(void_ambiguous), 1, NO_FIELD, voided},
        {A(void_closed), 1, NO_FIELD, voided},
        {A(void_evicted), 1, NO_FIELD, voided},
        {A(void_own_loss), 1, NO_FIELD, voided},
        {A(void_stall), 1, NO_FIELD, voided},
        {A(void_silence), 1, NO_FIELD, voided},
        {A(expired_repaired_late), 1, NO_FIELD, "expired_repaired_late <="},
        {A(segments), 1, A(in_order), segments},
        {A(segments), 1, A(out_of_order), segments},
        {A(segments), 1, A(repairs), segments},
        {A(segments), 1, A(duplicates), segments},
        {A(droppable), 1, NO_FIELD, "droppable <= in_order"},
        {A(population_in_order), 1, NO_FIELD, population},
        {A(population_droppable), 1, NO_FIELD, population},
        {A(checksums_wrong), 1, A(checksums_sampled), "checksums_wrong <="},
        {A(ambiguous), 1, NO_FIELD, duplicates},
        {A(test_duplicates), 1, NO_FIELD, duplicates},
        {A(population_duplicates), 1, NO_FIELD, duplicates},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++)
        check_step(&c, &steps[i], check_aggregate);
    assert_int_equal(aggregate_counters_pending(&c), 0);
    c.dropped += 7;
    assert_int_equal(aggregate_counters_pending(&c), 7);
    c.droppable = c.population_droppable = c.dropped;
    assert_null(aggregate_counters_check(&c));
    c.droppable--;
    assert_string_equal(aggregate_counters_check(&c), "dropped <= droppable");
}

static const char *check_worker(const void *counters)
{
    return worker_counters_check(counters);
}

static void of_worker_counters(void **state)
{
    struct worker_counters c = {.rx_packets = 251,
                                .generated = 4,
                                .dropped_by_stage = 64,
                                .answered = 128,
                                .tx_packets = 1,
                                .dropped = 2,
                                .lost_tx_full = 4,
                                .lost_no_headroom = 8,
                                .lost_cut = 16,
                                .absorbed_mirror = 32,
                                .untested = 20,
                                .slice_packets = 39};
    const struct step steps[] = {
        {W(rx_packets), 1, NO_FIELD, "rx_packets + generated = tx_packets"},
        {W(generated), 1, NO_FIELD, "rx_packets + generated = tx_packets"},
        {W(dropped_by_stage), 1, NO_FIELD, "rx_packets + generated = tx_packets"},
        {W(answered), 1, NO_FIELD, "rx_packets + generated = tx_packets"},
        {W(tx_packets), 1, NO_FIELD, "rx_packets + generated = tx_packets"},
        {W(dropped), 1, NO_FIELD, "rx_packets + generated = tx_packets"},
        {W(lost_tx_full), 1, NO_FIELD, "rx_packets + generated = tx_packets"},
        {W(lost_no_headroom), 1, NO_FIELD, "rx_packets + generated = tx_packets"},
        {W(lost_cut), 1, NO_FIELD, "rx_packets + generated = tx_packets"},
        {W(absorbed_mirror), 1, NO_FIELD, "rx_packets + generated = tx_packets"},
        {W(untested), 1, NO_FIELD, "rx_packets = untested"},
        {W(slice_packets), 1, NO_FIELD, "rx_packets = untested"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++)
        check_step(&c, &steps[i], check_worker);
}

/* Distinct numbers, so that no field stands for another one. */
static void fill(void *counters, size_t n, uint64_t first, uint64_t by)
{
    for (size_t i = 0; i < n; i++)
        ((uint64_t *)counters)[i] = first + by * i;
}

static const char *check_units(const void *counters)
{
    return unit_counters_check(counters);
}

static void of_unit_counters(void **state)
{
    static const char ends[] = "units dropped >= retransmitted + expired + void",
                      limits[] = "units dropped <= droppable <= seen",
                      packets[] = "packets of units dropped >= units dropped";
    static const struct step all_ended[] = {
        {U(retransmitted), 1, U(dropped), ends}, {U(expired), 1, U(dropped), ends},
        {U(voided), 1, U(dropped), ends},        {U(dropped), 3, U(droppable), limits},
        {U(droppable), 13, U(seen), limits},
    };
    static const struct step one_packet_each[] = {
        {U(dropped), 1, U(dropped_packets), packets},
    };
    struct unit_counters c = {.seen = 20,
                              .droppable = 8,
                              .dropped = 6,
                              .dropped_packets = 20,
                              .retransmitted = 3,
                              .expired = 2,
                              .voided = 1};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(all_ended); i++)
        check_step(&c, &all_ended[i], check_units);
    c.dropped_packets = 6;
    check_step(&c, &one_packet_each[0], check_units);
}

static void sums_and_differences_are_of_each_field(void **state)
{
    struct passive_counters a, b, difference;
    struct worker_counters w, more;
    const size_t n = sizeof(a) / sizeof(uint64_t), n_worker = sizeof(w) / sizeof(uint64_t);

    (void)state;
    fill(&a, n, 1000, 10);
    fill(&b, n, 3, 1);
    passive_counters_subtract(&difference, &a, &b);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(((uint64_t *)&difference)[i], 997 + 9 * i);
    passive_counters_add(&a, &b);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(((uint64_t *)&a)[i], 1003 + 11 * i);
    fill(&w, n_worker, 1000, 10);
    fill(&more, n_worker, 3, 1);
    worker_counters_add(&w, &more);
    for (size_t i = 0; i < n_worker; i++)
        assert_int_equal(((uint64_t *)&w)[i], 1003 + 11 * i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_passive_counters),
        cmocka_unit_test(of_aggregate_counters),
        cmocka_unit_test(of_worker_counters),
        cmocka_unit_test(of_unit_counters),
        cmocka_unit_test(sums_and_differences_are_of_each_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
