/* SPDX-License-Identifier: BSD-3-Clause */
#include "heartbeat.h"

#include <stdio.h>
#include <string.h>

#include "events.h"

#define INTERVAL_NS UINT64_C(100000000)

static const char *words_of(char state)
{
    switch (state) {
    case 'R':
        return "running";
    case 'S':
        return "sleeping";
    case 'D':
        return "waiting for a device";
    case 'T':
        return "stopped";
    case 't':
        return "held by a debugger";
    default:
        return "ended";
    }
}

/* proc_pid_stat(5): the state stands behind the name, which may have blanks and parentheses. */
void heartbeat_read_doing(int tid, char *out, size_t n)
{
    char path[64], text[512];
    const char *behind;
    FILE *file;
    size_t n_read;

    snprintf(out, n, "unknown");
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
    file = fopen(path, "re");
    if (file == NULL)
        return;
    n_read = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[n_read] = '\0';
    behind = strrchr(text, ')');
    if (behind != NULL && behind[1] == ' ')
        snprintf(out, n, "%s", words_of(behind[2]));
}

static uint64_t turns_of(const struct worker *w)
{
    return w->load.turns[0].n + w->load.turns[1].n;
}

static void look_at(struct appliance *a, struct worker *w, uint64_t now_ns)
{
    struct worker_heart *h = &w->heart;
    uint64_t turns = turns_of(w), stood_ns = now_ns - h->seen_ns;
    bool stands = turns == h->turns && stood_ns >= HEARTBEAT_STALE_NS;

    if (turns != h->turns) {
        h->turns = turns;
        h->seen_ns = now_ns;
    }
    if (stands == h->is_stale)
        return;
    h->is_stale = stands;
    if (stands)
        heartbeat_read_doing(atomic_load_explicit(&w->tid, memory_order_relaxed), h->doing,
                             sizeof(h->doing));
    events_thread(a, w, stood_ns, now_ns);
}

void heartbeat_look(struct appliance *a, uint64_t now_ns)
{
    /* Who stood still itself, as with the whole process, cannot tell who did beside it. */
    bool was_away = now_ns - a->hearts_looked_ns > HEARTBEAT_STALE_NS / 2;

    if (now_ns - a->hearts_looked_ns < INTERVAL_NS)
        return;
    a->hearts_looked_ns = now_ns;
    for (uint32_t i = 0; i < a->n_workers; i++) {
        struct worker *w = a->workers[i];

        if (was_away && !w->heart.is_stale)
            w->heart.seen_ns = now_ns;
        look_at(a, w, now_ns);
    }
}

/* A turn is counted when the next one begins, and the first count is of none. */
bool heartbeat_all_turned(const struct appliance *a)
{
    for (uint32_t i = 0; i < a->n_workers; i++)
        if (turns_of(a->workers[i]) < 2)
            return false;
    return true;
}

const struct worker *heartbeat_stale(const struct appliance *a)
{
    for (uint32_t i = 0; i < a->n_workers; i++)
        if (a->workers[i]->heart.is_stale)
            return a->workers[i];
    return NULL;
}
