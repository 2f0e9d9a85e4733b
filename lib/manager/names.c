/* SPDX-License-Identifier: BSD-3-Clause */
#include "manager/manager.h"
#include "manager/passive.h"

static const char *const state_names[] = {
    [TEST_IDLE] = "idle",         [TEST_POOLED] = "pooled", [TEST_FLOWS] = "flows",
    [TEST_SETTLING] = "settling", [TEST_DONE] = "done",
};

static const char *const via_names[] = {
    [VIA_NONE] = "none",           [VIA_POOLED] = "aggregate", [VIA_FLOWS] = "flows",
    [VIA_HANDSHAKE] = "handshake", [VIA_QUIC] = "quic",
};

static const struct {
    const char *name, *words;
} reasons[] = {
    [REASON_RUNNING] = {"running", "The test is under way."},
    [REASON_EVIDENCE] = {"evidence", "The evidence reached its threshold."},
    [REASON_FLOWS_CLOSED_LOOP] = {"flows_closed_loop",
                                  "Enough single flows repaired what was dropped of them."},
    [REASON_BUDGET] = {"budget", "All drops allowed were made, and what became of them does not "
                                 "suffice for a verdict."},
    [REASON_FLOWS_SPENT] = {"flows_spent",
                            "The drops of the aggregate and those of single flows were made, or "
                            "their time was over, and what became of them does not suffice for a "
                            "verdict."},
    [REASON_RESETS] = {"resets",
                       "Most drops count neither for nor against, because their flows ended by "
                       "FIN or RST before they could be repaired."},
    [REASON_OWN_LOSS] = {"own_loss", "Most drops count neither for nor against, because the "
                                     "box itself lost packets."},
    [REASON_AMBIGUOUS] = {"ambiguous",
                          "Most drops count neither for nor against, because what came back "
                          "covered more than the dropped bytes, as when a sender merges small "
                          "writes."},
    [REASON_EVICTED] = {"evicted", "Most drops count neither for nor against, because the "
                                   "flow table was too small to keep their flows."},
    [REASON_CONFLICT] =
        {"conflict", "Some drops came back as only real senders repeat them, and too many did "
                     "not: blind traffic beside them, or repairs that take another way; neither "
                     "suffices for a verdict."},
    [REASON_STALL] = {"stall", "Most drops count neither for nor against, because the box itself "
                               "stood still."},
    [REASON_SILENCE] = {"silence",
                        "Most drops count neither for nor against, because the traffic fell silent "
                        "as a whole while they waited for their repair."},
    [REASON_NO_REPEATS] =
        {"no_repeats", "No handshake or first flight came again, dropped or not: who sends them "
                       "sends once (a scanner, a server with SYN cookies), or went on by another "
                       "address or protocol."},
    [REASON_UNANSWERED] =
        {"unanswered", "Handshakes or first flights came again whether they were dropped or not: "
                       "nobody answers them, or who sends them repeats regardless."},
    [REASON_LATE_REPAIRS] = {"late_repairs", "Dropped segments came back, but later than "
                                             "retransmission_timeout_ms: raise it."},
    [REASON_WATCHED] = {"watched",
                        "This traffic is only watched: nothing is dropped, so there is no "
                        "verdict."},
    [REASON_NOT_TESTED] = {"not_tested", "No test was begun."},
    [REASON_DURATION] = {"duration", "The time allowed for the test was over."},
    [REASON_STOPPED] = {"stopped", "The test was stopped."},
    [REASON_RECONFIGURED] = {"reconfigured",
                             "The configuration changed what the slice is, or how it is tested, "
                             "while the test was under way."},
    [REASON_DROP_BUDGET] = {"drop_budget",
                            "The box may make no more drops now: those of the last hour and those "
                            "that other tests may make come to instance.max_drops_per_hour."},
    [REASON_NO_TRAFFIC] = {"no_traffic", "Not one packet came."},
    [REASON_NO_TCP] = {"no_tcp", "No TCP came, so there is nothing to test."},
    [REASON_FRAGMENTS] = {"fragments", "Only IP fragments came, which are never tested: what sends "
                                       "or tunnels them has a smaller MTU than its packets."},
    [REASON_UNREADABLE] = {"unreadable", "Only packets came whose headers are cut, malformed or "
                                         "not looked through: packet_reasons say which."},
    [REASON_CHECKSUMS] = {"checksums",
                          "Most TCP checksums are wrong, so nobody answers: the sender leaves them "
                          "to a NIC that it does not have (veth, virtio); switch its checksum "
                          "offload off (ethtool -K DEV tx off, at the far end)."},
    [REASON_NO_CONNECTIONS] = {"no_connections", "Only SYN, FIN and RST came: no connection came "
                                                 "about, or its data takes another way."},
    [REASON_NO_UNITS] = {"no_units",
                         "None of what is to be dropped came (units): no SYN or SYN+ACK, or "
                         "no first flight of QUIC."},
    [REASON_ONLY_ACKS] = {"only_acks", "Only packets without payload came: in this direction the "
                                       "connections carry no data that could be tested."},
    [REASON_FLOWS_TOO_YOUNG] = {"flows_too_young",
                                "Data came of flows only that were first seen in the middle and "
                                "have not been watched for admission_grace_ms yet, or found no "
                                "room in the flow table."},
    [REASON_PROTECTED] = {"protected", "No segment came that may be dropped: they were repeats, "
                                       "out of order, of one byte, with URG, among the first of "
                                       "their flow (protect_first_packets), or of flows that are "
                                       "left alone or spared (never_drop)."},
    [REASON_NO_DROP] =
        {"no_drop",
         "No coin fell for a drop, or drops were not allowed (kill switch, suspension)."},
};

