/* SPDX-License-Identifier: BSD-3-Clause */
#include "deciding_report.h"

#include <string.h>

#include "json/json.h"

/* A count of data segments, and one of the other units that were dropped beside or instead of them
 * (report/aggregate.c). */
static uint16_t sum_of(const json_t *report, const char *of_data, const char *of_units)
{
    const double n = json_number_at(report, of_data) +
                     json_sum_of_members(json_object_get(report, "units"), of_units);

    return n < UINT16_MAX ? (uint16_t)n : UINT16_MAX;
}

static enum map_reality_state state_of(const json_t *report, uint16_t n_drops)
{
    const char *verdict = json_string_at(report, "verdict");

    if (strcmp(verdict, "closed_loop") == 0)
        return json_is_true(json_object_get(report, "mixed")) ? MAP_MIXED : MAP_GENUINE;
    if (strcmp(verdict, "not_closed_loop") == 0 || strcmp(verdict, "duplicates_exceeded") == 0)
        return MAP_SPOOFED;
    return n_drops > 0 ? MAP_INCONCLUSIVE : MAP_UNTESTED;
}

void deciding_read_report(const json_t *report, struct decide_outcome *out)
{
    out->n_drops = sum_of(report, "dropped", "dropped_packets");
    out->n_repaired = sum_of(report, "retransmitted", "retransmitted");
    out->log10_evidence = (float)json_number_at(report, "anytime.log10_e");
    out->state = state_of(report, out->n_drops);
}
