/* SPDX-License-Identifier: BSD-3-Clause */
/* Which entry of the map is tested next.
 *
 * Entries are offered, each again and again, as their owner goes round the table; what is worth a
 * test waits in a bounded queue, and once in a while one is picked. First what is where no route
 * leads and was never tested, and what has changed; then what was tested too long ago; of these
 * the one with most traffic, and each fourth time any, so that no choice of volumes can keep an
 * entry waiting for ever. Ingresses take turns. A share of the budget is for random entries that
 * are as expected: they say how often "expected" is genuine.
 *
 * A test costs drops, so each has to fit into several budgets of drops per hour at once
 * (map/bucket.h): that of all scheduled tests, of its ingress, of its AS, of its prefix. Its worst
 * case is reserved, and what it made is charged. An ingress whose last three tests were all
 * `spoofed` shares a quarter of the budget with the others of that kind: a flood of spoofed
 * prefixes at one ingress does not keep others waiting.
 *
 * Scheduled tests stop at the pooled budget. Single flows are looked at only when an entry was
 * tested so without being found genuine, and is still unexpected.
 *
 * One thread; memory is taken at creation. Times are nanoseconds of a clock that never goes back.
 */
#ifndef MAP_SCHEDULE_H
#define MAP_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "expect/expect.h"
#include "map/bucket.h"
#include "map/entry.h"

#define SCHEDULE_MOST_TESTS     64
#define SCHEDULE_MOST_INGRESSES 512 /* with something in the queue at one time */
#define SCHEDULE_QUEUE          8   /* of each ingress and class */
/* Who is not offered again within so long is forgotten. */
#define SCHEDULE_OFFER_S 30

/* Why an entry that is due is not tested now: name, meaning. Each has a counter. */
#define SCHEDULE_REFUSALS(X)                                                                       \
    X(OFF, "off", "Tests are off: the queue is shown, and nothing is dropped.")                    \
    X(NOT_RESTORED, "not_restored", "What was known before the restart is not back yet.")          \
    X(SUSPENDED, "suspended",                                                                      \
      "No test begins now: suspended, draining, or the kill switch is on.")                        \
    X(MAINTENANCE, "maintenance", "The ingress is in a maintenance window.")                       \
    X(NOT_FORWARDED, "not_forwarded", "It is only seen in a mirror, so nothing can be dropped.")   \
    X(UNTESTABLE, "untestable", "No TCP segments with data come.")                                 \
    X(TOO_SLOW, "too_slow", "Too few segments with data come to end a test in a minute.")          \
    X(TESTS, "tests", "So many tests run at once as may.")                                         \
    X(INGRESS_TESTS, "ingress_tests", "So many tests run at the ingress as may.")                  \
    X(BUDGET, "budget", "The budget of all scheduled tests is spent.")                             \
    X(SPOOFED_BUDGET, "spoofed_budget",                                                            \
      "The last tests at the ingress were spoofed, and what such ingresses may have is spent.")    \
    X(INGRESS_BUDGET, "ingress_budget", "The budget of the ingress is spent.")                     \
    X(AS_BUDGET, "as_budget", "The budget of the AS is spent.")                                    \
    X(PREFIX_BUDGET, "prefix_budget", "The budget of the prefix is spent.")                        \
    X(NO_ROOM, "no_room", "No room to keep its budget: those of too many others are in use.")      \
    X(INGRESSES, "ingresses", "Entries of too many ingresses wait.")                               \
    X(NOT_BEGUN, "not_begun", "It was picked, and could not be begun.")

enum schedule_refusal {
#define X(suffix, name, meaning) SCHEDULE_##suffix,
    SCHEDULE_REFUSALS(X)
#undef X
        SCHEDULE_N_REFUSALS
};

#define SCHEDULE_CLASSES(X)                                                                        \
    X(FIRST, "first", "Unexpected and never tested, or changed.")                                  \
    X(STALE, "stale", "Its verdict is too old.")                                                   \
    X(CONTROL, "control", "As expected: picked at random, to know how often that is genuine.")

enum schedule_class {
#define X(suffix, name, meaning) SCHEDULE_##suffix,
    SCHEDULE_CLASSES(X)
#undef X
        SCHEDULE_N_CLASSES
};

struct schedule_config {
    bool off; /* a dry run */
    /* Of all scheduled tests; at most the box's own, and never 0. */
    uint32_t max_drops_per_hour;
    /* 0: no limit of its own. */
    uint32_t max_drops_per_hour_ingress, max_drops_per_hour_as, max_drops_per_hour_prefix;
    /* The worst case of a test: of its pooled phase, and of all of it. */
    uint32_t pooled_drops, whole_drops;
    uint32_t max_tests; /* at once: 1..SCHEDULE_MOST_TESTS */
    uint32_t max_tests_ingress;
    double control_share;              /* of the budget: 0.05 */
    double min_payload_segments_per_s; /* as many as end a test in a minute */
    uint32_t retest_genuine_s, retest_spoofed_s;
    uint32_t retest_inconclusive_s; /* doubled with each more, up to retest_genuine_s */
};

