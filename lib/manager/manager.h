/* SPDX-License-Identifier: BSD-3-Clause */
/* The manager: merges what workers post, runs the tests of all aggregates epoch by epoch, hands out
 * drop budgets, and says the verdicts. It knows no ring and no clock: the appliance, the replay and
 * the simulator drive it alike.
 *
 * One thread calls it. Memory is taken at creation; nothing grows with what senders do.
 *
 * A test of an aggregate goes
 *   IDLE -> POOLED -> (FLOWS) -> SETTLING -> DONE
 * POOLED drops from any armed flow; FLOWS tests single flows when the aggregate's own answer was
 * no, or its budget ended, those that repaired something first (rule anytime looks for these by one
 * drop of each flow, with half of the budget and for three seconds, and takes others only if it
 * finds none); SETTLING waits for pending drops, so that `mixed` and the repaired share are told
 * from all outcomes. The verdict is known when SETTLING begins, and final when it ends.
 *
 * Budget is handed out step by step: never more pending drops than would settle the matter if all
 * of them came back, those not counted that a sender in earnest would have repaired by now. */
#ifndef MANAGER_MANAGER_H
#define MANAGER_MANAGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/slice.h"
#include "engine/aggregate.h"
#include "engine/gate.h"
#include "engine/message.h"
#include "stats/counters.h"
#include "stats/units.h"
#include "unit/unit.h"
#include "verdict/outcome.h"
#include "verdict/penny.h"

struct manager;

enum test_state { TEST_IDLE, TEST_POOLED, TEST_FLOWS, TEST_SETTLING, TEST_DONE };
const char *test_state_name(enum test_state state);

/* VIA_HANDSHAKE and VIA_QUIC stand in the order of enum unit_kind. */
enum test_via { VIA_NONE, VIA_POOLED, VIA_FLOWS, VIA_HANDSHAKE, VIA_QUIC };
/* "none", "aggregate", "flows", "handshake", "quic" */
const char *test_via_name(enum test_via via);

/* Who wanted a test. Each draws on the box's budget of drops under its name. */
enum test_cause {
    TEST_BY_SLICE,      /* its slice begins tests by itself */
    TEST_BY_COMMAND,    /* somebody asked for it */
    TEST_BY_ESCALATION, /* what mode passive saw */
    TEST_N_CAUSES,
};
const char *test_cause_name(enum test_cause cause); /* "slice", "command", "escalation" */

/* Why a test ended as it did. */
enum test_reason {
    REASON_RUNNING,
    REASON_EVIDENCE,          /* the evidence reached its threshold */
    REASON_FLOWS_CLOSED_LOOP, /* rule penny: enough single flows are closed_loop */
    REASON_BUDGET,            /* all drops spent, and the evidence did not suffice */
    REASON_FLOWS_SPENT,       /* the flows phase ended too */
    REASON_RESETS,            /* most drops ended void by RST or FIN */
    REASON_OWN_LOSS,          /* most drops ended void by the box's own losses */
    REASON_AMBIGUOUS,         /* most drops ended void by repeats that covered more than them */
    REASON_EVICTED,           /* most drops ended void because their flows left the table */
    REASON_CONFLICT,          /* evidence for senders and against them, and neither suffices */
    REASON_STALL,             /* most drops ended void, since the box stood still */
    REASON_SILENCE,           /* most drops ended void, since all of the traffic fell silent */
    REASON_NO_REPEATS,        /* of units beside data segments nothing comes back, dropped or not */
    REASON_UNANSWERED,        /* they come back as often when not dropped */
    REASON_LATE_REPAIRS,      /* what came back, came later than the timeout */
    REASON_WATCHED,           /* mode passive: there is no test, and no verdict */
    REASON_NOT_TESTED,        /* none was begun yet */
    REASON_DURATION,          /* the time allowed was over */
    REASON_RECONFIGURED,      /* its slice became another one */
    REASON_STOPPED,           /* by command, or at the end of the process or capture */
    REASON_DROP_BUDGET,       /* the box may make no more drops within this hour */
    /* Not one drop was made, in all that follow. */
    REASON_NO_TRAFFIC,      /* not one packet came */
    REASON_NO_TCP,          /* other protocols only */
    REASON_FRAGMENTS,       /* no TCP but, perhaps, in fragments */
    REASON_UNREADABLE,      /* no TCP but, perhaps, behind headers that cannot be read */
    REASON_CHECKSUMS,       /* most TCP checksums are wrong, so nobody answers */
    REASON_NO_CONNECTIONS,  /* SYN, FIN and RST only */
    REASON_NO_UNITS,        /* none of what is to be tested: no handshake, no first flight */
    REASON_ONLY_ACKS,       /* packets without payload only */
    REASON_FLOWS_TOO_YOUNG, /* payload of flows only that are not armed */
    REASON_PROTECTED,       /* no segment that may be dropped */
    REASON_NO_DROP,         /* no coin fell, or drops were not allowed */
};
const char *test_reason_name(enum test_reason reason);
const char *test_reason_words(enum test_reason reason); /* one sentence for a person */
bool test_reason_is_of_untested(enum test_reason reason);

