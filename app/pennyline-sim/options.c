/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-sim/options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/time.h"
#include "blind/unit_attacks.h"
#include "unit/unit.h"

enum kind {
    U16,
    U32,
    REAL,
    ON,
    OFF,
    NS_OF_MS,
    MS_OF_S,
    ATTACK,
    RULE,
    PRESET,
    BETWEEN,
    STACK,
    UNITS
};

/* Rows of the scenario's options: name, argument, field, kind, least, most, group, help. */
#define AT(field) offsetof(struct scenario, field)
static const struct row {
    const char *name, *argument;
    size_t offset;
    enum kind kind;
    double least, most;
    int group;
    const char *help;
} rows[] = {
    {"scenario", "NAME", 0, PRESET, 0, 0, 1,
     "Begin with genuine (default), blind or mixed; options after it change it"},
    {"flows", "N", AT(genuine.n_flows), U32, 0, SCENARIO_MAX_GENUINE_FLOWS, 2,
     "Genuine flows (10)"},
    {"segments", "N", AT(genuine.n_segments), U32, 0, 1e9, 2, "Of each; 0: endless (0)"},
    {"segment-bytes", "BYTES", AT(genuine.segment_bytes), U16, 2, 9000, 2, "Of payload (1400)"},
    {"renew", NULL, AT(genuine.renew), ON, 0, 0, 2, "A flow that ends is followed by another"},
    {"from-middle", NULL, AT(genuine.from_middle), ON, 0, 0, 2, "The box sees no SYN of them"},
    {"from-middle-share", "SHARE", AT(genuine.from_middle_share), REAL, 0, 1, 2, "Of so many (0)"},
    {"pace", "N", AT(genuine.pace), REAL, 0, 1e6, 2,
     "Segments per second and flow that the application writes; 0: as TCP goes (0)"},
    {"start-ms", "MS", AT(genuine.start_ms), REAL, 0, 1e6, 2, "Flows begin within (50)"},
    {"no-sack", NULL, AT(genuine.tcp.sack), OFF, 0, 0, 2, "Three duplicate ACKs only"},
    {"no-rack", NULL, AT(genuine.tcp.recent_ack), OFF, 0, 0, 2,
     "Losses by the third SACK only, not by time"},
    {"reordering-timer", NULL, AT(genuine.tcp.reordering_timer), ON, 0, 0, 2,
     "What one SACK is behind is lost a quarter of a round trip later, as with Linux"},
    {"no-tail-loss-probe", NULL, AT(genuine.tcp.tail_loss_probe), OFF, 0, 0, 2, "RTO only"},
    {"rto-min-ms", "MS", AT(genuine.tcp.rto_min_ns), NS_OF_MS, 1, 1e5, 2,
     "Least retransmission timeout (200, as Linux; RFC 6298 asks for 1000)"},
    {"delayed-ack-ms", "MS", AT(genuine.tcp.delayed_ack_ns), NS_OF_MS, 0, 1e4, 2, "(40)"},
    {"window", "N", AT(genuine.tcp.max_window), U32, 1, TCP_MODEL_WINDOW, 2,
     "Greatest window, segments (32)"},
    {"stack", "NAME", AT(genuine.stack), STACK, 0, 0, 2,
     "When a SYN is sent again: linux (default), rfc6298, bsd or windows; or first flights of QUIC "
     "alone: quic or quic-cached"},
    {"all-stacks", NULL, AT(genuine.all_stacks), ON, 0, 0, 2, "Those of TCP, or of QUIC, in turn"},
    {"datagrams", "N", AT(genuine.n_datagrams), U32, 1, 8, 2, "Of a first flight of QUIC (1)"},
    {"moves-on", "SHARE", AT(genuine.moves_on), REAL, 0, 1, 2,
     "Flows that never send a handshake again, but go on by another address (0)"},
    {"to-completion", NULL, AT(to_completion), ON, 0, 0, 2,
     "Go on after the verdict until all flows are done"},
    {"attack", "NAME", AT(blind.attack), ATTACK, 0, 0, 3,
     "What blind senders do, as pennyline-blind knows it"},
    {"blind-flows", "N", AT(blind.n_flows), U32, 1, 1e6, 3, "(10)"},
    {"blind-rate", "N", AT(blind.segments_per_second), REAL, 0, 1e7, 3,
     "Steps of the attack per second; 0: by --blind-share (1000)"},
    {"blind-share", "SHARE", AT(blind.share), REAL, 0, 0.999, 3,
     "Of the packets, when genuine flows are paced (0.5)"},
    {"duplicates", "RATIO", AT(blind.duplicate_ratio), REAL, 0, 1, 3,
     "Repeats per segment (by the attack)"},
    {"delay-ms", "MS", AT(blind.delay_ms), REAL, 0, 1e6, 3,
     "From a segment to its repeat (by the attack)"},
    {"flood", "N", AT(blind.n_flood), REAL, 0, 1e4, 3, "New flows per step (by the attack)"},
    {"covered", "N", AT(blind.n_covered), U32, 1, 1000, 3,
     "Segments under one packet of the attack sweep (100)"},
    {"also", "NAME", AT(blind.also), ATTACK, 0, 0, 3, "An attack whose steps are mixed in (none)"},
    {"between", "N", AT(blind.n_between), U32, 1, 10000, 3,
     "Segments that are never repeated, in attacks that have them (by the attack)"},
    {"between-kind", "KIND", AT(blind.between), BETWEEN, 0, 0, 3,
     "Of the attack undroppable: one-byte (default), urgent or fin"},
    {"period-ms", "MS", AT(blind.period_ms), REAL, 0.001, 1e6, 3, "Of the attack pulses (10)"},
    {"blind-start-ms", "MS", AT(blind.start_ms), REAL, 0, 1e6, 3,
     "They begin within, so in any phase of the box's epochs of 10 ms (0)"},
    {"blind-steps", "N", AT(blind.n_steps), U32, 1, 1e9, 3,
     "Steps of the attack at most; repeats still come (until the trial ends)"},
    {"blind-ends", NULL, AT(blind.ends_with_genuine), ON, 0, 0, 3,
     "They stop when all genuine flows are done"},
    {"blind-payload", "BYTES", AT(blind.payload_bytes), U16, 2, 9000, 3, "(1400)"},
    {"blind-from-middle", NULL, AT(blind.from_middle), ON, 0, 0, 3, "No SYN before"},
    {"loss-upstream", "SHARE", AT(network.loss_upstream), REAL, 0, 0.9, 4, "Before the box (0)"},
    {"loss-downstream", "SHARE", AT(network.loss_downstream), REAL, 0, 0.9, 4, "Behind it (0)"},
    {"loss-ack", "SHARE", AT(network.loss_ack), REAL, 0, 0.9, 4, "Of ACKs on their way back (0)"},
    {"burst", "N", AT(network.burst), REAL, 1, 1000, 4, "Mean length of a run of losses (1)"},
    {"delay-upstream-ms", "MS", AT(network.delay_upstream_ms), REAL, 0, 1e4, 4, "(0)"},
    {"delay-downstream-ms", "MS", AT(network.delay_downstream_ms), REAL, 0, 1e4, 4, "(10)"},
    {"delay-back-ms", "MS", AT(network.delay_back_ms), REAL, 0, 1e4, 4, "(10)"},
    {"jitter-ms", "MS", AT(network.jitter_ms), REAL, 0, 1e4, 4, "Uniform, on both ways (0)"},
    {"reorder", "SHARE", AT(network.reorder), REAL, 0, 1, 4, "Segments that come late (0)"},
    {"reorder-ms", "MS", AT(network.reorder_ms), REAL, 0, 1e4, 4, "By so much (5)"},
    {"unseen", "SHARE", AT(network.unseen), REAL, 0, 1, 4,
     "Genuine packets that go past the box (0)"},
    {"path-change", "SECONDS", AT(network.path_change_s), REAL, 0, 1e4, 4,
     "When genuine traffic leaves the box for good; 0: never (0)"},
    {"path-return", "SECONDS", AT(network.path_return_s), REAL, 0, 1e4, 4,
     "When it comes back; 0: never (0)"},
    {"stall", "SECONDS", AT(own.stall_s), REAL, 0, 3600, 7,
     "The box stands still for so long, once; 0: never (0)"},
    {"stall-within", "SECONDS", AT(own.within_s), REAL, 0, 1e4, 7,
     "That, or a jump, begins at a random time within (0.5)"},
    {"stall-queue", "N", AT(own.queue), U32, 0, 1 << 20, 7,
     "Packets that wait meanwhile; others are lost (1024)"},
    {"stall-spares-workers", NULL, AT(own.spares_workers), ON, 0, 0, 7, "Only the manager stands"},
    {"stall-spares-manager", NULL, AT(own.spares_manager), ON, 0, 0, 7, "Only the workers stand"},
    {"clock-jump", "SECONDS", AT(own.clock_jump_s), REAL, -3600, 3600, 7,
     "The workers' clock jumps so far ahead, or stands for so long if negative (0)"},
    {"rule", "RULE", AT(test.rule), RULE, 0, 0, 5, "anytime (default) or penny"},
    {"units", "UNIT[,...]", AT(test.units), UNITS, 0, 0, 5, "data (default), handshake, quic"},
    {"drop-probability", "P", AT(test.drop_probability), REAL, 1e-6, 0.5, 5, "(0.05)"},
    {"alpha", "P", AT(test.alpha), REAL, 1e-15, 0.1, 5, "(1e-6)"},
    {"beta", "P", AT(test.beta), REAL, 1e-15, 0.1, 5, "(1e-4)"},
    {"p-miss", "P", AT(test.p_miss), REAL, 1e-4, 0.5, 5, "(0.05)"},
    {"max-duplicate-ratio", "P", AT(test.max_duplicate_ratio), REAL, 0, 1, 5, "(0.15)"},
    {"max-drops", "N", AT(test.max_drops_per_aggregate), U32, 1, TEST_MAX_DROPS_PER_AGGREGATE, 5,
     "(12)"},
    {"max-drops-per-flow", "N", AT(test.max_drops_per_flow), U32, 1, TEST_MAX_DROPS_PER_FLOW, 5,
     "(6)"},
    {"max-individual-flows", "N", AT(test.max_individual_flows), U32, 1, TEST_MAX_INDIVIDUAL_FLOWS,
     5, "(10)"},
    {"no-individual", NULL, AT(test.fallback_to_individual), OFF, 0, 0, 5, "No flows phase"},
    {"protect-first", "N", AT(test.protect_first_packets), U32, 0, 200, 5, "(0)"},
    {"retransmission-timeout", "SECONDS", AT(test.retransmission_timeout_ms), MS_OF_S, 0.1, 60, 5,
     "(3)"},
    {"lcores", "N", AT(n_lcores), U32, 1, 16, 6, "Workers that share the flows (1)"},
    {"table-flows", "N", AT(n_table_flows), U32, 64, 1 << 24, 6,
     "Flow table of each lcore (room for all)"},
    {"max-seconds", "SECONDS", AT(max_s), REAL, 0.1, 15000, 6, "A trial's end at the latest (60)"},
    {"no-drops", NULL, AT(no_drops), ON, 0, 0, 6, "The kill switch is on: for comparison"},
    {"watch", NULL, AT(watch), ON, 0, 0, 6, "Report the greatest E of each trial, not the last"},
};

