/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/report.h"

/* A slice may have thousands of prefixes: a reader wants to recognise it, not to load it. */
#define MOST_PREFIXES 32

static json_t *prefixes_json(const struct ip_prefix *prefixes, uint32_t n)
{
    json_t *list = json_array();
    char text[IP_TEXT_BYTES];

    for (uint32_t i = 0; i < n && i < MOST_PREFIXES; i++)
        json_array_append_new(list, json_string(ip_prefix_format(&prefixes[i], text)));
    return list;
}

/* As the configuration has them: null is any. */
static json_t *ports_json(const struct slice_port_range *ranges, uint32_t n)
{
    json_t *list = n > 0 ? json_array() : json_null();

    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(list, ranges[i].first == ranges[i].last
                                        ? json_integer(ranges[i].first)
                                        : json_sprintf("%u-%u", ranges[i].first, ranges[i].last));
    return list;
}

/* As the configuration has them. */
static json_t *units_json(const struct test_parameters *p)
{
    json_t *units = json_array();

    if ((p->units & TEST_UNITS_DATA) != 0)
        json_array_append_new(units, json_string("data"));
    for (unsigned int k = 0; k < UNIT_N_KINDS; k++)
        if ((p->units & TEST_UNITS_OF(k)) != 0)
            json_array_append_new(units, json_string(unit_rule_of((enum unit_kind)k)->name));
    return units;
}

/* What the evidence is compared with, and what a test may cost. */
static json_t *parameters_json(const struct test_parameters *p)
{
    return json_pack("{s:s, s:o, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:I}", "rule",
                     p->rule == TEST_RULE_PENNY ? "penny" : "anytime", "units", units_json(p),
                     "drop_probability", p->drop_probability, "alpha", p->alpha, "beta", p->beta,
                     "max_drops_per_aggregate", (json_int_t)p->max_drops_per_aggregate,
                     "max_drops_per_flow", (json_int_t)p->max_drops_per_flow,
                     "max_individual_flows", (json_int_t)p->max_individual_flows,
                     "retransmission_timeout_ms", (json_int_t)p->retransmission_timeout_ms,
                     "retest_interval_ms", (json_int_t)p->retest_interval_ms);
}

json_t *report_slice(const struct slice *s)
{
    static const char *const modes[] = {
        [SLICE_ACTIVE] = "active", [SLICE_PASSIVE] = "passive", [SLICE_OFF] = "off"};
    static const char *const starts[] = {
        [SLICE_START_AUTO] = "auto", [SLICE_START_MANUAL] = "manual"};

    return json_pack("{s:s, s:s, s:s, s:o, s:I, s:o, s:I, s:{s:o, s:o}, s:o, s:I, s:I, s:o}",
                     "slice", s->name, "mode", modes[s->mode], "start", starts[s->start], "sources",
                     prefixes_json(s->sources, s->n_sources), "n_sources", (json_int_t)s->n_sources,
                     "destinations", prefixes_json(s->destinations, s->n_destinations),
                     "n_destinations", (json_int_t)s->n_destinations, "ports", "source",
                     ports_json(s->ports.source, s->ports.n_source), "destination",
                     ports_json(s->ports.destination, s->ports.n_destination), "mark",
                     s->has_mark ? json_integer((json_int_t)s->mark) : json_null(),
                     "granularity_ipv4", (json_int_t)s->granularity.ipv4, "granularity_ipv6",
                     (json_int_t)s->granularity.ipv6, "parameters",
                     parameters_json(&s->parameters));
}
