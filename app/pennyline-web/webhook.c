/* SPDX-License-Identifier: BSD-3-Clause */
#include "webhook.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/checksum.h"
#include "common/monotonic.h"
#include "queue.h"
#include "say.h"
#include "json/json.h"

#define MOST_WAITING_BYTES (16u << 20)
#define POST_TIMEOUT_S     10L
#define FIRST_PAUSE_S      1
#define MOST_PAUSE_S       60

struct webhook {
    struct webhook_config config;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* an event came, or it is time to stop */
    atomic_bool must_stop;  /* written under the lock */
    bool is_queue_in_trouble;
    struct queue *queue;
    CURL *curl;
    struct curl_slist *headers;
    struct webhook_counts counts;
};

enum outcome { POSTED, TRY_AGAIN, GIVE_UP };

static size_t ignore(char *data, size_t size, size_t n, void *context)
{
    (void)data;
    (void)context;
    return size * n;
}

/* Asked by libcurl at least once a second: who ends the program does not wait for a post. */
static int must_give_up(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                        curl_off_t up)
{
    struct webhook *w = context;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return atomic_load(&w->must_stop);
}

static bool is_loopback(const char *host)
{
    return strcasecmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "[::1]") == 0;
}

/* Found out at start: else the first event would tell, and be tried for ever. */
static bool check_url(const struct webhook_config *config)
{
    char *scheme = NULL, *host = NULL;
    CURLU *url = curl_url();
    bool is_good;

    is_good = url != NULL && curl_url_set(url, CURLUPART_URL, config->url, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK && *host != '\0' &&
              (strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0);
    if (is_good && config->token != NULL && strcasecmp(scheme, "http") == 0 && !is_loopback(host))
        say("warning: --webhook-token-file with http: everybody on the way can read the token; use "
            "https");
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(url);
    return is_good;
}

static bool set_up_curl(struct webhook *w)
{
    char header[600];

    w->curl = curl_easy_init();
    w->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (w->config.token != NULL) {
        snprintf(header, sizeof(header), "Authorization: Bearer %s", w->config.token);
        w->headers = curl_slist_append(w->headers, header);
    }
    if (w->curl == NULL || w->headers == NULL)
        return false;
    curl_easy_setopt(w->curl, CURLOPT_URL, w->config.url);
    curl_easy_setopt(w->curl, CURLOPT_HTTPHEADER, w->headers);
    curl_easy_setopt(w->curl, CURLOPT_TIMEOUT, POST_TIMEOUT_S);
    curl_easy_setopt(w->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(w->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(w->curl, CURLOPT_XFERINFOFUNCTION, must_give_up);
    curl_easy_setopt(w->curl, CURLOPT_XFERINFODATA, w);
    /* An empty one: http_proxy and the like of the environment would get the token. */
    curl_easy_setopt(w->curl, CURLOPT_PROXY, w->config.proxy != NULL ? w->config.proxy : "");
    curl_easy_setopt(w->curl, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(w->curl, CURLOPT_USERAGENT, "pennyline-web/" PENNYLINE_VERSION);
    return curl_easy_setopt(w->curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
}

static enum outcome post(struct webhook *w, const char *line)
{
    long status = 0;
    CURLcode code;

    curl_easy_setopt(w->curl, CURLOPT_POSTFIELDS, line);
    code = curl_easy_perform(w->curl);
    curl_easy_getinfo(w->curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK && status >= 200 && status < 300)
        return POSTED;
    if (code == CURLE_OK && (status == 400 || status == 413 || status == 422)) {
        say("webhook: the other side refuses an event (HTTP %ld); it is given up", status);
        return GIVE_UP;
    }
    if (code == CURLE_OK)
        say("webhook: HTTP %ld; it is tried again", status);
    else if (code != CURLE_ABORTED_BY_CALLBACK)
        say("webhook: %s; it is tried again", curl_easy_strerror(code));
    return TRY_AGAIN;
}

/* Locked on entry and on return. False: it is time to stop. */
static bool wait_s(struct webhook *w, int seconds)
{
    const struct timespec until = monotonic_after_ms(seconds * 1000L);

    while (!w->must_stop && pthread_cond_timedwait(&w->changed, &w->lock, &until) == 0)
        continue;
    return !w->must_stop;
}

/* Counts each failure of the queue's file, and says it once. Locked. */
static void note_queue(struct webhook *w, int result, const char *then)
{
    if (result != 0) {
        w->counts.n_queue_errors++;
        if (!w->is_queue_in_trouble)
            say("webhook: the queue in %s: %s; %s", w->config.directory, strerror(-result), then);
    } else if (w->is_queue_in_trouble) {
        say("webhook: the queue in %s is in order again", w->config.directory);
    }
    w->is_queue_in_trouble = result != 0;
}

/* Locked, but for the post itself. */
static enum outcome post_first(struct webhook *w)
{
    enum outcome outcome = TRY_AGAIN;
    char *line = NULL;
    int result = queue_first(w->queue, &line);

    if (result == -EBADMSG) {
        say("webhook: the queue in %s holds what is no event; it is given up", w->config.directory);
        outcome = GIVE_UP;
    } else if (result != 0) {
        note_queue(w, result, "it is tried again");
        return TRY_AGAIN;
    } else {
        pthread_mutex_unlock(&w->lock);
        outcome = post(w, line);
        free(line);
        pthread_mutex_lock(&w->lock);
    }
    if (outcome == TRY_AGAIN) {
        w->counts.n_failures++;
        return outcome;
    }
    if (outcome == POSTED)
        w->counts.n_posted++;
    else
        w->counts.n_lost++;
    note_queue(w, queue_pop(w->queue), "what was posted comes again after a restart");
    return outcome;
}

static void *posting_main(void *context)
{
    struct webhook *w = context;
    int pause_s = FIRST_PAUSE_S;

    pthread_mutex_lock(&w->lock);
    while (!w->must_stop) {
        if (queue_n_lines(w->queue) == 0) {
            pthread_cond_wait(&w->changed, &w->lock);
            continue;
        }
        if (post_first(w) != TRY_AGAIN) {
            pause_s = FIRST_PAUSE_S;
            continue;
        }
        if (!wait_s(w, pause_s))
            break;
        pause_s = pause_s * 2 < MOST_PAUSE_S ? pause_s * 2 : MOST_PAUSE_S;
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static void give_back(struct webhook *w)
{
    queue_close(w->queue);
    curl_slist_free_all(w->headers);
    if (w->curl != NULL)
        curl_easy_cleanup(w->curl);
    free(w);
}

struct webhook *webhook_start(const struct webhook_config *config, char *error, size_t n_error)
{
    struct webhook *w = calloc(1, sizeof(*w));
    char path[1024];

    if (w == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
        snprintf(error, n_error, "webhook: not enough memory");
        free(w);
        return NULL;
    }
    w->config = *config;
    pthread_mutex_init(&w->lock, NULL);
    monotonic_cond_init(&w->changed);
    snprintf(path, sizeof(path), "%s/webhook.queue", config->directory);
    w->queue = queue_open(path, MOST_WAITING_BYTES);
    if (!check_url(config))
        snprintf(error, n_error, "webhook: \"%s\" is no URL of http or https", config->url);
    else if (w->queue == NULL)
        snprintf(error, n_error, "webhook: %s: %s; --webhook-queue names a directory of its own",
                 path, strerror(errno));
    else if (!set_up_curl(w))
        snprintf(error, n_error, "webhook: libcurl cannot be set up");
    else if (pthread_create(&w->thread, NULL, posting_main, w) != 0)
        snprintf(error, n_error, "webhook: no thread to be had");
    else
        return w;
    give_back(w);
    return NULL;
}

void webhook_stop(struct webhook *w)
{
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    w->must_stop = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    give_back(w);
    curl_global_cleanup();
}

static bool is_wanted(const char *kinds, const char *kind)
{
    size_t n = strlen(kind);

    for (const char *at = kinds; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, kind, n) == 0 && (at[n] == ',' || at[n] == '\0'))
            return true;
    }
    return false;
}

static char *line_of(const json_t *event)
{
    const size_t flags = JSON_COMPACT | JSON_SORT_KEYS | JSON_ALL_DIGITS;
    char id[40], *sentence = webhook_sentence(event), *plain = json_dumps(event, flags);
    const size_t n = plain != NULL ? strlen(plain) : 0;
    char *text = NULL;
    json_t *line;

    if (plain != NULL) {
        snprintf(id, sizeof(id), "%016lx%016lx", (unsigned long)checksum(plain, n, 2),
                 (unsigned long)checksum(plain, n, 3));
        line = json_pack("{s:s, s:s, s:O}", "id", id, "text", sentence != NULL ? sentence : "",
                         "event", event);
        text = json_dumps(line, JSON_COMPACT | JSON_ALL_DIGITS);
        json_decref(line);
    }
    free(plain);
    free(sentence);
    return text;
}

int webhook_offer(struct webhook *w, const json_t *event)
{
    const char *kind = json_string_value(json_object_get(event, "event"));
    char *line;
    int result;

    if (w == NULL || kind == NULL || !is_wanted(w->config.kinds, kind))
        return 0;
    line = line_of(event);
    pthread_mutex_lock(&w->lock);
    result = line != NULL ? queue_push(w->queue, line, strlen(line)) : -ENOMEM;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
    free(line);
    return result;
}

void webhook_count_loss(struct webhook *w)
{
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    w->counts.n_lost++;
    pthread_mutex_unlock(&w->lock);
    say("webhook: the queue in %s is full or cannot be written: an event is lost",
        w->config.directory);
}

struct webhook_counts webhook_counts(struct webhook *w)
{
    struct webhook_counts counts = {0};

    if (w == NULL)
        return counts;
    pthread_mutex_lock(&w->lock);
    counts = w->counts;
    counts.n_waiting = queue_n_lines(w->queue);
    pthread_mutex_unlock(&w->lock);
    return counts;
}
