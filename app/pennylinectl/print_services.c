/* SPDX-License-Identifier: BSD-3-Clause */
/* Services with their members, and responders, as text. */
#include "common/table.h"
#include "print.h"

static void share_cell(const json_t *row, char out[CELL_BYTES])
{
    double sum = json_number_at(row, "of");

    if (sum > 0)
        snprintf(out, CELL_BYTES, "%.1f %%", 100 * json_number_at(row, "packets") / sum);
    else
        snprintf(out, CELL_BYTES, "-");
}

/* What checks found, where they did; else the order. */
static void why_cell(const json_t *row, char out[CELL_BYTES])
{
    if (json_has_at(row, "failed_check"))
        json_text_at(row, "failed_check", out);
    else
        json_text_at(row, "order", out);
}

static const struct column member_columns[] = {
    {"service", "service", NULL, true},
    {"member", "member", NULL, true},
    {"state", "state", NULL, true},
    {"because", NULL, why_cell, true},
    {"weight", "weight", NULL, false},
    {"port", "port", NULL, true},
    {"packets", "packets", NULL, false},
    {"share", NULL, share_cell, false},
    {0},
};

/* A row for each member. */
static json_t *rows_of(const json_t *services)
{
    json_t *rows = json_array(), *service, *member;
    size_t i, k;

    json_array_foreach (services, i, service)
        json_array_foreach (json_object_get(service, "members"), k, member) {
            json_t *row = json_copy(member);

            json_object_set(row, "service", json_object_get(service, "service"));
            json_object_set(row, "of", json_object_get(service, "packets"));
            json_array_append_new(rows, row);
        }
    return rows;
}

static void print_notes(FILE *out, const json_t *service)
{
    const char *name = json_string_value(json_object_get(service, "service"));

    if (json_number_at(service, "no_member") > 0)
        fprintf(out, "service %s: %.0f packets came while no member could have them\n", name,
                json_number_at(service, "no_member"));
    if (json_number_at(service, "not_in_memory") > 0)
        fprintf(out,
                "service %s: memory was full for %.0f packets; raise "
                "instance.sticky_flows_per_lcore\n",
                name, json_number_at(service, "not_in_memory"));
}

void print_services(FILE *out, const json_t *result)
{
    const json_t *services = json_object_get(result, "services");
    json_t *rows = rows_of(services), *service;
    size_t i;

    table_print(out, member_columns, rows);
    json_decref(rows);
    json_array_foreach (services, i, service)
        print_notes(out, service);
}

void print_members(FILE *out, const json_t *result)
{
    json_t *services = json_object_get(result, "services"), *members, *state;
    const char *service, *member;

    json_object_foreach (services, service, members)
        json_object_foreach (members, member, state)
            fprintf(out, "service %s: member %s is %s\n", service, member,
                    json_string_value(state));
}

static const struct column responder_columns[] = {
    {"responder", "responder", NULL, true},         {"SYNs", "counters.syns", NULL, false},
    {"answered", "counters.answered", NULL, false}, {"ACKs", "counters.acks", NULL, false},
    {"right", "counters.right", NULL, false},       {"wrong", "counters.wrong", NULL, false},
    {"late", "counters.late", NULL, false},         {0},
};

static void finding_cell(const json_t *row, char out[CELL_BYTES])
{
    snprintf(out, CELL_BYTES, "%s",
             json_is_true(json_object_get(row, "genuine"))             ? "genuine"
             : json_is_true(json_object_get(row, "silenced_by_flood")) ? "silenced by a flood"
                                                                       : "undecided");
}

static void evidence_cell(const json_t *row, char out[CELL_BYTES])
{
    snprintf(out, CELL_BYTES, "E=10^%.1f", json_number_at(row, "evidence_log10"));
}

static const struct column source_columns[] = {
    {"source", "prefix", NULL, true},      {"witnesses", "witnesses", NULL, false},
    {"wrong", "wrong", NULL, false},       {"evidence", NULL, evidence_cell, true},
    {"finding", NULL, finding_cell, true}, {0},
};

void print_responders(FILE *out, const json_t *result)
{
    table_print(out, responder_columns, json_object_get(result, "responders"));
    if (json_array_size(json_object_get(result, "sources")) > 0) {
        fputc('\n', out);
        table_print(out, source_columns, json_object_get(result, "sources"));
    }
}
