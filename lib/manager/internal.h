/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the manager share. Nobody else includes this. */
#ifndef MANAGER_INTERNAL_H
#define MANAGER_INTERNAL_H

#include "manager/hourly_budget.h"
#include "manager/manager.h"
#include "verdict/anytime.h"
#include "verdict/decision.h"

#define INDEX_NONE       UINT32_MAX
#define CHECK_TEXT_BYTES 160

/* A lost segment, even the last one sent, is sent again within a round trip and 200 ms or so
 * (RFC 8985 7.2, and the least timeout of Linux). */
#define PATIENCE_NS (NS_PER_S / 2)

/* A test that dropped nothing for so long says why. */
#define UNTESTED_AFTER_NS (10 * NS_PER_S)

/* For so long at least only flows that repaired something may take a place. */
#define REPAIRED_FLOWS_FIRST_NS NS_PER_S

/* Rule anytime looks for such flows for so long. A time, and no matter of how the test stands: who
 * is found must not depend on the coins of those found before. */
#define SCREENING_NS (3 * NS_PER_S)

/* The coin as it falls, and the maths for it; shared by slices and tests with the same one. */
struct coin {
    struct coin *next;
    uint64_t n_users;
    uint32_t threshold;
    double p_miss;
    struct anytime anytime;
    struct mixture_memo e_memo, e_flow_memo, f_memo;
    struct anytime_memo memo;
};

/* Segments of armed flows by quarters of the timeout, the latest ones (silence.c). */
#define SEGMENTS_TURNS 16
struct segments_by_turn {
    uint64_t turn;
    uint32_t n[SEGMENTS_TURNS];
};

/* Units beside data segments of one aggregate; where no slice has such, there is none. */
struct aggregate_units {
    struct unit_counters total[UNIT_N_KINDS];
    struct unit_counters base[UNIT_N_KINDS];   /* when the test began */
    struct unit_counters counts[UNIT_N_KINDS]; /* since then, as of the last evaluation */
    double log10_e[UNIT_N_KINDS];              /* as struct anytime_values has its parts */
    unsigned int n_repairs_needed[UNIT_N_KINDS];
    int strongest_kind; /* what gives the evidence: enum unit_kind, or -1: data */
};

/* The current or latest test of an aggregate. All zero: none yet. */
struct test {
    struct test_parameters parameters;
    struct coin *coin;                /* it is a user of it */
    struct aggregate_units *units;    /* NULL: data alone */
    struct aggregate_counters base;   /* the aggregate's when the test began */
    struct aggregate_counters counts; /* since then, as of the last evaluation */
    enum test_state state;
    enum test_reason reason;
    enum test_reason ending; /* SETTLING before the verdict is known: why no more drops are made */
    enum test_via via;
    enum verdict_outcome verdict;
    bool provisional;
    bool pooled_over; /* POOLED, but no new drop: waits for outcomes, and for its turn */
    bool paused;      /* POOLED, without flows phase: no new drop until all made have ended */
    bool no_retest;   /* stopped by command */
    enum test_cause cause;
    bool awaits_drops; /* the box's budget had not what it asked for last */
    bool changed;      /* counters or flows grew since the last evaluation */
    bool flows_changed;
    bool told_untested;
    bool is_redrawn;              /* reconfigured, and repairs of what is pending may pass unseen */
    bool begins_anew;             /* reconfigured, and its slice begins tests by itself */
    bool is_judged;               /* the next four come from `judged` and the flows as they are */
    struct anytime_counts judged; /* R, D, N and B */
    struct anytime_values anytime;
    enum verdict_outcome decided_now;  /* what rule anytime says of this epoch alone */
    unsigned n_repairs_needed;         /* for closed_loop, if no flow is chosen */
    unsigned n_repairs_needed_of_data; /* if they are data segments */
    struct penny_counts population;    /* of the pooled phase */
    uint64_t population_ended_ns; /* no worker adds to it since then at the latest; 0: not yet */
    uint64_t n_judged_late;       /* repairs that came late, when `log10_e_late` was made */
    double log10_e_late;          /* E_pooled, if they were repairs like others */
    uint64_t accused_ns; /* since when the outcome is not_closed_loop all the time; 0: it is not */
    struct penny_result penny;
    uint32_t n_flows_closed_loop;

