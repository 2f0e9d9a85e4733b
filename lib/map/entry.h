/* SPDX-License-Identifier: BSD-3-Clause */
/* An entry of the map: traffic from a prefix that comes in at an ingress. What the manager's side
 * knows of it; what workers count lies in rows of their own (map/worker.h).
 *
 * Three axes, not one state, since they change for different reasons: is it there (presence), is it
 * where a route leads (grade, expect/expect.h), and does anybody answer there (reality).
 *
 * Times are nanoseconds of the manager's clock, which never goes back; 0: never. Entries belong to
 * the manager's thread. What decides on them (tests, alarms) writes by the functions of map/map.h
 * alone, and knows an entry by its slot and generation: a slot is given again. */
#ifndef MAP_ENTRY_H
#define MAP_ENTRY_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

#define MAP_NO_SLOT    0 /* slots begin at 1 */
#define MAP_NO_INGRESS UINT16_MAX

#define MAP_PRESENCES(X)                                                                           \
    X(NEW, "new", "Seen for less than a minute.")                                                  \
    X(ACTIVE, "active", "Packets came within ten minutes.")                                        \
    X(QUIET, "quiet", "No packet came for ten minutes.")                                           \
    X(GONE, "gone", "No packet came for a day.")

enum map_presence {
#define X(suffix, name, meaning) MAP_##suffix,
    MAP_PRESENCES(X)
#undef X
        MAP_N_PRESENCES
};

#define MAP_REALITIES(X)                                                                           \
    X(UNTESTED, "untested", "Nobody has tested it.")                                               \
    X(QUEUED, "queued", "A test waits for its turn.")                                              \
    X(TESTING, "testing", "A test runs.")                                                          \
    X(GENUINE, "genuine", "Senders really are there: dropped segments came again.")                \
    X(MIXED, "mixed", "Some senders are there, and some only pretend to be.")                      \
    X(SPOOFED, "spoofed", "Nobody repeated what was dropped.")                                     \
    X(INCONCLUSIVE, "inconclusive", "The test could not tell.")                                    \
    X(UNTESTABLE, "untestable", "No TCP segments with data come, so nothing can be tested.")

enum map_reality_state {
#define X(suffix, name, meaning) MAP_##suffix,
    MAP_REALITIES(X)
#undef X
        MAP_N_REALITIES
};

/* What the latest verdict rests on. */
struct map_reality {
    uint64_t at_ns;
    float log10_evidence;
    float genuine_low, genuine_high; /* the share of traffic that is genuine */
    uint32_t test;                   /* its number */
    uint16_t n_drops, n_repaired;
    uint8_t state;     /* enum map_reality_state */
    uint8_t n_spoofed; /* verdicts `spoofed` in a row, at most 255 */
    uint8_t n_inconclusive;
    uint8_t zero;
};

/* Where traffic goes, by the network behind its destination. */
#define MAP_DESTINATIONS(X)                                                                        \
    X(OWN, "own")                                                                                  \
    X(CUSTOMER, "customer")                                                                        \
    X(PEER, "peer")                                                                                \
    X(TRANSIT, "transit")                                                                          \
    X(OTHER, "other")

enum map_destination {
#define X(suffix, name) MAP_TO_##suffix,
    MAP_DESTINATIONS(X)
#undef X
        MAP_N_DESTINATIONS
};

/* Who it is. Compared whole, so every byte is always set. */
struct map_key {
    struct ip_address address; /* the first of the prefix, IPv4 mapped */
    uint8_t length;            /* in bits of its own family: at most 24, or 48 */
    uint8_t is_ipv4;
    uint16_t ingress; /* number of a place (map/places.h) */
    uint32_t zero;
};
static_assert(sizeof(struct map_key) == 24, "compared whole");

/* Marks. An entry with one of MAP_KEPT is never evicted. */
#define MAP_TESTED   (1u << 0) /* under test: the scheduler's */
#define MAP_ALARMED  (1u << 1) /* an alarm of it is up: the alarms' */
#define MAP_PINNED   (1u << 2) /* somebody asked to keep it */
#define MAP_ACCEPTED (1u << 3) /* the operator said that it is all right */
#define MAP_KEPT     (MAP_TESTED | MAP_ALARMED | MAP_PINNED)

enum map_life {
    MAP_FREE,
    MAP_LIVE,
    MAP_LEAVING, /* workers may still count for it */
};

/* Rates forget by e in these times. */
enum map_rate { MAP_RATE_10_S, MAP_RATE_5_MIN, MAP_RATE_1_H, MAP_N_RATES };

#define MAP_DISTINCT_BYTES 48

struct map_entry {
    struct map_key key;
    uint32_t generation; /* of the slot */
    uint8_t life;        /* enum map_life */
    uint8_t presence;    /* enum map_presence */
    uint8_t grade;       /* enum expect_grade */
    uint8_t rpki;        /* enum expect_rpki */
    uint8_t flags;
    uint8_t route_length; /* of the longest route that covers it; 255: none */
    uint16_t penalty;     /* the alarms': damping */
    uint32_t origin_as;   /* of that route; 0: none */

    uint64_t first_seen_ns, last_seen_ns;
    uint64_t packets, bytes, payload_segments; /* since first_seen_ns, scaled by sampling */
    float packets_per_s[MAP_N_RATES], bytes_per_s[MAP_N_RATES];

    struct map_reality reality;
    uint64_t test_due_ns; /* the scheduler's: not before */

    /* Of packets sampled: where they go, and how many addresses they come from. */
    uint16_t destinations[MAP_N_DESTINATIONS];
    uint16_t destinations_zero;
    uint32_t n_sampled;
    uint8_t distinct[MAP_DISTINCT_BYTES]; /* map/distinct.h */

    /* The map's own. */
    uint64_t read_packets, read_bytes, read_payload_segments; /* workers' sums, when read last */
    uint64_t read_ns;
    uint64_t window_bytes;   /* `bytes` at the beginning of the window of dominance */
    uint32_t next_of_prefix; /* the same prefix at another ingress; MAP_NO_SLOT */
    uint32_t expectation;    /* by which of them it was graded */
};
static_assert(sizeof(struct map_entry) <= 256, "a million of them are in the budget");

const char *map_presence_name(enum map_presence presence);
const char *map_reality_name(enum map_reality_state state);
const char *map_destination_name(enum map_destination destination);

/* The prefix of a key. */
static inline struct ip_prefix map_key_prefix(const struct map_key *key)
{
    return (struct ip_prefix){
        .address = key->address, .length = key->length, .is_ipv4 = key->is_ipv4 != 0};
}

#endif
