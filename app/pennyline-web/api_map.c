/* SPDX-License-Identifier: BSD-3-Clause */
/* The map: asked of pennyline a part at a time, for who asks here. */
#include <microhttpd.h>
#include <string.h>

#include "api.h"
#include "base/compiler.h"
#include "json/json.h"

#define MOST_ROWS 10000
/* Rows of one question, so that the manager is not held. */
#define PART 200
/* Questions for one answer: a table of a million is gone through by few who match in several. */
#define MOST_PARTS 64

static const char *const texts[] = {"ingress", "prefix", "reality"};

/* What is asked for, as the control socket has it. NULL, and the reply says why. */
static json_t *request_of(struct request *q, struct reply *r)
{
    const char *unexpected = request_parameter(q, "unexpected");
    uint64_t as, after, within;
    json_t *out;

    if (!request_count(q, r, "as", UINT32_MAX, 0, &as) ||
        !request_count(q, r, "after", UINT32_MAX, 0, &after) ||
        !request_count(q, r, "seen_within_s", UINT32_MAX, 0, &within))
        return NULL;
    if (unexpected != NULL && strcmp(unexpected, "true") != 0 && strcmp(unexpected, "false") != 0) {
        reply_error(r, MHD_HTTP_BAD_REQUEST, "unexpected: \"%.64s\": give true or false",
                    unexpected);
        return NULL;
    }
    out = json_pack("{s:s, s:I, s:I, s:I, s:b}", "command", "map", "as", (json_int_t)as, "after",
                    (json_int_t)after, "seen_within_s", (json_int_t)within, "unexpected",
                    (int)(unexpected != NULL && *unexpected == 't'));
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        if (request_parameter(q, texts[i]) != NULL)
            json_object_set_new(out, texts[i], json_string(request_parameter(q, texts[i])));
    return out;
}

/* As many as were asked for, with "next" where there are more. NULL, and the reply says why. */
static json_t *gather(struct web *w, struct reply *r, json_t *request, size_t most)
{
    json_t *all = json_array(), *next = json_null();
    json_t *part;

    for (unsigned int i = 0; i < MOST_PARTS; i++) {
        const size_t left = most - json_array_size(all);

        json_object_set_new(request, "count", json_integer(left < PART ? (json_int_t)left : PART));
        if (!api_command(w, NULL, r, json_incref(request), MHD_HTTP_OK, &part)) {
            json_decref(all);
            json_decref(next);
            return NULL;
        }
        json_array_extend(all, json_object_get(part, "entries"));
        json_decref(next);
        next = json_incref(json_object_get(part, "next"));
        json_object_set(request, "after", next);
        json_decref(part);
        if (json_is_null(next) || json_array_size(all) >= most)
            break;
    }
    return json_pack("{s:o, s:o}", "entries", all, "next", next);
}

/* What Akvorado takes as a network source once its transform is ".networks[]": attributes of
 * prefixes. */
static json_t *as_networks(const json_t *found)
{
    json_t *networks = json_array(), *row;
    size_t i;

    json_array_foreach (json_object_get(found, "entries"), i, row)
        json_array_append_new(networks, json_pack("{s:O, s:O, s:s, s:O, s:f}", "prefix",
                                                  json_object_get(row, "prefix"), "site",
                                                  json_object_get(row, "ingress"), "role",
                                                  json_string_at(row, "reality.state"), "tenant",
                                                  json_object_get(row, "grade"), "asn",
                                                  json_number_at(row, "origin_as")));
    return json_pack("{s:o, s:O}", "networks", networks, "next", json_object_get(found, "next"));
}

void api_get_map(struct web *w, struct request *q, struct reply *r)
{
    const char *format = request_parameter(q, "format");
    const bool networks = format != NULL && strcmp(format, "networks") == 0;
    json_t *request, *found, *out;
    uint64_t count;

    if (!request_count(q, r, "count", MOST_ROWS, networks ? MOST_ROWS : 100, &count))
        return;
    if (format != NULL && !networks && strcmp(format, "entries") != 0) {
        reply_error(r, MHD_HTTP_BAD_REQUEST, "format: \"%.64s\": give entries or networks", format);
        return;
    }
    request = request_of(q, r);
    if (request == NULL)
        return;
    found = gather(w, r, request, (size_t)count);
    json_decref(request);
    if (found == NULL)
        return;
    out = networks ? as_networks(found) : json_incref(found);
    json_dumpf(out, r->out, JSON_COMPACT | JSON_ALL_DIGITS);
    json_decref(out);
    json_decref(found);
}

static void pass_on(struct web *w, struct reply *r, json_t *request)
{
    json_t *result;

    if (!api_command(w, NULL, r, request, MHD_HTTP_OK, &result))
        return;
    json_dumpf(result, r->out, JSON_COMPACT | JSON_ALL_DIGITS);
    json_decref(result);
}

void api_get_map_summary(struct web *w, struct request *q, struct reply *r)
{
    (void)q;
    pass_on(w, r, json_pack("{s:s}", "command", "map summary"));
}

void api_get_map_why(struct web *w, struct request *q, struct reply *r)
{
    const char *prefix = request_parameter(q, "prefix");
    const char *ingress = request_parameter(q, "ingress");

    if (prefix == NULL || ingress == NULL) {
        reply_error(r, MHD_HTTP_BAD_REQUEST, "give prefix and ingress");
        return;
    }
    pass_on(
        w, r,
        json_pack("{s:s, s:s, s:s}", "command", "map why", "prefix", prefix, "ingress", ingress));
}
