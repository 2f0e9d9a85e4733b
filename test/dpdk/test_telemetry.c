/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK's telemetry socket as its clients see it, with a manager that answers in between. */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <rte_eal.h>

#include "../unit/control/world.h"
#include "base/compiler.h"
#include "packet/packet.h"
#include "telemetry/internal.h"
#include "telemetry/telemetry.h"

struct fixture {
    struct world world;
    int client;
    pthread_t manager;
    atomic_bool stop, hang, hangs;
};

static void *be_manager(void *argument)
{
    struct fixture *f = argument;

    while (!atomic_load(&f->stop)) {
        bool hang = atomic_load(&f->hang);

        atomic_store(&f->hangs, hang);
        if (!hang) {
            world_run(&f->world, 1);
            telemetry_serve(&f->world.operations, f->world.now_ns);
        }
        usleep(200);
    }
    return NULL;
}

/* Greets, as DPDK's telemetry does first. */
static int connect_client(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    char greeting[1024];

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/dpdk_telemetry.v2",
             rte_eal_get_runtime_dir());
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_true(recv(fd, greeting, sizeof(greeting), 0) > 0);
    return fd;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    *state = f;
    assert_int_equal(world_open(&f->world), 0);
    f->client = connect_client();
    return pthread_create(&f->manager, NULL, be_manager, f);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    atomic_store(&f->stop, true);
    pthread_join(f->manager, NULL);
    close(f->client);
    world_close(&f->world);
    free(f);
    return 0;
}

/* What stands under the command's name in the reply. The caller's. */
static json_t *ask_once(struct fixture *f, const char *command)
{
    char name[64], *reply = calloc(1, 16385);
    json_t *whole, *value;
    ssize_t n;

    assert_int_equal(send(f->client, command, strlen(command), 0), strlen(command));
    n = recv(f->client, reply, 16384, 0);
    assert_true(n > 0);
    whole = json_loadb(reply, (size_t)n, 0, NULL);
    if (whole == NULL)
        fail_msg("%s: no JSON: %.200s", command, reply);
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(command, ","), command);
    value = json_incref(json_object_get(whole, name));
    assert_non_null(value);
    json_decref(whole);
    free(reply);
    return value;
}

static bool says_late(const json_t *reply)
{
    return json_is_string(reply) &&
           strstr(json_string_value(reply), "did not answer within a second") != NULL;
}

/* On a machine that is busy the manager's thread may not be let run for a second: that is told, and
 * asked again. */
static json_t *ask(struct fixture *f, const char *command)
{
    json_t *reply = ask_once(f, command);

    while (says_late(reply)) {
        json_decref(reply);
        reply = ask_once(f, command);
    }
    return reply;
}

static void status_sums_workers_up(void **state)
{
    json_t *status = ask(*state, "/pennyline/status"), *version;
    json_int_t rx, tcp, idle, kill_switch;

    assert_int_equal(json_unpack(status, "{s:o, s:I, s:{s:I}, s:{s:I}, s:{s:I}}", "version",
                                 &version, "kill_switch", &kill_switch, "counters", "rx_packets",
                                 &rx, "packet_reasons", "tcp", &tcp, "tests", "idle", &idle),
                     0);
    assert_string_equal(json_string_value(version), PENNYLINE_VERSION);
    assert_int_equal(rx, 7);
    assert_int_equal(tcp, 5);
    assert_int_equal(idle, 4);
    assert_int_equal(kill_switch, 0);
    json_decref(status);
}

static void each_view_shows_items_by_position(void **state)
{
    static const struct {
        const char *command, *path, *member;
        json_int_t total;
    } cases[] = {
        {"/pennyline/slices", "0", "slice", 4},      {"/pennyline/ports", "0", "name", 1},
        {"/pennyline/lcores", "0", "rx_packets", 1}, {"/pennyline/flows", "0", "now", 1},
        {"/pennyline/reasons", "0", "headers", 1},   {"/pennyline/slices,3", "3", "slice", 4},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        json_t *view = ask(*state, cases[i].command);
        json_t *item = json_object_get(json_object_get(view, "items"), cases[i].path);

        assert_int_equal(json_integer_value(json_object_get(view, "total")), cases[i].total);
        assert_non_null(json_object_get(item, cases[i].member));
        assert_null(json_object_get(view, "next"));
        json_decref(view);
    }
}

