/* SPDX-License-Identifier: BSD-3-Clause */
#include "health.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Epochs last some 10 ms; so long without one is no hiccup. */
#define EPOCH_OLD_S 2.5
/* More packets than any burst and ring in flight: they went nowhere. A worker's counters are read
 * one after the other while it goes on, so somewhat more may seem to have left than came. */
#define MOST_IN_FLIGHT 100000
#define MOST_WORKERS   128

struct health {
    pthread_mutex_t lock;
    struct mirror *mirror;
    struct {
        json_int_t n;
        double at_s; /* when n was seen to grow */
    } taken[MOST_WORKERS];
};

struct health *health_create(struct mirror *m)
{
    struct health *h = calloc(1, sizeof(*h));

    if (h == NULL)
        return NULL;
    pthread_mutex_init(&h->lock, NULL);
    h->mirror = m;
    return h;
}

void health_destroy(struct health *h)
{
    if (h == NULL)
        return;
    pthread_mutex_destroy(&h->lock);
    free(h);
}

struct checks {
    FILE *out;
    bool all_ok;
    unsigned int n;
};

__attribute__((format(printf, 4, 5))) static void check(struct checks *c, const char *name, bool ok,
                                                        const char *format, ...)
{
    char detail[640];
    va_list arguments;
    json_t *text;

    va_start(arguments, format);
    vsnprintf(detail, sizeof(detail), format, arguments);
    va_end(arguments);
    text = json_string(detail);
    fprintf(c->out, "%s{\"check\":\"%s\",\"ok\":%s,\"detail\":", c->n++ > 0 ? "," : "", name,
            ok ? "true" : "false");
    json_dumpf(text != NULL ? text : json_null(), c->out, JSON_ENCODE_ANY);
    fputc('}', c->out);
    json_decref(text);
    c->all_ok = c->all_ok && ok;
}

static json_int_t count(const json_t *counters, const char *name)
{
    return json_integer_value(json_object_get(counters, name));
}

/* How long ago worker `i` was last seen to take a packet. */
static double packet_age_s(struct health *h, size_t i, json_int_t n, double now_s)
{
    double age_s;

    if (i >= MOST_WORKERS)
        return 0;
    pthread_mutex_lock(&h->lock);
    if (h->taken[i].n != n || h->taken[i].at_s == 0) {
        h->taken[i].n = n;
        h->taken[i].at_s = now_s;
    }
    age_s = now_s - h->taken[i].at_s;
    pthread_mutex_unlock(&h->lock);
    return age_s;
}

/* A worker that nobody sends anything to is healthy as long as its epochs go on. */
static void check_workers(struct health *h, struct checks *c, const json_t *status, double now_s)
{
    json_t *worker;
    size_t i;

    json_array_foreach (json_object_get(status, "workers"), i, worker) {
        const json_t *n = json_object_get(worker, "counters");
        json_int_t taken = count(n, "rx_packets"), sent = count(n, "tx_packets");
        json_int_t nowhere = taken + count(n, "generated") - sent - count(n, "dropped") -
                             count(n, "dropped_by_stage") - count(n, "answered") -
                             count(n, "lost_tx_full") - count(n, "lost_no_headroom") -
                             count(n, "lost_cut") - count(n, "absorbed_mirror");
        const char *stalled = json_string_value(json_object_get(worker, "stalled"));

        if (stalled != NULL) {
            check(c, "worker", false, "lcore %lld has not been through its loop: its thread is %s",
                  (long long)count(worker, "lcore"), stalled);
            continue;
        }
        check(
            c, "worker", nowhere >= -MOST_IN_FLIGHT && nowhere <= MOST_IN_FLIGHT,
            "lcore %lld: %lld packets taken, %lld sent on, %lld unaccounted for; the last one came "
            "within %.1f s",
            (long long)count(worker, "lcore"), (long long)taken, (long long)sent,
            (long long)(nowhere > 0 ? nowhere : 0), packet_age_s(h, i, taken, now_s));
    }
}

/* A port that brings nothing though its link is up: the path is broken. */
static void check_ports(struct checks *c, const json_t *status)
{
    json_t *port;
    size_t i;

    json_array_foreach (json_object_get(status, "ports"), i, port) {
        const char *name = json_string_value(json_object_get(port, "name"));
        const char *trouble = json_string_value(json_object_get(port, "trouble"));

        check(c, "port", trouble == NULL, "port %s: %s", name != NULL ? name : "?",
              trouble != NULL ? trouble : "in order");
    }
}

static void check_alive(struct health *h, struct checks *c, const struct mirror_view *v,
                        double now_s)
{
    check(c, "answers", v->connected && v->status != NULL && v->age_s < MIRROR_STATUS_OLD_S,
          v->connected ? "the last status is %.1f s old" : "no connection; last status %.1f s ago",
          v->age_s);
    if (v->status == NULL)
        return;
    check(c, "epochs", v->epoch_age_s < EPOCH_OLD_S, "the epoch went on %.1f s ago",
          v->epoch_age_s);
    check_workers(h, c, v->status, now_s);
    check_ports(c, v->status);
}

static void check_ready(struct checks *c, const struct mirror_view *v)
{
    const json_t *suspended = json_object_get(v->status, "suspended");
    bool kill_switch = json_is_true(json_object_get(v->status, "kill_switch"));
    json_t *port;
    size_t i;

    check(c, "complete", v->complete,
          v->n_left_out > 0
              ? "%u aggregates known, %u more are beyond what pennyline-web keeps: lower "
                "instance.max_aggregates, or ask pennylinectl"
              : "%u aggregates known",
          v->n_aggregates, v->n_left_out);
    check(c, "kill_switch", !kill_switch, "the kill switch is %s", kill_switch ? "on" : "off");
    check(c, "suspended", !json_is_string(suspended), "%s",
          json_is_string(suspended) ? json_string_value(suspended) : "drops are allowed");
    check(c, "draining", !json_is_object(json_object_get(v->status, "draining")), "%s",
          json_is_object(json_object_get(v->status, "draining"))
              ? "the box is being taken out of the path: no test begins"
              : "the box stays in the path");
    json_array_foreach (json_object_get(v->status, "ports"), i, port) {
        const json_t *up = json_object_get(port, "link_up");
        const char *name = json_string_value(json_object_get(port, "name"));

        check(c, "link", up == NULL || json_is_true(up), "port %s is %s", name != NULL ? name : "?",
              up == NULL || json_is_true(up) ? "up" : "down");
    }
}

static bool write(struct health *h, double now_s, FILE *out, bool with_ready)
{
    struct checks c = {.out = out, .all_ok = true};
    struct mirror_view v = mirror_begin(h->mirror, now_s);
    bool healthy;

    fputs("{\"checks\":[", out);
    check_alive(h, &c, &v, now_s);
    healthy = c.all_ok;
    if (with_ready)
        check_ready(&c, &v);
    mirror_end(h->mirror);
    fprintf(out, "],\"healthy\":%s", healthy ? "true" : "false");
    if (with_ready)
        fprintf(out, ",\"ready\":%s", c.all_ok ? "true" : "false");
    fputc('}', out);
    return c.all_ok;
}

bool health_write_alive(struct health *h, double now_s, FILE *out)
{
    return write(h, now_s, out, false);
}

bool health_write_ready(struct health *h, double now_s, FILE *out)
{
    return write(h, now_s, out, true);
}