    uint32_t granted;   /* drops allowed so far; those withdrawn do not count */
    uint32_t set_aside; /* of these, not to be made yet */
    /* The box's budget is of packets. A drop has that many reserved; of those made, what is
     * reserved for the rest of their flights. */
    uint32_t packets_per_drop, n_held;
    uint64_t withdrawn_epoch; /* which epoch it was when the budget was last withdrawn */
    uint8_t n_repairs;        /* FLOWS: what a flow shows before it may take a place */
    bool screening;
    uint32_t n_for_places;           /* screening: drops that only places may make */
    uint32_t n_to_confirm;           /* and only flows of which one came back */
    double luck;                     /* and the share of segments that are repeated by chance */
    bool is_minority;                /* and most of the traffic does not repair */
    uint64_t part_ns, part_spent_ns; /* its latest part began, and was spent; 0: not yet */
    bool units_are_in;               /* POOLED: units beside data segments may be dropped, too */
    uint64_t n_data_steps, data_stepped_ns; /* drops of data segments made and ended, likewise */
    uint64_t n_steps, stepped_ns;           /* drops made and ended, and when one last was */
    uint32_t room;                          /* its flow_room, or INDEX_NONE */
    uint32_t label;                         /* likewise */

    struct segments_by_turn segments;
    uint64_t segment_ns; /* when one of an armed flow was last told of; 0: none yet */
    uint64_t started_ns, verdict_ns, ended_ns;
    uint64_t flows_started_ns;
    uint32_t first_drop, last_drop, n_drops; /* records */
};

/* Aggregates in a row, by number. An aggregate is in one list at most. */
struct aggregate_list {
    uint32_t head, tail, n;
};

struct aggregate_state {
    uint32_t number;
    uint32_t next, previous;
    struct aggregate_list *list; /* active, waiting for a retest, retired, or NULL */
    bool is_live;                /* it was added, and not retired since */
    bool is_armed;               /* it showed a flow that can be tested, or it is a whole slice */
    uint8_t test_id;             /* of the latest test; 0: never tested */
    uint32_t n_tests;
    uint64_t added_ns, first_seen_ns, last_seen_ns;
    uint64_t retired_epoch; /* which it was then */
    struct aggregate_counters total;
    struct test test;
};

/* An individually tested flow. */
struct tested_flow {
    struct flow_key key;
    struct flow_counts counts;
    uint64_t population_ended_ns; /* 0: drops may still be made */
    uint64_t ended_ns;            /* 0: its repeats are still seen */
    uint32_t place;               /* with `worker`: the engine's */
    uint16_t worker;
    bool ended;
};

/* The flows of one test in its flows phase, and after it until another test needs the room. */
struct flow_room {
    uint32_t owner; /* aggregate, or AGGREGATE_NONE */
    bool in_use;
    uint64_t left_ns;
    uint32_t n;
    struct tested_flow flows[TEST_MAX_INDIVIDUAL_FLOWS];
};

struct label {
    uint32_t owner; /* aggregate, or AGGREGATE_NONE */
    char text[TEST_LABEL_MOST_BYTES + 1];
};

struct record {
    struct drop_record drop; /* first: manager_next_drop() gets it back */
    uint32_t next_same_hash;
};

/* All drop records: a ring, threaded by lists per aggregate and by a hash of the ids. */
struct drop_store {
    struct record *records;
    uint32_t *hash_heads;
    uint32_t n_records, hash_mask;
    uint64_t n_made;
};

/* overload.c */
struct overload {
    uint64_t above_since_ns; /* 0: the latest interval was not above the limit */
    uint64_t calm_since_ns;  /* while shedding */
    uint64_t hold_ns;        /* to be calm for so long */
    uint64_t ended_ns;       /* 0: it never began */
    bool is_shedding;
};

