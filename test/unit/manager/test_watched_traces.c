/* SPDX-License-Identifier: BSD-3-Clause */
/* What is found of watched traffic, over hours in which what happens to it changes by chance:
 * causes come, stay, go, and come again, some of them only just. */
#include <inttypes.h>
#include <string.h>

#include "../common/trace.h"
#include "base/random.h"
#include "box.h"
#include "say.h"

#define N_PLAYS 12
#define N_STEPS 350
#define STEP_NS (40 * NS_PER_S)

/* What happens, in thousandths of what passes. */
struct weather {
    uint32_t lost, doubtful, repeats, runs, needless, reordered, unknown, missing;
    uint32_t out_of_line, syn_only, one_way, balanced, without_data;
};

static struct {
    struct random_source chance;
    struct box *b;
    struct weather weather;
} play;

/* Once in a statement at most: compilers differ in which of two comes first. */
static uint32_t below(uint32_t n)
{
    return random_u32(&play.chance) % n;
}

/* Mostly none, or a little, or much. */
static uint32_t some(uint32_t most)
{
    uint32_t turn = below(6);

    return turn < 3 ? 0 : turn == 3 ? below(3) : below(turn == 4 ? most / 10 + 1 : most);
}

static void change_weather(void)
{
    struct weather *w = &play.weather;

    w->lost = some(120);
    w->doubtful = some(20);
    w->repeats = some(120);
    w->runs = 1 + below(4);
    w->needless = some(10);
    w->reordered = some(60);
    w->unknown = some(20);
    w->missing = below(3) == 0 ? below(30) * 1000 : some(100);
    w->out_of_line = some(700);
    w->syn_only = some(990);
    w->one_way = below(3) == 0 ? 800 + below(201) : some(300);
    w->balanced = some(400);
    w->without_data = some(300);
}

/* `permille` of n, rounded by chance. */
static uint64_t share(uint64_t n, uint32_t permille)
{
    return (n * permille + below(1000)) / 1000;
}

static uint64_t at_most(uint64_t n, uint64_t most)
{
    return n < most ? n : most;
}

static void count_segments(struct passive_counters *d)
{
    const struct weather *w = &play.weather;
    uint64_t n = 1 + below(below(4) == 0 ? 20 : 3000);
    uint64_t lost = at_most(share(n, w->lost), n), repeats = at_most(share(n, w->repeats), n);

    *d = box_passive_segments(lost, repeats, n);
    d->lost_upstream = d->lost_upstream_repairs;
    d->maybe_late = d->unknown = share(n, w->doubtful);
    d->unknown += share(n, w->unknown);
    d->passed += d->unknown;
    d->repeat_runs = d->repeats / w->runs;
    d->needless = share(n, w->needless);
    d->passed += d->needless;
    d->reordered = d->extent_3_7 = share(n, w->reordered);
    d->passed += d->reordered;
    d->holes_opened += d->reordered;
    d->holes_reordered = d->reordered;
    d->missing_bytes = d->payload_bytes / 1000 * w->missing;
}

static void count_flows(struct passive_counters *d)
{
    const struct weather *w = &play.weather;
    uint64_t n = below(12);

    d->ended_syn_only = at_most(share(n, w->syn_only), n);
    d->ended_rst = n - d->ended_syn_only < 2 ? 0 : below(2 + (w->out_of_line > 0));
    d->ended_fin = n - d->ended_syn_only - d->ended_rst;
    d->flows_finished = n;
    d->resets_out_of_line = share(d->ended_rst, w->out_of_line);
    d->resets_with_open_holes = w->out_of_line > 300 ? below(2) : 0;
    d->flows_without_data = at_most(share(n, w->without_data), n - d->ended_syn_only);
    d->flows_balanced = at_most(share(n, w->balanced), n);
    d->flows_two_way = d->ended_fin - at_most(share(d->ended_fin, w->one_way), d->ended_fin);
    d->flows_stopped = below(40) == 0;
}

static void step(void)
{
    struct message m = {.kind = MESSAGE_PASSIVE};
    struct passive_counters flows = {0};

    if (below(25) == 0)
        change_weather();
    count_segments(&m.passive);
    count_flows(&flows);
    passive_counters_add(&m.passive, &flows);
    manager_receive(play.b->manager, &m);
    if (below(60) == 0)
        box_forward(play.b, 0, 0, 10);
    play.b->now_ns += below(3) == 0 ? STEP_NS : STEP_NS / 20;
    box_epoch(play.b);
}

static void play_watched(uint64_t n)
{
    struct slice *s;

    memset(&play, 0, sizeof(play));
    random_seed_fixed(&play.chance, n, 5);
    play.b = box_new(1);
    play.b->n_slices = 2;
    play.b->on_event = say_event;
    s = &play.b->slices[0];
    s->mode = SLICE_PASSIVE;
    s->parameters.sampling = n % 6 == 0 ? 10 : n % 6 == 1;
    s->escalation =
        (struct slice_escalation){.when = below(1u << (PASSIVE_N_FINDINGS + 1)), .test = 1};
    s->escalation.max_per_hour = 1 + below(3);
    s->escalation.above_bps = 100000 * below(20);
    play.b->slices[1].start = SLICE_START_MANUAL;
    box_open(play.b);
    change_weather();
    for (uint32_t i = 0; i < N_STEPS; i++) {
        step();
        if (i % 20 == 19)
            say_passive(play.b->manager, 0);
    }
    manager_finish(play.b->manager);
    box_settle(play.b);
    say_passive(play.b->manager, 0);
    say_report(play.b->manager, 1);
    box_close(play.b);
}

int main(int argc, char **argv)
{
    return trace_main(argc, argv, play_watched, N_PLAYS);
}
