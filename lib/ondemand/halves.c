/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose traffic a test of one prefix is: a slice that names the same prefix keeps its name. */
#include <stdio.h>
#include <string.h>

#include "ondemand/internal.h"

/* Not that of a test that is over: who asks for the same prefix again gets the same test. */
static const struct slice *slice_with_source(const struct ondemand *o, const struct ip_prefix *p)
{
    for (uint32_t i = 0; i < o->in_force->n_slices; i++) {
        const struct slice *s = &o->in_force->slices[i];

        for (uint32_t k = 0; slice_is_present(s) && k < s->n_sources; k++)
            if (ip_prefix_equal(&s->sources[k], p) && !slices_is_over(o, s->name))
                return s;
    }
    return NULL;
}

static void append_prefix(json_t *list, const struct ip_prefix *p)
{
    char text[IP_TEXT_BYTES];

    json_array_append_new(list, json_string(ip_prefix_format(p, text)));
}

/* The half whose next bit is `bit`. */
static struct ip_prefix half_of(const struct ip_prefix *p, unsigned int bit)
{
    struct ip_address address = p->address; /* IPv4 lies in its last 32 bits */
    unsigned int at = p->length + (p->is_ipv4 ? 96u : 0u);

    if (bit != 0)
        address.bytes[at / 8] |= (uint8_t)(0x80u >> at % 8);
    return ip_prefix_of_address(&address, (uint8_t)(p->length + 1));
}

/* Halves that a slice has of its own stay with that. */
static json_t *halves_of(const struct ondemand *o, const struct ip_prefix *p,
                         const struct slice *named, char error[ONDEMAND_ERROR_BYTES])
{
    const struct slice *of_test = NULL;
    json_t *list = json_array();

    for (unsigned int bit = 0; p->length < (p->is_ipv4 ? 32 : 128) && bit < 2; bit++) {
        struct ip_prefix half = half_of(p, bit);
        const struct slice *other = slice_with_source(o, &half);

        if (other == NULL)
            append_prefix(list, &half);
        else if (strcmp(ondemand_origin(o, other->name), "test") == 0)
            of_test = other;
    }
    if (json_array_size(list) > 0)
        return list;
    json_decref(list);
    if (of_test != NULL)
        snprintf(
            error, ONDEMAND_ERROR_BYTES,
            "busy: \"%s\", which is under way, tests this prefix; wait for its verdict, or end "
            "it: test stop %s",
            of_test->name, of_test->name);
    else
        snprintf(
            error, ONDEMAND_ERROR_BYTES,
            "source: slices name all of it already, as \"%s\" does; test these: test start \"%s\"",
            named->name, named->name);
    return NULL;
}

json_t *compose_sources(const struct ondemand *o, const char *source,
                        char error[ONDEMAND_ERROR_BYTES])
{
    const struct slice *named;
    struct ip_prefix p;

    /* What is no prefix is refused as in a file, in the same words. */
    if (ip_prefix_parse(source, &p) != 0)
        return json_pack("[s]", source);
    named = slice_with_source(o, &p);
    if (named != NULL)
        return halves_of(o, &p, named, error);
    return json_pack("[s]", source);
}
