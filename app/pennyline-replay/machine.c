/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-replay/machine.h"

#include <argp.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/random.h"
#include "base/time.h"
#include "common/exit_codes.h"
#include "machine/machine.h"
#include "machine/print.h"
#include "pennyline-replay/capture.h"
#include "json/json.h"

enum { KEY_PCAP = 0x100, KEY_JSON, KEY_MACHINE, KEY_SHOW, KEY_KEYS };

/* Chains that are looked through after each packet: the whole of a table within its size in
 * packets, so that what is over makes room. */
#define CHAINS_PER_PACKET 4

struct running {
    const struct machine *spec;
    struct machine_program *program;
    struct machine_table *table;
    struct machine_lane *lane;
};

struct input_port {
    const char *path;
    struct capture capture;
    struct capture_packet packet;
    int more; /* of capture_next() */
};

struct machines_run {
    const char *file;
    bool json, keys;
    const char *show;
    struct machine *specs;
    uint32_t n;
    struct running running[MACHINE_MAX];
    struct input_port ports[MACHINE_MAX_PORTS];
    uint32_t n_ports;
    uint64_t n_packets, n_dropped, now_ns;
};

static const struct argp_option argp_rows[] = {
    {"machine", KEY_MACHINE, "FILE", 0, "Machines, as in \"machines\" of a configuration", 0},
    {"pcap", KEY_PCAP, "FILE", 0,
     "The capture, pcap or pcapng, also in gzip; \"-\" is standard input. Given several times, "
     "each "
     "one is a port, 0 first, and packets come in the order of their times",
     0},
    {"json", KEY_JSON, NULL, 0, "One line of JSON for each packet, and a last one with the sums",
     0},
    {"keys", KEY_KEYS, NULL, 0, "Also list the keys and their states at the end", 0},
    {"show", KEY_SHOW, "words|dot", 0,
     "Only show the machines: in words, or as a picture for Graphviz' dot", 0},
    {0},
};

