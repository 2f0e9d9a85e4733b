/* SPDX-License-Identifier: BSD-3-Clause */
#include "telemetry/telemetry.h"

#include <errno.h>
#include <pthread.h>
#include <rte_lcore.h>
#include <rte_ring.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compiler.h"
#include "telemetry/internal.h"

#define ANSWER_TIMEOUT_S 1
#define PAGE_MOST        64

/* One question at a time, from a thread of telemetry to the manager's. */
static struct {
    pthread_mutex_t callers; /* held from question to answer; the manager never takes it */
    pthread_mutex_t lock;    /* held for moments: the manager only tries it */
    pthread_cond_t answered;
    atomic_bool is_asked;
    char request[128];
    json_t *reply;
} exchange = {
    .callers = PTHREAD_MUTEX_INITIALIZER,
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .answered = PTHREAD_COND_INITIALIZER,
};

void telemetry_serve(const struct control_operations *operations, uint64_t now_ns)
{
    bool watch = false;

    if (!atomic_load_explicit(&exchange.is_asked, memory_order_acquire) ||
        pthread_mutex_trylock(&exchange.lock) != 0)
        return;
    if (atomic_load_explicit(&exchange.is_asked, memory_order_relaxed)) {
        exchange.reply =
            control_execute(operations, exchange.request, strlen(exchange.request), now_ns, &watch);
        atomic_store_explicit(&exchange.is_asked, false, memory_order_relaxed);
        pthread_cond_signal(&exchange.answered);
    }
    pthread_mutex_unlock(&exchange.lock);
}

/* The reply, the caller's; NULL when the manager was silent. Under `callers` and `lock`. */
static json_t *wait_for_reply(void)
{
    struct timespec until;
    json_t *reply;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ANSWER_TIMEOUT_S;
    while (atomic_load_explicit(&exchange.is_asked, memory_order_relaxed))
        if (pthread_cond_timedwait(&exchange.answered, &exchange.lock, &until) == ETIMEDOUT)
            break;
    atomic_store_explicit(&exchange.is_asked, false, memory_order_relaxed);
    reply = exchange.reply;
    exchange.reply = NULL;
    return reply;
}

/* "result" of the reply, or why not as a text. *ok says which. */
static json_t *ask_manager(const char *request, bool *ok)
{
    json_t *reply, *out;
    const char *error;

    pthread_mutex_lock(&exchange.callers);
    pthread_mutex_lock(&exchange.lock);
    snprintf(exchange.request, sizeof(exchange.request), "%s", request);
    atomic_store_explicit(&exchange.is_asked, true, memory_order_release);
    reply = wait_for_reply();
    pthread_mutex_unlock(&exchange.lock);
    pthread_mutex_unlock(&exchange.callers);
    *ok = json_is_true(json_object_get(reply, "ok"));
    error = json_string_value(json_object_get(reply, "error"));
    if (*ok)
        out = json_incref(json_object_get(reply, "result"));
    else
        out = telemetry_error(error != NULL ? error
                                            : "the manager did not answer within a second: it is "
                                              "late or hangs");
    json_decref(reply);
    return out;
}

static int answer(json_t *reply, struct rte_tel_data *out)
{
    int error = telemetry_convert(reply, out);

    json_decref(reply);
    if (error == -E2BIG)
        return rte_tel_data_string(
            out, "error: more than the 16 KiB that telemetry holds; see pennylinectl");
    return error;
}

/* Asks, and shapes what came. */
static int relay(const char *request, json_t *(*shape)(const json_t *result),
                 struct rte_tel_data *out)
{
    bool ok;
    json_t *result = ask_manager(request, &ok), *shaped = ok ? shape(result) : json_incref(result);

    json_decref(result);
    return answer(shaped, out);
}

/* Up to two numbers, by comma. How many there were, or -1. */
static int read_numbers(const char *parameters, uint32_t numbers[2])
{
    int n = 0;
    char *end;

    while (parameters != NULL && *parameters != '\0') {
        unsigned long value = strtoul(parameters, &end, 10);

        if (n == 2 || *parameters < '0' || *parameters > '9' || value > UINT32_MAX)
            return -1;
        numbers[n++] = (uint32_t)value;
        if (*end != ',' && *end != '\0')
            return -1;
        parameters = *end == ',' ? end + 1 : end;
    }
    return n;
}

static int on_status(const char *command, const char *parameters, struct rte_tel_data *out)
{
    (void)command;
    (void)parameters;
    return relay("{\"command\": \"status\"}", telemetry_shape_status, out);
}

static int on_worker(const char *command, const char *parameters, struct rte_tel_data *out)
{
    uint32_t numbers[2];
    json_t *result, *shaped;
    bool ok;

    (void)command;
    if (read_numbers(parameters, numbers) != 1)
        return answer(telemetry_error("give a worker's number, like /pennyline/worker,0"), out);
    result = ask_manager("{\"command\": \"status\"}", &ok);
    shaped = ok ? telemetry_shape_worker(result, numbers[0]) : json_incref(result);
    json_decref(result);
    return answer(shaped, out);
}

