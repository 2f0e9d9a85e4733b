/* SPDX-License-Identifier: BSD-3-Clause */
#include "feed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "common/monotonic.h"
#include "control_client/control_client.h"
#include "pace.h"
#include "json/json.h"

#define STATUS_INTERVAL_S  0.5
#define SLICES_INTERVAL_S  10.0
#define SOURCES_INTERVAL_S 1.0 /* all items that are counted, one by one */
#define PARTS_INTERVAL_S   2.0
#define RECONNECT_S        1.0
#define CONNECT_S          2 /* feed_stop() waits for it, too */
#define PAGE               32
#define MARGIN_MS          2000
#define MOST_DIRTY         64
#define DIRTY_INTERVAL_S   0.05 /* a genuine test may be over in a quarter of a second */

/* One connection, which the other thread may cut when it is time to stop. */
struct line {
    pthread_mutex_t lock;
    struct control_client connection;
    bool is_open;
};

struct feed {
    struct feed_config config;
    pthread_t asking, watching;
    atomic_bool must_stop;
    struct line ask, watch;
    /* Aggregates that an event was about: they are asked for out of turn. */
    pthread_mutex_t dirty_lock;
    uint32_t dirty[MOST_DIRTY];
    uint32_t n_dirty;
    _Atomic bool other_slices; /* the configuration changed: they are asked for out of turn */
};

/* In pieces, so that the feed stops soon. */
static void pause_s(struct feed *f, double seconds)
{
    double until_s = monotonic_s() + seconds;

    while (!atomic_load(&f->must_stop)) {
        double left_s = until_s - monotonic_s();
        struct timespec t = {0, (long)((left_s < 0.1 ? left_s : 0.1) * 1e9)};

        if (left_s <= 0)
            return;
        nanosleep(&t, NULL);
    }
}

/* Not under the lock: who stops the feed must not wait for a pennyline that hangs. */
static bool line_open(struct feed *f, struct line *l)
{
    struct control_client connection;
    bool is_open = control_client_open(&connection, f->config.socket, CONNECT_S) == 0;

    if (is_open)
        control_client_set_wait(&connection, CONTROL_CLIENT_WAIT_S);
    pthread_mutex_lock(&l->lock);
    if (is_open && atomic_load(&f->must_stop)) {
        control_client_close(&connection);
        is_open = false;
    }
    l->connection = connection;
    l->is_open = is_open;
    pthread_mutex_unlock(&l->lock);
    return is_open;
}

static void line_close(struct line *l)
{
    pthread_mutex_lock(&l->lock);
    if (l->is_open)
        control_client_close(&l->connection);
    l->is_open = false;
    pthread_mutex_unlock(&l->lock);
}

static void line_cut(struct line *l)
{
    pthread_mutex_lock(&l->lock);
    if (l->is_open)
        shutdown(l->connection.fd, SHUT_RDWR);
    pthread_mutex_unlock(&l->lock);
}

/* Takes `request`. */
static json_t *ask(struct feed *f, json_t *request)
{
    json_t *result = request != NULL ? control_client_ask(&f->ask.connection, request) : NULL;

    json_decref(request);
    return result;
}

/* Numbers are those of the pennyline that told of them. */
static void forget_dirty(struct feed *f)
{
    pthread_mutex_lock(&f->dirty_lock);
    f->n_dirty = 0;
    pthread_mutex_unlock(&f->dirty_lock);
}

/* *is_other: another pennyline than before answers. */
static bool take_status(struct feed *f, struct pace_start *start, bool *is_other)
{
    double asked_s = monotonic_s();
    json_t *status = ask(f, json_pack("{s:s}", "command", "status"));
    double uptime_s = json_number_value(json_object_get(status, "uptime_s"));

    if (status == NULL)
        return false;
    *is_other = pace_take_uptime(start, asked_s, monotonic_s(), uptime_s);
    if (*is_other) {
        mirror_clear(f->config.mirror);
        counted_set_total(f->config.counted, 0);
        forget_dirty(f);
    }
    mirror_set_status(f->config.mirror, status, monotonic_s());
    json_decref(status);
    return true;
}

static bool take_slices(struct feed *f)
{
    json_t *page = ask(f, json_pack("{s:s}", "command", "slices"));

    if (page == NULL)
        return false;
    mirror_set_slices(f->config.mirror, json_object_get(page, "slices"));
    json_decref(page);
    return true;
}

/* One item of what is counted; *item is the next one then. */
static bool take_sources(struct feed *f, uint32_t *item)
{
    char known[COUNTED_TIME_BYTES];
    json_t *page;
    uint32_t n;

    counted_known(f->config.counted, *item, known);
    page = ask(f, json_pack("{s:s, s:I, s:s}", "command", "sources", "item", (json_int_t)*item,
                            "known", known));
    if (page == NULL)
        return f->ask.connection.is_refusal; /* one of before knows nothing of it */
    n = (uint32_t)json_integer_value(json_object_get(page, "total"));
    counted_set_total(f->config.counted, n);
    if (*item < n)
        counted_set(f->config.counted, *item, json_array_get(json_object_get(page, "sources"), 0));
    *item = *item + 1 < n && *item + 1 < COUNTED_MOST_ITEMS ? *item + 1 : 0;
    json_decref(page);
    return true;
}

