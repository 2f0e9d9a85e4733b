/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands for tests: everything is checked before anything is taken up. */
#include <stdio.h>
#include <string.h>

#include "config/nearest.h"
#include "ondemand/internal.h"
#include "json/json.h"

#define MOST_SOURCES    64
#define MOST_PARAMETERS 64

static json_t *refuse(char error[ONDEMAND_ERROR_BYTES], const char *text)
{
    snprintf(error, ONDEMAND_ERROR_BYTES, "%s", text);
    return NULL;
}

/* A list of what is one text or a list already. The caller's. */
static json_t *list_of(json_t *value)
{
    return json_is_string(value) ? json_pack("[O]", value) : json_incref(value);
}

static bool are_texts(const json_t *list, size_t most)
{
    json_t *text;
    size_t i;

    json_array_foreach (list, i, text)
        if (!json_is_string(text))
            return false;
    return json_array_size(list) > 0 && json_array_size(list) <= most;
}

/* The names of an object's members. */
static const char *name_at(const void *from, size_t i)
{
    return ((const char *const *)from)[i];
}

static bool refuse_parameter(json_t *known, const char *key, char error[ONDEMAND_ERROR_BYTES])
{
    const char *names[MOST_PARAMETERS], *name, *nearest;
    json_t *value;
    size_t n = 0;

    json_object_foreach (known, name, value)
        if (n < MOST_PARAMETERS)
            names[n++] = name;
    nearest = option_nearest(key, name_at, names, n);
    if (nearest != NULL)
        snprintf(error, ONDEMAND_ERROR_BYTES,
                 "set: \"%.64s\" is no parameter of a test; did you mean \"%s\"?", key, nearest);
    else
        snprintf(error, ONDEMAND_ERROR_BYTES,
                 "set: \"%.64s\" is no parameter of a test; \"config show\" has them all, in "
                 "\"defaults\"",
                 key);
    return false;
}

/* Parameters of a test, and nothing else of a slice. */
static bool add_parameters(const struct ondemand *o, json_t *described, json_t *set,
                           char error[ONDEMAND_ERROR_BYTES])
{
    json_t *known = json_object_get(o->base, "defaults"), *value;
    const char *key;

    json_object_foreach (set, key, value) {
        if (json_object_get(known, key) == NULL)
            return refuse_parameter(known, key, error);
        json_object_set(described, key, value);
    }
    if (json_object_get(set, "max_duration_ms") == NULL &&
        json_integer_value(json_object_get(known, "max_duration_ms")) == 0)
        json_object_set_new(described, "max_duration_ms", json_integer(ONDEMAND_DURATION_MS));
    return true;
}

/* The slice of a test of one source, named after its number. NULL with `error`. */
static json_t *describe(const struct ondemand *o, const json_t *request, const char *source,
                        uint32_t number, char error[ONDEMAND_ERROR_BYTES])
{
    json_t *destinations = list_of(json_object_get(request, "destination"));
    json_t *ingress = json_object_get(request, "ingress"), *mode = json_object_get(request, "mode");
    json_t *sources = compose_sources(o, source, error), *out;

    if (sources == NULL) {
        json_decref(destinations);
        return NULL;
    }
    out = json_pack("{s:o, s:o, s:s, s:s}", "name", json_sprintf("test-%u", number), "sources",
                    sources, "mode", mode != NULL ? json_string_value(mode) : "active", "start",
                    "manual");
    if (destinations != NULL)
        json_object_set_new(out, "destinations", destinations);
    if (ingress != NULL)
        json_object_set(out, "ingress", ingress);
    if (add_parameters(o, out, json_object_get(request, "set"), error))
        return out;
    json_decref(out);
    return NULL;
}

/* What was checked of one source, and is not taken up yet. */
struct candidate {
    json_t *described;
    struct config *made;
};

static bool is_testable(const struct candidate *c, char error[ONDEMAND_ERROR_BYTES])
{
    if (c->made->slices[0].mode != SLICE_OFF)
        return true;
    refuse(error, "mode: \"off\" tests nothing; allowed: active, passive");
    return false;
}