static int on_aggregates(const char *command, const char *parameters, struct rte_tel_data *out)
{
    uint32_t numbers[2] = {0, PAGE_MOST};
    char request[128];

    (void)command;
    if (read_numbers(parameters, numbers) < 0)
        return answer(
            telemetry_error("give where to begin and how many, like /pennyline/aggregates,0,20"),
            out);
    snprintf(request, sizeof(request),
             "{\"command\": \"aggregates\", \"offset\": %u, \"count\": %u}", numbers[0],
             numbers[1] < PAGE_MOST ? numbers[1] : PAGE_MOST);
    return relay(request, telemetry_shape_page, out);
}

static int on_aggregate(const char *command, const char *parameters, struct rte_tel_data *out)
{
    uint32_t numbers[2];
    char request[128];

    (void)command;
    if (read_numbers(parameters, numbers) != 1)
        return answer(telemetry_error("give an aggregate's number, like /pennyline/aggregate,0"),
                      out);
    snprintf(request, sizeof(request), "{\"command\": \"aggregate\", \"aggregate\": %u}",
             numbers[0]);
    return relay(request, telemetry_shape_aggregate, out);
}

/* Endpoints that show a page of a result: which command gives it, and what is shown of it. */
static const struct view {
    const char *name, *help, *request;
    telemetry_view *shape;
} views[] = {
    {"/pennyline/slices", "Slices and parameters of their tests. Parameter: offset",
     "{\"command\": \"slices\"}", telemetry_shape_slices},
    {"/pennyline/verdicts", "Latest verdicts, latest first. Parameter: offset",
     "{\"command\": \"verdicts\", \"count\": 100}", telemetry_shape_verdicts},
    {"/pennyline/ports", "Ports: link, counts, losses. Parameter: offset",
     "{\"command\": \"status\"}", telemetry_shape_ports},
    {"/pennyline/lcores", "Each worker's counters, load and stages. Parameter: offset",
     "{\"command\": \"status\"}", telemetry_shape_lcores},
    {"/pennyline/flows", "Flow table of each worker. Parameter: offset",
     "{\"command\": \"status\"}", telemetry_shape_flows},
    {"/pennyline/reasons", "What packets of slices are, by worker. Parameter: offset",
     "{\"command\": \"status\"}", telemetry_shape_reasons},
    {"/pennyline/memory", "The memory taken at start", "{\"command\": \"status\"}",
     telemetry_shape_memory},
};

static const struct view *find_view(const char *command)
{
    for (size_t i = 0; i < ARRAY_LENGTH(views); i++)
        if (strcmp(views[i].name, command) == 0)
            return &views[i];
    return NULL;
}

static int on_view(const char *command, const char *parameters, struct rte_tel_data *out)
{
    const struct view *view = find_view(command);
    uint32_t numbers[2] = {0, 0};
    json_t *result, *shaped;
    bool ok;

    if (view == NULL || read_numbers(parameters, numbers) < 0)
        return answer(telemetry_error("give where to begin, like /pennyline/ports,0"), out);
    result = ask_manager(view->request, &ok);
    shaped = ok ? view->shape(result, numbers[0]) : json_incref(result);
    json_decref(result);
    return answer(shaped, out);
}

/* Read without a lock: the ring's own counts are made for that. */
static int on_rings(const char *command, const char *parameters, struct rte_tel_data *out)
{
    json_t *rings = json_object();
    char name[RTE_RING_NAMESIZE];

    (void)command;
    (void)parameters;
    for (unsigned int i = 0; i < RTE_MAX_LCORE; i++) {
        const struct rte_ring *ring;

        snprintf(name, sizeof(name), "export_%u", i);
        ring = rte_ring_lookup(name);
        if (ring == NULL)
            break;
        json_object_set_new(rings, name,
                            json_pack("{s:I, s:I}", "waiting", (json_int_t)rte_ring_count(ring),
                                      "capacity", (json_int_t)rte_ring_get_capacity(ring)));
    }
    return answer(rings, out);
}

int telemetry_open(void)
{
    /* Help has room for 63 bytes. */
    static const struct {
        const char *name, *help;
        telemetry_cb callback;
    } endpoints[] = {
        {"/pennyline/status", "The box: drops allowed, tests, workers summed up", on_status},
        {"/pennyline/worker", "Counters of one worker. Parameter: number", on_worker},
        {"/pennyline/aggregates", "A page of aggregates. Parameters: offset,count", on_aggregates},
        {"/pennyline/aggregate", "One aggregate, all evidence. Parameter: number", on_aggregate},
        {"/pennyline/rings", "Messages from workers that wait for the manager", on_rings},
    };
    int error = 0;

    for (size_t i = 0; i < ARRAY_LENGTH(endpoints) && error == 0; i++)
        error =
            rte_telemetry_register_cmd(endpoints[i].name, endpoints[i].callback, endpoints[i].help);
    for (size_t i = 0; i < ARRAY_LENGTH(views) && error == 0; i++)
        error = rte_telemetry_register_cmd(views[i].name, on_view, views[i].help);
    return error;
}
