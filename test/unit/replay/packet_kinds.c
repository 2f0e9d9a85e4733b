/* SPDX-License-Identifier: BSD-3-Clause */
/* packet_kinds CAPTURE: what mode passive makes of each packet of a capture: for each one a
 * line with how many holes it opened, which of the kinds below it was counted as (or jump, or
 * keepalive), and what was read of it (print_fields()). It runs the replay as it is, and looks at
 * how the engine's counters grow with each packet. */
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
#define KIND(field) INITIALIZER(#field, offsetof(struct passive_counters, field))
    KIND(first_time), KIND(lost_upstream_repairs), KIND(reordered), KIND(late), KIND(repeats),
    KIND(unknown),    KIND(mirror_copies),
};

static uint64_t counter(const struct passive_counters *c, size_t offset)
{
    return *(const uint64_t *)((const char *)c + offset);
}

/* What the one aggregate counted since it was posted, and which posting that was. */
struct snapshot {
    struct passive_counters counters;
    struct aggregate_counters aggregate;
    uint64_t epoch;
};

static struct snapshot look(const struct replay *r)
{
    return (struct snapshot){r->engine->passive_deltas[0], r->engine->deltas[0].counters,
                             r->engine->posted_epoch};
}

static void print_growth(const struct snapshot *before, const struct snapshot *after)
{
    struct passive_counters grown = after->counters;
    struct aggregate_counters of_packet = after->aggregate;
    const char *kind = "-";

    /* Posting clears the counters; a packet is counted after that. */
    if (before->epoch == after->epoch) {
        passive_counters_subtract(&grown, &after->counters, &before->counters);
        aggregate_counters_subtract(&of_packet, &after->aggregate, &before->aggregate);
    }
    if (of_packet.jumps == 1)
        kind = "jump";
    if (of_packet.keepalives == 1)
        kind = "keepalive";
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        if (counter(&grown, kinds[i].offset) == 1)
            kind = kinds[i].name;
    printf("%d %s", (int)grown.holes_opened, kind);
}

/* The outermost tunnel and its number, VLANs (-: no such), addresses, time to live, identification,
 * and of TCP: ports, sequence, acknowledgement, flags, window, payload bytes, TSval (-: none). */
static void print_fields(const struct capture_packet *p)
{
    const struct packet_view *v = &p->view;
    char source[IP_TEXT_BYTES], destination[IP_TEXT_BYTES];
    struct packet_detail d;

    printf(" %s %u", packet_tunnel_name(v->tunnel), v->tunnel_id);
    for (size_t i = 0; i < PACKET_MAX_VLANS; i++)
        if (v->vlan_id[i] == PACKET_VLAN_NONE)
            printf(" -");
        else
            printf(" %u", v->vlan_id[i]);
    if (v->reason != PACKET_TCP) {
        printf(" %s\n", packet_reason_name(v->reason));
        return;
    }
    packet_read_detail(p->data, v, &d);
    ip_address_format(&v->source, source);
    ip_address_format(&v->destination, destination);
    printf(" %s %s %u %u %u %u %u %u %u %u %u ", source, destination, d.ttl, d.ip_id,
           v->source_port, v->destination_port, v->sequence, d.acknowledgement, v->tcp_flags,
           d.window, v->payload_bytes);
    if (d.has_timestamp)
        printf("%u\n", d.timestamp);
    else
        printf("-\n");
}

static struct config *configure(void)
{
    json_t *root = json_pack("{s:{s:i, s:i}, s:[{s:s, s:s, s:[s, s]}]}", "instance",
                             "max_aggregates", 1, "flows_per_lcore", 1024, "slices", "name", "s",
                             "mode", "passive", "sources", "0.0.0.0/0", "::/0");
    struct config *config = NULL;
    struct config_error error;

    if (config_load_json(root, &config, &error) != 0)
        fprintf(stderr, "%s\n", error.text);
    json_decref(root);
    return config;
}

int main(int argc, char **argv)
{
    struct config *config = argc == 2 ? configure() : NULL;
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
        print_fields(&packet);
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
