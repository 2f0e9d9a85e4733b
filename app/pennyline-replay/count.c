/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-replay/count.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/random.h"
#include "base/time.h"
#include "common/exit_codes.h"
#include "common/source_options.h"
#include "pennyline-replay/capture.h"
#include "report/sources.h"

enum { KEY_PCAP = 0x100, KEY_JSON, KEY_LIST, KEY_SOURCES };

#define ALL_STEPS UINT32_MAX

struct counting {
    struct sources_plan plan;
    const char *pcap;
    bool json, lists;
    struct capture capture;
    struct random_source random;
    void *sources_memory, *lane_memory;
    struct sources *s;
    struct sources_lane *lane;
    struct sources_lane *const *lanes;
    struct sources_keeper *keeper;
    struct sources_time now;
};

static const struct argp_option argp_rows[] = {
    {"sources", KEY_SOURCES, NULL, 0, "Count sources", 0},
    {"pcap", KEY_PCAP, "FILE", 0,
     "The capture, pcap or pcapng, also in gzip; \"-\" is standard input", 0},
    {"list", KEY_LIST, NULL, 0, "Also name the sources, as far as they are held", 0},
    {"json", KEY_JSON, NULL, 0, "One line of JSON for each window", 0},
    {0},
};

static const char description[] =
    "Counts how many sources sent to which port in a capture, apart by IPv4 and IPv6, TCP and UDP. "
    "Mirrors are looked into: tunnels are taken off, and cut packets are read."
    "\v"
    "Windows are those of the packets' times, at multiples of their length; the first and the last "
    "one of a capture are shorter. A packet that is older than the one before it is taken to be of "
    "the same time.\n"
    "\n"
    "Exit code: 0; 2 usage; 1 any other error, as of a broken file.";

static const struct argp_child children[] = {{&source_options_argp, 0, "What to count:", 1}, {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct counting *c = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &c->plan;
        return 0;
    case KEY_PCAP:
        c->pcap = argument;
        return 0;
    case KEY_LIST:
        c->lists = true;
        return 0;
    case KEY_JSON:
        c->json = true;
        return 0;
    case KEY_SOURCES:
        return 0;
    case ARGP_KEY_END:
        if (c->pcap == NULL)
            argp_error(state, "which capture? Give --pcap FILE");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

bool count_is_asked_for(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--sources") == 0)
            return true;
    return false;
}

static int fail(const char *text)
{
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
    return EXIT_ERROR;
}

static void *lines(size_t n)
{
    const size_t whole = (n + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    void *memory = aligned_alloc(CACHE_LINE_BYTES, whole);

    return memory != NULL ? memset(memory, 0, whole) : NULL;
}

static int open_counting(struct counting *c, const struct sources_time *t)
{
    int error = random_seed_from_kernel(&c->random);
    uint64_t key[2];

    if (error != 0)
        return error;
    key[0] = random_u64(&c->random);
    key[1] = random_u64(&c->random);
    c->sources_memory = lines(sizeof(*c->s));
    c->lane_memory = lines(sources_lane_memory_bytes(&c->plan));
    if (c->sources_memory == NULL || c->lane_memory == NULL)
        return -ENOMEM;
    c->s = sources_init(c->sources_memory, &c->plan, key);
    c->lane = sources_lane_init(c->lane_memory, &c->plan);
    c->lanes = &c->lane;
    c->keeper = sources_keeper_create(c->s, c->lanes, 1, t, true);
    return c->keeper != NULL ? 0 : -errno;
}

static void print_window(const struct counting *c)
{
    const struct report_sources r = {.name = c->pcap,
                                     .plan = &c->plan,
                                     .result = sources_keeper_result(c->keeper),
                                     .counters = sources_keeper_counters(c->keeper),
                                     .is_listed = c->lists};

    report_sources_print(stdout, &r, c->lists ? c->keeper : NULL, c->json);
}

static struct sources_time time_at(uint64_t time_ns)
{
    return (struct sources_time){(int64_t)time_ns, time_ns};
}

/* Nobody else counts, so all of it can be done at once. */
static void finish_window(struct counting *c)
{
    sources_keeper_left(c->keeper);
    while (!sources_keeper_work(c->keeper, ALL_STEPS))
        continue;
    print_window(c);
    while (sources_keeper_work(c->keeper, ALL_STEPS))
        continue;
}

/* Windows between packets that lie far apart are not told. */
static void to_time_of(struct counting *c, uint64_t time_ns)
{
    const uint64_t key[2] = {random_u64(&c->random), random_u64(&c->random)};
    const uint64_t window_ns = c->plan.window_s * NS_PER_S;
    const uint64_t end_ns = (uint64_t)sources_keeper_next_ns(c->keeper);

    if (time_ns > c->now.now_ns)
        c->now = time_at(time_ns);
    if (c->now.now_ns < end_ns)
        return;
    if (sources_keeper_turn(c->keeper, &(struct sources_time){(int64_t)end_ns, end_ns}, key))
        finish_window(c);
    if (time_ns - end_ns >= window_ns) {
        const struct sources_time begin = time_at(time_ns - time_ns % window_ns);

        sources_keeper_skip(c->keeper, &begin);
    }
}

static int count_packets(struct counting *c)
{
    struct capture_packet packet;
    int more;

    while ((more = capture_next(&c->capture, &packet)) == 1) {
        if (c->keeper == NULL) {
            int error;

            c->now = time_at(packet.time_ns);
            error = open_counting(c, &c->now);
            if (error != 0)
                return error;
        }
        to_time_of(c, packet.time_ns);
        sources_count(c->s, c->lane, &packet.view, 1);
    }
    if (c->keeper != NULL && sources_keeper_end(c->keeper, &c->now, (const uint64_t[2]){1, 1}))
        finish_window(c);
    return more < 0 ? -EIO : 0;
}

static void close_counting(struct counting *c)
{
    sources_keeper_destroy(c->keeper);
    free(c->sources_memory);
    free(c->lane_memory);
    capture_close(&c->capture);
}

int count_main(int argc, char **argv)
{
    static const struct argp argp = {argp_rows, parse, NULL, description, children, NULL, NULL};
    struct counting c = {0};
    int error;

    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &c);
    signal(SIGPIPE, SIG_IGN);
    if (capture_open(&c.capture, c.pcap) < 0)
        return fail(c.capture.error);
    c.capture.is_mirror = true;
    error = count_packets(&c);
    if (error == -EIO)
        fail(c.capture.error);
    else if (error != 0)
        fail(strerror(-error));
    close_counting(&c);
    return error == 0 ? EXIT_SUCCESS : EXIT_ERROR;
}