/* 24 h, 1 h, 10 min; 16 tests at once, 4 of an ingress; 5 %; no budgets: those are the operator's.
 */
void schedule_config_init(struct schedule_config *c);

/* alpha of a test, so that with all of the budget spent on tests of spoofed traffic, year after
 * year, at most `wrong_per_year` of them are called genuine on average. A verdict `genuine` takes
 * `least_drops` drops at least, so no year has more tests that could be wrong than budget * 8766 h
 * / least_drops; each is wrong with probability alpha at most (lib/verdict/anytime.c). */
double schedule_alpha(uint32_t max_drops_per_hour, uint32_t least_drops, double wrong_per_year);

/* What has to be known of an entry. */
struct schedule_candidate {
    uint32_t slot, generation;
    struct map_key key;
    uint32_t origin_as;
    uint8_t grade;          /* enum expect_grade */
    uint8_t reality;        /* enum map_reality_state */
    uint8_t n_inconclusive; /* in a row */
    bool has_changed;  /* since its latest verdict: it moved, or mode passive found something */
    bool is_accepted;  /* by the operator: tested as others that are expected */
    bool is_forwarded; /* segments of it can be dropped */
    bool is_in_maintenance;
    uint64_t tested_ns; /* 0: never */
    double bytes_per_s, payload_segments_per_s;
};

/* Fills in what the entry itself says; the rest is false. */
void schedule_candidate_of(const struct map_entry *entry, uint32_t slot,
                           struct schedule_candidate *out);

struct schedule;

/* What `config` says is in force; that a test can ever begin by it was checked (lib/config).
 * `secret`: from getrandom(2). NULL when memory is short. */
struct schedule *schedule_create(const struct schedule_config *config, const uint64_t secret[2],
                                 uint64_t now_ns);
void schedule_destroy(struct schedule *s); /* NULL is allowed */

/* Another configuration. Tests under way are charged as they began; budgets begin anew, with what
 * those tests reserved. */
void schedule_follow(struct schedule *s, const struct schedule_config *config, uint64_t now_ns);

/* May tests begin at all? SCHEDULE_N_REFUSALS: yes; else why not (OFF comes of the configuration).
 * The first time, NOT_RESTORED is in force until this is called. */
void schedule_allow(struct schedule *s, enum schedule_refusal why_not);

/* An entry, as it is now. True when it waits in the queue from now on (or still). */
bool schedule_offer(struct schedule *s, const struct schedule_candidate *candidate,
                    uint64_t now_ns);

struct schedule_pick {
    uint32_t ticket; /* for schedule_end() */
    enum schedule_class class;
    bool with_flows;  /* single flows, too, when all together do not answer */
    uint32_t n_drops; /* at most; reserved */
    struct schedule_candidate candidate;
};

/* The next test; it counts as under way until schedule_end(). False: none now. */
bool schedule_next(struct schedule *s, uint64_t now_ns, struct schedule_pick *out);

/* A test that was picked is over, with so many drops made. MAP_UNTESTED: it could not be begun.
 * Once for each pick. */
void schedule_end(struct schedule *s, uint32_t ticket, enum map_reality_state outcome,
                  uint32_t n_made, uint64_t now_ns);

/* When an entry with this verdict of that time is to be tested again. */
uint64_t schedule_due_ns(const struct schedule_config *c, enum map_reality_state reality,
                         uint8_t n_inconclusive, uint64_t tested_ns);

struct schedule_counters {
    uint64_t n_offered, n_begun[SCHEDULE_N_CLASSES], n_ended[MAP_N_REALITIES];
    uint64_t n_drops[SCHEDULE_N_CLASSES];
    uint64_t n_refused[SCHEDULE_N_REFUSALS];
};
const struct schedule_counters *schedule_counters(const struct schedule *s);
uint32_t schedule_n_under_way(const struct schedule *s);
/* Drops that may be reserved now by tests of all ingresses together. */
uint32_t schedule_left(const struct schedule *s);

/* Each that waits, with why it was not picked when it was last looked at (SCHEDULE_N_REFUSALS: it
 * was not yet). Classes in turn, ingress by ingress, most traffic first. */
typedef void schedule_visit(void *context, enum schedule_class class,
                            const struct schedule_candidate *candidate,
                            enum schedule_refusal refused);
void schedule_each(const struct schedule *s, uint64_t now_ns, schedule_visit *visit, void *context);

const char *schedule_refusal_name(enum schedule_refusal refusal);
const char *schedule_refusal_meaning(enum schedule_refusal refusal);
const char *schedule_class_name(enum schedule_class class);

#endif