struct anytime_values {
    /* What is compared with 1/alpha: pooled and flows combined. Once it was enough, it and its
     * parts are told as they were at their greatest. */
    double log10_e;
    double log10_e_pooled;
    double log10_e_joint; /* of the chosen flows together; 0 when none is chosen */
    double log10_e_data;  /* data segments alone, as if no other kind of units were on */
    double log10_f;
    enum verdict_outcome outcome;
};

/* One drop of the current or latest test. */
struct drop_record {
    struct flow_key key;
    uint64_t id; /* (worker << 48) | the worker's own */
    uint64_t time_ns, ended_ns;
    uint32_t aggregate;
    uint32_t sequence, n_bytes;
    uint8_t state; /* enum drop_state */
    uint8_t test_id;
    uint8_t kind; /* enum unit_kind, or UNIT_N_KINDS: a data segment */
    bool individual;
    uint32_t next; /* the manager's: next record of the same aggregate */
};

/* A record whose end was lost (the worker's ring was full) stays pending in the list of drops;
 * counters are never lost. */

/* An individually tested flow. */
struct flow_report {
    struct flow_key key;
    struct flow_counts counts;
    double log10_e; /* E_f */
    struct penny_result penny;
    bool ended;
};

/* One kind of units beside data segments. */
struct unit_report {
    const struct unit_counters *total; /* since the start of the process */
    struct unit_counters test;         /* since the test began */
    double log10_e;                    /* of this kind alone, as log10_e_pooled is of data */
};

/* All that is known of one aggregate, as of the last evaluated epoch. */
struct aggregate_report {
    uint32_t aggregate;
    const struct aggregate_identity *identity;
    const struct slice *slice;
    const char *label;    /* of the current or latest test; NULL: none, or not kept any more */
    uint32_t label_place; /* of that label, below TEST_MOST_BY_COMMAND */
    const struct aggregate_counters *total; /* since the start of the process */
    struct aggregate_counters test;         /* since the test began */
    uint32_t kinds; /* bit enum unit_kind: on in the current or latest test, and in `units` */
    struct unit_report units[UNIT_N_KINDS];
    uint64_t n_dropped; /* of the test: segments and units */
    enum test_state state;
    enum test_rule rule;
    struct anytime_values anytime;
    struct penny_result penny; /* outcome VERDICT_UNDECIDED while it may not be evaluated yet */
    enum verdict_outcome verdict;
    bool provisional; /* not_closed_loop, and the flows phase still runs */
    bool mixed; /* closed_loop while F >= 1/beta: not only senders whose repairs come by here */
    enum test_via via;
    enum test_reason
        reason; /* of a test under way, too, when for ten seconds nothing was dropped */
    uint64_t started_ns, verdict_ns, ended_ns; /* 0: not yet */
    uint64_t first_seen_ns, last_seen_ns;
    uint32_t n_tests;        /* begun so far */
    uint32_t n_flow_reports; /* manager_flow_report() */
    uint32_t n_drop_records; /* kept; manager_next_drop() */
    uint32_t n_flows_closed_loop;
};

