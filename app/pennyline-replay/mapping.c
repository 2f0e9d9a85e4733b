/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-replay/mapping.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "common/exit_codes.h"
#include "common/map_table.h"
#include "map/query.h"
#include "pennyline-replay/progress.h"
#include "report/map.h"
#include "json/json.h"

#define TURN_NS (10 * NS_PER_MS)
/* After such a silence everything is looked at, not a part. */
#define SILENCE_NS NS_PER_S
#define SHOWN_ROWS 50

struct mapping {
    const struct options *options;
    struct config *config;
    uint16_t port; /* that the capture came in by */
    void *ingresses_memory;
    struct ingress_table *ingresses;
    struct ingress_memo latest_ingress;
    struct map *map;
    struct map_turn turn;
    struct report_clock clock;
    uint64_t turned_ns, first_ns;
    json_t *changes; /* but those that entries came and went */
};

static int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int fail(const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s: ", program_invocation_short_name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return EXIT_ERROR;
}

/* Without a configuration all that came in has one name. */
static int load_config(struct mapping *m)
{
    static const char plain[] =
        "{\"ports\":[{\"name\":\"capture\",\"device\":\"net_null0\",\"role\":\"mirror\"}]}";
    const char *path = m->options->config;
    struct config_error error;
    int status = path != NULL ? config_load_file(path, &m->config, &error)
                              : config_load_text(plain, &m->config, &error);

    return status == 0 ? 0 : fail("%s: %s", path != NULL ? path : "configuration", error.text);
}

static int find_port(struct mapping *m)
{
    const char *name = m->options->port;

    if (m->config->n_ports == 0)
        return fail("%s: it has no port", m->options->config);
    if (name == NULL && m->config->n_ports > 1)
        return fail("which port did the capture come in by? Give --port NAME, of %s",
                    m->options->config);
    for (uint16_t i = 0; i < m->config->n_ports; i++)
        if (name == NULL || strcmp(m->config->ports[i].name, name) == 0) {
            m->port = i;
            return 0;
        }
    return fail("--port: \"%s\"; allowed: a port of the configuration", name);
}

static int open_map(struct mapping *m)
{
    struct random_source random;
    struct map_setup setup = {
        .n_entries = m->options->n_entries, .n_workers = 1, .config = m->config};
    const size_t n = ingress_table_memory_bytes(INGRESS_MOST);

    if (random_seed_from_kernel(&random) != 0)
        return fail("random numbers: %s", strerror(errno));
    setup.secret[0] = random_u64(&random);
    setup.secret[1] = random_u64(&random);
    setup.random_seed = random_u64(&random);
    m->ingresses_memory = aligned_alloc(CACHE_LINE_BYTES, n);
    if (m->ingresses_memory == NULL)
        return fail("memory: %s", strerror(ENOMEM));
    m->ingresses = ingress_table_init(m->ingresses_memory, n, INGRESS_MOST,
                                      (uint16_t)m->config->n_ports, setup.secret);
    setup.ingresses = m->ingresses;
    if (map_create(&setup, &m->map) != 0)
        return fail("memory for the map: %s; try a smaller --entries", strerror(ENOMEM));
    return 0;
}

static int expect(struct mapping *m)
{
    char error[EXPECT_ERROR_BYTES];
    struct map_expectation *expected;
    struct expectation opened;

    if (m->options->expectation == NULL)
        return 0;
    if (expect_open(m->options->expectation, &opened, error) != 0)
        return fail("%s: %s", m->options->expectation, error);
    expected = map_expectation_create(&opened);
    if (expected == NULL)
        return fail("memory for what is expected: %s", strerror(ENOMEM));
    return map_expect(m->map, expected, 0) == 0 ? 0 : EXIT_ERROR;
}

static void take_changes(struct mapping *m)
{
    struct map_change c;

    while (map_next_change(m->map, &c))
        if (c.kind != MAP_CHANGE_ENTRY_NEW && c.kind != MAP_CHANGE_ENTRY_GONE)
            json_array_append_new(m->changes, report_map_change(m->map, &c, &m->clock));
}

static void turn(struct mapping *m, uint64_t now_ns, bool all)
{
    m->turn.now_ns = now_ns;
    m->turn.now_s = now_ns / NS_PER_S;
    m->turn.epoch++;
    m->turn.closed = m->turn.epoch;
    map_turn(m->map, &m->turn);
    if (all)
        map_read_all(m->map, &m->turn);
    m->turned_ns = now_ns;
    take_changes(m);
}

/* Everything up to the time of the packet. Times never go back. */
static void go_to(struct mapping *m, uint64_t now_ns)
{
    if (m->first_ns == 0) {
        m->first_ns = now_ns;
        m->clock = (struct report_clock){.started_ns = now_ns, .has_wall = true};
        turn(m, now_ns, false);
    }
    if (now_ns >= m->turned_ns + SILENCE_NS)
        turn(m, m->turned_ns + TURN_NS, false);
    if (now_ns >= m->turned_ns + TURN_NS)
        turn(m, now_ns, now_ns >= m->turned_ns + SILENCE_NS);
}

