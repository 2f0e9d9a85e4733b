/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-sim/print.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "json/json.h"

static json_t *rate_json(const struct rate *r)
{
    json_t *o = json_object();

    json_object_set_new(o, "n", json_integer((json_int_t)r->n));
    json_object_set_new(o, "share", json_real_or_null(r->share));
    json_object_set_new(o, "low", json_real_or_null(isnan(r->share) ? NAN : r->interval.low));
    json_object_set_new(o, "high", json_real_or_null(isnan(r->share) ? NAN : r->interval.high));
    return o;
}

static json_t *quantiles_json(const struct quantiles *q)
{
    json_t *o = json_object();

    json_object_set_new(o, "median", json_real_or_null(q->median));
    json_object_set_new(o, "p95", json_real_or_null(q->p95));
    json_object_set_new(o, "p99", json_real_or_null(q->p99));
    json_object_set_new(o, "mean", json_real_or_null(q->mean));
    return o;
}

static json_t *costs_json(const struct summary *s, int which)
{
    json_t *o = json_object();

    json_object_set_new(o, "drops", quantiles_json(&s->drops[which]));
    json_object_set_new(o, "segments", quantiles_json(&s->segments[which]));
    json_object_set_new(o, "seconds", quantiles_json(&s->seconds[which]));
    return o;
}

json_t *print_summary_json(const struct summary *s)
{
    json_t *o = json_object(), *outcomes = json_object();

    json_object_set_new(o, "runs", json_integer((json_int_t)s->n_runs));
    json_object_set_new(o, "confidence", json_real(STUDY_CONFIDENCE));
    for (int i = 0; i < STUDY_N_OUTCOMES; i++)
        json_object_set_new(outcomes, verdict_name_outcome((enum verdict_outcome)i),
                            rate_json(&s->outcomes[i]));
    json_object_set_new(o, "outcomes", outcomes);
    json_object_set_new(o, "false_genuine", rate_json(&s->false_genuine));
    json_object_set_new(o, "false_spoofed", rate_json(&s->false_spoofed));
    json_object_set_new(o, "mixed", rate_json(&s->mixed));
    json_object_set_new(o, "provisional", rate_json(&s->provisional));
    json_object_set_new(o, "via_flows", rate_json(&s->via_flows));
    json_object_set_new(o, "to_closed_loop", costs_json(s, 0));
    json_object_set_new(o, "to_other_verdicts", costs_json(s, 1));
    json_object_set_new(o, "repair_ms", quantiles_json(&s->repairs_ms));
    json_object_set_new(o, "mean_completion_s", json_real_or_null(s->mean_completion_s));
    json_object_set_new(o, "p95_completion_s", json_real_or_null(s->p95_completion_s));
    json_object_set_new(o, "mean_e", json_real_or_null(s->mean_e));
    json_object_set_new(o, "mean_e_standard_error", json_real_or_null(s->error_e));
    json_object_set_new(o, "reached_1e2", rate_json(&s->reached[0]));
    json_object_set_new(o, "reached_1e3", rate_json(&s->reached[1]));
    json_object_set_new(o, "reached_1e6", rate_json(&s->reached[2]));
    if (s->has_kinds) {
        json_object_set_new(o, "kind_reached_1e2", rate_json(&s->reached_kind[0]));
        json_object_set_new(o, "kind_reached_1e3", rate_json(&s->reached_kind[1]));
    }
    return o;
}

static void print_error_text(const struct rate *r, const char *what)
{
    if (isfinite(r->share))
        printf("%-20s %.6f  [%.6f, %.6f]\n", what, r->share, r->interval.low, r->interval.high);
}

static void print_costs_text(const struct summary *s, int which, const char *what)
{
    if (isnan(s->drops[which].median))
        return;
    printf("%-18s median      p95      p99\n", what);
    printf("  drops         %9g%9g%9g\n", s->drops[which].median, s->drops[which].p95,
           s->drops[which].p99);
    printf("  segments      %9g%9g%9g\n", s->segments[which].median, s->segments[which].p95,
           s->segments[which].p99);
    printf("  seconds       %9.3g%9.3g%9.3g\n", s->seconds[which].median, s->seconds[which].p95,
           s->seconds[which].p99);
}