enum manager_event_kind {
    EVENT_AGGREGATE_ADDED,
    EVENT_AGGREGATE_REMOVED, /* it came to nothing and its number is needed, or its slice left */
    EVENT_AGGREGATES_FULL,   /* no number is free: what comes new is forwarded untested */
    EVENT_AGGREGATES_FREE,   /* there are some again */
    EVENT_DROP_BUDGET_SPENT, /* max_drops_per_hour: a test waits for drops */
    EVENT_DROP_BUDGET_FREE,  /* none does any more */
    EVENT_TEST_STARTED,
    EVENT_DROP_MADE,
    EVENT_DROP_ENDED,
    EVENT_PROVISIONAL,           /* not_closed_loop, while the flows phase goes on */
    EVENT_PROVISIONAL_WITHDRAWN, /* the counts do not bear it any more: undecided again */
    EVENT_NOTHING_TESTED, /* for ten seconds a test found nothing to drop, though packets come */
    EVENT_VERDICT,        /* the verdict is known; the report has its whole evidence */
    EVENT_TEST_ENDED,     /* all drops ended: mixed and repaired share are final */
    EVENT_SUSPENDED,
    EVENT_RESUMED,
    EVENT_TRACKING_SHED,    /* the box cannot keep up: flows are not tracked */
    EVENT_TRACKING_RESUMED, /* they are again */
    EVENT_KILL_SWITCH,
    EVENT_STALL,           /* a thread of the box stood still */
    EVENT_FINDING,         /* mode passive found something (manager/passive.h) */
    EVENT_FINDING_CLEARED, /* its cause is gone */
    EVENT_WATCH_ENDED,     /* mode passive: as its slice wants it */
    EVENT_ESCALATION,      /* mode passive: what was seen starts a test, or why it may not */
};
const char *manager_event_name(enum manager_event_kind kind);

#define MANAGER_THREAD UINT16_MAX

struct manager_event {
    enum manager_event_kind kind;
    uint64_t time_ns;
    uint32_t aggregate; /* AGGREGATE_NONE when it is about the whole box */
    const struct drop_record *drop;
    const char *text; /* SUSPENDED: why; KILL_SWITCH: "on" or "off"; WATCH_ENDED: why; ESCALATION:
                         why it is refused, or NULL */
    int finding;      /* FINDING, ESCALATION: enum passive_finding; PASSIVE_N_FINDINGS: volume;
                         the next: sources_above */
    uint32_t tested;  /* ESCALATION: the slice that is, or would be, tested */
    uint16_t worker;  /* STALL: who, or MANAGER_THREAD */
    uint64_t duration_ns; /* STALL: until time_ns */
};

struct manager_config {
    const struct slice *slices; /* outlive the manager */
    uint32_t n_slices;
    struct aggregate_table *aggregates;
    struct engine_gate *gate;
    uint16_t n_workers;
    uint32_t epoch_ms;
    uint32_t n_drop_records; /* kept in all, at least 1; the oldest make room */
    /* Tests in the flows phase at once, at least 1; others wait their turn. The reports of single
     * flows are kept until a later test needs the room. */
    uint32_t n_concurrent_flow_phases;
    double max_own_loss_ratio;
    uint32_t max_drops_per_hour; /* of all tests together; 0: no limit */
    /* Under way at one time, at most TEST_MOST_BY_COMMAND. 0: no limit, and no labels. */
    uint32_t max_tests_by_command;
    /* Longer between two ticks, and the manager stood still. 0: time is not its own. */
    uint32_t max_stall_ms;
    bool may_shed;     /* flows need not be tracked when the box cannot keep up */
    bool may_escalate; /* what is watched may start tests; never in a replay */
    /* May call the functions that only read (manager_report() and its like); may be NULL. */
    void (*on_event)(void *context, const struct manager_event *event);
    void *event_context;
};

/* Takes all memory, adds the one aggregate of each slice that has sources of a family without
 * granularity. NULL with errno ENOMEM, ENOSPC (no room for these in the table) or EINVAL. */
struct manager *manager_create(const struct manager_config *config);
/* Bytes that manager_create() takes for such a configuration, for a printed budget. */
size_t manager_memory_bytes(const struct manager_config *config);
void manager_destroy(struct manager *m);

/* The next generation of the configuration. */
struct manager_generation {
    const struct slice *slices;   /* as many as before; they outlive the next generation's coming */
    const enum slice_fate *fates; /* of each slot (config/slots.h); not kept */
    double max_own_loss_ratio;
    uint32_t max_stall_ms;
    uint32_t max_drops_per_hour;
    bool may_shed;
};

/* From now on these slices are in force: tests whose slice is another one end
 * (REASON_RECONFIGURED), those of a slice that begins tests by itself begin anew when their drops
 * have ended; new slices get their aggregates, and those of slices that left go. To be called
 * before workers follow, so that no drop of the old test is made by the new rules. 0; -ENOSPC (no
 * number is free for the aggregate of a new slice) or -ENOMEM: then nothing changed. */
int manager_follow(struct manager *m, const struct manager_generation *g, uint64_t now_ns);

