/* SPDX-License-Identifier: BSD-3-Clause */
/* The table, and from a request to a handler: everything is checked before it runs. */
#include "api.h"

#include <jansson.h>
#include <microhttpd.h>
#include <string.h>

#include "base/compiler.h"
#include "host.h"

#define VARIABLE "{aggregate}"

static void get_index(struct web *w, struct request *q, struct reply *r);

static const struct api_route routes[] = {
    {"GET", "/api/v1", get_index, false, {0}, "this list"},
    {"GET", "/api/v1/status", api_get_status, false, {0}, "the box: workers, ports, memory, tests"},
    {"GET", "/api/v1/slices", api_get_slices, false, {0}, "slices, with sums of their aggregates"},
    {"GET",
     "/api/v1/machines",
     api_get_machines,
     false,
     {0},
     "state machines: what their rules did, and how many keys are in which state"},
    {"GET",
     "/api/v1/aggregates",
     api_get_aggregates,
     false,
     {"slice", "verdict", "state", "search", "changed_since", "offset", "count"},
     "a page of the list of aggregates"},
    {"GET",
     "/api/v1/aggregates/" VARIABLE,
     api_get_aggregate,
     false,
     {0},
     "one aggregate, with its evidence over time, drops and single flows"},
    {"GET", "/api/v1/verdicts", api_get_verdicts, false, {"count"}, "latest first"},
    {"GET",
     "/api/v1/events",
     api_get_events,
     false,
     {"after", "count", "kind"},
     "what happened after a cursor"},
    {"POST",
     "/api/v1/tests",
     api_post_test,
     true,
     {0},
     "test any prefix, or an aggregate; with \"wait_s\" until it is over"},
    {"DELETE", "/api/v1/tests/" VARIABLE, api_delete_test, true, {0}, "end its test"},
    {"GET",
     "/api/v1/asked-tests/" VARIABLE,
     api_get_asked_test,
     false,
     {0},
     "how far the test of a prefix is, and what it found"},
    {"DELETE", "/api/v1/asked-tests/" VARIABLE, api_delete_asked_test, true, {0}, "end it"},
    {"POST", "/api/v1/slices", api_post_slice, true, {0}, "one more slice, until it is removed"},
    {"PUT", "/api/v1/slices", api_put_slice, true, {0}, "another description for one added"},
    {"DELETE",
     "/api/v1/slices",
     api_delete_slice,
     true,
     {"name", "force"},
     "take away one that was added"},
    {"GET",
     "/api/v1/config",
     api_get_config,
     false,
     {"offset", "count"},
     "the configuration in force, a page of its slices, and where they came from"},
    {"GET", "/api/v1/kill-switch", api_get_kill_switch, false, {0}, "is it on?"},
    {"PUT",
     "/api/v1/kill-switch",
     api_put_kill_switch,
     true,
     {0},
     "stop every deliberate drop at once, or allow them again"},
    {"POST",
     "/api/v1/reload",
     api_post_reload,
     true,
     {0},
     "read the configuration file anew, and put it in force while packets go through"},
    {"POST",
     "/api/v1/drain",
     api_post_drain,
     true,
     {0},
     "leave the path: end all tests, forward until no packet comes, then end"},
    {"GET",
     "/api/v1/map",
     api_get_map,
     false,
     {"ingress", "as", "prefix", "unexpected", "reality", "seen_within_s", "after", "count",
      "format"},
     "entries of the map; format=networks: as a network source of Akvorado"},
    {"GET", "/api/v1/map/summary", api_get_map_summary, false, {0}, "its ingresses and counters"},
    {"GET",
     "/api/v1/map/why",
     api_get_map_why,
     false,
     {"prefix", "ingress"},
     "how well a source fits to an ingress, and which route says so"},
    {"GET",
     "/api/v1/sources",
     api_get_sources,
     false,
     {0},
     "sources that are counted by port, of the last window, and some windows before"},
    {"GET",
     "/list",
     api_get_list,
     false,
     {"name", "slice", "offset", "count"},
     "a page of these sources, with --serve-ip-list: ip, network, transport, port"},
    {"GET", "/metrics", api_get_metrics, false, {0}, "OpenMetrics"},
    {"GET", "/healthz", api_get_healthz, false, {0}, "200 when packets traverse every worker"},
    {"GET", "/readyz", api_get_readyz, false, {0}, "200 when tests may run as well"},
};

static void get_index(struct web *w, struct request *q, struct reply *r)
{
    json_t *list = json_array(), *index;

    (void)w;
    (void)q;
    for (size_t i = 0; i < ARRAY_LENGTH(routes); i++) {
        json_t *parameters = json_array();

        for (size_t p = 0; p < API_MAX_PARAMETERS && routes[i].parameters[p] != NULL; p++)
            json_array_append_new(parameters, json_string(routes[i].parameters[p]));
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:o, s:b, s:s}", "method", routes[i].method,
                                        "path", routes[i].path, "parameters", parameters, "token",
                                        (int)routes[i].changes_something, "help", routes[i].help));
    }
    index = json_pack("{s:s, s:s, s:s, s:o}", "program", "pennyline-web", "version",
                      PENNYLINE_VERSION, "openapi", "/api/v1/openapi.json", "routes", list);
    json_dumpf(index, r->out, JSON_COMPACT);
    json_decref(index);
}

struct parameter_check {
    const struct api_route *route;
    unsigned int n[API_MAX_PARAMETERS];
    const char *unknown, *twice;
};