struct manager {
    struct manager_config config;
    struct coin *coins; /* all there are */
    struct coin **coin_of_slot, **next_coin_of_slot;
    struct aggregate_state *aggregates; /* as many as the table holds */
    uint32_t n_aggregates;              /* numbers that were given are below it */
    uint32_t n_live;                    /* aggregates there are now */
    uint64_t n_aggregates_refused;
    bool has_tested;        /* a test began */
    uint64_t full_since_ns; /* no number is free; 0: there are some */
    uint32_t next_to_recycle;
    struct aggregate_list retired_young; /* likewise, AGGREGATE_LEAST_LIFE_MS not over yet */
    struct aggregate_list anew;          /* tests that begin again, as reconfigured */
    /* Per slot, for the latest change of the configuration (follow.c). */
    uint32_t *n_of_slot;        /* aggregates that are live */
    uint64_t *vacated_epoch;    /* when the last of them, or the slice itself, went */
    bool *is_looked_through;    /* its sources changed: some of them may have to go */
    bool *may_begin;            /* its slice began no tests by itself before */
    uint64_t n_drops_of_gone;   /* of aggregates whose numbers were released */
    uint32_t n_to_look_through; /* aggregates */
    bool must_look_again;
    uint32_t longest_idle_timeout_ms; /* of any slice: a silent flow is kept for so long */
    struct aggregate_list retired;    /* in the order in which they were */
    struct aggregate_list active;
    struct aggregate_list *retests; /* per slice, in the order in which they are due */
    struct flow_room *rooms;
    uint32_t n_rooms_in_use;
    struct label *labels; /* TEST_MOST_BY_COMMAND of them, or NULL */
    uint32_t next_label;
    uint32_t n_by_command; /* tests under way */
    struct drop_store drops;
    struct hourly_budget hourly;
    bool is_budget_spent;          /* and it was told */
    struct aggregate_units *units; /* per aggregate; NULL when no slice has such */
    struct passive_state *passive; /* per aggregate; NULL until a slice is passive */
    uint64_t passive_ticked_ns;
    struct escalation *escalations;  /* per slice; NULL when none escalates */
    struct ended_flows *ended_flows; /* per slice; NULL when none reports flows one by one */

    uint64_t now_ns;
    struct overload overload;
    bool auto_start;
    bool is_draining; /* no test begins any more */
    uint64_t epoch, epoch_began_ns;
    uint64_t closed_epoch; /* the last one that every worker closed */
    bool *closed;          /* per worker: it closed `epoch` */
    uint16_t n_closed;     /* all of them before the first epoch too */

    bool kill_switch, suspended;
    char suspended_reason[96];
    char *check_text; /* manager_check() writes here */
};

/* Segments and units: all that its budget is for. */
static inline uint64_t test_n_dropped(const struct test *t)
{
    uint64_t n = t->counts.dropped;

    for (unsigned int k = 0; t->units != NULL && k < UNIT_N_KINDS; k++)
        n += t->units->counts[k].dropped;
    return n;
}

static inline uint64_t test_pending(const struct test *t)
{
    uint64_t n = aggregate_counters_pending(&t->counts);

    for (unsigned int k = 0; t->units != NULL && k < UNIT_N_KINDS; k++)
        n += unit_counters_pending(&t->units->counts[k]);
    return n;
}

static inline const struct slice *slice_of_aggregate(const struct manager *m, uint32_t aggregate)
{
    return &m->config.slices[aggregate_table_identity(m->config.aggregates, aggregate)->slice];
}

/* Does the slice have sources whose packets belong to its one aggregate? */
bool slice_has_one_aggregate(const struct slice *s);

/* lists.c */
struct aggregate_state *manager_adopt_aggregate(struct manager *m, uint32_t number);
void aggregate_list_init(struct aggregate_list *list);
void aggregate_list_append(struct manager *m, struct aggregate_list *list,
                           struct aggregate_state *a);
