/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests and slices at run time. Who asks for a test may wait for what it finds: then the request is
 * handled a second time, when its tests are over or its time is. */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "common/monotonic.h"
#include "json/json.h"

#define MOST_WAIT_S        600
#define MOST_CONFIG_SLICES 100

/* The body: an object of these members, `keys` ends with NULL. The caller's; NULL with a reply. */
static json_t *body_of(const struct request *q, struct reply *r, const char *const *keys)
{
    json_error_t error;
    json_t *body = json_parse(q->body, q->n_body, JSON_REJECT_DUPLICATES, &error), *value;
    const char *key, *unknown = NULL;

    if (!json_is_object(body)) {
        reply_error(r, MHD_HTTP_BAD_REQUEST, "the body must be a JSON object%s%s",
                    body == NULL ? ": " : "", body == NULL ? error.text : "");
        json_decref(body);
        return NULL;
    }
    json_object_foreach (body, key, value) {
        const char *const *known = keys;

        while (*known != NULL && strcmp(*known, key) != 0)
            known++;
        unknown = *known == NULL ? key : unknown;
    }
    if (unknown == NULL)
        return body;
    reply_error(r, MHD_HTTP_BAD_REQUEST,
                "the body knows no \"%.64s\"; GET /api/v1/openapi.json "
                "tells what it takes",
                unknown);
    json_decref(body);
    return NULL;
}

/* Takes `request`; the reply is what pennyline says. `q` is NULL for what only reads. */
static void pass_on(struct web *w, const struct request *q, struct reply *r, json_t *request,
                    const char *command, unsigned int status)
{
    json_t *result;

    json_object_set_new(request, "command", json_string(command));
    if (api_command(w, q, r, request, status, &result))
        json_dumpf(result, r->out, JSON_COMPACT | JSON_ALL_DIGITS);
    json_decref(result);
}

/* Each of its tests, whole. True: all are over. */
static bool show_tests(struct web *w, struct request *q, struct reply *r)
{
    json_t *shown = json_array(), *body;
    size_t n_over = 0;

    for (size_t i = 0; i < q->wait.n_tests; i++) {
        json_t *test;

        if (!api_command(
                w, NULL, r,
                json_pack("{s:s, s:I}", "command", "test show", "test", (json_int_t)q->tests[i]),
                MHD_HTTP_OK, &test)) {
            json_decref(shown);
            return true;
        }
        if (strcmp(json_string_at(test, "state"), "over") == 0 ||
            strcmp(json_string_at(test, "state"), "refused") == 0) {
            n_over++;
            if (!q->has_waited)
                waits_end_test(w->waits, &q->wait, q->tests[i]);
        }
        json_array_append_new(shown, test);
    }
    r->status = n_over == q->wait.n_tests ? MHD_HTTP_OK : MHD_HTTP_ACCEPTED;
    body = json_pack("{s:o}", "tests", shown);
    json_dumpf(body, r->out, JSON_COMPACT | JSON_ALL_DIGITS);
    json_decref(body);
    return n_over == q->wait.n_tests;
}

static void remember(struct request *q, const json_t *tests)
{
    json_t *test;
    size_t i;

    json_array_foreach (tests, i, test)
        if (i < WAITS_MOST_TESTS)
            q->tests[q->wait.n_tests++] =
                (uint32_t)json_integer_value(json_object_get(test, "test"));
    memcpy(q->wait.tests, q->tests, sizeof(q->wait.tests));
}

static void test_prefix(struct web *w, struct request *q, struct reply *r, json_t *body,
                        double wait_s)
{
    json_t *result;

    json_object_set_new(body, "command", json_string("test"));
    if (!api_command(w, q, r, json_incref(body), MHD_HTTP_ACCEPTED, &result))
        return;
    if (wait_s > 0) {
        remember(q, json_object_get(result, "tests"));
        q->wait.until_s = monotonic_s() + wait_s;
        r->waits = true;
    } else {
        json_dumpf(result, r->out, JSON_COMPACT | JSON_ALL_DIGITS);
    }
    json_decref(result);
}

