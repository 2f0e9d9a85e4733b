/* SPDX-License-Identifier: BSD-3-Clause */
/* The process that remembers: it follows the event log, keeps what is about the map in the store,
 * and sends alarms on. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/exit_codes.h"
#include "common/logtail.h"
#include "pennyline-map/commands.h"
#include "pennyline-map/give_back.h"
#include "pennyline-map/outputs.h"
#include "pennyline-map/say.h"
#include "pennyline-map/store.h"

/* One transaction a second. */
#define COMMIT_MS 1000u
/* So often something is forgotten, when there is something to forget; else each so many seconds. */
#define FORGET_EACH 10

struct run {
    const struct options *options;
    char box[256];
    struct store *store;
    struct logtail *log;
    struct output *syslog, *alertmanager;
    struct give_back *give_back;
    unsigned int n_commits;
    bool has_more_to_forget;
};

static bool take(void *context, const json_t *event)
{
    struct run *r = context;

    return store_note_event(r->store, event) == 0;
}

static int load_place(void *context, struct place *place, struct timespec *at)
{
    struct run *r = context;

    return store_load_place(r->store, place, at);
}

static int save_place(void *context, const struct place *place)
{
    struct run *r = context;
    int result;

    if (r->has_more_to_forget || r->n_commits++ % FORGET_EACH == 0)
        r->has_more_to_forget =
            store_forget(r->store, r->options->keep_days, r->options->keep_mib) > 0;
    result = store_commit(r->store, place);
    return result;
}

static int start_outputs(struct run *r, char error[OUTPUTS_ERROR_BYTES])
{
    const struct options *o = r->options;
    const struct output_config syslog = {
        .store = o->store, .target = o->syslog, .box = r->box, .facility = o->syslog_facility};
    const struct output_config alertmanager = {.store = o->store,
                                               .target = o->alertmanager,
                                               .box = r->box,
                                               .interval_s = o->alertmanager_interval_s};

    if (o->syslog != NULL && (r->syslog = syslog_start(&syslog, error)) == NULL)
        return -1;
    if (o->alertmanager != NULL &&
        (r->alertmanager = alertmanager_start(&alertmanager, error)) == NULL)
        return -1;
    if (o->socket == NULL)
        return 0;
    r->give_back = give_back_start(o->store, o->socket, error, OUTPUTS_ERROR_BYTES);
    return r->give_back != NULL ? 0 : -1;
}

static int start(struct run *r, char error[OUTPUTS_ERROR_BYTES])
{
    static const struct logtail_keeper keeper = {load_place, save_place};
    const struct logtail_config log = {.path = r->options->event_log,
                                       .directory = r->options->store,
                                       .keeper = &keeper,
                                       .interval_ms = COMMIT_MS,
                                       .say = say,
                                       .take = take,
                                       .context = r};

    r->store = store_open(r->options->store, error);
    if (r->store == NULL || start_outputs(r, error) != 0)
        return -1;
    r->log = logtail_start(&log, error, OUTPUTS_ERROR_BYTES);
    return r->log != NULL ? 0 : -1;
}

static void stop(struct run *r)
{
    logtail_stop(r->log);
    give_back_stop(r->give_back);
    syslog_stop(r->syslog);
    alertmanager_stop(r->alertmanager);
    store_close(r->store);
}

int command_run(const struct options *options)
{
    struct run r = {.options = options};
    char error[OUTPUTS_ERROR_BYTES] = "";
    int code = EXIT_ERROR, signal_number;
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (options->box != NULL)
        snprintf(r.box, sizeof(r.box), "%s", options->box);
    else if (gethostname(r.box, sizeof(r.box) - 1) != 0)
        snprintf(r.box, sizeof(r.box), "pennyline");
    if (start(&r, error) == 0) {
        const struct store_size size = store_size(r.store);

        say("following %s; %s has %lld alarms that are up", options->event_log, options->store,
            (long long)size.n_alarms);
        sigwait(&signals, &signal_number);
        code = EXIT_SUCCESS;
    } else {
        say("%s", error);
    }
    stop(&r);
    return code;
}