/* One that this pennyline does not have is refused. */
static bool take_parts(struct feed *f)
{
    static const char *const commands[] = {
#define PART_COMMAND(name, command) command,
        MIRROR_PARTS(PART_COMMAND)
#undef PART_COMMAND
    };

    for (unsigned int i = 0; i < MIRROR_N_PARTS; i++) {
        json_t *answer = ask(f, json_pack("{s:s}", "command", commands[i]));

        if (answer == NULL && !f->ask.connection.is_refusal)
            return false;
        mirror_set_part(f->config.mirror, (enum mirror_part)i, answer);
        json_decref(answer);
    }
    return true;
}

/* One page from number *from on; *from is UINT32_MAX when it was the last. */
static bool take_page(struct feed *f, uint32_t *from, uint32_t within_ms)
{
    json_t *request = json_pack("{s:s, s:I, s:i}", "command", "aggregates", "from",
                                (json_int_t)*from, "count", PAGE);
    json_t *page, *list, *aggregate;
    size_t i;

    if (within_ms != 0)
        json_object_set_new(request, "changed_within_ms", json_integer(within_ms));
    page = ask(f, request);
    if (page == NULL)
        return false;
    list = json_object_get(page, "aggregates");
    json_array_foreach (list, i, aggregate) {
        uint32_t number = (uint32_t)json_integer_value(json_object_get(aggregate, "aggregate"));

        /* A whole round tells of all there are, so what it leaves out is gone. */
        if (within_ms == 0)
            mirror_forget_aggregates(f->config.mirror, *from, number);
        mirror_set_aggregate(f->config.mirror, aggregate, monotonic_s());
        *from = number + 1;
    }
    if (json_array_size(list) < PAGE) {
        if (within_ms == 0)
            mirror_forget_aggregates(f->config.mirror, *from, UINT32_MAX);
        *from = UINT32_MAX;
    }
    json_decref(page);
    return true;
}

/* Takes one that is out of turn. */
static uint32_t next_dirty(struct feed *f)
{
    uint32_t aggregate = UINT32_MAX;

    pthread_mutex_lock(&f->dirty_lock);
    if (f->n_dirty > 0)
        aggregate = f->dirty[--f->n_dirty];
    pthread_mutex_unlock(&f->dirty_lock);
    return aggregate;
}

static void mark_dirty(struct feed *f, const json_t *event)
{
    const json_t *number = json_object_get(event, "aggregate");
    uint32_t aggregate = (uint32_t)json_integer_value(number);
    uint32_t i = 0;

    if (!json_is_integer(number))
        return;
    pthread_mutex_lock(&f->dirty_lock);
    while (i < f->n_dirty && f->dirty[i] != aggregate)
        i++;
    /* With more than these, the rounds are as quick. */
    if (i == f->n_dirty && i < MOST_DIRTY)
        f->dirty[f->n_dirty++] = aggregate;
    pthread_mutex_unlock(&f->dirty_lock);
}

/* A number of them, so that what comes on and on holds up nothing else. */
static bool take_dirty(struct feed *f)
{
    for (unsigned int n = 0; n < MOST_DIRTY; n++) {
        uint32_t a = next_dirty(f);
        json_t *report;

        if (a == UINT32_MAX)
            return true;
        report =
            ask(f, json_pack("{s:s, s:I}", "command", "aggregate", "aggregate", (json_int_t)a));

        /* That there is no such aggregate is an answer, too. */
        if (report == NULL && !f->ask.connection.is_refusal)
            return false;
        if (report != NULL)
            mirror_set_aggregate(f->config.mirror, report, monotonic_s());
        else
            mirror_forget_aggregates(f->config.mirror, a, a + 1);
        json_decref(report);
    }
    return true;
}

/* When each was done last, and how far the round of aggregates is. */
struct rounds {
    double status_s, slices_s, dirty_s, sources_s, parts_s;
    double rest_s;                /* until when nothing is asked but the status */
    double began_s, last_began_s; /* of rounds of aggregates; 0: none yet */
    uint32_t from;
    uint32_t item; /* of what is counted */
    struct pace_start start;
};

/* What changed since the last round began, and some more. */
static uint32_t window_ms(const struct rounds *r)
{
    double window_s = r->began_s - r->last_began_s;

    if (r->last_began_s == 0 || window_s > 1e6)
        return 0;
    return (uint32_t)(window_s * 1e3) + MARGIN_MS;
}

static bool take_aggregates(struct feed *f, struct rounds *r)
{
    if (r->from == 0)
        r->began_s = monotonic_s();
    if (!take_page(f, &r->from, window_ms(r)))
        return false;
    if (r->from == UINT32_MAX) {
        mirror_set_complete(f->config.mirror);
        r->last_began_s = r->began_s;
        r->from = 0;
    }
    return true;
}

