/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "expect/lists.h"

static int refuse(char error[EXPECT_ERROR_BYTES], size_t i, const char *key, const json_t *value,
                  const char *allowed)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);

    snprintf(error, EXPECT_ERROR_BYTES, "roas[%zu].%s: %.60s; allowed: %s", i, key,
             text != NULL ? text : "missing", allowed);
    free(text);
    return -EINVAL;
}

/* 64500 or "AS64500". AS 0 says that nobody may originate the prefix (RFC 6483 section 4). */
static bool read_as(const json_t *value, uint32_t *out)
{
    const char *text = json_string_value(value);
    json_int_t number = json_integer_value(value);
    char *end = NULL;

    if (text != NULL && (strncmp(text, "AS", 2) != 0 || text[2] < '0' || text[2] > '9'))
        return false;
    if (text != NULL)
        number = strtoll(text + 2, &end, 10);
    if ((text == NULL && !json_is_integer(value)) || (end != NULL && *end != '\0') || number < 0 ||
        number > UINT32_MAX)
        return false;
    *out = (uint32_t)number;
    return true;
}

static int read_vrp(struct expect_builder *b, size_t i, const json_t *item,
                    char error[EXPECT_ERROR_BYTES])
{
    const json_t *as = json_object_get(item, "asn"), *prefix = json_object_get(item, "prefix");
    const json_t *most = json_object_get(item, "maxLength");
    const char *text = json_string_value(prefix);
    struct ip_prefix p;
    uint32_t number;
    json_int_t max_length;

    if (!read_as(as, &number))
        return refuse(error, i, "asn", as, "an AS number, or text like \"AS64500\"");
    if (text == NULL || ip_prefix_parse(text, &p) != 0)
        return refuse(error, i, "prefix", prefix, "a prefix like \"192.0.2.0/24\"");
    max_length = most != NULL ? json_integer_value(most) : p.length;
    if ((most != NULL && !json_is_integer(most)) || max_length < p.length ||
        max_length > (p.is_ipv4 ? 32 : 128))
        return refuse(error, i, "maxLength", most,
                      "a length from that of the prefix to 32 (IPv4) or 128 (IPv6)");
    return expect_builder_add_vrp(b, &p, number, (uint32_t)max_length);
}

int expect_read_vrps(struct expect_builder *b, FILE *in, char error[EXPECT_ERROR_BYTES])
{
    json_error_t problem;
    json_t *root = json_loadf(in, 0, &problem), *list, *item;
    int status = 0;
    size_t i;

    if (root == NULL) {
        snprintf(error, EXPECT_ERROR_BYTES, "line %d: %s", problem.line, problem.text);
        for (char *at = error; *at != '\0'; at++)
            if (*at < ' ' || *at > '~')
                *at = '?';
        return -EINVAL;
    }
    list = json_is_array(root) ? root : json_object_get(root, "roas");
    if (!json_is_array(list)) {
        snprintf(error, EXPECT_ERROR_BYTES,
                 "it has no list \"roas\", as routinator and rpki-client write it");
        status = -EINVAL;
    }
    if (status == 0)
        snprintf(error, EXPECT_ERROR_BYTES, "not enough memory");
    json_array_foreach (list, i, item) {
        status = read_vrp(b, i, item, error);
        if (status != 0)
            break;
    }
    json_decref(root);
    return status;
}
