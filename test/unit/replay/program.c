/* SPDX-License-Identifier: BSD-3-Clause */
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const char *program, *fixtures;

/* A blind sender: 20 flows that take turns, 1000 segments a second, nothing ever again. */
static void make_blind_sender(struct fixture *f)
{
    uint32_t next[N_FLOWS];

    for (uint16_t i = 0; i < N_FLOWS; i++) {
        next[i] = 1000u * i + 1;
        f->segments[i] = (struct segment){BASE_NS + i, 1000u * i, 2000 + i, 0, SEGMENT_SYN, i};
    }
    for (uint32_t i = 0; i < N_SEGMENTS; i++) {
        uint16_t flow = i % N_FLOWS;

        f->segments[N_FLOWS + i] = (struct segment){
            .time_ns = BASE_NS + SECONDS(1) + i * NS_PER_MS,
            .sequence = next[flow],
            .source_port = 2000 + flow,
            .payload_bytes = 100,
            .flags = SEGMENT_ACK,
            .source_host = (uint8_t)flow,
        };
        next[flow] += 100;
    }
    f->n = N_FLOWS + N_SEGMENTS;
}

int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    *state = f;
    strcpy(f->directory, "/tmp/replay-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->capture, sizeof(f->capture), "%s/capture", f->directory);
    make_blind_sender(f);
    return 0;
}

int tear_down(void **state)
{
    struct fixture *f = *state;

    unlink(f->capture);
    rmdir(f->directory);
    free(f);
    return 0;
}

int run(struct fixture *f, const char *arguments)
{
    char command[2048];
    size_t n;
    FILE *pipe;
    int status;

    snprintf(command, sizeof(command), "exec bash -c '%s --flows 1024 --pcap $FILE %s 2>&1'",
             program, arguments);
    setenv("FILE", f->capture, 1);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    n = fread(f->output, 1, sizeof(f->output) - 1, pipe);
    f->output[n] = '\0';
    status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

json_int_t integer(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    if (!json_is_integer(value))
        fail_msg("no number \"%s\"", key);
    return json_integer_value(value);
}

static void assert_identities(json_t *summary)
{
    json_t *totals = json_object_get(summary, "totals"), *aggregate;
    json_int_t dropped = 0;
    size_t i;

    assert_true(json_is_true(json_object_get(summary, "reconciled")));
    json_array_foreach (json_object_get(summary, "aggregates"), i, aggregate) {
        dropped += integer(aggregate, "dropped");
        assert_int_equal(integer(aggregate, "pending"), 0);
        assert_int_equal(integer(aggregate, "dropped"), integer(aggregate, "retransmitted") +
                                                            integer(aggregate, "expired") +
                                                            integer(aggregate, "void"));
    }
    assert_int_equal(dropped, integer(totals, "dropped"));
    assert_int_equal(integer(totals, "rx_packets"),
                     integer(totals, "tx_packets") + integer(totals, "dropped"));
    assert_int_equal(integer(totals, "rx_packets"),
                     integer(json_object_get(summary, "capture"), "packets"));
}

json_t *summary_of(struct fixture *f, const char *arguments, int code)
{
    char all[1024];
    json_t *summary;
    int got;

    snprintf(all, sizeof(all), "--json --seed 7 %s", arguments);
    got = run(f, all);
    if (got != code)
        fail_msg("pennyline-replay %s: exit code %d, not %d: %.600s", arguments, got, code,
                 f->output);
    summary = json_loads(f->output, JSON_DISABLE_EOF_CHECK, NULL);
    assert_non_null(summary);
    assert_identities(summary);
    return summary;
}

json_t *aggregate_of(json_t *summary, size_t i)
{
    return json_array_get(json_object_get(summary, "aggregates"), i);
}

json_t *passive_of(json_t *summary)
{
    return json_object_get(aggregate_of(summary, 0), "passive");
}
