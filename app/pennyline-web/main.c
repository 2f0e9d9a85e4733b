/* SPDX-License-Identifier: BSD-3-Clause */
/* pennyline-web: shows a running pennyline over HTTP. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/monotonic.h"
#include "common/sandbox.h"
#include "http.h"
#include "say.h"
#include "web.h"

#define ERROR_BYTES 1024
/* Of larger replies that clients have not read: with small ones, a thousand connections and a
 * mirror of many aggregates well below MemoryMax= of the unit. */
#define MOST_REPLY_BYTES (128u << 20)

static const char *page_directory(const struct options *o)
{
    if (o->page != NULL)
        return o->page;
    return access(PAGE_INSTALLED "/index.html", R_OK) == 0 ? PAGE_INSTALLED : PAGE_SOURCE;
}

/* For good: groups, group, user. */
static int become(const char *name, char *error, size_t n_error)
{
    const struct passwd *user = name != NULL ? getpwnam(name) : NULL;

    if (name == NULL)
        return 0;
    if (user == NULL) {
        snprintf(error, n_error, "--user %s: there is no such user", name);
        return -1;
    }
    if (initgroups(name, user->pw_gid) == 0 && setgid(user->pw_gid) == 0 &&
        setuid(user->pw_uid) == 0)
        return 0;
    snprintf(error, n_error, "--user %s: %s", name, strerror(errno));
    return -1;
}

/* From the control socket: it does not come again. */
static void on_event(void *context, const json_t *event)
{
    struct web *w = context;

    if (webhook_offer(w->webhook, event) != 0)
        webhook_count_loss(w->webhook);
}

static void on_feed(void *context, const json_t *event)
{
    struct web *w = context;

    waits_hear(w->waits, event);
    if (w->logtail == NULL)
        on_event(context, event);
}

/* From the event log: what finds no room in the queue waits there. What the queue will never take,
 * is lost. */
static bool on_log_event(void *context, const json_t *event)
{
    struct web *w = context;
    int result = webhook_offer(w->webhook, event);

    if (result == -EINVAL)
        webhook_count_loss(w->webhook);
    else if (result != 0 && result != w->queue_trouble)
        say("webhook: the queue in %s takes no more (%s); events wait in the event log",
            w->options.webhook_queue, strerror(-result));
    w->queue_trouble = result;
    return result == 0 || result == -EINVAL;
}

static int start_webhook(struct web *w, struct token *token, char error[ERROR_BYTES])
{
    const struct options *o = &w->options;
    const struct webhook_config config = {
        .url = w->webhook_url.n > 0 ? w->webhook_url.text : o->webhook,
        .directory = o->webhook_queue,
        .kinds = o->webhook_events,
        .token = o->webhook_token_file != NULL ? token->text : NULL,
        .proxy = o->webhook_proxy,
    };
    const struct logtail_config log = {.path = o->event_log,
                                       .directory = o->webhook_queue,
                                       .say = say,
                                       .take = on_log_event,
                                       .context = w};

    if (o->webhook == NULL)
        return 0;
    w->webhook = webhook_start(&config, error, ERROR_BYTES);
    if (w->webhook == NULL || o->event_log == NULL)
        return w->webhook != NULL ? 0 : -1;
    w->logtail = logtail_start(&log, error, ERROR_BYTES);
    return w->logtail != NULL ? 0 : -1;
}

static int load_files(struct web *w, struct token *webhook_token, char error[ERROR_BYTES])
{
    const struct options *o = &w->options;

    if (o->token_file != NULL && token_load(&w->token, o->token_file, error, ERROR_BYTES) < 0)
        return -1;
    if (o->read_token_file != NULL &&
        token_load(&w->read_token, o->read_token_file, error, ERROR_BYTES) < 0)
        return -1;
    /* What stands on the command line is read by everybody on the machine. */
    if (o->webhook != NULL && o->webhook[0] == '@' &&
        token_load(&w->webhook_url, o->webhook + 1, error, ERROR_BYTES) < 0)
        return -1;
    if (o->webhook_token_file != NULL &&
        token_load(webhook_token, o->webhook_token_file, error, ERROR_BYTES) < 0)
        return -1;
    w->page = page_load(page_directory(o), error, ERROR_BYTES);
    return w->page != NULL ? 0 : -1;
}

