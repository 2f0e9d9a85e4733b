/* SPDX-License-Identifier: BSD-3-Clause */
/* A second implementation that keeps a record of every byte, on random traffic, from sequence
 * numbers that wrap: both must say the same of each segment. */
#include "bench.h"

#include <string.h>

#include "base/random.h"

enum { N_BYTES = 20000, N_FLOWS = 400, N_STEPS = 600, HOLE_TIMEOUT_S = 10 };

enum fate { BEYOND, SEEN, MISSING, GIVEN_UP };

struct byte_record {
    enum fate fate;
    uint64_t opened_ns;
    uint32_t opener; /* how many segments went by until then */
};

struct twin {
    struct byte_record bytes[N_BYTES];
    uint32_t start; /* sequence number of the first byte */
    uint32_t end, given_up_end, n_passed;
    uint64_t n_missing_bytes;
};

static uint32_t find_missing(const struct twin *t, uint32_t from)
{
    while (from < t->end && t->bytes[from].fate != MISSING)
        from++;
    return from;
}

static uint32_t end_of_run(const struct twin *t, uint32_t from)
{
    while (from < t->end && t->bytes[from].fate == MISSING)
        from++;
    return from;
}

static unsigned int count_runs(const struct twin *t)
{
    unsigned int n = 0;

    for (uint32_t i = find_missing(t, 0); i < t->end; i = find_missing(t, end_of_run(t, i)))
        n++;
    return n;
}

static void give_up_lowest(struct twin *t)
{
    uint32_t from = find_missing(t, 0), to = end_of_run(t, from);

    for (uint32_t i = from; i < to; i++)
        t->bytes[i].fate = GIVEN_UP;
    t->n_missing_bytes += to - from;
    if (to > t->given_up_end)
        t->given_up_end = to;
}

static void see(struct twin *t, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        t->bytes[i].fate = SEEN;
    if (to > t->end)
        t->end = to;
}

/* Old holes are looked for by every segment that is not simply the next one, and when the sequence
 * passes a multiple of 2^28. */
static enum passive_kind twin_segment(struct twin *t, uint32_t from, uint32_t n, uint64_t now_ns,
                                      uint32_t rtt_ticks)
{
    uint32_t to = from + n, first;
    enum passive_kind kind = PASSIVE_FIRST_TIME;

    t->n_passed++;
    if (from == t->end && ((t->start + from) ^ (t->start + to)) >> 28 == 0) {
        see(t, from, to);
        return kind;
    }
    while ((first = find_missing(t, 0)) < t->end &&
           passive_ticks(now_ns) - passive_ticks(t->bytes[first].opened_ns) >
               passive_ticks(HOLE_TIMEOUT_S * NS_PER_S))
        give_up_lowest(t);
    first = find_missing(t, from);
    if (from > t->end) {
        for (uint32_t i = t->end; i < from; i++)
            t->bytes[i] = (struct byte_record){MISSING, now_ns, t->n_passed};
    } else if (from == t->end) {
        kind = PASSIVE_FIRST_TIME;
    } else if (first < to && first < t->end) {
        const struct byte_record *r = &t->bytes[first];
        const struct passive_hole none = {.start = 0};

        kind = passive_is_retransmission(&none, NULL,
                                         passive_ticks(now_ns) - passive_ticks(r->opened_ns),
                                         t->n_passed - r->opener - 1, rtt_ticks)
                   ? PASSIVE_RETRANSMITTED
                   : PASSIVE_REORDERED;
    } else {
        kind = from < t->given_up_end ? PASSIVE_UNKNOWN : PASSIVE_REPEAT;
    }
    see(t, from, to);
    while (count_runs(t) > PASSIVE_MAX_HOLES)
        give_up_lowest(t);
    return kind;
}

/* Mostly onward, at times skipping some, at times anywhere before. */
static bool next_segment(const struct twin *t, struct random_source *r, uint32_t *from, uint32_t *n)
{
    *n = 1 + random_u32(r) % 200;
    switch (random_u32(r) % 8) {
    case 0:
        *from = t->end + 1 + random_u32(r) % 300;
        break;
    case 1:
    case 2:
        *from = t->end > 0 ? random_u32(r) % t->end : 0;
        break;
    case 3:
        *from = find_missing(t, t->end > 0 ? random_u32(r) % t->end : 0);
        break;
    default:
        *from = t->end;
        break;
    }
    return *from + *n < N_BYTES;
}

static void random_traffic_is_seen_as_the_twin_sees_it(void **state)
{
    static struct twin t;
    unsigned int n_of_kind[PASSIVE_N_KINDS] = {0};
    struct random_source r;

    (void)state;
    random_seed_fixed(&r, 4737, 6298);
    for (unsigned int flow = 0; flow < N_FLOWS; flow++) {
        uint32_t start = (uint32_t)0 - random_u32(&r) % (2 * N_BYTES);
        struct bench b;

        memset(&t, 0, sizeof(t));
        t.start = start;
        bench_open(&b, start);
        bench_wait_us(&b, random_u32(&r) % 50000);
        for (unsigned int i = 0; i < N_STEPS; i++) {
            uint32_t from, n, rtt_ticks = passive_ticks_of_code(b.hot.rtt_code);
            enum passive_kind kind;

            if (!next_segment(&t, &r, &from, &n))
                break;
            if (i > 0)
                bench_wait_us(&b, random_u32(&r) % (random_u32(&r) % 50 == 0 ? 9000000 : 4000));
            else
                rtt_ticks = 0;
            kind = bench_data(&b, start + from, n);
            if (kind != twin_segment(&t, from, n, b.now_ns, rtt_ticks))
                fail_msg("flow %u, segment %u", flow, i);
            assert_int_equal(b.hot.snd_max, start + t.end);
            assert_int_equal(b.line.n_holes, count_runs(&t));
            assert_int_equal(b.c.missing_bytes, t.n_missing_bytes);
            bench_check(&b);
            n_of_kind[kind]++;
        }
    }
    for (unsigned int kind = 0; kind < PASSIVE_JUMP; kind++)
        assert_true(n_of_kind[kind] > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_traffic_is_seen_as_the_twin_sees_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
