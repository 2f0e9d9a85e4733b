/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-map/give_back.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_client/control_client.h"
#include "pennyline-map/pacer.h"
#include "pennyline-map/say.h"
#include "pennyline-map/store.h"
#include "json/json.h"

#define LOOK_MS 1000u
#define WAIT_S  5
/* One request has 64 KiB, an alarm some 800 bytes. */
#define AT_ONCE     50
#define MOST_ALARMS 1024

struct give_back {
    const char *socket;
    struct store *store;
    struct pacer pacer;
    bool is_in_trouble; /* said so */
};

/* NULL: it does not answer, or has no map. */
static json_t *ask(struct control_client *c, json_t *request)
{
    json_t *reply = control_client_ask(c, request);

    json_decref(request);
    return reply;
}

static bool give(struct control_client *c, json_t *alarms)
{
    const size_t n = json_array_size(alarms);
    size_t i = 0;

    do {
        json_t *part = json_array(), *reply;

        for (size_t k = 0; k < AT_ONCE && i < n; k++, i++)
            json_array_append(part, json_array_get(alarms, i));
        reply = ask(c, json_pack("{s:s, s:o, s:b}", "command", "map restore", "alarms", part,
                                 "more", (int)(i < n)));
        if (reply == NULL)
            return false;
        json_decref(reply);
    } while (i < n);
    say("pennyline was told of %zu alarms that were up", n);
    return true;
}

static unsigned int step(void *context)
{
    struct give_back *g = context;
    char error[STORE_ERROR_BYTES];
    struct control_client c;
    json_t *state, *alarms = NULL;

    if (control_client_open(&c, g->socket, WAIT_S) != 0)
        return LOOK_MS;
    state = ask(&c, json_pack("{s:s}", "command", "map alarms"));
    if (state != NULL && !json_is_true(json_object_get(state, "restored"))) {
        alarms = store_alarms(g->store, true, MOST_ALARMS, error);
        if (alarms == NULL)
            say("%s", error);
        else if (!give(&c, alarms) && !g->is_in_trouble)
            say("%s", c.error);
    }
    g->is_in_trouble = state == NULL;
    json_decref(state);
    json_decref(alarms);
    control_client_close(&c);
    return LOOK_MS;
}

struct give_back *give_back_start(const char *store, const char *socket, char *error,
                                  size_t n_error)
{
    struct give_back *g = calloc(1, sizeof(*g));
    char words[STORE_ERROR_BYTES] = "not enough memory";

    if (g != NULL) {
        g->socket = socket;
        g->store = store_attach(store, false, words);
        if (g->store != NULL && pacer_start(&g->pacer, step, g) == 0)
            return g;
        if (g->store != NULL)
            snprintf(words, sizeof(words), "no thread to be had");
        store_close(g->store);
    }
    snprintf(error, n_error, "%s", words);
    free(g);
    return NULL;
}

void give_back_stop(struct give_back *g)
{
    if (g == NULL)
        return;
    pacer_stop(&g->pacer);
    store_close(g->store);
    free(g);
}