static void print_summary_text(const struct summary *s)
{
    printf("%" PRIu64 " trials in %.2f s (%.0f per second)\n", s->n_runs, s->wall_s,
           (double)s->n_runs / s->wall_s);
    for (int i = 0; i < STUDY_N_OUTCOMES; i++)
        if (s->outcomes[i].n != 0)
            printf("%-20s %.6f  [%.6f, %.6f]\n", verdict_name_outcome((enum verdict_outcome)i),
                   s->outcomes[i].share, s->outcomes[i].interval.low, s->outcomes[i].interval.high);
    if (s->mixed.n != 0)
        printf("%-20s %.6f  [%.6f, %.6f]\n", "(mixed)", s->mixed.share, s->mixed.interval.low,
               s->mixed.interval.high);
    print_error_text(&s->false_genuine, "(false genuine)");
    print_error_text(&s->false_spoofed, "(false spoofed)");
    print_costs_text(s, 0, "to closed_loop");
    print_costs_text(s, 1, "to other verdicts");
    if (!isnan(s->repairs_ms.median))
        printf("repairs after      %9.3g%9.3g%9.3g ms\n", s->repairs_ms.median, s->repairs_ms.p95,
               s->repairs_ms.p99);
    if (!isnan(s->mean_completion_s))
        printf("completion of genuine flows: mean %.3f s, p95 %.3f s\n", s->mean_completion_s,
               s->p95_completion_s);
}

static void flatten(json_t *row, const char *prefix, json_t *object)
{
    const char *key;
    json_t *value;
    char name[128];

    json_object_foreach (object, key, value) {
        snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix != '\0' ? "_" : "", key);
        if (json_is_object(value))
            flatten(row, name, value);
        else
            json_object_set(row, name, value);
    }
}

void print_summary(const struct summary *s, enum output output)
{
    struct print_table table = {.output = OUTPUT_CSV};
    json_t *object, *row;

    if (output == OUTPUT_TEXT) {
        print_summary_text(s);
        return;
    }
    object = print_summary_json(s);
    if (output == OUTPUT_JSON) {
        json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        printf("\n");
    } else {
        row = json_object();
        flatten(row, "", object);
        print_table_row(&table, row);
    }
    json_decref(object);
}

static void print_cell(json_t *value, const char *separator)
{
    if (json_is_string(value))
        printf("%s%s", separator, json_string_value(value));
    else if (json_is_integer(value))
        printf("%s%" JSON_INTEGER_FORMAT, separator, json_integer_value(value));
    else if (json_is_real(value))
        printf("%s%.6g", separator, json_real_value(value));
    else
        printf("%s", separator);
}

static void print_row(const json_t *row, bool header, const char *between)
{
    const char *key, *separator = "";
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)row, key, value) {
        if (header)
            printf("%s%s", separator, key);
        else
            print_cell(value, separator);
        separator = between;
    }
    printf("\n");
    fflush(stdout);
}

void print_table_row(struct print_table *t, json_t *row)
{
    const char *between = t->output == OUTPUT_CSV ? "," : "\t";

    if (t->output == OUTPUT_JSON) {
        if (t->rows == NULL)
            t->rows = json_array();
        json_array_append_new(t->rows, row);
        return;
    }
    if (!t->has_header)
        print_row(row, true, between);
    t->has_header = true;
    print_row(row, false, between);
    json_decref(row);
}

void print_table_end(struct print_table *t)
{
    if (t->output != OUTPUT_JSON)
        return;
    json_dumpf(t->single ? json_array_get(t->rows, 0) : t->rows, stdout,
               JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    printf("\n");
    json_decref(t->rows);
}

void print_rate_into(json_t *row, const char *name, const struct rate *rate)
{
    char column[96];

    json_object_set_new(row, name, json_real_or_null(rate->share));
    snprintf(column, sizeof(column), "%s_low", name);
    json_object_set_new(row, column,
                        json_real_or_null(isnan(rate->share) ? NAN : rate->interval.low));
    snprintf(column, sizeof(column), "%s_high", name);
    json_object_set_new(row, column,
                        json_real_or_null(isnan(rate->share) ? NAN : rate->interval.high));
}