/* For each slot whether something still speaks of the slice that left it: an aggregate, or a worker
 * that may not know yet. */
void manager_held_slots(const struct manager *m, bool *is_held);

/* Has every worker closed an epoch that began after that one? Then none of them knows of anything
 * any more that was taken out of its sight while `epoch` was manager_epoch(). */
bool manager_is_epoch_over(const struct manager *m, uint64_t epoch);

/* May a message of this worker be taken now? False from its MESSAGE_EPOCH on until all workers
 * closed that epoch. */
bool manager_accepts(const struct manager *m, uint16_t worker);

/* Takes one message; only when manager_accepts(). The last worker's MESSAGE_EPOCH evaluates: if all
 * posted the epoch whole, every running test goes on from it, at the time of the latest tick. */
void manager_receive(struct manager *m, const struct message *message);

/* To be called often (each loop, or each packet time of a replay): shows the gate a sign of life,
 * and begins an epoch when it is due and all workers closed the one before. */
void manager_tick(struct manager *m, uint64_t now_ns);

/* Begins the tests of all slices with start "auto"; aggregates of sub-prefixes begin by themselves,
 * once they show a flow that can be tested. */
void manager_start(struct manager *m, uint64_t now_ns);

/* What whoever asks for a test may call it: UTF-8, so many bytes at most, one line. */
#define TEST_LABEL_MOST_BYTES 128
/* NULL, or what is wrong with it and what is allowed, to stand behind the label. Any thread. */
const char *test_label_trouble(const char *label);

struct test_request {
    enum test_cause cause;
    const char *label; /* one without trouble; copied; NULL: none */
};

/* Begins a test, with NULL as TEST_BY_COMMAND without label: 0; -ENOENT no such aggregate; -EINVAL
 * its slice is not active; -EALREADY one is running; -EBUSY drops of the last one are still
 * pending; -EDQUOT the box may not make another drop now; -ESHUTDOWN it is draining; -EUSERS
 * max_tests_by_command are under way. */
int manager_test_start(struct manager *m, uint32_t aggregate, const struct test_request *request,
                       uint64_t now_ns);

/* Ends a running test without waiting for evidence (REASON_STOPPED or REASON_DURATION): 0, also
 * when it is ending already; -ENOENT no such aggregate; -ESRCH none is running. The verdict comes
 * at once, or when the last pending drop has ended. A test stopped by REASON_STOPPED does not begin
 * again by itself. */
int manager_test_stop(struct manager *m, uint32_t aggregate, enum test_reason reason,
                      uint64_t now_ns);

/* Ends all running tests, as manager_test_stop(); none begins by itself until manager_start(). */
void manager_stop(struct manager *m, enum test_reason reason, uint64_t now_ns);

/* The box will be taken out of the path: as manager_stop() with REASON_STOPPED, and from then on no
 * test begins, by command either. There is no way back. */
void manager_drain(struct manager *m, uint64_t now_ns);
bool manager_is_draining(const struct manager *m);

/* After the last message of workers that were stopped: what watching ended with is judged, as flows
 * that are given up at the end tell most of what is missing of them. */
void manager_finish(struct manager *m);

void manager_set_kill_switch(struct manager *m, bool on, uint64_t now_ns);
bool manager_kill_switch(const struct manager *m);

/* What the ports did since the last call: packets received, and packets lost (by the receive side
 * too, so not among n_packets). Loss above max_own_loss_ratio of both together suspends drops until
 * an interval without. `reason` names the loss (kept by copy). */
void manager_report_own_loss(struct manager *m, uint64_t n_packets, uint64_t n_lost,
                             const char *reason, uint64_t now_ns);
/* Of these losses, those that come of too much work (a receive or transmit queue full, no packet
 * buffer left); to be called before manager_report_own_loss(), in the same intervals. Above the
 * limit for a second without a break, flows are not tracked any more, and nothing is dropped, until
 * there was none above it for five seconds (twice as long each time that it begins again within a
 * minute, a minute at most). */
void manager_report_overload(struct manager *m, uint64_t n_packets, uint64_t n_lost,
                             uint64_t now_ns);
bool manager_sheds_tracking(const struct manager *m);

/* NULL, or why drops are suspended. */
const char *manager_suspended(const struct manager *m);

