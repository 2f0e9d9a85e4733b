/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-sim/fig7.h"

#include <stdlib.h>

#include "base/time.h"
#include "pennyline-sim/box.h"
#include "tcp/flags.h"

static bool send(struct box *b, uint64_t *time_ns, uint32_t flow, uint32_t sequence,
                 uint16_t n_bytes, uint8_t flags)
{
    const struct box_packet packet = {
        .flow = flow, .sequence = sequence, .payload_bytes = n_bytes, .tcp_flags = flags};

    *time_ns += 100 * NS_PER_US;
    return box_packet(b, *time_ns, &packet);
}

/* Each droppable packet is a flow of its own, so that neither the limit of drops per flow nor a
 * pending drop takes away a coin: the figure's model knows neither. */
static enum verdict_outcome play(struct box *b, const struct fig7 *f,
                                 const struct penny_parameters *parameters)
{
    struct aggregate_report report;
    uint64_t time_ns = 0;
    bool dropped = false;

    for (uint32_t i = 0; i < f->n; i++) {
        send(b, &time_ns, i, 0, 0, TCP_FLAG_SYN);
        dropped = send(b, &time_ns, i, 1, 1000, TCP_FLAG_ACK);
        if (i < f->d)
            send(b, &time_ns, i, 1, 1000, TCP_FLAG_ACK);
    }
    /* The traffic goes on, by single bytes, which are never dropped; or the drops would be void. */
    send(b, &time_ns, f->n, 0, 0, TCP_FLAG_SYN);
    for (uint32_t sequence = 1, i = 0; i < 16; i++) {
        time_ns += 3 * NS_PER_S / 4;
        for (uint32_t j = 0; j <= f->n / 4; j++)
            send(b, &time_ns, f->n, sequence++, 1, TCP_FLAG_ACK);
    }
    box_report(b, &report);
    return fig7_judge(f, parameters, (uint32_t)report.test.retransmitted,
                      (uint32_t)report.test.expired, dropped && f->n > f->d);
}

int fig7_simulate(const struct fig7 *f, const struct penny_parameters *parameters, uint64_t n_runs,
                  uint64_t seed, uint64_t counts[STUDY_N_OUTCOMES])
{
    struct box_options options = {.n_lcores = 1, .n_flows = 2 * f->n + 64};
    struct box *b;

    test_parameters_default(&options.test);
    options.test.rule = TEST_RULE_PENNY;
    options.test.drop_probability = f->drop_probability;
    options.test.max_drops_per_aggregate = TEST_MAX_DROPS_PER_AGGREGATE;
    b = box_create(&options);
    if (b == NULL)
        return -1;
    for (uint64_t i = 0; i < n_runs; i++) {
        box_begin(b, seed, i);
        counts[play(b, f, parameters)]++;
        if (!box_end(b)) {
            box_destroy(b);
            return -1;
        }
    }
    box_destroy(b);
    return 0;
}

static enum verdict_outcome play_as_published(struct random_data *random, const struct fig7 *f,
                                              const struct penny_parameters *parameters)
{
    uint32_t n_retransmitted = 0, n_expired = 0;
    bool dropped = false;
    int32_t value;

    for (uint32_t i = 0; i < f->n; i++) {
        random_r(random, &value);
        dropped = value / (double)RAND_MAX <= f->drop_probability;
        n_retransmitted += dropped && i < f->d;
        n_expired += dropped && i >= f->d;
    }
    return fig7_judge(f, parameters, n_retransmitted, n_expired, dropped);
}

void fig7_simulate_as_published(const struct fig7 *f, const struct penny_parameters *parameters,
                                uint64_t n_runs, uint64_t seed, uint64_t counts[STUDY_N_OUTCOMES])
{
    /* The size of the state chooses the generator: that of random() without initstate(). */
    struct random_data random = {0};
    char state[128];

    initstate_r((unsigned int)seed, state, sizeof(state), &random);
    for (uint64_t i = 0; i < n_runs; i++)
        counts[play_as_published(&random, f, parameters)]++;
}
