/* SPDX-License-Identifier: BSD-3-Clause */
/* What the feed brings. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "mirror_internal.h"
#include "json/json.h"

const char *const mirror_verdicts[MIRROR_N_VERDICTS] = {
    "undecided", "closed_loop", "not_closed_loop", "duplicates_exceeded", "inconclusive"};

struct mirror *mirror_create(void)
{
    struct mirror *m = calloc(1, sizeof(*m));

    if (m == NULL)
        return NULL;
    m->history = history_create();
    if (m->history == NULL) {
        free(m);
        return NULL;
    }
    pthread_rwlock_init(&m->lock, NULL);
    snprintf(m->trouble, sizeof(m->trouble), "not asked yet");
    /* A reader that knows one of before must notice that this is another. Below 2^53: a number of
     * JSON that JavaScript keeps whole. */
    if (getrandom(&m->generation, sizeof(m->generation), 0) != sizeof(m->generation))
        m->generation = (uint64_t)time(NULL);
    m->generation = (m->generation & ((1ull << 48) - 1)) + 1;
    return m;
}

static void forget(struct mirror *m)
{
    for (uint32_t i = 0; i < m->n_aggregates; i++) {
        free(m->aggregates[i].name);
        free(m->aggregates[i].row);
        free(m->aggregates[i].units);
    }
    for (uint32_t i = 0; i < m->n_slices; i++) {
        free(m->slices[i].name);
        json_decref(m->slices[i].described);
    }
    free(m->aggregates);
    free(m->slices);
    json_decref(m->status);
    for (unsigned int i = 0; i < MIRROR_N_PARTS; i++) {
        json_decref(m->parts[i]);
        m->parts[i] = NULL;
    }
    m->aggregates = NULL;
    m->slices = NULL;
    m->status = NULL;
    m->n_aggregates = m->n_left_out = m->aggregates_size = m->n_slices = 0;
    m->complete = false;
}

void mirror_destroy(struct mirror *m)
{
    if (m == NULL)
        return;
    forget(m);
    history_destroy(m->history);
    pthread_rwlock_destroy(&m->lock);
    free(m);
}

void mirror_clear(struct mirror *m)
{
    pthread_rwlock_wrlock(&m->lock);
    forget(m);
    history_clear(m->history);
    m->generation++;
    pthread_rwlock_unlock(&m->lock);
}

void mirror_set_connected(struct mirror *m, bool connected, const char *why)
{
    pthread_rwlock_wrlock(&m->lock);
    m->connected = connected;
    snprintf(m->trouble, sizeof(m->trouble), "%s", why);
    pthread_rwlock_unlock(&m->lock);
}

void mirror_set_complete(struct mirror *m)
{
    pthread_rwlock_wrlock(&m->lock);
    m->complete = true;
    pthread_rwlock_unlock(&m->lock);
}

static json_int_t epoch_of(const json_t *status)
{
    return json_integer_value(json_object_get(status, "epoch"));
}

void mirror_set_status(struct mirror *m, const json_t *status, double now_s)
{
    json_t *copy = json_deep_copy(status);

    pthread_rwlock_wrlock(&m->lock);
    if (m->status == NULL || epoch_of(m->status) != epoch_of(copy))
        m->epoch_at_s = now_s;
    json_decref(m->status);
    m->status = copy;
    m->status_at_s = now_s;
    pthread_rwlock_unlock(&m->lock);
}

void mirror_set_part(struct mirror *m, enum mirror_part part, const json_t *answer)
{
    json_t *copy = answer != NULL ? json_deep_copy(answer) : NULL;

    pthread_rwlock_wrlock(&m->lock);
    json_decref(m->parts[part]);
    m->parts[part] = copy;
    pthread_rwlock_unlock(&m->lock);
}

uint32_t mirror_slice_index(struct mirror *m, const char *name)
{
    struct mirrored_slice *grown;

    for (uint32_t i = 0; i < m->n_slices; i++)
        if (strcmp(m->slices[i].name, name) == 0)
            return i;
    grown = realloc(m->slices, (m->n_slices + 1) * sizeof(*grown));
    if (grown == NULL)
        return UINT32_MAX;
    m->slices = grown;
    grown[m->n_slices] = (struct mirrored_slice){.name = strdup(name)};
    if (grown[m->n_slices].name == NULL)
        return UINT32_MAX;
    return m->n_slices++;
}

