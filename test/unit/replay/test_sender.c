/* SPDX-License-Identifier: BSD-3-Clause */
/* The replay's engine and manager with senders that hear of their losses, as no capture does. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../within.h"
#include "base/time.h"
#include "pennyline-replay/replay.h"
#include "report/report.h"
#include "segments.h"

#define N_FLOWS    8
#define ROUND_TRIP (50 * NS_PER_MS)

static const char document[] =
    "{\"instance\": {\"max_aggregates\": 1, \"flows_per_lcore\": 1024},"
    "\"defaults\": {\"seed\": 3, \"rule\": \"%s\"},"
    "\"slices\": [{\"name\": \"a\", \"sources\": [\"192.0.2.0/24\"], \"mode\": \"active\"}]}";

/* One flow: it sends 100 bytes at a time, and again a round trip after what got lost. */
struct sender {
    uint32_t next, lost;
    uint64_t repeat_at_ns; /* 0: nothing is lost */
};

static enum engine_action send_segment(struct replay *r, uint64_t now_ns, uint16_t flow,
                                       uint32_t sequence, uint16_t n, uint8_t flags)
{
    const struct segment s = {now_ns, sequence, 2000 + flow, n, flags, (uint8_t)flow};
    uint8_t bytes[SEGMENT_FRAME_BYTES];
    struct capture_packet packet = {.time_ns = now_ns};

    packet.captured_bytes = packet.frame_bytes = (uint32_t)segment_build(&s, bytes);
    packet_parse_l3(0, bytes, packet.captured_bytes, packet.frame_bytes, &packet.view);
    return replay_packet(r, &packet);
}

static void send_turn(struct replay *r, struct sender *s, uint64_t now_ns, uint16_t flow)
{
    uint32_t sequence = s->next;

    if (s->repeat_at_ns != 0 && now_ns >= s->repeat_at_ns) {
        sequence = s->lost;
        s->repeat_at_ns = 0;
    } else {
        s->next += 100;
    }
    if (send_segment(r, now_ns, flow, sequence, 100, SEGMENT_ACK) == ENGINE_DROP) {
        s->lost = sequence;
        s->repeat_at_ns = now_ns + ROUND_TRIP;
    }
}

static void genuine_senders_are_closed_loop_by(const char *rule)
{
    struct sender senders[N_FLOWS] = {{0}};
    struct config *config;
    struct config_error error;
    struct aggregate_report report;
    struct replay r;
    char text[512];
    uint64_t now_ns = NS_PER_S;

    snprintf(text, sizeof(text), document, rule);
    assert_int_equal(config_load_text(text, &config, &error), 0);
    assert_int_equal(replay_open(&r, config, NULL, NULL), 0);
    for (uint16_t f = 0; f < N_FLOWS; f++) {
        senders[f].next = 1000u * f + 1;
        send_segment(&r, now_ns, f, 1000u * f, 0, SEGMENT_SYN);
    }
    for (int i = 0; i < 8000; i++) {
        now_ns += NS_PER_MS;
        send_turn(&r, &senders[i % N_FLOWS], now_ns, i % N_FLOWS);
    }
    replay_finish(&r);
    assert_null(replay_check(&r));
    assert_true(manager_report(r.manager, 0, &report));
    assert_int_equal(report.verdict, VERDICT_CLOSED_LOOP);
    assert_int_equal(report.test.retransmitted, report.test.dropped);
    assert_int_equal(report_worst_exit_code(r.manager), 0);
    replay_close(&r);
    config_free(config);
}

static void genuine_senders_are_closed_loop_by_rule_anytime(void **state)
{
    (void)state;
    genuine_senders_are_closed_loop_by("anytime");
}

static void genuine_senders_are_closed_loop_by_rule_penny(void **state)
{
    (void)state;
    genuine_senders_are_closed_loop_by("penny");
}

static const char watching[] =
    "{\"instance\": {\"max_aggregates\": 1, \"flows_per_lcore\": 262144},"
    "\"slices\": [{\"name\": \"a\", \"sources\": [\"192.0.2.0/24\"], \"mode\": \"passive\"}]}";

/* In a silence of S an epoch is S/512: 512 of 10 ms until that is more, then 512 in each time that
 * the silence grows by e, and one for each halving of what is left before the packet. */
static uint64_t most_epochs(double silence_s)
{
    double grown = log(silence_s / (512 * 0.01)), halved = log2(silence_s / 512 / 0.01);

    return (uint64_t)(512 + 512 * (grown > 0 ? grown + 1 : 0) + (halved > 0 ? 2 * halved : 0) + 2);
}

static void a_silence_takes_few_epochs_and_all_that_is_due_in_it(void **state)
{
    static const uint64_t silences_s[] = {1, 30, 3600, 600000000, 600000000, UINT64_C(4000000000)};
    struct config *config;
    struct config_error error;
    uint64_t now_ns = 2;
    struct replay r;

    (void)state;
    assert_int_equal(config_load_text(watching, &config, &error), 0);
    assert_int_equal(replay_open(&r, config, NULL, NULL), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(silences_s); i++) {
        const struct flow_table_counters *flows = engine_flow_counters(r.engine);
        uint64_t n_epochs, n_ended = flows->aged;

        for (uint16_t k = 0; k < 300; k++)
            send_segment(&r, now_ns, k, 1000, 100, SEGMENT_ACK);
        n_epochs = r.n_epochs;
        now_ns += silences_s[i] * NS_PER_S;
        send_segment(&r, now_ns, 299, 1100, 100, SEGMENT_ACK);
        assert_within(r.n_epochs - n_epochs, 1, most_epochs((double)silences_s[i]));
        /* The idle timeout is 15 s, and each flow is looked at once in half of that. */
        assert_int_equal(flows->aged - n_ended, silences_s[i] < 15 ? 0 : 300);
    }
    replay_finish(&r);
    assert_null(replay_check(&r));
    replay_close(&r);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(genuine_senders_are_closed_loop_by_rule_anytime),
        cmocka_unit_test(genuine_senders_are_closed_loop_by_rule_penny),
        cmocka_unit_test(a_silence_takes_few_epochs_and_all_that_is_due_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