static const char description[] =
    "Runs state machines over captures: which rule held for each packet, what would have become of "
    "it, and in which state its key is. What one machine drops, the next one does not see."
    "\v"
    "The clock is the times of the packets; one that is older than the one before it is taken to "
    "be "
    "of the same time. Names of ports and next hops stand for themselves.\n"
    "\n"
    "Exit code: 0; 2 usage, or a file of machines that is refused; 1 any other error, as of a "
    "broken "
    "capture.";

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct machines_run *r = state->input;

    switch (key) {
    case KEY_MACHINE:
        r->file = argument;
        return 0;
    case KEY_PCAP:
        if (r->n_ports == MACHINE_MAX_PORTS)
            argp_error(state, "more than %d captures", MACHINE_MAX_PORTS);
        r->ports[r->n_ports++].path = argument;
        return 0;
    case KEY_JSON:
        r->json = true;
        return 0;
    case KEY_KEYS:
        r->keys = true;
        return 0;
    case KEY_SHOW:
        r->show = argument;
        if (strcmp(argument, "words") != 0 && strcmp(argument, "dot") != 0)
            argp_error(state, "--show: \"%s\"; allowed: words, dot", argument);
        return 0;
    case ARGP_KEY_END:
        if (r->n_ports == 0 && r->show == NULL)
            argp_error(state, "which capture? Give --pcap FILE, or --show words");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

bool machine_is_asked_for(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--machine") == 0 || strncmp(argv[i], "--machine=", 10) == 0)
            return true;
    return false;
}

static int fail(const char *text, int code)
{
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
    return code;
}

static void *lines(size_t n)
{
    return aligned_alloc(CACHE_LINE_BYTES,
                         (n + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES);
}

static int open_machine(struct running *m, const struct machine *spec, uint64_t start_ns)
{
    struct random_source random;
    uint64_t secret[2];
    void *table, *lane;

    m->spec = spec;
    m->program = machine_compile(spec);
    if (m->program == NULL || random_seed_from_kernel(&random) != 0)
        return -errno;
    secret[0] = random_u64(&random);
    secret[1] = random_u64(&random);
    table = lines(machine_table_memory_bytes(m->program));
    lane = lines(machine_lane_memory_bytes(m->program));
    if (table != NULL)
        m->table = machine_table_init(table, m->program, secret, start_ns);
    if (lane != NULL)
        m->lane = machine_lane_init(lane, m->program);
    return table != NULL && lane != NULL ? 0 : -ENOMEM;
}

/* The port whose packet is the oldest; NULL when there is none left. */
static struct input_port *next_port(struct machines_run *r)
{
    struct input_port *first = NULL;

    for (uint32_t i = 0; i < r->n_ports; i++) {
        struct input_port *p = &r->ports[i];

        if (p->more == 1 && (first == NULL || p->packet.time_ns < first->packet.time_ns))
            first = p;
    }
    return first;
}

static const char *where_text(const struct running *m, const struct machine_verdict *v,
                              char out[CONFIG_NAME_BYTES + 16])
{
    static const char *const words[] = {
        [MACHINE_FORWARD] = "forward",     [MACHINE_DROP] = "drop",
        [MACHINE_PAIR] = "pair",           [MACHINE_OUTPUT] = "output",
        [MACHINE_FLOOD] = "flood",         [MACHINE_NEXT_HOP] = "next_hop",
        [MACHINE_OUTPUT_STATE] = "output",
    };

    if (v->where == MACHINE_OUTPUT || v->where == MACHINE_NEXT_HOP)
        snprintf(out, CONFIG_NAME_BYTES + 16, "%s %s", words[v->where],
                 machine_program_target(m->program, v->target)->name);
    else if (v->where == MACHINE_OUTPUT_STATE)
        snprintf(out, CONFIG_NAME_BYTES + 16, "output %u", v->out_port);
    else
        snprintf(out, CONFIG_NAME_BYTES + 16, "%s", words[v->where]);
    return out;
}

static void print_verdict(const struct machines_run *r, const struct running *m, uint32_t port,
                          const struct machine_verdict *v)
{
    const uint32_t n_rules = machine_program_n_rules(m->program);
    char where[CONFIG_NAME_BYTES + 16];
    json_t *line =
        json_pack("{s:I, s:f, s:i, s:s, s:s, s:s}", "packet", (json_int_t)r->n_packets, "time",
                  (double)r->now_ns * 1e-9, "port", (int)port, "machine", m->spec->name, "do",
                  where_text(m, v, where), "state", m->spec->states[v->state]);

    if (v->rule + 1u < n_rules)
        json_object_set_new(line, "rule", json_integer(v->rule));
    else
        json_object_set_new(line, "rule", json_string("otherwise"));
    if (v->next != MACHINE_KEEP)
        json_object_set_new(line, "next", json_string(m->spec->states[v->next]));
    if (v->has_mark)
        json_object_set_new(line, "mark", json_integer((json_int_t)v->mark));
    if (v->event != MACHINE_NO_NOTE)
        json_object_set_new(line, "event", json_string(m->spec->events[v->event]));
    if (v->test)
        json_object_set_new(line, "test", json_true());
    json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(17));
    printf("\n");
    json_decref(line);
}

static void run_packet(struct machines_run *r, uint32_t port, const struct capture_packet *packet)
{
    struct machine_packet p = {.view = &packet->view,
                               .data = packet->data,
                               .n_data = packet->captured_bytes,
                               .frame_bytes = packet->frame_bytes,
                               .port = (uint16_t)port};

    r->n_packets++;
    if (packet->time_ns > r->now_ns)
        r->now_ns = packet->time_ns;
    for (uint32_t i = 0; i < r->n; i++) {
        struct running *m = &r->running[i];
        struct machine_verdict v;

        machine_ask(m->program, m->table, &p);
        machine_decide(m->program, m->table, m->lane, &p, r->now_ns, &v);
        if (r->json)
            print_verdict(r, m, port, &v);
        machine_table_sweep(m->table, m->program, r->now_ns, r->n_packets, r->n_packets,
                            CHAINS_PER_PACKET);
        if (v.where == MACHINE_DROP) {
            r->n_dropped++;
            return;
        }
    }
}

struct key_list {
    const struct machine *spec;
    json_t *list; /* NULL: printed */
};

static bool list_key(void *context, const struct machine_key_state *k)
{
    struct key_list *to = context;
    char text[MACHINE_KEY_TEXT_BYTES];
    json_t *item;

    machine_key_text(to->spec, k->key, text);
    if (to->list == NULL) {
        printf("  %s is %s", text, to->spec->states[k->state]);
        for (uint32_t i = 0; i < to->spec->n_registers; i++)
            printf(", %s = %llu", to->spec->registers[i], (unsigned long long)k->registers[i]);
        printf("\n");
        return true;
    }
    item = json_pack("{s:s, s:s}", "key", text, "state", to->spec->states[k->state]);
    for (uint32_t i = 0; i < to->spec->n_registers; i++)
        json_object_set_new(item, to->spec->registers[i],
                            json_integer((json_int_t)k->registers[i]));
    json_array_append_new(to->list, item);
    return true;
}

static json_t *sums_of(const struct machines_run *r, const struct running *m)
{
    const struct machine_counters *c = machine_lane_counters(m->lane);
    const uint64_t *rules = machine_lane_rules(m->lane);
    json_t *out = json_pack("{s:s}", "name", m->spec->name), *list = json_array();

    for (uint32_t i = 0; i < machine_program_n_rules(m->program); i++)
        json_array_append_new(list, json_integer((json_int_t)rules[i]));
    json_object_set_new(out, "rules", list);
#define SET(name, help) json_object_set_new(out, #name, json_integer((json_int_t)c->name));
    MACHINE_COUNTERS(SET)
#undef SET
    list = json_object();
    for (uint32_t i = 0; i < m->spec->n_counts; i++)
        json_object_set_new(list, m->spec->counts[i], json_integer((json_int_t)c->counts[i]));
    json_object_set_new(out, "counts", list);
    if (r->keys) {
        struct key_list keys = {m->spec, json_array()};

        machine_table_visit(m->table, m->program, r->now_ns, list_key, &keys);
        json_object_set_new(out, "keys", keys.list);
    }
    return out;
}

static void show_json(const struct machines_run *r)
{
    json_t *list = json_array(), *line;

    for (uint32_t i = 0; i < r->n; i++)
        json_array_append_new(list, sums_of(r, &r->running[i]));
    line = json_pack("{s:I, s:I, s:o}", "packets", (json_int_t)r->n_packets, "dropped",
                     (json_int_t)r->n_dropped, "machines", list);
    json_dumpf(line, stdout, JSON_COMPACT);
    printf("\n");
    json_decref(line);
}

static void show_table(const struct machines_run *r)
{
    for (uint32_t i = 0; i < r->n; i++) {
        const struct running *m = &r->running[i];
        const struct machine_counters *c = machine_lane_counters(m->lane);
        const uint64_t *rules = machine_lane_rules(m->lane);
        struct key_list keys = {m->spec, NULL};

        machine_print_words(stdout, m->spec);
        printf("\n%s: %llu packets, %llu dropped, %llu changes of state, %llu ended by a timer\n",
               m->spec->name, (unsigned long long)c->packets, (unsigned long long)c->dropped,
               (unsigned long long)c->changes, (unsigned long long)c->timeouts);
        for (uint32_t k = 0; k + 1 < machine_program_n_rules(m->program); k++)
            printf("  rule %u held for %llu\n", k, (unsigned long long)rules[k]);
        printf("  otherwise %llu\n",
               (unsigned long long)rules[machine_program_n_rules(m->program) - 1]);
        if (c->field_missing > 0)
            printf("  %llu lacked a field of the key\n", (unsigned long long)c->field_missing);
        if (c->full > 0)
            printf("  %llu had no room in the table\n", (unsigned long long)c->full);
        for (uint32_t k = 0; k < m->spec->n_counts; k++)
            printf("  %s: %llu\n", m->spec->counts[k], (unsigned long long)c->counts[k]);
        for (uint32_t k = 0; k < m->spec->n_events; k++)
            printf("  event %s: %llu\n", m->spec->events[k], (unsigned long long)c->events[k]);
        if (r->keys)
            machine_table_visit(m->table, m->program, r->now_ns, list_key, &keys);
    }
    printf("%llu packets, %llu dropped\n", (unsigned long long)r->n_packets,
           (unsigned long long)r->n_dropped);
}

static int run_captures(struct machines_run *r)
{
    struct input_port *p;
    int code = EXIT_SUCCESS;

    for (uint32_t i = 0; i < r->n_ports; i++) {
        if (capture_open(&r->ports[i].capture, r->ports[i].path) < 0)
            return fail(r->ports[i].capture.error, EXIT_ERROR);
        r->ports[i].more = capture_next(&r->ports[i].capture, &r->ports[i].packet);
    }
    p = next_port(r);
    r->now_ns = p != NULL ? p->packet.time_ns : 0;
    for (uint32_t i = 0; i < r->n; i++) {
        int error = open_machine(&r->running[i], &r->specs[i], r->now_ns);

        if (error != 0)
            return fail(strerror(-error), EXIT_ERROR);
    }
    for (; p != NULL; p = next_port(r)) {
        run_packet(r, (uint32_t)(p - r->ports), &p->packet);
        p->more = capture_next(&p->capture, &p->packet);
    }
    if (r->json)
        show_json(r);
    else
        show_table(r);
    for (uint32_t i = 0; i < r->n_ports; i++)
        if (r->ports[i].more < 0)
            code = fail(r->ports[i].capture.error, EXIT_ERROR);
    return code;
}

static void close_all(struct machines_run *r)
{
    for (uint32_t i = 0; i < r->n; i++) {
        machine_program_free(r->running[i].program);
        free(r->running[i].table);
        free(r->running[i].lane);
    }
    for (uint32_t i = 0; i < r->n_ports; i++)
        if (r->ports[i].capture.pcap != NULL)
            capture_close(&r->ports[i].capture);
    machine_list_free(r->specs, r->n);
}

int machine_main(int argc, char **argv)
{
    static const struct argp argp = {argp_rows, parse, NULL, description, NULL, NULL, NULL};
    static struct machines_run r;
    struct config_error error;
    int code = EXIT_SUCCESS;

    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &r);
    signal(SIGPIPE, SIG_IGN);
    if (machine_list_load_file(r.file, &r.specs, &r.n, &error) != 0)
        return fail(error.text, EXIT_USAGE);
    for (uint32_t i = 0; i < r.n && r.show != NULL; i++)
        (strcmp(r.show, "dot") == 0 ? machine_print_dot : machine_print_words)(stdout, &r.specs[i]);
    if (r.show == NULL)
        code = run_captures(&r);
    close_all(&r);
    return code;
}
