/* SPDX-License-Identifier: BSD-3-Clause */
#include "head.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

struct seen {
    unsigned int n_host, n_length, n_encoding;
    bool is_name, is_length, is_chunked;
};

/* tchar of RFC 9110 section 5.6.2. */
static bool is_token(const char *name)
{
    return *name != '\0' && name[strspn(name, "!#$%&'*+-.^_`|~0123456789"
                                              "abcdefghijklmnopqrstuvwxyz"
                                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

static enum MHD_Result see(void *context, enum MHD_ValueKind kind, const char *name,
                           const char *value)
{
    struct seen *seen = context;

    (void)kind;
    value = value != NULL ? value : "";
    if (!is_token(name))
        seen->is_name = false;
    if (strcasecmp(name, "Host") == 0)
        seen->n_host++;
    if (strcasecmp(name, "Content-Length") == 0) {
        seen->n_length++;
        seen->is_length = *value != '\0' && value[strspn(value, "0123456789")] == '\0';
    }
    if (strcasecmp(name, "Transfer-Encoding") == 0) {
        seen->n_encoding++;
        seen->is_chunked = strcasecmp(value, "chunked") == 0;
    }
    return MHD_YES;
}

const char *head_trouble(struct MHD_Connection *connection)
{
    struct seen seen = {.is_name = true, .is_length = true, .is_chunked = true};

    MHD_get_connection_values(connection, MHD_HEADER_KIND, see, &seen);
    if (!seen.is_name)
        return "the name of a header has a character that none has (RFC 9112 section 5.1)";
    if (seen.n_host > 1)
        return "Host is given twice (RFC 9112 section 3.2)";
    if (seen.n_length > 1 || !seen.is_length)
        return "Content-Length must be one number (RFC 9112 section 6.3)";
    if (seen.n_encoding > 1 || !seen.is_chunked)
        return "Transfer-Encoding may only be chunked (RFC 9112 section 6.1)";
    if (seen.n_length > 0 && seen.n_encoding > 0)
        return "Content-Length and Transfer-Encoding exclude each other (RFC 9112 section 6.3)";
    return NULL;
}

bool head_has_nul(const char *uri)
{
    return strstr(uri, "%00") != NULL;
}