void aggregate_list_remove(struct manager *m, struct aggregate_state *a); /* from where it is */

/* An aggregate with a report: neither unknown nor retired. */
static inline bool aggregate_is_live(const struct manager *m, uint32_t aggregate)
{
    return aggregate < m->n_aggregates && m->aggregates[aggregate].is_live;
}

/* units.c */
/* Takes memory, if one of the slices wants it and there is none yet: 0 or -ENOMEM. */
int units_prepare(struct manager *m, const struct slice *slices);
size_t units_memory_bytes(const struct manager_config *c);
/* Of a test that begins. */
struct aggregate_units *units_begin(struct manager *m, const struct aggregate_state *a,
                                    const struct test_parameters *p);
void units_forget(struct manager *m, uint32_t aggregate);
/* Of all tests: units, or packets of them. */
uint64_t units_n_dropped(const struct manager *m, uint32_t aggregate);
uint64_t units_n_dropped_packets(const struct manager *m, uint32_t aggregate);
/* So many packets may one drop of a test be, while units are dropped. */
uint32_t units_packets_per_drop(const struct test_parameters *p);
/* How many drops may be made before single flows are looked at, if they are. */
uint32_t units_most_pooled(const struct test *t);
/* Without data segments: more drops may follow when those that are pending speak for a sender. */
bool units_may_yet_speak(const struct test *t);
/* Data segments, which cost their senders least, do not answer the test: others are to be dropped,
 * too. To be asked each epoch. */
bool units_are_wanted(const struct manager *m, struct test *t);
/* Brings the counts up to date. True: R or D of a kind grew. */
bool units_read(const struct test *t);
/* As the decision wants them. */
struct anytime_kinds units_kinds(const struct test *t);
/* E of any kind is above 1. */
bool units_speak_for_a_sender(const struct test *t);
const char *units_check(const struct manager *m, uint32_t aggregate);

/* recycle.c: after an epoch that all workers closed. */
void recycle_step(struct manager *m);

/* coins.c: NULL when memory is short. */
struct coin *coin_take(struct manager *m, const struct test_parameters *p);
void coin_leave(struct manager *m, struct coin *coin); /* NULL is allowed */
/* Those of all slots: 0, or -ENOMEM and none is taken. */
int coins_of_slices(struct manager *m, const struct slice *slices, struct coin **out);
void coins_free(struct manager *m);
size_t coins_memory_bytes(const struct manager_config *config);

/* follow.c: 0, -ENOSPC (no numbers for aggregates of slices), -ENOMEM; then nothing changed. */
int manager_adopt_slices(struct manager *m, const struct slice *slices);
/* Of slices that want one for all their packets, and have none yet: there is room. */
void manager_add_aggregates(struct manager *m, bool tell);

/* epoch.c */
void manager_close_epoch(struct manager *m, uint16_t worker, uint64_t epoch);

/* silence.c */
void silence_count_segments(struct test *t, uint64_t n_segments, uint64_t now_ns);
bool silence_is_traffic_gone(struct test *t, uint64_t now_ns);

/* evaluate.c: brings counts, both rules' values and the flows' up to date. */
void test_evaluate(const struct manager *m, struct aggregate_state *a);
/* Of what was not repaired in time, so much came back later that it speaks for a sender. */
bool test_has_telling_late_repairs(const struct test *t);
bool test_flow_is_done(const struct manager *m, const struct test *t, const struct tested_flow *f);
double test_flow_log10_e(const struct test *t, const struct flow_counts *c);
struct penny_result test_flow_penny(const struct manager *m, const struct test *t,
                                    const struct tested_flow *f);
/* Rule penny will have an outcome, if the test waits for it. */
bool test_awaits_penny(const struct test *t);

/* test.c: the states. */
void test_begin(struct manager *m, struct aggregate_state *a, const struct test_request *request);
/* Of an aggregate whose slice starts tests by itself, once it showed something that can be tested.
 */