static void count(struct mapping *m, const struct capture_packet *packet)
{
    const uint64_t at_ns = packet->time_ns > m->turned_ns ? packet->time_ns : m->turned_ns;
    const uint32_t n_bytes = packet->frame_bytes;
    uint16_t ingress;
    const struct map_burst burst = {&packet->view, &ingress, &n_bytes, 1};

    go_to(m, at_ns > 0 ? at_ns : 1);
    ingress = ingress_number(m->ingresses, &m->latest_ingress, &packet->view, m->port);
    /* The first packet of an ingress finds its place, too. */
    if (ingress != INGRESS_NONE && !map_knows_ingress(m->map, ingress))
        turn(m, m->turned_ns, false);
    map_worker_begin(map_worker(m->map, 0), at_ns);
    map_worker_count(map_worker(m->map, 0), &burst);
}

static json_t *rows_of(const struct mapping *m)
{
    struct map_query query = map_query_all();
    json_t *rows = json_array();
    uint32_t slots[256], next = 0, n;

    query.unexpected = m->options->unexpected;
    do {
        n = map_query_run(m->map, &query, next, slots, ARRAY_LENGTH(slots), &next);
        for (uint32_t i = 0; i < n; i++)
            json_array_append_new(rows, report_map_entry(m->map, slots[i], &m->clock));
    } while (next != MAP_NO_SLOT);
    map_table_sort(rows, MAP_SORT_BYTES);
    return rows;
}

static void show_change(const json_t *change)
{
    const char *event = json_string_at(change, "event");
    char time[JSON_TEXT_BYTES];

    printf("%s  %s", json_text_at(change, "time", time), event);
    if (strcmp(event, map_change_name(MAP_CHANGE_DOMINANT)) == 0)
        printf("  %s: %s -> %s", json_string_at(change, "prefix"),
               json_has_at(change, "from") ? json_string_at(change, "from") : "nowhere mostly",
               json_has_at(change, "to") ? json_string_at(change, "to") : "nowhere mostly");
    else
        printf("  %s %s", json_string_at(change, "ingress"), json_string_at(change, "prefix"));
    printf("\n");
}

static void show_words(const struct mapping *m, const struct capture *capture, json_t *rows,
                       json_t *summary)
{
    const size_t n = json_array_size(rows), n_changes = json_array_size(m->changes);
    size_t i;
    const json_t *change;

    for (size_t k = n; k > SHOWN_ROWS; k--)
        json_array_remove(rows, k - 1);
    map_table_print(stdout, rows);
    if (n > SHOWN_ROWS)
        printf("... and %zu more: --json has all\n", n - SHOWN_ROWS);
    printf("\n");
    map_table_places(stdout, summary);
    if (n_changes > 0)
        printf("\n");
    json_array_foreach (m->changes, i, change)
        if (i < SHOWN_ROWS)
            show_change(change);
    if (n_changes > SHOWN_ROWS)
        printf("... and %zu more\n", n_changes - SHOWN_ROWS);
    printf("\n%s: %llu packets in %.1f s; %zu entries have %.0f of them, %.0f belong to none\n",
           capture->path, (unsigned long long)capture->n_packets,
           (double)(m->turned_ns - m->first_ns) / (double)NS_PER_S, n,
           json_number_at(summary, "counters.mapped"), json_number_at(summary, "counters.stray"));
}

static void show(const struct mapping *m, const struct capture *capture)
{
    json_t *rows = rows_of(m), *summary = report_map_summary(m->map);

    if (m->options->test.json) {
        json_object_set(summary, "entries", rows);
        json_object_set(summary, "changes", m->changes);
        json_dumpf(summary, stdout, JSON_INDENT(2) | JSON_ALL_DIGITS);
        printf("\n");
    } else {
        show_words(m, capture, rows, summary);
    }
    json_decref(rows);
    json_decref(summary);
}

static int read_packets(struct mapping *m, struct capture *capture,
                        const volatile sig_atomic_t *stop)
{
    const uint64_t limit = m->options->limit != 0 ? m->options->limit : UINT64_MAX;
    struct capture_packet packet;
    struct progress progress;
    int more = 1;

    progress_begin(&progress);
    while (!*stop && capture->n_packets < limit) {
        more = capture_next(capture, &packet);
        if (more != 1)
            break;
        count(m, &packet);
        progress_packet(&progress, capture, m->turn.epoch);
    }
    progress_end(&progress);
    if (m->first_ns != 0)
        turn(m, m->turned_ns + TURN_NS, true);
    return more < 0 && !*stop ? -1 : 0;
}

int mapping_run(struct capture *capture, const struct options *options,
                const volatile sig_atomic_t *stop)
{
    struct mapping m = {.options = options, .changes = json_array()};
    int code = load_config(&m);

    if (code == 0)
        code = find_port(&m);
    if (code == 0)
        code = open_map(&m);
    if (code == 0)
        code = expect(&m);
    if (code == 0) {
        const int broken = read_packets(&m, capture, stop);

        if (broken == 0 || capture->n_packets > 0)
            show(&m, capture);
        if (broken != 0)
            code = fail("%s", capture->error);
    }
    map_destroy(m.map);
    free(m.ingresses_memory);
    config_free(m.config);
    json_decref(m.changes);
    return code;
}