static int make_parts(struct web *w, char error[ERROR_BYTES])
{
    const double rate = w->options.requests_per_second;
    const struct connections_limits limits = {
        .most_of_client = w->options.max_connections_per_address,
        .request_s = 2 * w->options.idle_timeout_s,
        .reply_s = 60,
        .reply_bytes_per_s = 16 << 10,
        .most_bytes = MOST_REPLY_BYTES,
        .most_bytes_of_client = MOST_REPLY_BYTES / 4,
    };

    snprintf(error, ERROR_BYTES, "not enough memory");
    w->mirror = mirror_create();
    w->counted = counted_create();
    w->events = events_create();
    w->asker = asker_create(w->options.socket);
    w->throttle = throttle_create(rate, 10 * rate);
    w->connections = connections_create(&limits);
    w->health = w->mirror != NULL ? health_create(w->mirror) : NULL;
    return w->mirror != NULL && w->counted != NULL && w->events != NULL && w->asker != NULL &&
                   w->throttle != NULL && w->connections != NULL && w->health != NULL
               ? 0
               : -1;
}

static int start_feed(struct web *w, char error[ERROR_BYTES])
{
    const struct feed_config config = {.socket = w->options.socket,
                                       .mirror = w->mirror,
                                       .counted = w->counted,
                                       .events = w->events,
                                       .on_event = on_feed,
                                       .context = w};

    /* Threads come after the filter of system calls. */
    w->waits = waits_create();
    w->feed = w->waits != NULL ? feed_start(&config) : NULL;
    if (w->feed == NULL)
        snprintf(error, ERROR_BYTES, "no threads to be had");
    return w->feed != NULL ? 0 : -1;
}

/* And looks after the connections meanwhile. */
static void wait_for_signal(struct web *w, const sigset_t *signals)
{
    const struct timespec second = {.tv_sec = 1};

    while (sigtimedwait(signals, NULL, &second) < 0)
        connections_sweep(w->connections, monotonic_s());
}

static void take_down(struct web *w)
{
    feed_stop(w->feed);
    logtail_stop(w->logtail);
    webhook_stop(w->webhook);
    asker_destroy(w->asker);
    health_destroy(w->health);
    throttle_destroy(w->throttle);
    connections_destroy(w->connections);
    events_destroy(w->events);
    waits_destroy(w->waits);
    mirror_destroy(w->mirror);
    counted_destroy(w->counted);
    page_free(w->page);
}

/* All threads inherit the mask, so that only sigwait() sees the end. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    /* A file that may not grow is an error of write(2), and no end. */
    signal(SIGXFSZ, SIG_IGN);
}

int main(int argc, char **argv)
{
    static struct web w;
    static struct token webhook_token;
    char error[ERROR_BYTES] = "";
    struct http *http = NULL;
    int code = EXIT_FAILURE;
    sigset_t signals;

    options_parse(&w.options, argc, argv);
    block_signals(&signals);
    if (load_files(&w, &webhook_token, error) == 0 && make_parts(&w, error) == 0)
        http = http_open(&w, error, sizeof(error));
    if (http != NULL && become(w.options.user, error, sizeof(error)) == 0 &&
        sandbox_enter(error, sizeof(error)) == 0 && start_webhook(&w, &webhook_token, error) == 0 &&
        start_feed(&w, error) == 0 && http_serve(http, error, sizeof(error)) == 0) {
        say("listening on %s", http_place(http));
        if (!sandbox_is_there())
            say("built without libseccomp: system calls are not filtered");
        wait_for_signal(&w, &signals);
        code = EXIT_SUCCESS;
    } else {
        say("%s", error);
    }
    http_stop(http);
    take_down(&w);
    return code;
}
