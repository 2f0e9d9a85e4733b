/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/sources.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/report.h"

const char *report_sources_network(bool is_ipv6)
{
    return is_ipv6 ? "IPv6" : "IPv4";
}

const char *report_sources_transport(bool is_udp)
{
    return is_udp ? "UDP" : "TCP";
}

const char *report_sources_port(int32_t port, char out[8])
{
    if (port < 0)
        return "other";
    snprintf(out, 8, "%u", (unsigned int)port & UINT16_MAX);
    return out;
}

static json_t *port_json(int32_t port)
{
    return port < 0 ? json_null() : json_integer(port);
}

static const char *time_text(int64_t wall_ns, char out[REPORT_TIME_BYTES])
{
    return report_time(&(struct report_clock){.has_wall = true}, (uint64_t)wall_ns, out);
}

static json_t *packets_json(const struct sources_counters *c)
{
    json_t *out = json_object();

#define X(field, name, help) json_object_set_new(out, name, json_integer((json_int_t)c->field));
    SOURCES_COUNTERS(X)
#undef X
    return out;
}

static json_t *count_json(const struct sources_result *r, const struct sources_cell_count *c)
{
    return json_pack("{s:s, s:s, s:o, s:I, s:I, s:o}", "network",
                     report_sources_network(c->is_ipv6), "transport",
                     report_sources_transport(c->is_udp), "port", port_json(c->port), "sources",
                     (json_int_t)c->sources, "packets", (json_int_t)c->packets, "new",
                     r->has_new ? json_integer((json_int_t)c->n_new) : json_null());
}

static json_t *window_json(const struct sources_result *r)
{
    char began[REPORT_TIME_BYTES], ended[REPORT_TIME_BYTES];
    json_t *counts = json_array();

    for (uint32_t i = 0; i < r->n_cells; i++)
        json_array_append_new(counts, count_json(r, &r->cells[i]));
    return json_pack(
        "{s:I, s:s, s:s, s:f, s:b, s:b, s:o, s:I, s:I, s:o, s:o}", "number", (json_int_t)r->number,
        "began", time_text(r->began_ns, began), "ended", time_text(r->ended_ns, ended),
        "ended_unix_s", (double)r->ended_ns / 1e9, "short", (int)r->is_short, "estimate",
        (int)r->is_estimate, "standard_error", r->is_estimate ? json_real(r->error) : json_null(),
        "sources_of_all_ports", (json_int_t)llround(r->all), "pairs_of_source_and_port",
        (json_int_t)llround(r->pairs), "packets", packets_json(&r->counters), "counts", counts);
}

json_t *report_sources_json(const struct report_sources *s)
{
    char ended[REPORT_TIME_BYTES];
    const bool is_known = s->result != NULL && s->known != NULL &&
                          strcmp(time_text(s->result->ended_ns, ended), s->known) == 0;
    json_t *out =
        json_pack("{s:s, s:s?, s:I, s:I, s:I, s:I, s:I, s:b, s:o}", "name", s->name, "slice",
                  s->slice, "window_s", (json_int_t)s->plan->window_s, "windows",
                  (json_int_t)s->counters.windows, "short_windows",
                  (json_int_t)s->counters.short_windows, "late", (json_int_t)s->counters.late,
                  "clock_sets", (json_int_t)s->counters.clock_sets, "listed", (int)s->is_listed,
                  "window", s->result != NULL && !is_known ? window_json(s->result) : json_null());

    if (s->known != NULL)
        json_object_set_new(out, "window_known", json_boolean(is_known));
    return out;
}

static void print_count(FILE *out, const struct sources_result *r,
                        const struct sources_cell_count *c)
{
    char port[8], is_new[24] = "-";

    if (r->has_new)
        snprintf(is_new, sizeof(is_new), "%" PRIu64, c->n_new);
    fprintf(out, "%-7s %-9s %6s %s%10" PRIu64 " %10s %12" PRIu64 "\n",
            report_sources_network(c->is_ipv6), report_sources_transport(c->is_udp),
            report_sources_port(c->port, port), r->is_estimate ? "~" : " ", c->sources, is_new,
            c->packets);
}

void report_sources_table(FILE *out, const struct report_sources *s)
{
    const struct sources_result *r = s->result;
    char began[REPORT_TIME_BYTES], ended[REPORT_TIME_BYTES];

    if (r == NULL) {
        fprintf(out, "%s: no window of %" PRIu32 " s has ended yet\n", s->name, s->plan->window_s);
        return;
    }
    fprintf(out, "%s%s%s: %s to %s%s\n", s->name, s->slice != NULL ? ", slice " : "",
            s->slice != NULL ? s->slice : "", time_text(r->began_ns, began),
            time_text(r->ended_ns, ended), r->is_short ? " (shorter than a window)" : "");
    fprintf(out, "%-7s %-9s %6s %11s %10s %12s\n", "network", "transport", "port", "sources", "new",
            "packets");
    for (uint32_t i = 0; i < r->n_cells; i++)
        print_count(out, r, &r->cells[i]);
    if (r->is_estimate)
        fprintf(out,
                "Numbers of sources are estimates, with a standard error of %.1f %%: there were "
                "more than are held as they are.\n",
                100 * r->error);
    if (r->all >= 0.5)
        fprintf(out, "About %.0f sources in all, that sent to %.2f ports each.\n", r->all,
                r->pairs / r->all);
}

json_t *report_sources_seen(const struct sources_keeper *k, uint32_t offset, uint32_t count)
{
    const uint32_t n = sources_keeper_n_seen(k);
    json_t *list = json_array();
    char text[IP_TEXT_BYTES];

    for (uint32_t i = offset; i < n && i - offset < count; i++) {
        const struct sources_seen s = sources_keeper_seen(k, i);

        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:o}", "ip", ip_address_format(&s.source, text),
                            "network", report_sources_network(s.is_ipv6), "transport",
                            report_sources_transport(s.is_udp), "port", port_json(s.port)));
    }
    return list;
}

static void print_seen(FILE *out, const struct sources_keeper *k)
{
    char port[8], text[IP_TEXT_BYTES];

    for (uint32_t i = 0; i < sources_keeper_n_seen(k); i++) {
        const struct sources_seen s = sources_keeper_seen(k, i);

        fprintf(out, "  %s %s %s\n", ip_address_format(&s.source, text),
                report_sources_transport(s.is_udp), report_sources_port(s.port, port));
    }
}

void report_sources_print(FILE *out, const struct report_sources *s,
                          const struct sources_keeper *named, bool as_json)
{
    if (as_json) {
        json_t *line = report_sources_json(s);

        if (named != NULL)
            json_object_set_new(line, "list", report_sources_seen(named, 0, UINT32_MAX));
        json_dumpf(line, out, JSON_COMPACT);
        fprintf(out, "\n");
        json_decref(line);
        return;
    }
    report_sources_table(out, s);
    if (named != NULL)
        print_seen(out, named);
}