void mirror_set_slices(struct mirror *m, const json_t *slices)
{
    json_t *slice;
    size_t i;

    pthread_rwlock_wrlock(&m->lock);
    for (uint32_t k = 0; k < m->n_slices; k++)
        m->slices[k].has_left = true;
    json_array_foreach (slices, i, slice) {
        const char *name = json_string_value(json_object_get(slice, "slice"));
        uint32_t index = name != NULL ? mirror_slice_index(m, name) : UINT32_MAX;

        if (index == UINT32_MAX)
            continue;
        json_decref(m->slices[index].described);
        m->slices[index].described = json_deep_copy(slice);
        m->slices[index].has_left = false;
    }
    pthread_rwlock_unlock(&m->lock);
}

/* What a list shows of an aggregate; the rest is in its own report. */
static json_t *row_of(const json_t *a)
{
    static const char *const keys[] = {
        "aggregate", "name",          "slice",     "prefix",         "state",        "rule",
        "verdict",   "provisional",   "mixed",     "repaired_share", "via",          "reason",
        "n_tests",   "started_s",     "verdict_s", "ended_s",        "first_seen_s", "last_seen_s",
        "dropped",   "retransmitted", "expired",   "void",           "pending",      "duplicates",
        "packets",   "bytes",         "label",     "units"};
    const json_t *anytime = json_object_get(a, "anytime"), *penny = json_object_get(a, "penny");
    json_t *row = json_object();

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        json_object_set(row, keys[i], json_object_get(a, keys[i]));
    json_object_set(row, "log10_e", json_object_get(anytime, "log10_e"));
    json_object_set(row, "log10_f", json_object_get(anytime, "log10_f"));
    json_object_set(row, "posterior", json_object_get(penny, "posterior"));
    return row;
}

static uint8_t verdict_index(const char *name)
{
    for (uint8_t i = 0; name != NULL && i < MIRROR_N_VERDICTS; i++)
        if (strcmp(mirror_verdicts[i], name) == 0)
            return i;
    return 0;
}

static struct mirrored_aggregate *place_of(struct mirror *m, json_int_t number)
{
    struct mirrored_aggregate *grown;
    uint32_t size;

    if (number < 0 || number > UINT32_MAX)
        return NULL;
    if (number >= MIRROR_MAX_AGGREGATES) {
        if (number - MIRROR_MAX_AGGREGATES >= m->n_left_out)
            m->n_left_out = (uint32_t)(number - MIRROR_MAX_AGGREGATES + 1);
        return NULL;
    }
    if (number >= m->aggregates_size) {
        size = (uint32_t)number + 64 + m->aggregates_size / 2;
        grown = realloc(m->aggregates, size * sizeof(*grown));
        if (grown == NULL)
            return NULL;
        memset(grown + m->aggregates_size, 0, (size - m->aggregates_size) * sizeof(*grown));
        m->aggregates = grown;
        m->aggregates_size = size;
    }
    if (number >= m->n_aggregates)
        m->n_aggregates = (uint32_t)number + 1;
    return &m->aggregates[number];
}

static void count_in_slice(struct mirror *m, const struct mirrored_aggregate *a, bool is_added)
{
    struct mirrored_slice *s = &m->slices[a->slice];

    for (size_t i = 0; i < N_COUNTERS; i++)
        s->totals[i] += is_added ? a->totals[i] : -a->totals[i];
    for (size_t i = 0; a->units != NULL && i < MIRROR_N_UNIT_TOTALS; i++)
        s->units[i] += is_added ? a->units[i] : -a->units[i];
    s->has_units |= a->units != NULL;
    s->n_aggregates += is_added ? 1 : -1u;
    s->n_by_verdict[a->verdict] += is_added ? 1 : -1u;
}