#define FIRST_KEY 1000

double options_number(struct argp_state *state, const char *name, const char *text, double least,
                      double most)
{
    char *end;
    double value = strtod(text, &end);

    if (*end == '%' && most <= 1) {
        value /= 100;
        end++;
    }
    if (end == text || *end != '\0' || !(value >= least && value <= most))
        argp_error(state, "--%s %s: want a number from %g to %g", name, text, least, most);
    return value;
}

static void apply_preset(struct argp_state *state, struct scenario *s, const char *name)
{
    scenario_default(s);
    if (strcmp(name, "genuine") == 0)
        return;
    s->blind.attack = attack_by_name("none");
    if (strcmp(name, "blind") == 0) {
        s->genuine.n_flows = 0;
    } else if (strcmp(name, "mixed") == 0) {
        s->genuine.pace = 50;
        s->blind.segments_per_second = 0;
        s->blind.n_flows = 100;
    } else {
        argp_error(state, "--scenario %s: there are genuine, blind and mixed", name);
    }
}

enum test_rule options_rule(struct argp_state *state, const char *text)
{
    if (strcmp(text, "anytime") != 0 && strcmp(text, "penny") != 0)
        argp_error(state, "--rule %s: there are anytime and penny", text);
    return *text == 'a' ? TEST_RULE_ANYTIME : TEST_RULE_PENNY;
}