static void lcores_show_how_busy_they_are(void **state)
{
    json_t *view = ask(*state, "/pennyline/lcores");
    json_int_t busy, two;

    assert_int_equal(json_unpack(view, "{s:{s:{s:{s:I, s:{s:I}}}}}", "items", "0", "load",
                                 "busy_cycles", &busy, "bursts_by_packets", "2", &two),
                     0);
    assert_int_equal(busy, 2100);
    assert_int_equal(two, 1);
    json_decref(view);
}

#define MANY_LCORES 128

/* As many as DPDK has, each with numbers as long as they may be when they are summed up. */
static bool full_worker(void *context, unsigned int i, struct report_worker *out)
{
    static struct worker_counters counters;
    static struct flow_table_counters flows;
    static struct worker_load load;
    static struct load_rates rates;
    static uint64_t reasons[PACKET_N_REASONS];
    uint64_t *const words[] = {(uint64_t *)&counters, (uint64_t *)&flows, (uint64_t *)&load,
                               reasons};
    const size_t sizes[] = {sizeof(counters), sizeof(flows), sizeof(load), sizeof(reasons)};

    (void)context;
    for (size_t k = 0; k < ARRAY_LENGTH(words); k++)
        for (size_t w = 0; w < sizes[k] / sizeof(uint64_t); w++)
            words[k][w] = INT64_MAX / MANY_LCORES;
    rates = (struct load_rates){.packets_per_second = 12345678.9, .busy_share = 0.123456789};
    *out = (struct report_worker){.lcore = i,
                                  .counters = &counters,
                                  .packet_reasons = reasons,
                                  .flows = &flows,
                                  .n_flows_max = UINT32_MAX,
                                  .load = &load,
                                  .rates = &rates,
                                  .tsc_hz = UINT32_MAX};
    return i < MANY_LCORES;
}

/* Each lcore once, over all pages; a reply that was cut would be no JSON. */
static void walk_lcores(struct fixture *f, const char *view)
{
    json_int_t next = 0, n = 0, pages = 0;

    do {
        char command[64], key[24];
        json_t *page, *item;

        snprintf(command, sizeof(command), "%s,%lld", view, (long long)next);
        page = ask(f, command);
        assert_int_equal(json_integer_value(json_object_get(page, "total")), MANY_LCORES);
        for (json_int_t i = next; i < next + json_integer_value(json_object_get(page, "shown"));
             i++, n++) {
            snprintf(key, sizeof(key), "%lld", (long long)i);
            item = json_object_get(json_object_get(page, "items"), key);
            assert_int_equal(json_integer_value(json_object_get(item, "lcore")), i);
        }
        next = json_integer_value(json_object_get(page, "next"));
        json_decref(page);
        pages++;
    } while (next != 0);
    assert_int_equal(n, MANY_LCORES);
    assert_true(pages > 1);
}

static void many_lcores_come_in_pages_without_loss(void **state)
{
    struct fixture *f = *state;

    f->world.operations.worker = full_worker;
    walk_lcores(f, "/pennyline/lcores");
    walk_lcores(f, "/pennyline/flows");
    walk_lcores(f, "/pennyline/reasons");
    json_decref(ask(f, "/pennyline/status"));
    json_decref(ask(f, "/pennyline/worker,127"));
}

#define N_COUNTED_PORTS 300