void test_begin_by_itself(struct manager *m, struct aggregate_state *a);
void test_step(struct manager *m, struct aggregate_state *a);

/* Of a test under way: its slice is another one now. */
void test_reconfigure(struct manager *m, struct aggregate_state *a, bool is_redrawn);

/* conclude.c: what the deciding rule says of the latest counts; VERDICT_UNDECIDED, too, when rule
 * penny says not_closed_loop while the evidence for a sender is above 1. */
enum verdict_outcome test_outcome(const struct test *t);
/* The rule says not_closed_loop, but too much of what expired came back late. */
bool test_is_outweighed_by_late_repairs(const struct test *t);
/* Both for and against senders there is evidence. */
bool test_is_in_conflict(const struct test *t);
/* To be called each epoch: since when is the outcome not_closed_loop? */
void test_note_outcome(const struct manager *m, struct test *t);
/* It has been so for one more timeout, within which late repairs would have come, and nothing else
 * can come either. */
bool test_accusation_is_final(const struct manager *m, const struct test *t);
/* No drop can be made any more that is not counted yet, and none is pending. */
bool test_nothing_is_out(const struct manager *m, const struct test *t);
/* The drops were made and did not suffice: why, if there is more to say than `otherwise`. */
enum test_reason test_reason_of_spent(const struct test *t, enum test_reason otherwise);
/* Says not_closed_loop provisionally, or takes it back, as the latest counts have it. */
void test_keep_hypothesis(struct manager *m, struct aggregate_state *a);
/* Makes no more drops: the verdict is what the rule says when the last of them has ended. */
void test_wind_up(struct manager *m, struct aggregate_state *a, enum test_reason reason);
void test_conclude_when_final(struct manager *m, struct aggregate_state *a);
/* The verdict is known. */
void test_conclude(struct manager *m, struct aggregate_state *a, enum verdict_outcome verdict,
                   enum test_via via, enum test_reason reason);
void test_conclude_closed_loop(struct manager *m, struct aggregate_state *a);

/* untested.c: why no drop was made, by what came instead. */
enum test_reason test_reason_of_untested(const struct manager *m, const struct test *t);
/* Is it under way, and has not dropped anything for long? */
bool test_is_without_drops(const struct manager *m, const struct test *t);
void test_tell_untested(struct manager *m, struct aggregate_state *a);

/* budget.c: what workers may do to an aggregate. */
void budget_order(struct manager *m, const struct aggregate_state *a, enum aggregate_phase phase);
/* Up to `granted` in all, as far as the box's budget goes; with `whole` all of it or nothing. */
void budget_raise(struct manager *m, struct aggregate_state *a, uint32_t granted, bool whole);
/* Asks the box for n more; then they may be added to what workers take from. False: it has them
 * not, and the test is to try again. */
bool budget_reserve_whole(struct manager *m, struct test *t, uint32_t n);
void budget_add(struct test *t, _Atomic int32_t *budget, uint32_t n); /* n were reserved */
/* The same, but workers find them later; and then, up to n of those: how many. Back again: what is
 * left of a budget is set aside. */
void budget_set_aside(struct test *t, uint32_t n);
uint32_t budget_release(struct test *t, _Atomic int32_t *budget, uint32_t n);
void budget_take_over(struct test *t, _Atomic int32_t *budget);
/* Drops of it were made. */
void budget_spend(struct manager *m, const struct test *t, uint64_t n);
/* The same of units, of which so many packets were dropped; some may still follow. */
void budget_spend_units(struct manager *m, struct test *t, uint64_t n, uint64_t n_packets);
/* No flight of what was dropped goes on. */
void budget_give_back_held(struct manager *m, struct test *t);
void budget_collect(struct manager *m, struct aggregate_state *a); /* what is left, and places */
void budget_withdraw(struct manager *m, struct aggregate_state *a);
void budget_pause(struct manager *m, struct aggregate_state *a); /* the phase goes on later */
/* While the box's drops are limited, a test whose traffic is gone keeps none from the others. */
bool budget_is_idle(const struct manager *m, const struct test *t);
void budget_begin_round(struct manager *m); /* all running tests will ask, in turn */
void budget_tell(struct manager *m);        /* whether somebody asked in vain */
/* Is every drop made before the last withdrawal in the counts? */
bool budget_is_drained(const struct manager *m, const struct test *t);