static enum sender_between options_between(struct argp_state *state, const char *text)
{
    unsigned int i = 0;

    while (sender_between_name(i) != NULL && strcmp(sender_between_name(i), text) != 0)
        i++;
    if (i == SENDER_N_BETWEEN)
        argp_error(state, "--between-kind %s: there are one-byte, urgent and fin", text);
    return (enum sender_between)i;
}

static enum handshake_stack options_stack(struct argp_state *state, const char *text)
{
    unsigned int i = 0;

    while (handshake_stack_name(i) != NULL && strcmp(handshake_stack_name(i), text) != 0)
        i++;
    if (i == STACK_N)
        argp_error(state,
                   "--stack %s: there are linux, rfc6298, bsd, windows, quic and quic-cached",
                   text);
    return (enum handshake_stack)i;
}

static uint32_t options_units(struct argp_state *state, const char *text)
{
    char *copy = strdup(text), *rest = copy;
    uint32_t units = 0;

    for (char *word; copy != NULL && (word = strsep(&rest, ",")) != NULL;) {
        uint32_t unit = strcmp(word, "data") == 0 ? TEST_UNITS_DATA : 0;

        for (unsigned int k = 0; k < UNIT_N_KINDS; k++)
            if (strcmp(word, unit_rule_of((enum unit_kind)k)->name) == 0)
                unit = TEST_UNITS_OF(k);
        if (unit == 0)
            argp_error(state, "--units %s: there are data, handshake and quic", text);
        units |= unit;
    }
    free(copy);
    return units;
}