/* One item with many ports, of two. */
static json_t *many_ports(void *context, const uint32_t *item, const char *known, uint32_t *total)
{
    json_t *counts;

    (void)context;
    (void)known;
    *total = 2;
    if (item == NULL || *item != 1)
        return json_pack("[{s:s, s:n}]", "name", "first", "window");
    counts = json_array();
    for (int port = 0; port < N_COUNTED_PORTS; port++)
        json_array_append_new(
            counts, json_pack("{s:i, s:I}", "port", port, "sources", (json_int_t)INT64_MAX));
    return json_pack("[{s:s, s:{s:i, s:o}}]", "name", "second", "window", "number", 7, "counts",
                     counts);
}

static void ports_of_counted_sources_come_in_pages(void **state)
{
    struct fixture *f = *state;
    json_int_t next = 0, n = 0, number, total;
    json_t *view;

    f->world.operations.sources = many_ports;
    view = ask(f, "/pennyline/sources");
    assert_string_equal(json_string_value(json_object_get(view, "name")), "first");
    assert_int_equal(json_integer_value(json_object_get(view, "n_items")), 2);
    assert_null(json_object_get(view, "counts"));
    json_decref(view);
    do {
        char command[64];

        snprintf(command, sizeof(command), "/pennyline/sources,1,%lld", (long long)next);
        view = ask(f, command);
        assert_int_equal(json_unpack(view, "{s:{s:I}, s:{s:I}}", "window", "number", &number,
                                     "counts", "total", &total),
                         0);
        assert_int_equal(number, 7);
        assert_int_equal(total, N_COUNTED_PORTS);
        n += json_integer_value(json_object_get(json_object_get(view, "counts"), "shown"));
        next = json_integer_value(json_object_get(json_object_get(view, "counts"), "next"));
        json_decref(view);
    } while (next != 0);
    assert_int_equal(n, N_COUNTED_PORTS);
}

static void views_that_are_empty_are_no_error(void **state)
{
    json_t *view = ask(*state, "/pennyline/verdicts");

    assert_int_equal(json_integer_value(json_object_get(view, "total")), 0);
    json_decref(view);
    view = ask(*state, "/pennyline/slices,99");
    assert_int_equal(json_integer_value(json_object_get(view, "shown")), 0);
    json_decref(view);
    json_decref(ask(*state, "/pennyline/memory"));
    json_decref(ask(*state, "/pennyline/rings"));
}

/* DPDK's thread outlives them. */
static void rings_are_not_looked_at_when_the_program_stops(void **state)
{
    json_t *rings = ask(*state, "/pennyline/rings");

    assert_true(json_is_object(rings));
    json_decref(rings);
    telemetry_close();
    rings = ask(*state, "/pennyline/rings");
    assert_true(json_is_string(rings));
    assert_non_null(strstr(json_string_value(rings), "stopping"));
    json_decref(rings);
}

static void a_view_of_much_goes_on_with_its_next_page(void **state)
{
    json_t *status = json_object(), *ports = json_array(), *page;
    json_int_t next = 0, n = 0, pages = 0;

    (void)state;
    for (int i = 0; i < 300; i++)
        json_array_append_new(ports, json_pack("{s:s, s:I}", "name",
                                               "a port with a name that is somewhat long", "rx",
                                               (json_int_t)INT64_MAX));
    json_object_set_new(status, "ports", ports);
    do {
        page =
            telemetry_shape_ports(status, &(struct telemetry_parameters){.offset = (uint32_t)next});
        assert_true(json_dumpb(page, NULL, 0, 0) < TELEMETRY_REPLY_BYTES);
        n += json_integer_value(json_object_get(page, "shown"));
        next = json_integer_value(json_object_get(page, "next"));
        json_decref(page);
        pages++;
    } while (next != 0);
    assert_int_equal(n, 300);
    assert_true(pages > 1);
    json_decref(status);
}