/* screening.c: of a test that is in its flows phase, has a room, and `screening`. */
void screening_begin(const struct manager *m, struct aggregate_state *a);
void screening_step(struct manager *m, struct aggregate_state *a);
void screening_end(struct manager *m, struct aggregate_state *a);

/* rooms.c */
const struct flow_room *room_of_test(const struct manager *m, const struct test *t);
bool room_take(struct manager *m, struct aggregate_state *a); /* false: all are in use */
void room_leave(struct manager *m, struct test *t);           /* its flows can still be read */
void room_forget(struct manager *m, struct test *t);
void room_receive(struct manager *m, struct test *t, const struct message *message);

/* labels.c */
int labels_init(struct manager *m);
size_t labels_memory_bytes(const struct manager_config *c);
void label_give(struct manager *m, struct aggregate_state *a, const char *text);
void label_forget(struct manager *m, struct test *t);
const char *label_of(const struct manager *m, const struct test *t); /* or NULL */

/* watching.c */
bool passive_is_any(const struct slice *slices, uint32_t n);
/* Takes memory for what these slices watch, once for all. 0, or -ENOMEM. */
int passive_prepare(struct manager *m, const struct slice *slices);
size_t passive_memory_bytes(const struct manager_config *c);
void passive_tick(struct manager *m);     /* ends what is due */
void passive_stop_all(struct manager *m); /* at the end of the process: a last look */
void passive_receive(struct manager *m, struct aggregate_state *a, const struct message *message);

/* passive_report.c */
const char *passive_check(const struct manager *m, uint32_t aggregate);

/* escalate.c */
int escalation_init(struct manager *m);
size_t escalation_memory_bytes(const struct manager_config *c);
void escalation_forget(struct manager *m, uint32_t slot);

/* ended_flows.c */
int ended_flows_init(struct manager *m);
void ended_flows_free(struct manager *m);
/* For slices that come, or want another number of flows: what prepare took, follow puts in place.
 * 0 or -ENOMEM. */
int ended_flows_prepare(struct manager *m, const struct slice *slices,
                        const enum slice_fate *fates);
void ended_flows_follow(struct manager *m);
void ended_flows_abandon(struct manager *m);
size_t ended_flows_memory_bytes(const struct manager_config *c);
void ended_flows_forget(struct manager *m, uint32_t aggregate);
void ended_flows_receive(struct manager *m, struct aggregate_state *a,
                         const struct message *message);

/* drops.c */
size_t drops_memory_bytes(uint32_t n_records);
int drops_init(struct drop_store *d, uint32_t n_records);
void drops_destroy(struct drop_store *d);
void drops_made(struct manager *m, struct aggregate_state *a, const struct message *message);
void drops_ended(struct manager *m, struct aggregate_state *a, const struct message *message);
void drops_forget(struct manager *m, struct test *t);

/* check_shared.c: NULL, or what is counted otherwise than it is there. */
const char *manager_check_shared(const struct manager *m);

/* events.c */
bool manager_is_above_loss_limit(const struct manager *m, uint64_t n_packets, uint64_t n_lost);
void manager_emit(const struct manager *m, enum manager_event_kind kind, uint32_t aggregate,
                  const struct drop_record *drop, const char *text);
void manager_emit_stall(const struct manager *m, uint16_t thread, uint64_t ended_ns,
                        uint64_t duration_ns);
void manager_emit_finding(const struct manager *m, enum manager_event_kind kind, uint32_t aggregate,
                          int finding);

#endif