/* The budget of drops of the whole box. */
struct manager_drop_budget {
    uint32_t max_per_hour;        /* 0: no limit, and `left` is UINT64_MAX */
    uint64_t made[TEST_N_CAUSES]; /* within the last hour, or up to two minutes longer */
    uint64_t reserved;            /* granted to tests under way, and not made yet */
    uint64_t left;
    bool is_awaited;  /* a test waits for drops */
    uint64_t next_ns; /* when the oldest of those made leave the hour; 0: none was made */
};
void manager_drop_budget(const struct manager *m, struct manager_drop_budget *out);
/* Takes effect with what is granted from now on; 0: no limit. */
void manager_set_max_drops_per_hour(struct manager *m, uint32_t max_per_hour);

/* Could any test by command begin now? 0, -EDQUOT, -ESHUTDOWN or -EUSERS, as above; with `n_more`
 * of them accepted already. */
int manager_test_obstacle(const struct manager *m, uint32_t n_more);
/* Such an error in one sentence for who asked: what is the matter, and what to do. Returns `out`.
 */
#define TEST_REFUSAL_BYTES 256
const char *manager_test_refusal(const struct manager *m, int error, uint64_t now_ns,
                                 char out[TEST_REFUSAL_BYTES]);
/* Is a test of any aggregate of this slice under way? */
bool manager_is_slice_tested(const struct manager *m, uint32_t slice);
/* The slice's one aggregate, or AGGREGATE_NONE. */
uint32_t manager_aggregate_of_slice(const struct manager *m, uint32_t slice);

#define TEST_MOST_BY_COMMAND 1024
/* Tests by command that are under way, and may be. */
uint32_t manager_n_tests_by_command(const struct manager *m);
uint32_t manager_max_tests_by_command(const struct manager *m);
/* From now on; not to 0, nor from it. */
void manager_set_max_tests_by_command(struct manager *m, uint32_t max);

/* Is any test not DONE or IDLE? No, too, as long as none began: aggregates of slices with
 * granularity come with their packets. */
bool manager_any_running(const struct manager *m);

/* All slices, those without an aggregate too. */
const struct slice *manager_slices(const struct manager *m, uint32_t *n_slices);

/* Did any test begin yet? */
bool manager_any_tested(const struct manager *m);

/* All numbers that were given are below this; not each of them is of an aggregate that is still
 * there. */
uint32_t manager_n_aggregates(const struct manager *m);
/* How many there are, and may be. */
uint32_t manager_n_live_aggregates(const struct manager *m);
uint32_t manager_most_aggregates(const struct manager *m);
/* Since when no number has been free for another aggregate; 0: there are some. */
uint64_t manager_aggregates_full_since(const struct manager *m);

/* The aggregates that are there, by number: *next begins as 0. False at the end. */
bool manager_next_report(const struct manager *m, uint32_t *next, struct aggregate_report *out);
/* False: no such aggregate. Pointers in the report live until the next call that changes the
 * manager. */
bool manager_report(const struct manager *m, uint32_t aggregate, struct aggregate_report *out);

/* Packets of the aggregate that were deliberately dropped since the start of the process. */
uint64_t aggregate_report_dropped_packets(const struct aggregate_report *r);

/* The share of tested drops that came back, R/(R+N). Any thread. NaN unless the test is done and
 * its verdict closed_loop: while drops are pending it is of those only that end soonest, which are
 * the repaired ones, and without closed_loop what came back may be luck. It is no share of the
 * traffic: doc/verdict.md. */
double aggregate_report_repaired_share(const struct aggregate_report *r);

/* The reason in words, with the numbers that show it where nothing was tested. Any thread. */
#define TEST_REASON_TEXT_BYTES 400
const char *aggregate_report_reason_text(const struct aggregate_report *r,
                                         char out[TEST_REASON_TEXT_BYTES]);
bool manager_flow_report(const struct manager *m, uint32_t aggregate, uint32_t i,
                         struct flow_report *out);
/* The drops of an aggregate, oldest first: pass NULL first, then the last one; NULL at the end. */
const struct drop_record *manager_next_drop(const struct manager *m, uint32_t aggregate,
                                            const struct drop_record *last);

/* Sub-prefixes for which there was no room in the table of aggregates: how often one was asked for.
 */
uint64_t manager_n_aggregates_refused(const struct manager *m);

/* Drops of aggregates that are gone, as their slice is. */
uint64_t manager_n_drops_of_gone(const struct manager *m);

/* NULL, or which identity is broken for which aggregate (static buffer of the manager). */
const char *manager_check(const struct manager *m);
uint64_t manager_epoch(const struct manager *m);

#endif