static enum MHD_Result check_parameter(void *context, enum MHD_ValueKind kind, const char *key,
                                       const char *value)
{
    struct parameter_check *c = context;

    (void)kind;
    (void)value;
    for (size_t i = 0; i < API_MAX_PARAMETERS && c->route->parameters[i] != NULL; i++) {
        if (strcmp(c->route->parameters[i], key) != 0)
            continue;
        if (c->n[i]++ > 0)
            c->twice = key;
        /* "?slice" without a value is as strange. */
        if (value == NULL)
            c->unknown = key;
        return MHD_YES;
    }
    c->unknown = key;
    return MHD_YES;
}

/* A parameter that is misspelt must not pass for one that was left out. */
static bool check_parameters(const struct api_route *route, const struct request *q,
                             struct reply *r)
{
    struct parameter_check c = {.route = route};

    MHD_get_connection_values(q->connection, MHD_GET_ARGUMENT_KIND, check_parameter, &c);
    if (c.unknown != NULL)
        reply_error(r, MHD_HTTP_BAD_REQUEST,
                    "%s knows no parameter \"%.64s\" like this; GET "
                    "/api/v1 lists what there is",
                    route->path, c.unknown);
    else if (c.twice != NULL)
        reply_error(r, MHD_HTTP_BAD_REQUEST, "\"%.64s\" is given twice", c.twice);
    return c.unknown == NULL && c.twice == NULL;
}

static bool path_matches(const char *pattern, const char *path, unsigned int *number)
{
    const char *variable = strstr(pattern, VARIABLE);
    size_t n = variable != NULL ? (size_t)(variable - pattern) : 0;
    uint64_t value;

    if (variable == NULL)
        return strcmp(pattern, path) == 0;
    if (strncmp(pattern, path, n) != 0 || !text_is_count(path + n, UINT32_MAX - 1, &value))
        return false;
    *number = (unsigned int)value;
    return true;
}

static bool is_asked_by(const char *route_method, const char *method)
{
    return strcmp(route_method, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(route_method, "GET") == 0);
}

static bool may_change(struct web *w, const struct request *q, struct reply *r)
{
    if (!host_is_origin(q->host, q->origin)) {
        reply_error(r, MHD_HTTP_FORBIDDEN,
                    "a page of %.128s may change nothing here: only the page of this gateway may, "
                    "and programs, which send no Origin",
                    q->origin);
        return false;
    }
    if (w->token.n == 0) {
        reply_error(r, MHD_HTTP_FORBIDDEN,
                    "nothing may be changed from here: pennyline-web was "
                    "started without --token-file");
        return false;
    }
    if (token_is_in(&w->token, q->authorization))
        return true;
    atomic_fetch_add(&w->n_refused_token, 1);
    reply_error(r, MHD_HTTP_UNAUTHORIZED, "the token is %s: send \"Authorization: Bearer TOKEN\"",
                q->authorization == NULL ? "missing" : "wrong");
    return false;
}

/* Probes ask for health without a token: that it forwards is no secret. */
static bool is_open_to_all(const struct api_route *route)
{
    return strcmp(route->path, "/healthz") == 0 || strcmp(route->path, "/readyz") == 0;
}

/* Who may change something may read, too. */
static bool may_read(struct web *w, const struct request *q, struct reply *r)
{
    if (w->read_token.n == 0 || token_is_in(&w->read_token, q->authorization) ||
        token_is_in(&w->token, q->authorization))
        return true;
    atomic_fetch_add(&w->n_refused_token, 1);
    reply_error(r, MHD_HTTP_UNAUTHORIZED,
                "the token is %s: send \"Authorization: Bearer TOKEN\", that for reading or the "
                "other one",
                q->authorization == NULL ? "missing" : "wrong");
    return false;
}

static void answer_by(const struct api_route *route, struct web *w, struct request *q,
                      struct reply *r)
{
    if (route->changes_something ? !may_change(w, q, r)
                                 : !is_open_to_all(route) && !may_read(w, q, r))
        return;
    if (check_parameters(route, q, r))
        route->handle(w, q, r);
}

static void allow(struct reply *r, const char *method)
{
    size_t n = strlen(r->allow);

    snprintf(r->allow + n, sizeof(r->allow) - n, "%s%s%s", n > 0 ? ", " : "", method,
             strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

/* No route takes it. */
static void answer_by_file(struct web *w, const struct request *q, struct reply *r)
{
    const struct page_file *file = page_find(w->page, q->path);

    if (file != NULL && is_asked_by("GET", q->method)) {
        r->file = file;
        return;
    }
    if (file != NULL)
        allow(r, "GET");
    if (r->allow[0] != '\0')
        reply_error(r, MHD_HTTP_METHOD_NOT_ALLOWED, "%.64s of %.200s: allowed is %s", q->method,
                    q->path, r->allow);
    else
        reply_error(r, MHD_HTTP_NOT_FOUND, "%.200s: no such thing; GET /api/v1 lists what there is",
                    q->path);
}

void api_answer(struct web *w, struct request *q, struct reply *r)
{
    if (!host_is_allowed(w->options.hosts, q->host)) {
        reply_error(r, MHD_HTTP_MISDIRECTED_REQUEST,
                    "\"%.128s\" is no name of this gateway: ask by its address, or start "
                    "pennyline-web with --host and that name",
                    q->host);
        return;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(routes); i++) {
        if (!path_matches(routes[i].path, q->path, &q->number))
            continue;
        if (is_asked_by(routes[i].method, q->method)) {
            answer_by(&routes[i], w, q, r);
            return;
        }
        allow(r, routes[i].method);
    }
    answer_by_file(w, q, r);
}
