/* SPDX-License-Identifier: BSD-3-Clause */
/* Alarms to Alertmanager, API v2. It forgets what it does not hear of for five minutes, and ends it
 * then, so what is up is sent again all the time; what ended is sent for a quarter of an hour, so
 * that a few lost posts make no difference. Which is which stands in the store: nothing is kept
 * here. */
#include "pennyline-map/outputs.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef HAVE_CURL

#include <curl/curl.h>
#include <string.h>
#include <time.h>

#include "alert/alert.h"
#include "pennyline-map/pacer.h"
#include "pennyline-map/say.h"
#include "pennyline-map/store.h"
#include "json/json.h"

#define LOOK_MS    1000u
#define AGAIN_MS   5000u
#define ENDED_S    900
#define POST_S     10L
#define PATH       "/api/v2/alerts"
#define TIME_BYTES 32

struct output {
    struct output_config config;
    struct pacer pacer;
    struct store *store;
    char url[2048];
    CURL *curl;
    struct curl_slist *headers;
    time_t posted_s;
    char *latest; /* what was posted last: news do not wait for their turn */
    bool is_in_trouble;
};

static size_t ignore(char *data, size_t size, size_t n, void *context)
{
    (void)data;
    (void)context;
    return size * n;
}

/* Asked by libcurl at least once a second. */
static int must_give_up(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                        curl_off_t up)
{
    struct output *o = context;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return o->pacer.must_stop;
}

static bool set_up_curl(struct output *o)
{
    o->curl = curl_easy_init();
    o->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (o->curl == NULL || o->headers == NULL)
        return false;
    curl_easy_setopt(o->curl, CURLOPT_URL, o->url);
    curl_easy_setopt(o->curl, CURLOPT_HTTPHEADER, o->headers);
    curl_easy_setopt(o->curl, CURLOPT_TIMEOUT, POST_S);
    curl_easy_setopt(o->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(o->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(o->curl, CURLOPT_XFERINFOFUNCTION, must_give_up);
    curl_easy_setopt(o->curl, CURLOPT_XFERINFODATA, o);
    curl_easy_setopt(o->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(o->curl, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(o->curl, CURLOPT_USERAGENT, "pennyline-map/" PENNYLINE_VERSION);
    return curl_easy_setopt(o->curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
}

static bool is_url(const char *text)
{
    CURLU *url = curl_url();
    bool is_good = url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK;

    curl_url_cleanup(url);
    return is_good && (strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0);
}

/* The alerts, as they are posted; NULL: not now. */
static char *alerts_text(struct output *o)
{
    char since[TIME_BYTES], error[STORE_ERROR_BYTES], *text;
    const time_t from = time(NULL) - ENDED_S;
    json_t *events, *event, *alerts = json_array();
    struct tm utc;
    size_t i;

    gmtime_r(&from, &utc);
    strftime(since, sizeof(since), "%Y-%m-%dT%H:%M:%SZ", &utc);
    events = store_alarms_since(o->store, since, error);
    if (events == NULL)
        say("%s", error);
    json_array_foreach (events, i, event) {
        json_t *alert = alert_alertmanager(event, o->config.box);

        if (alert != NULL)
            json_array_append_new(alerts, alert);
    }
    text = events != NULL ? json_dumps(alerts, JSON_COMPACT) : NULL;
    json_decref(events);
    json_decref(alerts);
    return text;
}

static bool post(struct output *o, const char *text)
{
    long status = 0;
    CURLcode code;

    curl_easy_setopt(o->curl, CURLOPT_POSTFIELDS, text);
    code = curl_easy_perform(o->curl);
    curl_easy_getinfo(o->curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK && status >= 200 && status < 300) {
        if (o->is_in_trouble)
            say("alertmanager %s: it goes on", o->url);
        o->is_in_trouble = false;
        return true;
    }
    if (!o->is_in_trouble && code != CURLE_OK)
        say("alertmanager %s: %s; it is tried again", o->url, curl_easy_strerror(code));
    else if (!o->is_in_trouble)
        say("alertmanager %s: HTTP %ld; it is tried again", o->url, status);
    o->is_in_trouble = true;
    return false;
}

static unsigned int step(void *context)
{
    struct output *o = context;
    const time_t now_s = time(NULL);
    char *text = alerts_text(o);
    bool is_due;

    if (text == NULL)
        return AGAIN_MS;
    is_due = now_s - o->posted_s >= (time_t)o->config.interval_s || now_s < o->posted_s ||
             o->latest == NULL || strcmp(text, o->latest) != 0;
    if (!is_due || (strcmp(text, "[]") == 0 && o->latest == NULL)) {
        free(text);
        return LOOK_MS;
    }
    if (!post(o, text)) {
        free(text);
        return AGAIN_MS;
    }
    free(o->latest);
    o->latest = text;
    o->posted_s = now_s;
    return LOOK_MS;
}

static void give_back(struct output *o)
{
    store_close(o->store);
    curl_slist_free_all(o->headers);
    if (o->curl != NULL)
        curl_easy_cleanup(o->curl);
    free(o->latest);
    free(o);
    curl_global_cleanup();
}

struct output *alertmanager_start(const struct output_config *config,
                                  char error[OUTPUTS_ERROR_BYTES])
{
    struct output *o = calloc(1, sizeof(*o));

    if (o == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
        snprintf(error, OUTPUTS_ERROR_BYTES, "not enough memory");
        free(o);
        return NULL;
    }
    o->config = *config;
    snprintf(o->url, sizeof(o->url), "%s" PATH, config->target);
    if (!is_url(config->target) || strlen(config->target) + sizeof(PATH) > sizeof(o->url))
        snprintf(error, OUTPUTS_ERROR_BYTES,
                 "--alertmanager \"%s\"; allowed: an URL of http or https, without " PATH,
                 config->target);
    else if (!set_up_curl(o))
        snprintf(error, OUTPUTS_ERROR_BYTES, "libcurl cannot be set up");
    else if ((o->store = store_attach(config->store, false, error)) != NULL) {
        if (pacer_start(&o->pacer, step, o) == 0)
            return o;
        snprintf(error, OUTPUTS_ERROR_BYTES, "no thread to be had");
    }
    give_back(o);
    return NULL;
}

void alertmanager_stop(struct output *o)
{
    if (o == NULL)
        return;
    pacer_stop(&o->pacer);
    give_back(o);
}

#else

struct output *alertmanager_start(const struct output_config *config,
                                  char error[OUTPUTS_ERROR_BYTES])
{
    (void)config;
    snprintf(error, OUTPUTS_ERROR_BYTES, "--alertmanager: this was built without libcurl");
    return NULL;
}

void alertmanager_stop(struct output *o)
{
    (void)o;
}

#endif
