/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of the status, and lists, each as pages by position. */
#include "base/compiler.h"
#include "packet/packet.h"
#include "telemetry/internal.h"

static json_t *pick(const json_t *object, const char *const *keys, size_t n)
{
    json_t *out = json_object();

    for (size_t i = 0; i < n; i++)
        json_object_set(out, keys[i], json_object_get(object, keys[i]));
    return out;
}

static json_t *page_of_all(const json_t *list, const struct telemetry_parameters *p,
                           json_t *(*shape)(json_t *item))
{
    return telemetry_page(&(struct telemetry_list){.items = list,
                                                   .total = (uint32_t)json_array_size(list),
                                                   .shape = shape},
                          p);
}

static json_t *whole(json_t *item)
{
    return json_incref(item);
}

/* The members that `key` names, of a worker: its lcore is always among them. */
static json_t *of_worker(json_t *worker, const char *key)
{
    json_t *out = json_object();

    json_object_set(out, "lcore", json_object_get(worker, "lcore"));
    json_object_update(out, json_object_get(worker, key));
    return out;
}

static json_t *lcore_item(json_t *worker)
{
    json_t *out = of_worker(worker, "counters"), *load = json_object_get(worker, "load");

    if (load != NULL)
        json_object_set(out, "load", load);
    return out;
}

static json_t *flows_item(json_t *worker)
{
    return of_worker(worker, "flows");
}

/* All of them: what never occurred stands there with 0. */
static json_t *headers_of(const json_t *worker)
{
    json_t *counted = json_object_get(worker, "packet_reasons"), *out = json_object(), *n;

    for (int i = 0; i < PACKET_N_REASONS; i++) {
        const char *name = packet_reason_name((enum packet_reason)i);

        n = json_object_get(counted, name);
        json_object_set_new(out, name, n != NULL ? json_incref(n) : json_integer(0));
    }
    return out;
}

/* Why packets went on without a test having looked at them, why those that could have been dropped
 * were not, and where those are that did not go on. */
static json_t *reasons_item(json_t *worker)
{
    static const char *const forwarded[] = {"untested", "slice_not_tcp", "no_ingress",
                                            "no_aggregate", "flow_refused"};
    static const char *const spared[] = {"ledger_full", "gate_closed"};
    static const char *const ended[] = {"dropped",  "lost_tx_full",    "lost_no_headroom",
                                        "lost_cut", "absorbed_mirror", "dropped_by_stage",
                                        "answered"};
    json_t *counters = json_object_get(worker, "counters");

    return json_pack("{s:O, s:o, s:o, s:o, s:o}", "lcore", json_object_get(worker, "lcore"),
                     "headers", headers_of(worker), "forwarded",
                     pick(counters, forwarded, ARRAY_LENGTH(forwarded)), "spared",
                     pick(counters, spared, ARRAY_LENGTH(spared)), "not_forwarded",
                     pick(counters, ended, ARRAY_LENGTH(ended)));
}

json_t *telemetry_shape_lcores(const json_t *status, const struct telemetry_parameters *p)
{
    return page_of_all(json_object_get(status, "workers"), p, lcore_item);
}

json_t *telemetry_shape_flows(const json_t *status, const struct telemetry_parameters *p)
{
    return page_of_all(json_object_get(status, "workers"), p, flows_item);
}

json_t *telemetry_shape_reasons(const json_t *status, const struct telemetry_parameters *p)
{
    return page_of_all(json_object_get(status, "workers"), p, reasons_item);
}

json_t *telemetry_shape_ports(const json_t *status, const struct telemetry_parameters *p)
{
    return page_of_all(json_object_get(status, "ports"), p, whole);
}

/* Those of a page of the manager. */
static json_t *page_of_page(const json_t *page, const char *key, const char *number,
                            json_t *(*shape)(json_t *item), const struct telemetry_parameters *p)
{
    const struct telemetry_list list = {
        .items = json_object_get(page, key),
        .first = (uint32_t)json_integer_value(json_object_get(page, "offset")),
        .total = (uint32_t)json_integer_value(json_object_get(page, "total")),
        .shape = shape,
        .key = number,
    };

    return telemetry_page(&list, p);
}

json_t *telemetry_shape_slices(const json_t *page, const struct telemetry_parameters *p)
{
    return page_of_page(page, "slices", NULL, whole, p);
}

static json_t *aggregate_item(json_t *aggregate)
{
    static const char *const kept[] = {"name",    "prefix",  "state",         "verdict",
                                       "packets", "dropped", "retransmitted", "expired",
                                       "void",    "pending", "duplicates",    "units"};
    json_t *out = pick(aggregate, kept, ARRAY_LENGTH(kept));
    json_t *anytime = json_object_get(aggregate, "anytime");

    json_object_set(out, "log10_e", json_object_get(anytime, "log10_e"));
    json_object_set(out, "log10_f", json_object_get(anytime, "log10_f"));
    return out;
}

json_t *telemetry_shape_aggregates(const json_t *page, const struct telemetry_parameters *p)
{
    return page_of_page(page, "aggregates", "aggregate", aggregate_item, p);
}

static json_t *verdict_item(json_t *aggregate)
{
    static const char *const kept[] = {"aggregate",     "name",    "verdict", "provisional",
                                       "mixed",         "via",     "reason",  "verdict_s",
                                       "dropped",       "expired", "void",    "duplicates",
                                       "retransmitted", "prefix",  "n_tests"};

    return pick(aggregate, kept, ARRAY_LENGTH(kept));
}

json_t *telemetry_shape_verdicts(const json_t *verdicts, const struct telemetry_parameters *p)
{
    return page_of_all(verdicts, &(struct telemetry_parameters){.offset = p->offset}, verdict_item);
}
