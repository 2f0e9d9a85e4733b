/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the library share. Nobody else includes this. */
#ifndef ONDEMAND_INTERNAL_H
#define ONDEMAND_INTERNAL_H

#include "ondemand/ondemand.h"

#define ONDEMAND_MOST_REPORTS 256

/* How far a slice is. */
enum wanted_state {
    WANTED_FREE,     /* nobody's place */
    WANTED_ASKED,    /* in no build yet */
    WANTED_BUILDING, /* in the one under way */
    WANTED_IN_FORCE,
    WANTED_LEAVING, /* it is in force, and no more with the next build */
    WANTED_GOING,   /* it is in force, and not in the build under way */
};

/* A slice beyond the file. */
struct wanted_slice {
    enum wanted_state state;
    json_t *described;   /* as it is to stand in the configuration */
    json_t *replaced;    /* what stood there before, should this one be refused; or NULL */
    struct config *made; /* of that alone: slices[0] */
    uint32_t test;       /* of which it is; 0: of none */
    uint64_t over_ns;    /* LEAVING: since when */
};

enum asked_state {
    ASKED_FREE,
    ASKED_ACCEPTED, /* its slice is not in force yet */
    ASKED_RUNNING,
    ASKED_OVER,
    ASKED_REFUSED,
};

struct asked_test {
    uint32_t number; /* from 1 */
    enum asked_state state;
    char slice[CONFIG_NAME_BYTES];
    char label[TEST_LABEL_MOST_BYTES + 1]; /* "": none */
    json_t *source;
    uint64_t asked_ns;
    uint64_t deadline_ns; /* when it is over whatever it found; 0: never */
    uint32_t aggregate;   /* once it runs */
    json_t *report;       /* when it is over; NULL: none, or not kept any more */
    char error[ONDEMAND_ERROR_BYTES];
};

struct ondemand {
    struct ondemand_config config;
    const struct config *in_force;
    json_t *base; /* it, without slices */
    struct wanted_slice slices[ONDEMAND_MOST_SLICES];
    struct asked_test tests[ONDEMAND_MOST_TESTS]; /* by number, modulo */
    uint32_t n_asked;                             /* the latest number */
    uint32_t n_accepted;                          /* and not running yet */
    /* Of tests that are over, in this order, whose reports are kept: a ring. */
    uint32_t reported[ONDEMAND_MOST_REPORTS];
    uint32_t n_reported;
    bool is_building, is_changed;
    uint64_t not_before_ns; /* the next build */
    uint32_t n_one_by_one;  /* so many builds with one new slice each, as one of many was bad */
    bool is_kept_changed;   /* of those that survive a restart, with the build under way */
};

/* compose.c: one slice as a configuration of its own; its path is left out of the words. NULL with
 * `error`. */
struct config *compose_alone(const struct ondemand *o, json_t *described,
                             char error[ONDEMAND_ERROR_BYTES]);
/* halves.c: the sources of a test of one prefix: itself, or, where a slice has it, its halves. NULL
 * with `error`. */
json_t *compose_sources(const struct ondemand *o, const char *source,
                        char error[ONDEMAND_ERROR_BYTES]);

/* traffic.c: who has the packets of a slice now. */
/* Names the next hops that its packets have now; false, with `error`: there are several. */
bool traffic_keep_next_hops(const struct ondemand *o, json_t *described, const struct slice *s,
                            char error[ONDEMAND_ERROR_BYTES]);
/* Nobody's test that is under way loses packets to it or gains them from it; else false and
 * `error`. `but`: the slice in whose place it comes, or NULL. */
bool traffic_is_free(const struct ondemand *o, const struct slice *s,
                     const struct wanted_slice *but, char error[ONDEMAND_ERROR_BYTES]);
/* No test is on its way that nothing would tell from it; else false and `error`. */
bool traffic_has_no_twin(const struct ondemand *o, const struct slice *s,
                         char error[ONDEMAND_ERROR_BYTES]);
/* Names of the slices that keep packets of the `source` that it is to test, the first few. */
json_t *traffic_kept_by(const struct ondemand *o, const struct slice *s, const char *source);

/* slices.c */
const char *slices_name(const struct wanted_slice *w);
struct wanted_slice *slices_find(struct ondemand *o, const char *name);
struct wanted_slice *slices_of_test(struct ondemand *o, uint32_t number);
/* It is in force, and of a test that is over: with the next build it is gone. */
bool slices_is_over(const struct ondemand *o, const char *name);
/* The slot of what is in force, or UINT32_MAX. */
uint32_t slices_slot(const struct ondemand *o, const char *name);
/* Takes `described` and `made`; NULL: there is no place. */
struct wanted_slice *slices_want(struct ondemand *o, json_t *described, struct config *made,
                                 uint32_t test);
void slices_let_go(struct ondemand *o, struct wanted_slice *w, uint64_t now_ns);
void slices_forget(struct wanted_slice *w);
/* The build was refused: what it would have replaced stays. True: nothing did. */
bool slices_put_back(struct ondemand *o, struct wanted_slice *w);

/* tests.c */
struct asked_test *tests_find(const struct ondemand *o, uint32_t number);
/* A place for a new one, whose number is set; always there (ONDEMAND_MOST_TESTS). */
struct asked_test *tests_new(struct ondemand *o);
/* The test that this slice is of runs, in this aggregate; else NULL. */
struct asked_test *tests_running(struct ondemand *o, const char *slice, uint32_t aggregate);
/* It comes to nothing: told by an event. Its slice goes. */
void tests_refuse(struct ondemand *o, struct asked_test *t, const char *error, uint64_t now_ns);
/* Its slice is in force. */
void tests_begin(struct ondemand *o, struct asked_test *t, uint64_t now_ns);
void tests_end(struct ondemand *o, struct asked_test *t, uint64_t now_ns);
void tests_end_overdue(struct ondemand *o, uint64_t now_ns);
void tests_forget(struct asked_test *t);

#endif
