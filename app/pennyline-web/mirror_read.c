/* SPDX-License-Identifier: BSD-3-Clause */
/* What readers see. */
#include <stdlib.h>
#include <string.h>

#include "mirror_internal.h"
#include "json/json.h"

static bool matches(const struct mirror *m, const struct mirrored_aggregate *a,
                    const struct mirror_filter *f)
{
    if (a->row == NULL || a->revision <= f->changed_since)
        return false;
    if (f->slice != NULL && strcmp(m->slices[a->slice].name, f->slice) != 0)
        return false;
    if (f->verdict != NULL && strcmp(mirror_verdicts[a->verdict], f->verdict) != 0)
        return false;
    if (f->state != NULL && strcmp(a->state, f->state) != 0)
        return false;
    return f->search == NULL || strcasestr(a->name, f->search) != NULL;
}

void mirror_write_aggregates(struct mirror *m, const struct mirror_filter *filter, FILE *out)
{
    uint32_t n_matching = 0;

    pthread_rwlock_rdlock(&m->lock);
    fprintf(out, "{\"generation\":%lu,\"revision\":%lu,\"aggregates\":[",
            (unsigned long)m->generation, (unsigned long)m->revision);
    for (uint32_t i = 0; i < m->n_aggregates; i++) {
        if (!matches(m, &m->aggregates[i], filter))
            continue;
        if (n_matching >= filter->offset && n_matching - filter->offset < filter->count) {
            if (n_matching > filter->offset)
                fputc(',', out);
            fputs(m->aggregates[i].row, out);
        }
        n_matching++;
    }
    fprintf(out, "],\"total\":%u,\"offset\":%u}", n_matching, filter->offset);
    pthread_rwlock_unlock(&m->lock);
}

static int later_first(const void *a, const void *b)
{
    const struct mirrored_aggregate *const *x = a, *const *y = b;

    return ((*x)->verdict_s < (*y)->verdict_s) - ((*x)->verdict_s > (*y)->verdict_s);
}

void mirror_write_verdicts(struct mirror *m, uint32_t count, FILE *out)
{
    const struct mirrored_aggregate **with;
    uint32_t n = 0;

    pthread_rwlock_rdlock(&m->lock);
    with = calloc(m->n_aggregates + 1u, sizeof(const struct mirrored_aggregate *));
    for (uint32_t i = 0; with != NULL && i < m->n_aggregates; i++)
        if (m->aggregates[i].row != NULL && m->aggregates[i].verdict_s > 0)
            with[n++] = &m->aggregates[i];
    if (with != NULL)
        qsort(with, n, sizeof(const struct mirrored_aggregate *), later_first);
    fputs("{\"verdicts\":[", out);
    for (uint32_t i = 0; i < n && i < count; i++)
        fprintf(out, "%s%s", i > 0 ? "," : "", with[i]->row);
    fprintf(out, "],\"total\":%u}", n);
    free(with);
    pthread_rwlock_unlock(&m->lock);
}

static json_t *slice_json(const struct mirrored_slice *s)
{
    json_t *slice = s->described != NULL ? json_copy(s->described) : json_object();
    json_t *verdicts = json_object(), *totals = json_object();

    for (int i = 0; i < MIRROR_N_VERDICTS; i++)
        json_object_set_new(verdicts, mirror_verdicts[i], json_integer(s->n_by_verdict[i]));
    for (size_t i = 0; i < n_aggregate_counter_rows; i++)
        json_object_set_new(totals, aggregate_counter_rows[i].name,
                            json_integer((json_int_t)s->totals[i]));
    json_object_set_new(slice, "slice", json_string(s->name));
    json_object_set_new(slice, "n_aggregates", json_integer(s->n_aggregates));
    json_object_set_new(slice, "verdicts", verdicts);
    json_object_set_new(slice, "total", totals);
    return slice;
}

/* json_copy() counts references inside of `described`, so this needs the lock to itself. */
void mirror_write_slices(struct mirror *m, FILE *out)
{
    json_t *all = json_object(), *list = json_array();

    pthread_rwlock_wrlock(&m->lock);
    for (uint32_t i = 0; i < m->n_slices; i++)
        if (mirrored_slice_is_there(&m->slices[i]))
            json_array_append_new(list, slice_json(&m->slices[i]));
    json_object_set_new(all, "slices", list);
    json_dumpf(all, out, JSON_COMPACT | JSON_ALL_DIGITS);
    json_decref(all);
    pthread_rwlock_unlock(&m->lock);
}

void mirror_write_status(struct mirror *m, double now_s, FILE *out)
{
    json_t *trouble;

    pthread_rwlock_rdlock(&m->lock);
    trouble = m->connected ? json_null() : json_string(m->trouble);
    fprintf(out, "{\"connected\":%s,\"complete\":%s,\"left_out\":%u,\"age_s\":%.3f,\"trouble\":",
            m->connected ? "true" : "false", m->complete && m->n_left_out == 0 ? "true" : "false",
            m->n_left_out, m->status != NULL ? now_s - m->status_at_s : 0.0);
    json_dumpf(trouble, out, JSON_COMPACT | JSON_ENCODE_ANY);
    fputs(",\"status\":", out);
    if (m->status != NULL)
        json_dumpf(m->status, out, JSON_COMPACT | JSON_ALL_DIGITS);
    else
        fputs("null", out);
    fputc('}', out);
    json_decref(trouble);
    pthread_rwlock_unlock(&m->lock);
}

void mirror_write_part(struct mirror *m, enum mirror_part part, FILE *out)
{
    pthread_rwlock_rdlock(&m->lock);
    if (m->parts[part] != NULL)
        json_dumpf(m->parts[part], out, JSON_COMPACT | JSON_ALL_DIGITS);
    else
        fputs("null", out);
    pthread_rwlock_unlock(&m->lock);
}

void mirror_write_history(struct mirror *m, uint32_t aggregate, FILE *out)
{
    pthread_rwlock_rdlock(&m->lock);
    history_write(m->history, aggregate, out);
    pthread_rwlock_unlock(&m->lock);
}

bool mirror_has_slice(struct mirror *m, const char *name)
{
    bool found = false;

    pthread_rwlock_rdlock(&m->lock);
    for (uint32_t i = 0; i < m->n_slices && !found; i++)
        found = mirrored_slice_is_there(&m->slices[i]) && strcmp(m->slices[i].name, name) == 0;
    pthread_rwlock_unlock(&m->lock);
    return found;
}

struct mirror_view mirror_begin(struct mirror *m, double now_s)
{
    pthread_rwlock_rdlock(&m->lock);
    return (struct mirror_view){
        .connected = m->connected,
        .complete = m->complete && m->n_left_out == 0,
        .n_left_out = m->n_left_out,
        .age_s = m->status != NULL ? now_s - m->status_at_s : 0,
        .epoch_age_s = m->status != NULL ? now_s - m->epoch_at_s : 0,
        .status = m->status,
        .parts = (const json_t *const *)m->parts,
        .n_aggregates = m->n_aggregates,
        .n_slices = m->n_slices,
    };
}

void mirror_end(struct mirror *m)
{
    pthread_rwlock_unlock(&m->lock);
}

struct mirror_slice_view mirror_slice(struct mirror *m, uint32_t i)
{
    const struct mirrored_slice *s = &m->slices[i];
    struct mirror_slice_view view = {s->name,         mirrored_slice_is_there(s),
                                     s->totals,       s->has_units ? s->units : NULL,
                                     s->n_aggregates, {0}};

    memcpy(view.n_by_verdict, s->n_by_verdict, sizeof(view.n_by_verdict));
    return view;
}
