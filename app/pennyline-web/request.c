/* SPDX-License-Identifier: BSD-3-Clause */
/* What a request says, and how it is refused: below all that answer. */
#include <jansson.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "web.h"

void reply_error(struct reply *r, unsigned int status, const char *format, ...)
{
    char message[1024];
    va_list arguments;
    json_t *text;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    /* What a client sent may be no UTF-8. */
    text = json_string(message);
    if (text == NULL)
        text = json_string("the request is not UTF-8");
    r->status = status;
    r->content_type = NULL;
    rewind(r->out);
    fprintf(r->out, "{\"error\":{\"status\":%u,\"message\":", status);
    json_dumpf(text, r->out, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    fputs("}}", r->out);
    json_decref(text);
}

const char *request_parameter(const struct request *q, const char *name)
{
    return MHD_lookup_connection_value(q->connection, MHD_GET_ARGUMENT_KIND, name);
}

bool text_is_count(const char *text, uint64_t most, uint64_t *value)
{
    *value = 0;
    if (*text == '\0' || strlen(text) > 18 || text[strspn(text, "0123456789")] != '\0')
        return false;
    *value = strtoull(text, NULL, 10);
    return *value <= most;
}

bool request_count(const struct request *q, struct reply *r, const char *name, uint64_t most,
                   uint64_t otherwise, uint64_t *value)
{
    const char *text = request_parameter(q, name);

    *value = otherwise;
    if (text == NULL || text_is_count(text, most, value))
        return true;
    reply_error(r, MHD_HTTP_BAD_REQUEST, "%s: \"%.64s\": give a whole number from 0 to %lu", name,
                text, (unsigned long)most);
    return false;
}
