/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

static const char file_text[] =
    "{\"ports\": [{\"name\": \"west\", \"device\": \"eth1\", \"pair\": \"east\"},"
    "             {\"name\": \"east\", \"device\": \"eth2\", \"pair\": \"west\"}],"
    " \"next_hops\": [{\"name\": \"r1\", \"port\": \"east\","
    "                  \"destination_mac\": \"02:00:00:00:00:01\"},"
    "                 {\"name\": \"r2\", \"port\": \"east\","
    "                  \"destination_mac\": \"02:00:00:00:00:02\"}],"
    " \"slices\": [{\"name\": \"edge\", \"sources\": [\"192.0.2.0/24\", \"2001:db8::/32\"],"
    "               \"mode\": \"active\", \"start\": \"manual\", \"next_hops\": [\"r1\"]},"
    "              {\"name\": \"wide\", \"sources\": [\"10.0.0.0/8\"], \"mode\": \"active\","
    "               \"start\": \"manual\"},"
    "              {\"name\": \"part\", \"sources\": [\"10.1.0.0/16\"],"
    "               \"destinations\": [\"203.0.113.0/24\"], \"mode\": \"off\","
    "               \"next_hops\": [\"r2\"]},"
    "              {\"name\": \"host\", \"sources\": [\"198.51.100.1/32\"], \"mode\": \"off\"}]}";

static bool on_apply(void *context, json_t *slices)
{
    struct world *w = context;

    if (w->refuses) {
        json_decref(slices);
        return false;
    }
    assert_null(w->building);
    w->building = slices;
    w->n_builds++;
    return true;
}

static void on_tell(void *context, const char *kind, json_t *members)
{
    struct world *w = context;
    struct event *e = &w->events[w->n_events++ % ARRAY_LENGTH(w->events)];

    snprintf(e->kind, sizeof(e->kind), "%s", kind);
    snprintf(e->slice, sizeof(e->slice), "%s", json_string_at(members, "slice"));
    snprintf(e->reason, sizeof(e->reason), "%s", json_string_at(members, "reason"));
    json_decref(members);
}

static void on_keep(void *context, json_t *slices)
{
    struct world *w = context;

    json_decref(w->kept);
    w->kept = slices;
}

struct config *load(json_t *root)
{
    struct config_error error;
    struct config *config = NULL;

    if (config_load_json(root, &config, &error) != 0)
        fail_msg("%s", error.text);
    return config;
}

int open_world(void **state)
{
    static const struct report_clock clock;
    const uint64_t secret[2] = {1, 2};
    size_t n_bytes = aggregate_table_memory_bytes(64);
    struct world *w = calloc(1, sizeof(*w));

    w->now_ns = NS_PER_S;
    w->file = json_loads(file_text, 0, NULL);
    assert_non_null(w->file);
    w->in_force = load(w->file);
    w->table = aggregate_table_init(aligned_alloc(CACHE_LINE_BYTES, n_bytes), n_bytes, 64, secret);
    w->manager = manager_create(&(struct manager_config){.slices = w->in_force->slices,
                                                         .n_slices = w->in_force->n_slices,
                                                         .aggregates = w->table,
                                                         .gate = &w->gate,
                                                         .n_workers = 1,
                                                         .epoch_ms = 10,
                                                         .n_drop_records = 16,
                                                         .n_concurrent_flow_phases = 1,
                                                         .max_tests_by_command = 8});
    assert_non_null(w->manager);
    w->o = ondemand_create(&(struct ondemand_config){.manager = w->manager,
                                                     .clock = &clock,
                                                     .context = w,
                                                     .apply = on_apply,
                                                     .tell = on_tell,
                                                     .keep = on_keep});
    ondemand_set_config(w->o, w->in_force);
    *state = w;
    return 0;
}

int close_world(void **state)
{
    struct world *w = *state;

    ondemand_destroy(w->o);
    manager_destroy(w->manager);
    config_free(w->in_force);
    free(w->table);
    json_decref(w->building);
    json_decref(w->kept);
    json_decref(w->file);
    free(w);
    return 0;
}

/* The build under way ends: by the configuration's own word, or by `error`. */
void finish(struct world *w, const char *error)
{
    json_t *root = json_copy(w->file);
    struct config_error why;
    struct config *next = NULL;

    assert_non_null(w->building);
    assert_int_equal(ondemand_compose(root, w->building, NULL), 0);
    if (error == NULL && config_load_json(root, &next, &why) != 0)
        error = why.text;
    if (error == NULL) {
        ondemand_set_config(w->o, next);
        config_free(w->in_force);
        w->in_force = next;
    }
    json_decref(root);
    json_decref(w->building);
    w->building = NULL;
    ondemand_applied(w->o, error, w->now_ns);
}

void poll_later(struct world *w)
{
    w->now_ns += 2 * NS_PER_S;
    ondemand_poll(w->o, w->now_ns);
}

json_t *request_of(const char *text)
{
    json_t *request = json_loads(text, 0, NULL);

    assert_non_null(request);
    return request;
}

json_t *test_of(struct world *w, const char *text)
{
    char error[ONDEMAND_ERROR_BYTES] = "";
    json_t *request = request_of(text), *result = ondemand_test(w->o, request, w->now_ns, error);

    json_decref(request);
    if (result == NULL)
        fail_msg("%s", error);
    return result;
}

void assert_refused(struct world *w, const char *text, const char *words)
{
    char error[ONDEMAND_ERROR_BYTES] = "";
    json_t *request = request_of(text);

    assert_null(ondemand_test(w->o, request, w->now_ns, error));
    if (strstr(error, words) == NULL)
        fail_msg("%s: \"%s\", and not \"%s\"", text, error, words);
    json_decref(request);
}

/* The slices of the build under way, by position. */
const json_t *built(const struct world *w, size_t i)
{
    return json_array_get(w->building, i);
}

void assert_json(const json_t *value, const char *text)
{
    char *found = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

    assert_string_equal(found, text);
    free(found);
}

json_t *slice_request(const char *name, const char *source)
{
    return json_pack("{s:{s:s, s:[s], s:s}}", "slice", "name", name, "sources", source, "mode",
                     "off");
}

void add_slice(struct world *w, const char *name, const char *source)
{
    char error[ONDEMAND_ERROR_BYTES] = "";
    json_t *request = slice_request(name, source);
    json_t *result = ondemand_add_slice(w->o, request, false, w->now_ns, error);

    if (result == NULL)
        fail_msg("%s", error);
    json_decref(result);
    json_decref(request);
}

const struct event *latest(const struct world *w)
{
    return &w->events[(w->n_events - 1) % ARRAY_LENGTH(w->events)];
}
