/* SPDX-License-Identifier: BSD-3-Clause */
/* Budgets of the map's tests: with each of them a test must be able to begin. */
#include <stdio.h>

#include "base/compiler.h"
#include "config/check.h"
#include "config/most_packets.h"

/* A budget is there at once by half, and by the other half within the hour (lib/map/bucket.h). */
#define PARTS 2

static int refuse(struct option_reader *r, const char *option, uint32_t value, const char *allowed)
{
    char found[16];

    snprintf(found, sizeof(found), "%u", value);
    reader_enter_key(r, "map");
    reader_enter_key(r, option);
    return reader_refuse(r, found, allowed);
}

int config_check_map(struct option_reader *r)
{
    const struct config *c = r->config;
    const uint32_t whole = test_parameters_most_packets(&c->defaults);
    const uint32_t most = c->instance.max_drops_per_hour;
    const struct {
        const char *option;
        uint32_t value;
    } budgets[] = {
        {"max_drops_per_hour", c->map.max_drops_per_hour},
        {"max_drops_per_hour_ingress", c->map.max_drops_per_hour_ingress},
        {"max_drops_per_hour_as", c->map.max_drops_per_hour_as},
        {"max_drops_per_hour_prefix", c->map.max_drops_per_hour_prefix},
    };
    char allowed[160];

    if (!c->map.tests)
        return 0;
    snprintf(allowed, sizeof(allowed),
             "0 (no limit of its own), or at least %u: half of it has to hold the %u segments that "
             "one test by \"defaults\" may drop",
             PARTS * whole, whole);
    for (size_t i = 0; i < ARRAY_LENGTH(budgets); i++)
        if (budgets[i].value != 0 && budgets[i].value < PARTS * whole)
            return refuse(r, budgets[i].option, budgets[i].value, allowed);
    if (most == 0 || c->map.max_drops_per_hour <= most)
        return 0;
    snprintf(allowed, sizeof(allowed),
             "at most the %u that the whole box may drop (instance.max_drops_per_hour)", most);
    return refuse(r, "max_drops_per_hour", c->map.max_drops_per_hour, allowed);
}
