/* SPDX-License-Identifier: BSD-3-Clause */
/* Mirrors that copy one packet in so many. What did not come was mostly not copied, so nothing that
 * is missing says anything of the network: findings that rest on it are withheld. So are those that
 * packets explain which came, and were not read. */
#include "manager/passive_internal.h"

/* One path of sixteen is not seen. */
#define LEAST_SEEN_SHARE 0.95

static const char *const source_names[] = {
    [SAMPLING_NONE] = "none",
    [SAMPLING_CONFIGURED] = "configured",
    [SAMPLING_ESTIMATED] = "estimated",
};

/* Why a finding says nothing about a sampled mirror. */
static const char *const reasons[PASSIVE_N_FINDINGS] = {
    [FINDING_UPSTREAM_LOSS] = "What is missing was mostly not copied by the mirror, which samples.",
    [FINDING_DOWNSTREAM_LOSS] =
        "A segment and its repeat seldom both come by a mirror that samples, so repeats tell no "
        "rate.",
    [FINDING_PER_PACKET_BALANCING] =
        "What is missing was mostly not copied by the mirror, which samples; whether some of it "
        "took another path, nobody can tell.",
    [FINDING_ABRUPT_RESETS] =
        "Of a flow's end a mirror that samples shows single packets, and holes everywhere.",
    [FINDING_SYN_ONLY] = "Of most flows a mirror that samples shows a single packet, so a lone SYN "
                         "says nothing.",
    [FINDING_ONE_WAY_ONLY] = "A mirror that samples shows both directions of few flows.",
    [FINDING_SAMPLING_SUSPECTED] = "It is known that the mirror samples.",
};

const char *passive_sampling_source_name(enum passive_sampling_source source)
{
    return source_names[source];
}

const char *passive_withheld_words(const struct passive_report *report,
                                   enum passive_finding finding)
{
    if ((unsigned int)finding >= PASSIVE_N_FINDINGS)
        return NULL;
    if (report->sampling.rate < 1)
        return reasons[finding];
    if (finding == FINDING_PER_PACKET_BALANCING || finding == FINDING_SAMPLING_SUSPECTED)
        return "So many packets came in fragments, or could not be read, that these may be what is "
               "missing.";
    return "What is missing here, and what comes again, may have been lost on the path that is not "
           "seen.";
}

/* Of the bytes that the sequence numbers of flows say there were, those that came. */
static double share_of_bytes(const struct passive_counters *c)
{
    double all = (double)c->payload_bytes + (double)c->missing_bytes;

    return all > 0 ? (double)c->payload_bytes / all : 1;
}

struct passive_sampling passive_sampling_of(uint32_t one_in, const struct passive_state *s)
{
    if (one_in != 0)
        return (struct passive_sampling){SAMPLING_CONFIGURED, 1.0 / one_in};
    if (s->findings[FINDING_SAMPLING_SUSPECTED].is_raised && s->total.payload_bytes > 0)
        return (struct passive_sampling){SAMPLING_ESTIMATED, share_of_bytes(&s->total)};
    return (struct passive_sampling){SAMPLING_NONE, 1};
}

/* Enough of it is not seen that losses there are taken for losses here. */
static bool goes_another_way(const struct passive_state *s)
{
    return s->findings[FINDING_PER_PACKET_BALANCING].is_raised &&
           share_of_bytes(&s->total) < LEAST_SEEN_SHARE;
}

/* A segment in fragments has two of them at least, and one that cannot be read is one packet: each
 * makes one hole at most. */
static bool came_unread(const struct passive_state *s)
{
    const struct passive_counters *c = &s->total;
    uint64_t n_holes = c->holes_unfilled + c->holes_unknown + c->holes_merged;

    return s->n_unread > 0 && s->n_unread >= n_holes;
}

bool passive_is_withheld(const struct passive_state *s, const struct passive_sampling *sampling,
                         enum passive_finding finding)
{
    if (sampling->rate >= 1 &&
        (finding == FINDING_PER_PACKET_BALANCING || finding == FINDING_SAMPLING_SUSPECTED))
        return came_unread(s);
    if (sampling->rate >= 1)
        return (finding == FINDING_UPSTREAM_LOSS || finding == FINDING_DOWNSTREAM_LOSS) &&
               goes_another_way(s);
    return finding != FINDING_SAMPLING_SUSPECTED || sampling->source == SAMPLING_CONFIGURED;
}
