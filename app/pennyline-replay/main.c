/* SPDX-License-Identifier: BSD-3-Clause */
/* pennyline-replay: the test of pennyline over a capture. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/exit_codes.h"
#include "eventlog/eventlog.h"
#include "pennyline-replay/count.h"
#include "pennyline-replay/machine.h"
#include "pennyline-replay/mapping.h"
#include "pennyline-replay/options.h"
#include "pennyline-replay/progress.h"
#include "pennyline-replay/recording.h"
#include "pennyline-replay/replay.h"
#include "report/report.h"
#include "json/json.h"

const char *argp_program_version = "pennyline-replay " PENNYLINE_VERSION;

/* A person who interrupts a long replay wants to see what it came to. */
static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

struct program {
    struct options options;
    struct config *config;
    struct capture capture;
    bool is_broken; /* the file, behind what was read of it */
    struct replay replay;
    struct recording recording;
    struct eventlog *events;
};

/* What each verdict of a replay must be read with. */
static const char no_answer[] =
    "A recording does not answer: no drop ever reached a sender, so only what was repeated anyway "
    "came "
    "back. That tells what blind senders would be called; genuine ones would have sent again. For "
    "traffic that may be genuine use --mode passive.";
static const char was_received[] =
    "The receiver's ACKs are in the capture, too, and cover what was \"dropped\": it was never "
    "missing, so nobody had anything to send again, and the verdict says nothing of the sender.";

/* Beside a verdict, in the summary as in events. */
static void add_recording(const struct program *p, json_t *report)
{
    json_int_t number = json_integer_value(json_object_get(report, "aggregate"));
    const struct aggregate_identity *identity =
        aggregate_table_identity(p->replay.aggregates, (uint32_t)number);
    uint64_t n = p->recording.n_acknowledged[identity->slice];

    if (p->config->slices[identity->slice].mode != SLICE_ACTIVE)
        return;
    json_object_set_new(report, "recording",
                        json_pack("{s:I, s:s}", "drops_acknowledged", (json_int_t)n, "words",
                                  n > 0 ? was_received : no_answer));
}

static int fail(const char *text)
{
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
    return EXIT_ERROR;
}

static void on_event(void *context, const struct manager_event *event)
{
    struct program *p = context;
    json_t *line;

    if (p->events == NULL || p->replay.manager == NULL)
        return;
    line = report_event(p->replay.manager, event, &p->replay.clock);
    if (json_object_get(line, "report") != NULL)
        add_recording(p, json_object_get(line, "report"));
    eventlog_write(p->events, line);
    json_decref(line);
}

/* All that can be read; the rest of a broken file is not. */
static void read_packets(struct program *p)
{
    uint64_t limit = p->options.limit != 0 ? p->options.limit : UINT64_MAX;
    struct capture_packet packet;
    struct progress progress;
    int more = 1;

    progress_begin(&progress);
    while (!interrupted && p->capture.n_packets < limit) {
        more = capture_next(&p->capture, &packet);
        if (more != 1)
            break;
        if (packet.view.reason == PACKET_TCP)
            recording_packet(&p->recording, &packet.view, packet.data);
        if (replay_packet(&p->replay, &packet) == ENGINE_DROP && packet.view.reason == PACKET_TCP)
            recording_drop(&p->recording, &packet.view, (uint32_t)p->replay.latest_slice);
        progress_packet(&progress, &p->capture, p->replay.n_epochs);
    }
    progress_end(&progress);
    p->is_broken = more < 0 && !interrupted;
}

static struct report_run run_of(const struct program *p)
{
    return (struct report_run){
        .mode = "replay",
        .manager = p->replay.manager,
        .clock = &p->replay.clock,
        .now_ns = p->replay.now_ns,
        .totals = engine_counters(p->replay.engine),
        .with_drops = p->options.drops,
    };
}

/* Names of files are bytes, text of JSON is UTF-8: what is none becomes \xNN. */
static json_t *text_json(const char *path)
{
    json_t *name = json_string(path);
    char *escaped = NULL, *at;

    if (name != NULL || (escaped = malloc(4 * strlen(path) + 1)) == NULL)
        return name;
    for (at = escaped; *path != '\0'; path++)
        at += sprintf(at, (*path & 0x80) != 0 ? "\\x%02x" : "%c", (unsigned char)*path);
    name = json_string(escaped);
    free(escaped);
    return name;
}

static json_t *capture_json(const struct program *p)
{
    json_t *reasons = json_object();

    for (int i = 0; i < PACKET_N_REASONS; i++)
        if (p->replay.packet_reasons[i] != 0)
            json_object_set_new(reasons, packet_reason_name((enum packet_reason)i),
                                json_integer((json_int_t)p->replay.packet_reasons[i]));
    return json_pack("{s:o, s:I, s:f, s:I, s:b, s:o, s:o}", "file", text_json(p->capture.path),
                     "packets", (json_int_t)p->capture.n_packets, "duration_s",
                     (double)(p->replay.last_ns - p->replay.first_ns) * 1e-9, "times_went_back",
                     (json_int_t)p->replay.n_went_back, "interrupted", (int)interrupted, "broken",
                     p->is_broken ? text_json(p->capture.error) : json_null(), "packet_reasons",
                     reasons);
}

static void show_json(const struct program *p, const struct report_run *run)
{
    json_t *summary = report_summary(run), *aggregate;
    size_t i;

    json_array_foreach (json_object_get(summary, "aggregates"), i, aggregate)
        add_recording(p, aggregate);
    json_object_set_new(summary, "capture", capture_json(p));
    json_dumpf(summary, stdout, JSON_INDENT(2) | JSON_ALL_DIGITS);
    printf("\n");
    json_decref(summary);
}

