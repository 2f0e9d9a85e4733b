/* SPDX-License-Identifier: BSD-3-Clause */
/* Which aggregate a request means. */
#include <stdio.h>
#include <string.h>

#include "control/command.h"

/* How a text may name an aggregate: "edge", "192.0.2.0/24", or as reports do, "edge 192.0.2.0/24".
 */
struct wanted {
    const char *slice; /* NULL: any; its end is n_slice */
    size_t n_slice;
    struct ip_prefix prefix;
    bool has_prefix;
};

/* False when what stands behind a slice is no prefix: it must not pass for one that was left out. A
 * name of a slice has no space. */
static bool understand(const char *text, struct wanted *wanted)
{
    const char *space = strchr(text, ' ');

    *wanted = (struct wanted){.slice = NULL};
    wanted->has_prefix = ip_prefix_parse(space != NULL ? space + 1 : text, &wanted->prefix) == 0;
    if (space != NULL || !wanted->has_prefix) {
        wanted->slice = text;
        wanted->n_slice = space != NULL ? (size_t)(space - text) : strlen(text);
    }
    return space == NULL || wanted->has_prefix;
}

static bool is_of_slice(const struct aggregate_report *r, const struct wanted *wanted)
{
    return strlen(r->slice->name) == wanted->n_slice &&
           memcmp(r->slice->name, wanted->slice, wanted->n_slice) == 0;
}

static bool is_of_prefix(const struct aggregate_report *r, const struct ip_prefix *prefix)
{
    if (r->identity->has_prefix)
        return ip_prefix_equal(&r->identity->prefix, prefix);
    for (uint32_t i = 0; i < r->slice->n_sources; i++)
        if (ip_prefix_equal(&r->slice->sources[i], prefix))
            return true;
    return false;
}

static bool is_meant(const struct aggregate_report *r, const struct wanted *wanted)
{
    if (wanted->slice != NULL && !is_of_slice(r, wanted))
        return false;
    return !wanted->has_prefix || is_of_prefix(r, &wanted->prefix);
}

static bool refuse(struct command_call *call, const char *text, uint32_t n, uint32_t first,
                   uint32_t last)
{
    if (n == 0)
        command_refuse(call,
                       "%s: \"%.64s\" is no aggregate's slice or prefix; \"aggregates\" lists them "
                       "with their numbers",
                       call->command->name, text);
    else
        command_refuse(call, "%s: \"%.64s\" means %u aggregates (%u to %u); give the number of one",
                       call->command->name, text, n, first, last);
    return false;
}

static bool find_text(struct command_call *call, const char *text, uint32_t *aggregate)
{
    const struct manager *m = call->operations->manager;
    struct wanted wanted;
    struct aggregate_report report;
    uint32_t n = 0, first = 0, last = 0;

    if (!understand(text, &wanted)) {
        command_refuse(call,
                       "%s: \"%.64s\": what follows the slice is no prefix; give ADDRESS/LENGTH "
                       "without bits beyond its length, or the number of the aggregate",
                       call->command->name, text);
        return false;
    }
    for (uint32_t i = 0; i < manager_n_aggregates(m); i++) {
        if (!manager_report(m, i, &report) || !is_meant(&report, &wanted))
            continue;
        first = n == 0 ? i : first;
        last = i;
        n++;
    }
    *aggregate = first;
    return n == 1 || refuse(call, text, n, first, last);
}

bool command_aggregate(struct command_call *call, uint32_t *aggregate)
{
    const struct manager *m = call->operations->manager;
    json_t *value = json_object_get(call->request, "aggregate");
    uint32_t n = manager_n_aggregates(m);
    struct aggregate_report report;

    if (json_is_string(value))
        return find_text(call, json_string_value(value), aggregate);
    *aggregate = (uint32_t)json_integer_value(value);
    if (manager_report(m, *aggregate, &report))
        return true;
    if (*aggregate < n)
        command_refuse(
            call,
            "%s: aggregate %u: there is none of that number any more: its test by command is "
            "over (\"test show\"), its slice is gone, or it showed nothing to test; "
            "\"aggregates\" lists those there are",
            call->command->name, *aggregate);
    else
        command_refuse(call,
                       "%s: aggregate %u: there are %u, counted from 0; \"aggregates\" lists them",
                       call->command->name, *aggregate, n);
    return false;
}