static void set_word(struct argp_state *state, struct scenario *s, const struct row *row,
                     const char *text)
{
    if (row->kind == PRESET) {
        apply_preset(state, s, text);
    } else if (row->kind == ATTACK) {
        const struct attack **attack = (void *)((uint8_t *)s + row->offset);

        *attack = any_attack_by_name(text);
        if (*attack == NULL)
            argp_error(state, "--%s %s: there is none of that name", row->name, text);
    } else if (row->kind == STACK) {
        s->genuine.stack = options_stack(state, text);
    } else if (row->kind == UNITS) {
        s->test.units = options_units(state, text);
    } else if (row->kind == BETWEEN) {
        s->blind.between = options_between(state, text);
    } else {
        s->test.rule = options_rule(state, text);
    }
}

static void set(struct argp_state *state, struct scenario *s, const struct row *row,
                const char *text)
{
    void *field = (uint8_t *)s + row->offset;
    double value = 0;

    if (row->argument != NULL && row->kind != PRESET && row->kind != ATTACK && row->kind != RULE &&
        row->kind != BETWEEN && row->kind != STACK && row->kind != UNITS)
        value = options_number(state, row->name, text, row->least, row->most);
    switch (row->kind) {
    case U16:
        *(uint16_t *)field = (uint16_t)value;
        break;
    case U32:
        *(uint32_t *)field = (uint32_t)value;
        break;
    case REAL:
        *(double *)field = value;
        break;
    case NS_OF_MS:
        *(uint64_t *)field = (uint64_t)(value * (double)NS_PER_MS);
        break;
    case MS_OF_S:
        *(uint32_t *)field = (uint32_t)(value * 1000);
        break;
    case ON:
    case OFF:
        *(bool *)field = row->kind == ON;
        break;
    case ATTACK:
    case RULE:
    case PRESET:
    case BETWEEN:
    case STACK:
    case UNITS:
        set_word(state, s, row, text);
        break;
    }
}

static error_t parse_scenario(int key, char *text, struct argp_state *state)
{
    struct options *o = state->input;
    const char *wrong;

    if (key == ARGP_KEY_END) {
        wrong = scenario_check(&o->scenario);
        if (wrong != NULL)
            argp_error(state, "%s", wrong);
        return 0;
    }
    if (key < FIRST_KEY || key >= FIRST_KEY + (int)ARRAY_LENGTH(rows))
        return ARGP_ERR_UNKNOWN;
    set(state, &o->scenario, &rows[key - FIRST_KEY], text);
    return 0;
}

static error_t parse_study(int key, char *text, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case 'n':
        o->study.n_runs = (uint64_t)options_number(state, "runs", text, 1, 1e9);
        return 0;
    case 't':
        o->study.n_threads = (uint32_t)options_number(state, "threads", text, 1, 1024);
        return 0;
    case 's':
        o->study.seed = (uint64_t)options_number(state, "seed", text, 0, 9e15);
        return 0;
    case 'j':
        o->output = OUTPUT_JSON;
        return 0;
    case 'c':
        o->output = OUTPUT_CSV;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option study_options[] = {
    {"runs", 'n', "N", 0, "Trials (by the subcommand)", 9},
    {"threads", 't', "N", 0, "(1)", 9},
    {"seed", 's', "N", 0, "Of all that is random; the same seed, the same result (1)", 9},
    {"json", 'j', NULL, 0, "Print JSON", 9},
    {"csv", 'c', NULL, 0, "Print CSV", 9},
    {0},
};
const struct argp study_argp = {.options = study_options, .parser = parse_study};

/* argp's rows are made of ours when the program starts. */
static struct argp_option scenario_options[ARRAY_LENGTH(rows) + 1];
const struct argp scenario_argp = {.options = scenario_options, .parser = parse_scenario};

void options_default(struct options *o)
{
    *o = (struct options){
        .first_rule = TEST_RULE_ANYTIME,
        .last_rule = TEST_RULE_PENNY,
        .study = {.n_threads = 1, .seed = 1, .progress = isatty(STDERR_FILENO) != 0}};
    scenario_default(&o->scenario);
    for (unsigned int i = 0; i < ARRAY_LENGTH(rows); i++)
        scenario_options[i] = (struct argp_option){.name = rows[i].name,
                                                   .key = FIRST_KEY + (int)i,
                                                   .arg = rows[i].argument,
                                                   .doc = rows[i].help,
                                                   .group = rows[i].group};
}