static void show_what_it_cannot_tell(const struct program *p)
{
    bool is_tested = false;

    for (uint32_t i = 0; i < p->config->n_slices; i++) {
        is_tested = is_tested || p->config->slices[i].mode == SLICE_ACTIVE;
        if (p->recording.n_acknowledged[i] > 0)
            printf("%s: %llu \"dropped\" segments are acknowledged in the capture. %s\n",
                   p->config->slices[i].name, (unsigned long long)p->recording.n_acknowledged[i],
                   was_received);
    }
    if (is_tested)
        printf("%s\n", no_answer);
}

/* Why packets were not read; ordinary other protocols among them. */
static void show_unread(const struct program *p)
{
    for (int i = 0; i < PACKET_N_REASONS; i++)
        if (i != PACKET_TCP && p->replay.packet_reasons[i] != 0)
            printf("    %llu %s: %s\n", (unsigned long long)p->replay.packet_reasons[i],
                   packet_reason_name((enum packet_reason)i),
                   packet_reason_help((enum packet_reason)i));
}

/* "The test was stopped" is what a test says that was under way at the last packet. */
static bool is_too_short(const struct program *p)
{
    struct aggregate_report r;

    for (uint32_t i = 0; i < manager_n_aggregates(p->replay.manager); i++)
        if (manager_report(p->replay.manager, i, &r) && r.n_tests > 0 && r.reason == REASON_STOPPED)
            return true;
    return false;
}

static void show_table(const struct program *p, const struct report_run *run)
{
    const struct worker_counters *c = run->totals;

    report_table(stdout, run);
    printf("%s: %llu packets in %.1f s%s; %llu are of the prefixes, %llu of those no TCP\n",
           p->capture.path, (unsigned long long)p->capture.n_packets,
           (double)(p->replay.last_ns - p->replay.first_ns) * 1e-9,
           interrupted ? " (interrupted)" : "", (unsigned long long)c->slice_packets,
           (unsigned long long)c->slice_not_tcp);
    if (c->slice_packets == 0 && p->replay.packet_reasons[PACKET_TCP] > 0)
        printf("    Not one is of the prefixes: look at --source and --destination, and at the "
               "capture's addresses.\n");
    if (!interrupted && is_too_short(p))
        printf("    The capture ended while a test was under way: a longer one tells more, or a "
               "greater --drop-probability.\n");
    show_unread(p);
    show_what_it_cannot_tell(p);
    if (p->is_broken)
        printf("the capture is broken there: what it holds behind that packet is not known\n");
    if (p->replay.n_went_back > 0)
        printf("%llu packets were older than the one before; they count as of the same time\n",
               (unsigned long long)p->replay.n_went_back);
}

static int show(const struct program *p)
{
    const char *broken = replay_check(&p->replay);
    struct report_run run = run_of(p);

    if (p->options.test.json)
        show_json(p, &run);
    else
        show_table(p, &run);
    fflush(stdout);
    if (eventlog_n_lost(p->events) > 0)
        fprintf(stderr, "%s: %llu events were lost: %s took them too slowly\n",
                program_invocation_short_name, (unsigned long long)eventlog_n_lost(p->events),
                p->options.events);
    return broken != NULL ? fail(broken) : report_worst_exit_code(p->replay.manager);
}

static int replay_capture(struct program *p)
{
    char text[128];
    int code, error = replay_open(&p->replay, p->config, on_event, p);

    if (error != 0) {
        snprintf(text, sizeof(text), "memory for the replay: %s; try a smaller --flows",
                 strerror(-error));
        return fail(text);
    }
    p->recording.n_acknowledged = calloc(p->config->n_slices + 1, sizeof(uint64_t));
    if (p->recording.n_acknowledged == NULL) {
        replay_close(&p->replay);
        return fail(strerror(ENOMEM));
    }
    read_packets(p);
    /* Of nothing there is nothing to tell but why. */
    if (p->is_broken && p->capture.n_packets == 0) {
        code = fail(p->capture.error);
    } else {
        replay_finish(&p->replay);
        code = show(p);
        if (p->is_broken)
            code = fail(p->capture.error);
    }
    replay_close(&p->replay);
    free(p->recording.n_acknowledged);
    return code;
}

static int open_events(struct program *p)
{
    char text[512];

    if (p->options.events == NULL)
        return 0;
    p->events = eventlog_open(p->options.events, NULL, NULL);
    if (p->events != NULL)
        return 0;
    snprintf(text, sizeof(text), "--events %s: %s", p->options.events, strerror(errno));
    return fail(text);
}

/* What only is watched may be a copy: cut, and wrapped by the router that made it. */
static bool is_mirror(const struct config *config)
{
    for (uint32_t i = 0; i < config->n_slices; i++)
        if (config->slices[i].mode == SLICE_ACTIVE)
            return false;
    return true;
}

int main(int argc, char **argv)
{
    struct program p = {0};
    const struct sigaction on_interrupt = {.sa_handler = interrupt, .sa_flags = SA_RESETHAND};
    int code;

    if (count_is_asked_for(argc, argv))
        return count_main(argc, argv);
    if (machine_is_asked_for(argc, argv))
        return machine_main(argc, argv);
    p.config = options_read(&p.options, argc, argv);
    sigaction(SIGINT, &on_interrupt, NULL);
    signal(SIGPIPE, SIG_IGN);
    code = capture_open(&p.capture, p.options.pcap) < 0 ? fail(p.capture.error) : open_events(&p);
    p.capture.is_mirror = p.config == NULL || is_mirror(p.config);
    if (code == 0)
        code =
            p.options.map ? mapping_run(&p.capture, &p.options, &interrupted) : replay_capture(&p);
    eventlog_close(p.events);
    capture_close(&p.capture);
    config_free(p.config);
    options_free(&p.options);
    return code;
}
