/* SPDX-License-Identifier: BSD-3-Clause */
/* packet_kinds CAPTURE SOURCE: what mode passive makes of each packet of a capture: for each one a
 * line with how many holes it opened, and which of the kinds below it was counted as. It runs the
 * replay as it is, and looks at how the engine's counters grow with each packet. */
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "config/config.h"
#include "engine/internal.h"
#include "pennyline-replay/capture.h"
#include "pennyline-replay/replay.h"

static const struct {
    const char *name;
    size_t offset;
} kinds[] = {
#define KIND(field)                                                                                \
    {                                                                                              \
#field, offsetof(struct passive_counters, field)                                           \
    }
    KIND(first_time), KIND(lost_upstream_repairs), KIND(reordered), KIND(late), KIND(repeats),
    KIND(unknown),
};

static uint64_t counter(const struct passive_counters *c, size_t offset)
{
    return *(const uint64_t *)((const char *)c + offset);
}

/* What the one aggregate counted since it was posted, and which posting that was. */
struct snapshot {
    struct passive_counters counters;
    uint64_t epoch;
};

static struct snapshot look(const struct replay *r)
{
    return (struct snapshot){r->engine->passive_deltas[0], r->engine->posted_epoch};
}

static void print_growth(const struct snapshot *before, const struct snapshot *after)
{
    struct passive_counters grown = after->counters;
    const char *kind = "-";

    /* Posting clears the counters; a packet is counted after that. */
    if (before->epoch == after->epoch)
        passive_counters_subtract(&grown, &after->counters, &before->counters);
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        if (counter(&grown, kinds[i].offset) == 1)
            kind = kinds[i].name;
    printf("%d %s\n", (int)grown.holes_opened, kind);
}

static struct config *configure(const char *source)
{
    json_t *root = json_pack("{s:{s:i, s:i}, s:[{s:s, s:s, s:[s]}]}", "instance", "max_aggregates",
                             1, "flows_per_lcore", 1024, "slices", "name", "s", "mode", "passive",
                             "sources", source);
    struct config *config = NULL;
    struct config_error error;

    if (config_load_json(root, &config, &error) != 0)
        fprintf(stderr, "%s\n", error.text);
    json_decref(root);
    return config;
}

int main(int argc, char **argv)
{
    struct config *config = argc == 3 ? configure(argv[2]) : NULL;
    struct capture capture;
    struct capture_packet packet;
    struct replay replay;
    struct snapshot before;

    if (config == NULL || capture_open(&capture, argv[1]) < 0 ||
        replay_open(&replay, config, NULL, NULL) != 0)
        return 1;
    capture.is_mirror = true;
    before = look(&replay);
    while (capture_next(&capture, &packet) == 1) {
        struct snapshot after;

        replay_packet(&replay, &packet);
        after = look(&replay);
        print_growth(&before, &after);
        before = after;
    }
    replay_finish(&replay);
    if (replay_check(&replay) != NULL) {
        fprintf(stderr, "%s\n", replay_check(&replay));
        return 1;
    }
    replay_close(&replay);
    capture_close(&capture);
    config_free(config);
    return 0;
}