static void test_aggregate(struct web *w, const struct request *q, struct reply *r, json_t *body)
{
    json_t *aggregate = json_object_get(body, "aggregate");
    const char *key;
    json_t *value;

    json_object_foreach (body, key, value)
        if (strcmp(key, "aggregate") != 0 && strcmp(key, "label") != 0) {
            reply_error(r, MHD_HTTP_BAD_REQUEST,
                        "\"%s\" goes with \"source\", and not with \"aggregate\"", key);
            return;
        }
    if (json_is_string(aggregate) ||
        (json_is_integer(aggregate) && json_integer_value(aggregate) >= 0 &&
         json_integer_value(aggregate) < UINT32_MAX))
        pass_on(w, q, r, json_incref(body), "test start", MHD_HTTP_CREATED);
    else
        reply_error(r, MHD_HTTP_BAD_REQUEST,
                    "\"aggregate\" must be its number, the name of its "
                    "slice, or its prefix");
}

void api_post_test(struct web *w, struct request *q, struct reply *r)
{
    static const char *const keys[] = {"aggregate", "source", "destination", "ingress", "mode",
                                       "set",       "label",  "force",       "wait_s",  NULL};
    json_t *body, *wait;
    double wait_s;

    if (q->has_waited) {
        show_tests(w, q, r);
        return;
    }
    body = body_of(q, r, keys);
    if (body == NULL)
        return;
    wait = json_object_get(body, "wait_s");
    wait_s = json_number_value(wait);
    if ((wait != NULL && !json_is_number(wait)) || wait_s < 0 || wait_s > MOST_WAIT_S)
        reply_error(r, MHD_HTTP_BAD_REQUEST, "\"wait_s\" must be a number from 0 to %d",
                    MOST_WAIT_S);
    else if (json_object_get(body, "aggregate") != NULL)
        test_aggregate(w, q, r, body);
    else if (json_object_get(body, "source") == NULL)
        reply_error(r, MHD_HTTP_BAD_REQUEST,
                    "the body must have \"source\", a prefix or a list of them, or \"aggregate\"");
    else {
        json_object_del(body, "wait_s");
        test_prefix(w, q, r, body, wait_s);
    }
    json_decref(body);
}

/* It may have been over before anybody waited. */
void api_look_at_tests(struct web *w, struct request *q)
{
    struct reply r = {0};
    char *data = NULL;
    size_t n = 0;

    r.out = open_memstream(&data, &n);
    if (r.out == NULL)
        return;
    show_tests(w, q, &r);
    fclose(r.out);
    free(data);
}

void api_get_asked_test(struct web *w, struct request *q, struct reply *r)
{
    pass_on(w, NULL, r, json_pack("{s:I}", "test", (json_int_t)q->number), "test show",
            MHD_HTTP_OK);
}

void api_delete_asked_test(struct web *w, struct request *q, struct reply *r)
{
    pass_on(w, q, r, json_pack("{s:I}", "test", (json_int_t)q->number), "test end", MHD_HTTP_OK);
}

/* A page of it: pages of one generation belong together. */
void api_get_config(struct web *w, struct request *q, struct reply *r)
{
    uint64_t offset, count;

    if (request_count(q, r, "offset", UINT32_MAX, 0, &offset) &&
        request_count(q, r, "count", MOST_CONFIG_SLICES, MOST_CONFIG_SLICES, &count))
        pass_on(w, NULL, r,
                json_pack("{s:I, s:I}", "offset", (json_int_t)offset, "count", (json_int_t)count),
                "config show", MHD_HTTP_OK);
}

static void change_slice(struct web *w, struct request *q, struct reply *r, const char *command)
{
    static const char *const keys[] = {"slice", "force", NULL};
    json_t *body = body_of(q, r, keys);

    if (body != NULL)
        pass_on(w, q, r, body, command, MHD_HTTP_ACCEPTED);
}

void api_post_slice(struct web *w, struct request *q, struct reply *r)
{
    change_slice(w, q, r, "slice add");
}

void api_put_slice(struct web *w, struct request *q, struct reply *r)
{
    change_slice(w, q, r, "slice set");
}

void api_delete_slice(struct web *w, struct request *q, struct reply *r)
{
    const char *name = request_parameter(q, "name"), *force = request_parameter(q, "force");
    json_t *text = name != NULL ? json_string(name) : NULL;

    if (text == NULL ||
        (force != NULL && strcmp(force, "true") != 0 && strcmp(force, "false") != 0))
        reply_error(r, MHD_HTTP_BAD_REQUEST,
                    text == NULL ? "name: which slice?" : "force: give true or false");
    else
        pass_on(w, q, r,
                json_pack("{s:O, s:b}", "name", text, "force",
                          force != NULL && strcmp(force, "true") == 0),
                "slice remove", MHD_HTTP_ACCEPTED);
    json_decref(text);
}