static const char *const event_names[] = {
    [EVENT_AGGREGATE_ADDED] = "aggregate_added",
    [EVENT_AGGREGATE_REMOVED] = "aggregate_removed",
    [EVENT_AGGREGATES_FULL] = "aggregates_full",
    [EVENT_AGGREGATES_FREE] = "aggregates_free",
    [EVENT_DROP_BUDGET_SPENT] = "drop_budget_spent",
    [EVENT_DROP_BUDGET_FREE] = "drop_budget_free",
    [EVENT_TEST_STARTED] = "test_started",
    [EVENT_DROP_MADE] = "drop_made",
    [EVENT_DROP_ENDED] = "drop_ended",
    [EVENT_PROVISIONAL] = "provisional",
    [EVENT_PROVISIONAL_WITHDRAWN] = "provisional_withdrawn",
    [EVENT_NOTHING_TESTED] = "nothing_tested",
    [EVENT_VERDICT] = "verdict",
    [EVENT_TEST_ENDED] = "test_ended",
    [EVENT_SUSPENDED] = "suspended",
    [EVENT_RESUMED] = "resumed",
    [EVENT_TRACKING_SHED] = "tracking_shed",
    [EVENT_TRACKING_RESUMED] = "tracking_resumed",
    [EVENT_KILL_SWITCH] = "kill_switch",
    [EVENT_STALL] = "stall",
    [EVENT_FINDING] = "finding",
    [EVENT_FINDING_CLEARED] = "finding_cleared",
    [EVENT_WATCH_ENDED] = "watch_ended",
    [EVENT_ESCALATION] = "escalation",
};

static const struct {
    const char *name, *words;
} findings[PASSIVE_N_FINDINGS] = {
#define FINDING_ROW(suffix, name, words) [FINDING_##suffix] = {name, words},
    PASSIVE_FINDINGS(FINDING_ROW)
#undef FINDING_ROW
};

static const char *const severities[] = {
    [SEVERITY_INFO] = "info",
    [SEVERITY_WARNING] = "warning",
    [SEVERITY_CRITICAL] = "critical",
};

static const char *const cause_names[] = {
    [TEST_BY_SLICE] = "slice",
    [TEST_BY_COMMAND] = "command",
    [TEST_BY_ESCALATION] = "escalation",
};

const char *test_cause_name(enum test_cause cause)
{
    return cause_names[cause];
}

const char *test_state_name(enum test_state state)
{
    return state_names[state];
}

const char *test_via_name(enum test_via via)
{
    return via_names[via];
}

const char *test_reason_name(enum test_reason reason)
{
    return reasons[reason].name;
}

const char *test_reason_words(enum test_reason reason)
{
    return reasons[reason].words;
}

const char *manager_event_name(enum manager_event_kind kind)
{
    return event_names[kind];
}

const char *passive_finding_name(enum passive_finding finding)
{
    return (unsigned int)finding < PASSIVE_N_FINDINGS ? findings[finding].name : NULL;
}

const char *passive_finding_words(enum passive_finding finding)
{
    return (unsigned int)finding < PASSIVE_N_FINDINGS ? findings[finding].words : NULL;
}

const char *passive_severity_name(enum passive_severity severity)
{
    return severities[severity];
}

const char *passive_cause_name(int cause)
{
    return cause == PASSIVE_N_FINDINGS       ? "volume"
           : cause == PASSIVE_N_FINDINGS + 1 ? "sources_above"
                                             : passive_finding_name((enum passive_finding)cause);
}
