/* SPDX-License-Identifier: BSD-3-Clause */
#include "telemetry/telemetry.h"

#include <errno.h>
#include <pthread.h>
#include <rte_lcore.h>
#include <rte_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "telemetry/internal.h"

#define PAGE_MOST 64

/* One question: what is asked of the manager, and what is shown of its result. */
struct endpoint {
    const char *name, *help; /* help has room for 63 bytes */
    enum telemetry_parameter takes[TELEMETRY_PARAMETERS_MOST + 1];
    json_t *(*request)(const struct telemetry_parameters *p); /* NULL: the manager is not asked */
    telemetry_view *shape;
};

static uint32_t count_up_to(const struct telemetry_parameters *p, uint32_t most)
{
    return p->count == 0 || p->count > most ? most : p->count;
}

static json_t *request_status(const struct telemetry_parameters *p)
{
    (void)p;
    return json_pack("{s:s}", "command", "status");
}

static json_t *request_slices(const struct telemetry_parameters *p)
{
    return json_pack("{s:s, s:I, s:I}", "command", "slices", "offset", (json_int_t)p->offset,
                     "count", (json_int_t)count_up_to(p, PAGE_MOST));
}

static json_t *request_aggregates(const struct telemetry_parameters *p)
{
    json_t *request =
        json_pack("{s:s, s:I, s:I}", "command", "aggregates", "offset", (json_int_t)p->offset,
                  "count", (json_int_t)count_up_to(p, PAGE_MOST));

    if (p->slice[0] != '\0')
        json_object_set_new(request, "slice", json_string(p->slice));
    if (p->verdict[0] != '\0')
        json_object_set_new(request, "verdict", json_string(p->verdict));
    return request;
}

static json_t *request_aggregate(const struct telemetry_parameters *p)
{
    return json_pack("{s:s, s:I}", "command", "aggregate", "aggregate", (json_int_t)p->aggregate);
}

static json_t *request_verdicts(const struct telemetry_parameters *p)
{
    return json_pack("{s:s, s:I}", "command", "verdicts", "count",
                     (json_int_t)count_up_to(p, TELEMETRY_VERDICTS_MOST));
}

static json_t *request_sources(const struct telemetry_parameters *p)
{
    return json_pack("{s:s, s:I}", "command", "sources", "item", (json_int_t)p->item);
}

static json_t *request_machines(const struct telemetry_parameters *p)
{
    (void)p;
    return json_pack("{s:s}", "command", "machines");
}

static json_t *request_map(const struct telemetry_parameters *p)
{
    (void)p;
    return json_pack("{s:s}", "command", "map summary");
}

/* DPDK's thread goes on answering while the program stops, and rings are freed then. */
static pthread_mutex_t rings_lock = PTHREAD_MUTEX_INITIALIZER;
static bool has_rings;

/* A ring's counts are made to be read while others use it. Locked. */
static json_t *read_rings(void)
{
    json_t *rings = json_object();
    char name[RTE_RING_NAMESIZE];

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
    return rings;
}

static json_t *show_rings(const json_t *nothing, const struct telemetry_parameters *p)
{
    json_t *rings;

    (void)nothing;
    (void)p;
    pthread_mutex_lock(&rings_lock);
    rings = has_rings ? read_rings() : telemetry_error("pennyline is starting or stopping");
    pthread_mutex_unlock(&rings_lock);
    return rings;
}

static void set_rings(bool are_there)
{
    pthread_mutex_lock(&rings_lock);
    has_rings = are_there;
    pthread_mutex_unlock(&rings_lock);
}