/* One that took long is asked for later, too, but never so late that it passes for old. */
static double status_counts_from_s(double asked_s, double answered_s)
{
    double rest_s = pace_pause_s(answered_s - asked_s) - STATUS_INTERVAL_S;

    return rest_s > 0 ? answered_s + rest_s : asked_s;
}

/* A long rest after a page must not make the status old: health is told by it. */
static void rest(struct feed *f, struct rounds *r, double began_s)
{
    double now_s = monotonic_s();
    double until_s = r->status_s + STATUS_INTERVAL_S;

    if (r->rest_s <= now_s)
        r->rest_s = now_s + pace_pause_s(now_s - began_s);
    if (until_s > r->rest_s)
        until_s = r->rest_s;
    pause_s(f, until_s - now_s);
}

/* One thing that is due. */
static bool take_next(struct feed *f, struct rounds *r)
{
    double now_s = monotonic_s();
    bool is_other = false;

    if (now_s - r->status_s >= STATUS_INTERVAL_S) {
        if (!take_status(f, &r->start, &is_other))
            return false;
        if (is_other)
            *r = (struct rounds){.start = r->start};
        r->status_s = status_counts_from_s(now_s, monotonic_s());
        return true;
    }
    if (now_s < r->rest_s)
        return true;
    if (atomic_exchange(&f->other_slices, false) || now_s - r->slices_s >= SLICES_INTERVAL_S) {
        r->slices_s = now_s;
        return take_slices(f);
    }
    if (now_s - r->parts_s >= PARTS_INTERVAL_S) {
        r->parts_s = now_s;
        return take_parts(f);
    }
    if (now_s - r->dirty_s >= DIRTY_INTERVAL_S) {
        r->dirty_s = now_s;
        return take_dirty(f);
    }
    if (r->item != 0 || now_s - r->sources_s >= SOURCES_INTERVAL_S) {
        r->sources_s = now_s;
        return take_sources(f, &r->item);
    }
    if (r->from != 0 || now_s - r->began_s >= STATUS_INTERVAL_S)
        return take_aggregates(f, r);
    return true;
}

static void *asking_main(void *context)
{
    struct feed *f = context;
    struct rounds rounds = {.status_s = 0};

    while (!atomic_load(&f->must_stop)) {
        if (!line_open(f, &f->ask)) {
            mirror_set_connected(f->config.mirror, false, f->ask.connection.error);
            pause_s(f, RECONNECT_S);
            continue;
        }
        /* All is asked for anew: what happened meanwhile is not known. */
        rounds = (struct rounds){.start = rounds.start};
        for (double began_s = monotonic_s(); take_next(f, &rounds); began_s = monotonic_s()) {
            mirror_set_connected(f->config.mirror, true, "");
            rest(f, &rounds, began_s);
            if (atomic_load(&f->must_stop))
                break;
        }
        mirror_set_connected(f->config.mirror, false, f->ask.connection.error);
        line_close(&f->ask);
        pause_s(f, RECONNECT_S);
    }
    return NULL;
}

static void take_event(struct feed *f, const json_t *event)
{
    if (json_object_get(event, "event") == NULL)
        return;
    if (f->config.on_event != NULL)
        f->config.on_event(f->config.context, event);
    events_add(f->config.events, event);
    mark_dirty(f, event);
    if (strcmp(json_string_at(event, "event"), "reconfigured") == 0)
        atomic_store(&f->other_slices, true);
}

static void *watching_main(void *context)
{
    struct feed *f = context;
    json_t *watch = json_pack("{s:s}", "command", "watch");

    while (!atomic_load(&f->must_stop)) {
        json_t *event = NULL;

        if (line_open(f, &f->watch))
            event = control_client_ask(&f->watch.connection, watch);
        while (event != NULL) {
            take_event(f, event);
            json_decref(event);
            event = control_client_next(&f->watch.connection);
        }
        line_close(&f->watch);
        pause_s(f, RECONNECT_S);
    }
    json_decref(watch);
    return NULL;
}

struct feed *feed_start(const struct feed_config *config)
{
    struct feed *f = calloc(1, sizeof(*f));

    if (f == NULL)
        return NULL;
    f->config = *config;
    pthread_mutex_init(&f->ask.lock, NULL);
    pthread_mutex_init(&f->watch.lock, NULL);
    pthread_mutex_init(&f->dirty_lock, NULL);
    if (pthread_create(&f->asking, NULL, asking_main, f) != 0) {
        free(f);
        return NULL;
    }
    if (pthread_create(&f->watching, NULL, watching_main, f) != 0) {
        atomic_store(&f->must_stop, true);
        pthread_join(f->asking, NULL);
        free(f);
        return NULL;
    }
    return f;
}

void feed_stop(struct feed *f)
{
    if (f == NULL)
        return;
    atomic_store(&f->must_stop, true);
    line_cut(&f->ask);
    line_cut(&f->watch);
    pthread_join(f->asking, NULL);
    pthread_join(f->watching, NULL);
    free(f);
}