static bool make(const struct ondemand *o, const json_t *request, const char *source,
                 uint32_t number, struct candidate *c, char error[ONDEMAND_ERROR_BYTES])
{
    c->described = describe(o, request, source, number, error);
    if (c->described != NULL)
        c->made = compose_alone(o, c->described, error);
    if (c->made == NULL || !is_testable(c, error) ||
        !traffic_has_no_twin(o, &c->made->slices[0], error) ||
        !traffic_keep_next_hops(o, c->described, &c->made->slices[0], error))
        return false;
    return json_is_true(json_object_get(request, "force")) ||
           traffic_is_free(o, &c->made->slices[0], NULL, error);
}

static void forget(struct candidate *c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        json_decref(c[i].described);
        config_free(c[i].made);
    }
}

/* Sources of one request must not take packets from one another. */
static bool are_apart(const struct candidate *c, size_t n, char error[ONDEMAND_ERROR_BYTES])
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            for (uint32_t a = 0; a < c[i].made->slices[0].n_sources; a++)
                for (uint32_t b = 0; b < c[k].made->slices[0].n_sources; b++) {
                    const struct ip_prefix *p = &c[i].made->slices[0].sources[a],
                                           *q = &c[k].made->slices[0].sources[b];

                    if (p->is_ipv4 == q->is_ipv4 && (ip_prefix_contains(p, &q->address) ||
                                                     ip_prefix_contains(q, &p->address))) {
                        refuse(error, "source: one of them holds another one; test one after the "
                                      "other");
                        return false;
                    }
                }
    return true;
}

static bool has_room(const struct ondemand *o, size_t n, uint64_t now_ns,
                     char error[ONDEMAND_ERROR_BYTES])
{
    int obstacle =
        manager_test_obstacle(o->config.manager, o->n_accepted + (uint32_t)(n > 0 ? n - 1 : 0));
    char words[TEST_REFUSAL_BYTES];
    uint32_t n_free = 0;

    if (obstacle != 0) {
        refuse(error, manager_test_refusal(o->config.manager, obstacle, now_ns, words));
        return false;
    }
    for (uint32_t i = 0; i < ONDEMAND_MOST_SLICES; i++)
        n_free += o->slices[i].state == WANTED_FREE;
    if (n_free < n)
        refuse(error, "no room for another slice at run time; wait for tests to end, or remove "
                      "slices that were added");
    return n_free >= n;
}

static json_t *take_up(struct ondemand *o, const json_t *request, json_t *source,
                       struct candidate *c, uint64_t now_ns)
{
    const char *label = json_string_at(request, "label");
    struct asked_test *t = tests_new(o);

    t->state = ASKED_ACCEPTED;
    t->asked_ns = now_ns;
    t->source = json_incref(source);
    snprintf(t->slice, sizeof(t->slice), "%s", c->made->slices[0].name);
    snprintf(t->label, sizeof(t->label), "%s", label);
    o->n_accepted++;
    /* It is among the slices before it is asked whose packets it leaves to others. */
    slices_want(o, c->described, c->made, t->number);
    return json_pack("{s:I, s:s, s:O, s:o}", "test", (json_int_t)t->number, "slice", t->slice,
                     "source", source, "kept_by",
                     traffic_kept_by(o, &c->made->slices[0], json_string_value(source)));
}

/* Numbers that tests_new() will give, in its order. */
static uint32_t next_number(const struct ondemand *o, uint32_t after)
{
    const struct asked_test *t;

    do
        t = &o->tests[++after % ONDEMAND_MOST_TESTS];
    while (t->state == ASKED_ACCEPTED || t->state == ASKED_RUNNING || after == 0);
    return after;
}

