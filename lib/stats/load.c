/* SPDX-License-Identifier: BSD-3-Clause */
#include "stats/load.h"

#include <math.h>

static const char *const stage_names[] = {
#define X(stage, name, help) [stage] = name,
    LOAD_STAGES(X)
#undef X
};

static const char *const stage_helps[] = {
#define X(stage, name, help) [stage] = help,
    LOAD_STAGES(X)
#undef X
};

const char *load_stage_name(enum load_stage stage)
{
    return stage_names[stage];
}

const char *load_stage_help(enum load_stage stage)
{
    return stage_helps[stage];
}

uint32_t load_fill_least(unsigned int fill)
{
    return UINT32_C(1) << fill;
}

/* No burst holds more than 64. */
uint32_t load_fill_most(unsigned int fill)
{
    return fill + 1 == LOAD_N_FILLS ? load_fill_least(fill) : load_fill_least(fill + 1) - 1;
}

uint64_t load_n_bursts(const struct worker_load *load)
{
    uint64_t n = 0;

    for (unsigned int i = 0; i < LOAD_N_FILLS; i++)
        n += load->bursts[i];
    return n;
}

void load_count_long_turn(struct worker_load *load, uint64_t n_cycles)
{
    load->long_turns.n++;
    load->long_turns.cycles += n_cycles;
}

void load_count_reload(struct worker_load *load, uint64_t n_cycles)
{
    load->reload_turns.n++;
    load->reload_turns.cycles += n_cycles;
    if (n_cycles > load->longest_reload_turn_cycles)
        load->longest_reload_turn_cycles = n_cycles;
}

static double ratio(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : (double)part / (double)whole;
}

struct load_rates load_rates_between(const struct worker_load *now,
                                     const struct worker_load *before, uint64_t tsc_hz)
{
    uint64_t n_packets = now->packets - before->packets;
    uint64_t n_sampled = now->sampled_packets - before->sampled_packets;
    uint64_t busy = now->turns[1].cycles - before->turns[1].cycles;
    uint64_t idle = now->turns[0].cycles - before->turns[0].cycles;
    struct load_rates r = {
        .seconds = ratio(busy + idle, tsc_hz),
        .busy_share = ratio(busy, busy + idle),
        .cycles_per_packet = ratio(busy, n_packets),
        .packets_per_burst = ratio(n_packets, load_n_bursts(now) - load_n_bursts(before)),
    };

    r.packets_per_second = r.seconds > 0 ? (double)n_packets / r.seconds : 0;
    for (int i = 0; i < LOAD_N_STAGES; i++)
        r.stage_cycles_per_packet[i] =
            n_sampled > 0 ? ratio(now->stage_cycles[i] - before->stage_cycles[i], n_sampled) : NAN;
    return r;
}