static void aggregates_come_in_pages_that_say_where_the_next_begins(void **state)
{
    json_t *page = ask(*state, "/pennyline/aggregates,1,2");
    json_int_t total, shown, next, packets;

    assert_int_equal(json_unpack(page, "{s:I, s:I, s:I, s:{s:{s:I}}}", "total", &total, "shown",
                                 &shown, "next", &next, "items", "1", "packets", &packets),
                     0);
    assert_int_equal(total, 4);
    assert_int_equal(shown, 2);
    assert_int_equal(next, 3);
    json_decref(page);
    page = ask(*state, "/pennyline/aggregates");
    assert_int_equal(json_integer_value(json_object_get(page, "shown")), 4);
    assert_null(json_object_get(page, "next"));
    json_decref(page);
}

static void one_aggregate_and_one_worker_are_shown_whole(void **state)
{
    json_t *aggregate = ask(*state, "/pennyline/aggregate,1");
    json_t *worker = ask(*state, "/pennyline/worker,0");

    assert_string_equal(json_string_value(json_object_get(aggregate, "name")), "lab");
    assert_true(json_is_object(json_object_get(aggregate, "total")));
    assert_int_equal(json_integer_value(json_object_get(worker, "lcore")), 1);
    json_decref(aggregate);
    json_decref(worker);
}

/* Those of a filter, by their numbers, and what the page says there are. */
static void aggregates_are_filtered_by_slice_and_verdict(void **state)
{
    static const struct {
        const char *parameters;
        json_int_t total, shown;
        const char *first; /* NULL: none */
    } cases[] = {
        {"", 4, 4, "0"},
        {",slice=lab", 1, 1, "1"},
        {",0,20,lab", 1, 1, "1"},
        {",slice=lab,verdict=undecided", 1, 1, "1"},
        {",verdict=undecided,count=2,offset=1", 4, 2, "1"},
        {",verdict=closed_loop", 0, 0, NULL},
        {",offset=7", 4, 0, NULL},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char command[96];
        json_t *page, *items;

        snprintf(command, sizeof(command), "/pennyline/aggregates%s", cases[i].parameters);
        page = ask(*state, command);
        items = json_object_get(page, "items");
        assert_int_equal(json_integer_value(json_object_get(page, "total")), cases[i].total);
        assert_int_equal(json_integer_value(json_object_get(page, "shown")), cases[i].shown);
        assert_int_equal(json_object_size(items), cases[i].shown);
        if (cases[i].first != NULL)
            assert_non_null(json_object_get(items, cases[i].first));
        json_decref(page);
    }
}