static json_t *test_all(struct ondemand *o, const json_t *request, json_t *sources, uint64_t now_ns,
                        char error[ONDEMAND_ERROR_BYTES])
{
    struct candidate candidates[MOST_SOURCES] = {{0}};
    size_t n = json_array_size(sources), i;
    uint32_t number = o->n_asked;
    json_t *source, *tests;

    json_array_foreach (sources, i, source) {
        number = next_number(o, number);
        if (!make(o, request, json_string_value(source), number, &candidates[i], error)) {
            forget(candidates, i + 1);
            return NULL;
        }
    }
    if (!are_apart(candidates, n, error)) {
        forget(candidates, n);
        return NULL;
    }
    tests = json_array();
    json_array_foreach (sources, i, source)
        json_array_append_new(tests, take_up(o, request, source, &candidates[i], now_ns));
    return json_pack("{s:o}", "tests", tests);
}

json_t *ondemand_test(struct ondemand *o, const json_t *request, uint64_t now_ns,
                      char error[ONDEMAND_ERROR_BYTES])
{
    json_t *label = json_object_get(request, "label"), *result = NULL;
    json_t *destination = list_of(json_object_get(request, "destination"));
    json_t *sources = list_of(json_object_get(request, "source"));
    const char *trouble = label != NULL ? test_label_trouble(json_string_value(label)) : NULL;

    if (!are_texts(sources, MOST_SOURCES))
        refuse(error, "source: allowed: 1 to 64 prefixes, like \"192.0.2.0/24\"");
    else if (destination != NULL && !are_texts(destination, SLICE_MAX_DESTINATIONS))
        refuse(error, "destination: allowed: 1 to 256 prefixes, like \"198.51.100.0/24\"");
    else if (trouble != NULL)
        snprintf(error, ONDEMAND_ERROR_BYTES, "label \"%.64s\" %s", json_string_value(label),
                 trouble);
    else if (has_room(o, json_array_size(sources), now_ns, error))
        result = test_all(o, request, sources, now_ns, error);
    json_decref(sources);
    json_decref(destination);
    return result;
}

static struct asked_test *find(const struct ondemand *o, const json_t *request,
                               char error[ONDEMAND_ERROR_BYTES])
{
    json_int_t number = json_integer_value(json_object_get(request, "test"));
    struct asked_test *t =
        number > 0 && number <= UINT32_MAX ? tests_find(o, (uint32_t)number) : NULL;

    if (t == NULL)
        snprintf(error, ONDEMAND_ERROR_BYTES,
                 "test %lld: none of that number is known (any more); the event log has what older "
                 "ones found",
                 (long long)number);
    return t;
}

static const char *const state_names[] = {
    [ASKED_FREE] = "none", [ASKED_ACCEPTED] = "accepted", [ASKED_RUNNING] = "running",
    [ASKED_OVER] = "over", [ASKED_REFUSED] = "refused",
};

json_t *ondemand_show_test(const struct ondemand *o, const json_t *request,
                           char error[ONDEMAND_ERROR_BYTES])
{
    const struct asked_test *t = find(o, request, error);
    json_t *out, *report;

    if (t == NULL)
        return NULL;
    report = t->state == ASKED_RUNNING
                 ? report_aggregate(o->config.manager, t->aggregate, o->config.clock, true)
                 : json_incref(t->report);
    out = json_pack("{s:I, s:s, s:s, s:O, s:o, s:o, s:o}", "test", (json_int_t)t->number, "state",
                    state_names[t->state], "slice", t->slice, "source", t->source, "label",
                    json_text_or_null(t->label), "reason", json_text_or_null(t->error), "report",
                    report != NULL ? report : json_null());
    return out;
}

json_t *ondemand_stop_test(struct ondemand *o, const json_t *request, uint64_t now_ns,
                           char error[ONDEMAND_ERROR_BYTES])
{
    struct asked_test *t = find(o, request, error);

    if (t == NULL)
        return NULL;
    if (t->state == ASKED_ACCEPTED)
        tests_refuse(o, t, "it was stopped before it began", now_ns);
    else if (t->state != ASKED_RUNNING) {
        snprintf(error, ONDEMAND_ERROR_BYTES, "test %u is over already", t->number);
        return NULL;
    } else if (manager_test_stop(o->config.manager, t->aggregate, REASON_STOPPED, now_ns) != 0) {
        tests_end(o, t, now_ns); /* one that only watches */
    }
    return json_pack("{s:I, s:s}", "test", (json_int_t)t->number, "state", state_names[t->state]);
}
