/* SPDX-License-Identifier: BSD-3-Clause */
/* Handlers that change something. Their caller has the token. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "api.h"
#include "json/json.h"

/* The body: one object with the one member `key`. The caller's; NULL with a reply of 400. */
static json_t *body_with(const struct request *q, struct reply *r, const char *key)
{
    json_error_t error;
    json_t *body = json_parse(q->body, q->n_body, JSON_REJECT_DUPLICATES, &error);
    json_t *value = json_incref(json_object_get(body, key));

    if (body == NULL)
        reply_error(r, MHD_HTTP_BAD_REQUEST, "the body is no JSON: %s", error.text);
    else if (value == NULL || json_object_size(body) != 1)
        reply_error(r, MHD_HTTP_BAD_REQUEST,
                    "the body must be an object with \"%s\", and nothing "
                    "else",
                    key);
    if (json_object_size(body) != 1) {
        json_decref(value);
        value = NULL;
    }
    json_decref(body);
    return value;
}

/* Who changes something is told in an event of pennyline's; the address is all that is known here.
 */
static json_t *caller_of(const struct request *q)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(q->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char address[INET6_ADDRSTRLEN] = "a UNIX socket";

    if (info != NULL && info->client_addr != NULL && info->client_addr->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)info->client_addr)->sin_addr,
                  address, sizeof(address));
    if (info != NULL && info->client_addr != NULL && info->client_addr->sa_family == AF_INET6)
        inet_ntop(AF_INET6,
                  &((const struct sockaddr_in6 *)(const void *)info->client_addr)->sin6_addr,
                  address, sizeof(address));
    return json_sprintf("REST, from %s", address);
}

bool api_command(struct web *w, const struct request *q, struct reply *r, json_t *request,
                 unsigned int status, json_t **result)
{
    char error[ASKER_ERROR_BYTES] = "";

    *result = NULL;
    if (q != NULL)
        json_object_set_new(request, "on_behalf_of", caller_of(q));
    switch (asker_command(w->asker, request, result, error)) {
    case ASKER_DONE:
        r->status = status;
        return true;
    case ASKER_REFUSED:
        reply_error(r, MHD_HTTP_CONFLICT, "%s", error);
        break;
    case ASKER_BUSY:
        reply_error(r, MHD_HTTP_SERVICE_UNAVAILABLE, "%s; this was not done",
                    error[0] != '\0' ? error
                                     : "other questions wait for an answer; try again in a second");
        break;
    case ASKER_GONE:
        reply_error(r, MHD_HTTP_BAD_GATEWAY, "%s; this was not done", error);
        break;
    case ASKER_SILENT:
        reply_error(r, MHD_HTTP_BAD_GATEWAY,
                    "%s; this may have been done all the same: look before you ask again", error);
        break;
    }
    json_decref(*result);
    *result = NULL;
    return false;
}

/* Takes `request`. */
static void command(struct web *w, const struct request *q, struct reply *r, json_t *request,
                    unsigned int status)
{
    json_t *result;

    if (api_command(w, q, r, request, status, &result))
        json_dumpf(result, r->out, JSON_COMPACT | JSON_ALL_DIGITS);
    json_decref(result);
}

void api_delete_test(struct web *w, struct request *q, struct reply *r)
{
    command(w, q, r,
            json_pack("{s:s, s:I}", "command", "test stop", "aggregate", (json_int_t)q->number),
            MHD_HTTP_OK);
}

void api_put_kill_switch(struct web *w, struct request *q, struct reply *r)
{
    json_t *on = body_with(q, r, "on");

    if (json_is_boolean(on))
        command(w, q, r, json_pack("{s:s, s:O}", "command", "kill-switch", "on", on), MHD_HTTP_OK);
    else if (on != NULL)
        reply_error(r, MHD_HTTP_BAD_REQUEST, "\"on\" must be true or false");
    json_decref(on);
}

/* {} or {"dry_run": true}. */
void api_post_reload(struct web *w, struct request *q, struct reply *r)
{
    json_error_t error;
    json_t *body = json_parse(q->body, q->n_body, JSON_REJECT_DUPLICATES, &error);
    json_t *dry_run = json_object_get(body, "dry_run");

    if (body == NULL)
        reply_error(r, MHD_HTTP_BAD_REQUEST, "the body is no JSON: %s", error.text);
    else if (!json_is_object(body) || json_object_size(body) != (dry_run != NULL) ||
             (dry_run != NULL && !json_is_boolean(dry_run)))
        reply_error(r, MHD_HTTP_BAD_REQUEST,
                    "the body must be an object with \"dry_run\", true or false, or an empty one");
    else
        command(w, q, r, json_pack("{s:s, s:O*}", "command", "reload", "dry_run", dry_run),
                MHD_HTTP_OK);
    json_decref(body);
}

/* {} or {"timeout_s": N}. */
void api_post_drain(struct web *w, struct request *q, struct reply *r)
{
    json_error_t error;
    json_t *body = json_parse(q->body, q->n_body, JSON_REJECT_DUPLICATES, &error);
    json_t *timeout_s = json_object_get(body, "timeout_s");

    if (body == NULL)
        reply_error(r, MHD_HTTP_BAD_REQUEST, "the body is no JSON: %s", error.text);
    else if (!json_is_object(body) || json_object_size(body) != (timeout_s != NULL))
        reply_error(r, MHD_HTTP_BAD_REQUEST,
                    "the body must be an object with \"timeout_s\", or an empty one");
    else if (timeout_s != NULL &&
             (!json_is_integer(timeout_s) || json_integer_value(timeout_s) < 0))
        reply_error(r, MHD_HTTP_BAD_REQUEST, "\"timeout_s\" must be a whole number of seconds");
    else
        command(w, q, r, json_pack("{s:s, s:O*}", "command", "drain", "timeout_s", timeout_s),
                MHD_HTTP_ACCEPTED);
    json_decref(body);
}
