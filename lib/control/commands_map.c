/* SPDX-License-Identifier: BSD-3-Clause */
/* The map: its entries a part at a time, what it is as a whole, and why a source fits or does not.
 */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "control/command.h"
#include "expect/why.h"
#include "map/query.h"
#include "report/map.h"

#define DEFAULT_ROWS 100

static struct map *map_of(struct command_call *call)
{
    if (call->operations->map == NULL)
        command_refuse(call,
                       "%s: there is no map here; \"map\": {\"entries\": N} in the configuration "
                       "makes one",
                       call->command->name);
    return call->operations->map;
}

static bool find_place(struct command_call *call, const struct map *m, uint16_t *place)
{
    const char *name = command_text(call, "ingress");

    if (name == NULL)
        return true;
    *place = map_places_find(map_places(m), name);
    if (*place == MAP_NO_INGRESS)
        command_refuse(call, "%s: \"%.100s\" is no ingress of the map; \"map summary\" lists them",
                       call->command->name, name);
    return *place != MAP_NO_INGRESS;
}

static bool find_prefix(struct command_call *call, struct ip_prefix *prefix)
{
    const char *text = command_text(call, "prefix");

    if (ip_prefix_parse(text, prefix) == 0)
        return true;
    command_refuse(call, "%s: \"%.100s\"; allowed: a prefix or an address, as 192.0.2.0/24",
                   call->command->name, text);
    return false;
}

static bool find_reality(struct command_call *call, int *reality)
{
    const char *name = command_text(call, "reality");

    if (name == NULL)
        return true;
    for (int i = 0; i < MAP_N_REALITIES; i++)
        if (strcmp(map_reality_name((enum map_reality_state)i), name) == 0) {
            *reality = i;
            return true;
        }
    command_refuse(call,
                   "%s: reality \"%.100s\"; allowed: untested, queued, testing, genuine, "
                   "mixed, spoofed, inconclusive, untestable",
                   call->command->name, name);
    return false;
}

static bool understand(struct command_call *call, const struct map *m, struct map_query *q)
{
    const uint64_t since_ns = (uint64_t)command_count(call, "seen_within_s", 0) * NS_PER_S;

    *q = map_query_all();
    q->as = command_count(call, "as", 0);
    q->unexpected = command_switch(call, "unexpected");
    q->has_prefix = command_text(call, "prefix") != NULL;
    if (since_ns != 0)
        q->since_ns = call->now_ns > since_ns ? call->now_ns - since_ns : 0;
    return find_place(call, m, &q->ingress) && find_reality(call, &q->reality) &&
           (!q->has_prefix || find_prefix(call, &q->prefix));
}

json_t *command_run_map(struct command_call *call)
{
    const struct map *m = map_of(call);
    uint32_t slots[MAP_COMMAND_MOST], n, next;
    uint32_t after = command_count(call, "after", 0);
    struct map_query query;
    json_t *rows;

    if (m == NULL || !understand(call, m, &query))
        return NULL;
    if (after > map_n_slots(m))
        after = map_n_slots(m);
    n = map_query_run(m, &query, after, slots, command_count(call, "count", DEFAULT_ROWS), &next);
    rows = json_array();
    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(rows, report_map_entry(m, slots[i], call->operations->clock));
    return json_pack("{s:o, s:o}", "entries", rows, "next",
                     next != MAP_NO_SLOT ? json_integer(next) : json_null());
}

json_t *command_run_map_summary(struct command_call *call)
{
    return map_of(call) == NULL ? NULL : call->operations->map_summary(call->operations->context);
}

static uint64_t wall_s(const struct command_call *call)
{
    return (call->now_ns + (uint64_t)call->operations->clock->wall_offset_ns) / NS_PER_S;
}

json_t *command_run_map_why(struct command_call *call)
{
    const struct map *m = map_of(call);
    const struct map_expectation *e = m != NULL ? map_expected(m) : NULL;
    struct ip_prefix prefix;
    uint16_t ingress;

    if (m == NULL || !find_prefix(call, &prefix))
        return NULL;
    if (e == NULL)
        return command_refuse(call, "map why: nothing is known of what is expected: "
                                    "map.expectation names no file, or it was refused");
    ingress = expect_find_ingress(&e->expectation, command_text(call, "ingress"));
    if (ingress == EXPECT_NO_INGRESS)
        return command_refuse(call,
                              "map why: \"%.100s\" is no ingress of the file that is in force",
                              command_text(call, "ingress"));
    return expect_why(&e->expectation, &prefix, ingress, wall_s(call));
}

json_t *command_run_map_decision(struct command_call *call)
{
    const struct control_operations *o = call->operations;
    char error[COMMAND_ERROR_BYTES] = "";
    json_t *result;

    if (map_of(call) == NULL)
        return NULL;
    if (o->map_command == NULL)
        return command_refuse(call, "%s: only for \"pennyline run\"", call->command->name);
    result = o->map_command(o->context, call->command->name, call->request, call->now_ns, error,
                            sizeof(error));
    return result != NULL ? result : command_refuse(call, "%s: %.400s", call->command->name, error);
}