static const struct endpoint endpoints[] = {
    {"/pennyline/status",
     "The box: drops allowed, tests, workers summed up",
     {PARAMETER_NONE},
     request_status,
     telemetry_shape_status},
    {"/pennyline/worker",
     "All of one worker. Parameter: worker",
     {PARAMETER_WORKER},
     request_status,
     telemetry_shape_worker},
    {"/pennyline/slices",
     "Slices and how they are tested. Parameters: offset,count",
     {PARAMETER_OFFSET, PARAMETER_COUNT},
     request_slices,
     telemetry_shape_slices},
    {"/pennyline/aggregates",
     "Aggregates in short. Parameters: offset,count,slice,verdict",
     {PARAMETER_OFFSET, PARAMETER_COUNT, PARAMETER_SLICE, PARAMETER_VERDICT},
     request_aggregates,
     telemetry_shape_aggregates},
    {"/pennyline/aggregate",
     "One with evidence and drops. Parameters: aggregate,offset",
     {PARAMETER_AGGREGATE, PARAMETER_OFFSET},
     request_aggregate,
     telemetry_shape_aggregate},
    {"/pennyline/verdicts",
     "The latest verdicts. Parameters: count,offset",
     {PARAMETER_COUNT, PARAMETER_OFFSET},
     request_verdicts,
     telemetry_shape_verdicts},
    {"/pennyline/sources",
     "Sources by port in the last window. Parameters: item,offset",
     {PARAMETER_ITEM, PARAMETER_OFFSET},
     request_sources,
     telemetry_shape_sources},
    {"/pennyline/ports",
     "Link, counts, losses. Parameters: offset,count",
     {PARAMETER_OFFSET, PARAMETER_COUNT},
     request_status,
     telemetry_shape_ports},
    {"/pennyline/lcores",
     "Workers: busy share, stages, counters. Parameters: offset,count",
     {PARAMETER_OFFSET, PARAMETER_COUNT},
     request_status,
     telemetry_shape_lcores},
    {"/pennyline/flows",
     "Flow tables of workers. Parameters: offset,count",
     {PARAMETER_OFFSET, PARAMETER_COUNT},
     request_status,
     telemetry_shape_flows},
    {"/pennyline/reasons",
     "Why packets were forwarded or not. Parameters: offset,count",
     {PARAMETER_OFFSET, PARAMETER_COUNT},
     request_status,
     telemetry_shape_reasons},
    {"/pennyline/machines",
     "State machines in short. Parameters: offset,count",
     {PARAMETER_OFFSET, PARAMETER_COUNT},
     request_machines,
     telemetry_shape_machines},
    {"/pennyline/machine",
     "One with rules and states. Parameters: machine,offset,count",
     {PARAMETER_MACHINE, PARAMETER_OFFSET, PARAMETER_COUNT},
     request_machines,
     telemetry_shape_machine},
    {"/pennyline/map",
     "Who enters where, by ingress. Parameters: offset,count",
     {PARAMETER_OFFSET, PARAMETER_COUNT},
     request_map,
     telemetry_shape_map},
    {"/pennyline/memory",
     "Memory taken at start, and its use now",
     {PARAMETER_NONE},
     request_status,
     telemetry_shape_memory},
    {"/pennyline/rings",
     "Messages from workers that wait for the manager",
     {PARAMETER_NONE},
     NULL,
     show_rings},
};

static const struct endpoint *find_endpoint(const char *command)
{
    for (size_t i = 0; i < ARRAY_LENGTH(endpoints); i++)
        if (strcmp(endpoints[i].name, command) == 0)
            return &endpoints[i];
    return NULL;
}

/* The manager's result, or why there is none as a text. */
static json_t *ask(const struct endpoint *e, const struct telemetry_parameters *p, bool *ok)
{
    json_t *request = e->request(p), *result;
    char *text = json_dumps(request, JSON_COMPACT);

    *ok = text != NULL;
    result = text != NULL ? telemetry_ask_manager(text, ok) : telemetry_error("not enough memory");
    free(text);
    json_decref(request);
    return result;
}

static json_t *reply_to(const struct endpoint *e, const struct telemetry_parameters *p)
{
    json_t *result = NULL, *shaped;
    bool ok = true;

    if (e->request != NULL)
        result = ask(e, p, &ok);
    shaped = ok ? e->shape(result, p) : json_incref(result);
    json_decref(result);
    return shaped;
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

static int on_question(const char *command, const char *parameters, struct rte_tel_data *out)
{
    const struct endpoint *e = find_endpoint(command);
    struct telemetry_parameters p;
    char error[512];

    if (e == NULL)
        return -ENOENT;
    if (!telemetry_parse(e->name, parameters, e->takes, &p, error, sizeof(error)))
        return answer(telemetry_error(error), out);
    return answer(reply_to(e, &p), out);
}

int telemetry_open(void)
{
    int error = 0;

    set_rings(true);
    for (size_t i = 0; i < ARRAY_LENGTH(endpoints) && error == 0; i++)
        error = rte_telemetry_register_cmd(endpoints[i].name, on_question, endpoints[i].help);
    return error;
}

void telemetry_close(void)
{
    set_rings(false);
}