static void remember_evidence(struct mirror *m, uint32_t number, const json_t *a, double now_s)
{
    const char *state = json_string_value(json_object_get(a, "state"));
    const json_t *anytime = json_object_get(a, "anytime");
    const struct history_point point = {
        .seconds =
            json_number_value(json_object_get(m->status, "uptime_s")) + now_s - m->status_at_s,
        .log10_e = json_number_value(json_object_get(anytime, "log10_e")),
        .log10_f = json_number_value(json_object_get(anytime, "log10_f")),
        .n_dropped = (uint32_t)json_integer_value(json_object_get(a, "dropped")),
        .n_retransmitted = (uint32_t)json_integer_value(json_object_get(a, "retransmitted")),
        .n_expired = (uint32_t)json_integer_value(json_object_get(a, "expired")),
        .n_duplicates = (uint32_t)json_integer_value(json_object_get(a, "test_duplicates")),
    };

    if (state != NULL && strcmp(state, "idle") != 0 && m->status != NULL)
        history_add(m->history, number, (uint32_t)json_integer_value(json_object_get(a, "n_tests")),
                    &point);
}

/* Most have none. */
static void set_units(struct mirrored_aggregate *place, const json_t *units)
{
    if (place->units == NULL && units != NULL)
        place->units = calloc(MIRROR_N_UNIT_TOTALS, sizeof(*place->units));
    if (place->units == NULL)
        return;
    for (unsigned int k = 0; k < UNIT_N_KINDS; k++) {
        const json_t *total =
            json_object_get(json_object_get(units, unit_rule_of((enum unit_kind)k)->name), "total");

        for (size_t i = 0; i < MIRROR_N_UNIT_COUNTERS; i++)
            place->units[k * MIRROR_N_UNIT_COUNTERS + i] =
                (uint64_t)json_integer_value(json_object_get(total, unit_counter_rows[i].name));
    }
}

/* Takes `row`. */
static void set_row(struct mirror *m, struct mirrored_aggregate *place, const json_t *a, char *row)
{
    const json_t *total = json_object_get(a, "total");
    const char *state = json_string_value(json_object_get(a, "state"));
    const char *name = json_string_value(json_object_get(a, "name"));
    const char *slice = json_string_value(json_object_get(a, "slice"));
    uint32_t index = mirror_slice_index(m, slice != NULL ? slice : "");

    if (index == UINT32_MAX) {
        free(row);
        return;
    }
    if (place->row != NULL)
        count_in_slice(m, place, false);
    if (place->row == NULL || strcmp(place->row, row) != 0)
        place->revision = ++m->revision;
    free(place->row);
    place->row = row;
    place->slice = index;
    place->verdict = verdict_index(json_string_value(json_object_get(a, "verdict")));
    place->verdict_s = json_number_value(json_object_get(a, "verdict_s"));
    snprintf(place->state, sizeof(place->state), "%s", state != NULL ? state : "");
    if (place->name == NULL || name == NULL || strcmp(place->name, name) != 0) {
        free(place->name);
        place->name = strdup(name != NULL ? name : "");
    }
    for (size_t i = 0; i < N_COUNTERS; i++)
        place->totals[i] =
            (uint64_t)json_integer_value(json_object_get(total, aggregate_counter_rows[i].name));
    set_units(place, json_object_get(a, "units"));
    count_in_slice(m, place, true);
}

void mirror_set_aggregate(struct mirror *m, const json_t *aggregate, double now_s)
{
    json_int_t number = json_integer_value(json_object_get(aggregate, "aggregate"));
    json_t *row = row_of(aggregate);
    char *text = json_dumps(row, JSON_COMPACT | JSON_ALL_DIGITS);
    struct mirrored_aggregate *place;

    json_decref(row);
    pthread_rwlock_wrlock(&m->lock);
    place = text != NULL ? place_of(m, number) : NULL;
    if (place != NULL) {
        remember_evidence(m, (uint32_t)number, aggregate, now_s);
        set_row(m, place, aggregate, text);
    } else {
        free(text);
    }
    pthread_rwlock_unlock(&m->lock);
}

static void forget_one(struct mirror *m, uint32_t number)
{
    struct mirrored_aggregate *a = &m->aggregates[number];

    if (a->row == NULL)
        return;
    count_in_slice(m, a, false);
    history_forget(m->history, number);
    free(a->name);
    free(a->row);
    free(a->units);
    *a = (struct mirrored_aggregate){.revision = ++m->revision};
}

void mirror_forget_aggregates(struct mirror *m, uint32_t first, uint32_t end)
{
    pthread_rwlock_wrlock(&m->lock);
    for (uint32_t i = first; i < end && i < m->n_aggregates; i++)
        forget_one(m, i);
    pthread_rwlock_unlock(&m->lock);
}
