/* SPDX-License-Identifier: BSD-3-Clause */
/* What mode passive found out about an aggregate: where loss is, with how many observations behind
 * it, and findings with a name. A finding is a hint for people who know their network; it never
 * says that traffic is spoofed or genuine.
 *
 * The manager's thread. Memory is taken when the manager is made, and only if a slice is passive.
 */
#ifndef MANAGER_PASSIVE_H
#define MANAGER_PASSIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "manager/manager.h"
#include "stats/findings.h"
#include "stats/passive.h"

const char *passive_finding_name(enum passive_finding finding);
const char *passive_finding_words(enum passive_finding finding); /* a sentence for a person */

/* What escalates: a finding, PASSIVE_N_FINDINGS: "volume", or the next: "sources_above". */
const char *passive_cause_name(int cause);

enum passive_severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL };
const char *passive_severity_name(enum passive_severity severity);

/* A share, the interval that covers it in 95 of 100 cases, and what it rests on. No observations:
 * NaN, 0, 1. Of losses see doc/passive.md: they come in runs. */
struct passive_rate {
    uint64_t n_hits, n_observations;
    double rate, low, high;
};

/* What a rate of loss rests on. */
struct passive_losses {
    uint64_t n_lost, n_observations;
    uint64_t n_doubtful; /* of those lost: so many may have been late only */
    int64_t n_runs;      /* of neighbours that were lost; the rate keeps it between 1 and n_lost */
    bool are_repeats;
};

/* What counters say about losses before us and after us, and the rate that this comes to; of any
 * thread. */
struct passive_losses passive_upstream(const struct passive_counters *c);
struct passive_losses passive_downstream(const struct passive_counters *c);
struct passive_rate passive_rate_of_losses(const struct passive_losses *losses);

/* Those that lateness does not explain. */
uint64_t passive_sure_losses(const struct passive_losses *losses);

/* As it was when it was clearest. A finding is taken back when its cause is gone. */
struct passive_evidence {
    bool is_raised;
    enum passive_severity severity;
    uint64_t since_ns;
    struct passive_rate rate; /* of what, the words say */
};

enum passive_window { PASSIVE_MINUTE, PASSIVE_5_MINUTES, PASSIVE_HOUR, PASSIVE_N_WINDOWS };
const char *passive_window_name(enum passive_window window); /* "1m", "5m", "1h" */

/* Why watching ended. */
enum passive_stop { PASSIVE_GOES_ON, PASSIVE_FLOWS_FINISHED, PASSIVE_FLOWS_SEEN, PASSIVE_TIME };
const char *passive_stop_name(enum passive_stop stop);

/* How much of the packets a mirror copies, and how we know. */
enum passive_sampling_source {
    SAMPLING_NONE,       /* nothing speaks for it */
    SAMPLING_CONFIGURED, /* the slice or its port says so */
    SAMPLING_ESTIMATED,  /* sampling_suspected: the share of the bytes that came */
};
const char *passive_sampling_source_name(enum passive_sampling_source source);

struct passive_sampling {
    enum passive_sampling_source source;
    double rate; /* share of the packets that come here: above 0, 1 is all */
};

struct passive_report {
    const struct passive_counters *total; /* until watching ended */
    enum passive_stop stop;
    uint64_t began_ns, ended_ns;       /* 0: not yet */
    struct passive_rate upstream;      /* segments lost before us, of those observed */
    struct passive_rate downstream;    /* repeats, of what went by with nothing missing */
    struct passive_rate reordered;     /* of all that went by (RFC 4737 3.3) */
    struct passive_rate share_here;    /* bytes that came here, of all; no interval */
    struct passive_sampling sampling;  /* when sampled, all rates above are unknown */
    bool withheld[PASSIVE_N_FINDINGS]; /* not looked for; of losses, the rate is unknown, too */
    struct passive_evidence findings[PASSIVE_N_FINDINGS];
    struct passive_rate windows[PASSIVE_N_WINDOWS][2]; /* upstream, downstream */
};

/* False: no such aggregate, or its slice is of another mode. */
bool manager_passive_report(const struct manager *m, uint32_t aggregate,
                            struct passive_report *out);

/* The flows of an aggregate of a slice with `report_flows`, in the order in which they ended: pass
 * NULL first, then the last one; NULL at the end. */
const struct ended_flow *manager_next_ended_flow(const struct manager *m, uint32_t aggregate,
                                                 const struct ended_flow *last);

/* Why a finding is withheld: a sentence for a person. */
const char *passive_withheld_words(const struct passive_report *report,
                                   enum passive_finding finding);

/* A window of counted sources ended: of this slice there were so many, whatever the port. May start
 * a test of it, each time that it comes to be above the limit of its escalation: of the aggregate
 * with most packets that is not under test. */
void manager_count_sources(struct manager *m, uint32_t slice, uint64_t n_sources, uint64_t now_ns);

/* Ends watching wherever it goes on, as its time is over. */
void manager_passive_expire(struct manager *m, uint64_t now_ns);

/* Did watching end for every aggregate of a passive slice, and was there one? */
bool manager_passive_is_over(const struct manager *m);

#endif