static void bad_parameters_are_refused_in_words(void **state)
{
    static const struct {
        const char *command, *words;
    } cases[] = {
        {"/pennyline/aggregate", "which aggregate?; it takes aggregate, offset"},
        {"/pennyline/aggregate,x", "aggregate \"x\" is no whole number"},
        {"/pennyline/aggregate,1,2,3", "\"3\" is one parameter too many"},
        {"/pennyline/aggregate,4", "there are 4, counted from 0"},
        {"/pennyline/aggregate,99999999999", "is no whole number from 0 to 4294967294"},
        {"/pennyline/aggregates,-1", "offset \"-1\" is no whole number"},
        {"/pennyline/aggregates,1,", "count \"\" is no whole number"},
        {"/pennyline/aggregates,1 ", "offset \"1 \" is no whole number"},
        {"/pennyline/aggregates,1,offset=2", "offset is given twice"},
        {"/pennyline/aggregates,verdict=guilty", "give closed_loop, not_closed_loop"},
        {"/pennyline/aggregates,slice=nobody", "slice \"nobody\": there is none of that name"},
        {"/pennyline/aggregates,slice=", "slice has 0 characters"},
        {"/pennyline/aggregates,slice=\xff", "no printable ASCII"},
        {"/pennyline/aggregates,slice=\"", "there is none of that name"},
        {"/pennyline/aggregates,colour=red", "it knows no \"colour\"; it takes offset, count"},
        {"/pennyline/status,1", "\"1\" is one parameter too many; it takes no parameter"},
        {"/pennyline/worker,7", "there are"},
        {"/pennyline/worker", "which worker?"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        json_t *reply = ask(*state, cases[i].command);
        const char *said = json_string_value(reply);

        if (said == NULL || strncmp(said, "error: ", 7) != 0 ||
            strstr(said, cases[i].words) == NULL)
            fail_msg("%s: \"%s\"", cases[i].command, said != NULL ? said : "no text");
        json_decref(reply);
    }
}

/* As many drops as there may be, as the manager reports them. */
static void all_drops_of_an_aggregate_are_shown_in_pages(void **state)
{
    json_t *aggregate, *drops = json_array();
    json_int_t next = 0, n = 0, pages = 0;

    (void)state;
    for (int i = 0; i < 1000; i++)
        json_array_append_new(
            drops, json_pack("{s:i, s:{s:s, s:s}, s:f}", "seq", i, "flow", "source",
                             "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "destination",
                             "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "latency_ms", 1234.56789));
    aggregate = json_pack("{s:s, s:o}", "name", "lab", "drops", drops);
    do {
        const struct telemetry_parameters p = {.offset = (uint32_t)next};
        json_t *shown = telemetry_shape_aggregate(aggregate, &p), *page, *item;
        const char *key;

        assert_true(telemetry_length(shown) < TELEMETRY_REPLY_BYTES);
        page = json_object_get(shown, "drops");
        assert_int_equal(json_integer_value(json_object_get(page, "total")), 1000);
        json_object_foreach (json_object_get(page, "items"), key, item)
            assert_int_equal(json_integer_value(json_object_get(item, "seq")), n++);
        next = json_integer_value(json_object_get(page, "next"));
        json_decref(shown);
        pages++;
    } while (next != 0);
    assert_int_equal(n, 1000);
    assert_true(pages > 1);
    json_decref(aggregate);
}

/* Also those that never occurred. */
static void every_reason_is_shown(void **state)
{
    json_t *page = ask(*state, "/pennyline/reasons"), *headers, *item;
    json_int_t n;

    item = json_object_get(json_object_get(page, "items"), "0");
    headers = json_object_get(item, "headers");
    for (int i = 0; i < PACKET_N_REASONS; i++)
        assert_true(
            json_is_integer(json_object_get(headers, packet_reason_name((enum packet_reason)i))));
    assert_int_equal(json_unpack(item, "{s:{s:I}, s:{s:I}, s:{s:I}}", "forwarded", "flow_refused",
                                 &n, "spared", "gate_closed", &n, "not_forwarded", "lost_tx_full",
                                 &n),
                     0);
    json_decref(page);
}

static void a_manager_that_hangs_is_told(void **state)
{
    struct fixture *f = *state;
    json_t *reply;

    atomic_store(&f->hang, true);
    while (!atomic_load(&f->hangs))
        usleep(200);
    reply = ask_once(f, "/pennyline/status");
    assert_true(says_late(reply));
    json_decref(reply);
    atomic_store(&f->hang, false);
    reply = ask(f, "/pennyline/status");
    assert_true(json_is_object(reply));
    json_decref(reply);
}

/* Aggregates with the longest names there may be. */
static void a_page_never_outgrows_telemetry(void **state)
{
    json_t *rows = json_array(), *page, *shaped;
    char name[120];

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    for (int i = 0; i < 64; i++)
        json_array_append_new(rows, json_pack("{s:i, s:s, s:s, s:s, s:I, s:I}", "aggregate", i,
                                              "name", name, "prefix", name, "state", "settling",
                                              "packets", INT64_MAX, "duplicates", INT64_MAX));
    page = json_pack("{s:i, s:i, s:o}", "total", 64, "offset", 0, "aggregates", rows);
    shaped = telemetry_shape_aggregates(page, &(struct telemetry_parameters){0});
    assert_true(json_dumpb(shaped, NULL, 0, 0) < TELEMETRY_REPLY_BYTES);
    assert_true(json_integer_value(json_object_get(shaped, "shown")) < 64);
    assert_int_equal(json_integer_value(json_object_get(shaped, "next")),
                     json_integer_value(json_object_get(shaped, "shown")));
    json_decref(shaped);
    json_decref(page);
}

static void what_does_not_fit_is_not_cut_in_silence(void **state)
{
    struct rte_tel_data *data = rte_tel_data_alloc();
    char *text = calloc(1, TELEMETRY_REPLY_BYTES + 1);
    json_t *object;

    (void)state;
    memset(text, 'x', TELEMETRY_REPLY_BYTES);
    object = json_pack("{s:s}", "text", text);
    assert_int_equal(telemetry_convert(object, data), -E2BIG);
    json_decref(object);
    free(text);
    rte_tel_data_free(data);
}

static size_t resident_pages(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    size_t size, resident = 0;

    assert_int_equal(fscanf(file, "%zu %zu", &size, &resident), 2);
    fclose(file);
    return resident;
}

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#define UNDER_ADDRESS_SANITIZER __has_feature(address_sanitizer)
#else
#define UNDER_ADDRESS_SANITIZER 0
#endif

/* A reply's data is nested, 50 KiB for each level: a thousand that leaked would be 300 MB. */
static void replies_are_freed(void **state)
{
    size_t before;

    /* Its allocator keeps what is freed for a while, and looks for leaks better than this does. */
    if (UNDER_ADDRESS_SANITIZER)
        skip();
    for (int i = 0; i < 100; i++)
        json_decref(ask(*state, "/pennyline/aggregates"));
    before = resident_pages();
    for (int i = 0; i < 1000; i++)
        json_decref(ask(*state, "/pennyline/aggregates"));
    assert_true(resident_pages() < before + 4096);
}

/* EAL leaves its folder behind. */
static void remove_runtime_directory(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    char file[512];

    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        unlink(file);
    }
    if (directory != NULL)
        closedir(directory);
    rmdir(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static char prefix[64];
    char *arguments[] = {(char *)"test",
                         (char *)"--no-huge",
                         (char *)"-m",
                         (char *)"64",
                         (char *)"--no-pci",
                         (char *)"--file-prefix",
                         prefix,
                         (char *)"--lcores",
                         (char *)"0@0",
                         (char *)"--log-level",
                         (char *)"lib.eal:warning"};
    const struct CMUnitTest tests[] = {
        TEST(status_sums_workers_up),
        TEST(each_view_shows_items_by_position),
        TEST(lcores_show_how_busy_they_are),
        TEST(many_lcores_come_in_pages_without_loss),
        TEST(ports_of_counted_sources_come_in_pages),
        TEST(views_that_are_empty_are_no_error),
        TEST(a_view_of_much_goes_on_with_its_next_page),
        TEST(aggregates_come_in_pages_that_say_where_the_next_begins),
        TEST(one_aggregate_and_one_worker_are_shown_whole),
        TEST(aggregates_are_filtered_by_slice_and_verdict),
        TEST(all_drops_of_an_aggregate_are_shown_in_pages),
        TEST(every_reason_is_shown),
        TEST(bad_parameters_are_refused_in_words),
        TEST(a_manager_that_hangs_is_told),
        TEST(replies_are_freed),
        TEST(a_page_never_outgrows_telemetry),
        TEST(what_does_not_fit_is_not_cut_in_silence),
        /* The last one: it is for good. */
        TEST(rings_are_not_looked_at_when_the_program_stops),
    };
    char directory[256];
    int failed;

    snprintf(prefix, sizeof(prefix), "telemetry-test-%d", (int)getpid());
    if (rte_eal_init((int)ARRAY_LENGTH(arguments), arguments) < 0 || telemetry_open() != 0) {
        fprintf(stderr, "EAL or telemetry did not start\n");
        return 1;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(directory, sizeof(directory), "%s", rte_eal_get_runtime_dir());
    rte_eal_cleanup();
    remove_runtime_directory(directory);
    return failed;
}
