/* SPDX-License-Identifier: BSD-3-Clause */
/* The text of `bgpdump -m`: fields between bars, of which the first ones are read:
 *   TABLE_DUMP2|time|B|peer|peer AS|prefix|AS path|origin|next hop|...
 *   TABLE_DUMP2_AP|time|B|peer|peer AS|prefix|path identifier|AS path|origin|next hop|... */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "mrt/internal.h"

enum { KIND, TIME, DIRECTION, PEER, PEER_AS, PREFIX, PATH_ID, PATH, ORIGIN, NEXT_HOP, N_FIELDS };

static const char *const field_names[N_FIELDS] = {
    "the kind",      "the time",    "the direction",       "the peer",
    "the peer's AS", "a prefix",    "the path identifier", "the AS path",
    "the origin",    "the next hop"};

static const char add_path_kind[] = "TABLE_DUMP2_AP";

/* Up to `most`, all of the text. */
static bool parse_number(const char *text, uint32_t *out)
{
    uint64_t value = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > UINT32_MAX)
            return false;
    }
    *out = (uint32_t)value;
    return true;
}

/* Text of a file, as it may stand in a message. */
static const char *printable(const char *text, char out[64])
{
    size_t i;

    for (i = 0; i < 60 && text[i] != '\0'; i++)
        out[i] = text[i] >= ' ' && text[i] < 127 ? text[i] : '?';
    if (text[i] != '\0')
        i += (size_t)(memcpy(out + i, "...", 3) != NULL) * 3;
    out[i] = '\0';
    return out;
}

static int refuse_field(int field, const char *text, struct mrt_complaint *complaint)
{
    char shown[64];

    return mrt_complain(complaint, "\"%s\" stands where %s should", printable(text, shown),
                        field_names[field]);
}

static int add_number(struct mrt_attributes *a, const char *digits, size_t n)
{
    char text[16];

    if (n >= sizeof(text) || a->n_numbers == MRT_MOST_NUMBERS)
        return -EINVAL;
    memcpy(text, digits, n);
    text[n] = '\0';
    return parse_number(text, &a->numbers[a->n_numbers]) ? (a->n_numbers++, 0) : -EINVAL;
}

/* Numbers of one part: a sequence goes on until something else begins; parts of more than 255 are
 * split, as in AS_PATH. */
static int read_part(const char **at, uint8_t kind, char close, struct mrt_attributes *a)
{
    const char *text = *at;
    struct mrt_path_part *part = NULL;

    for (;;) {
        size_t n = strspn(text, "0123456789");

        if (part == NULL || part->n == UINT8_MAX) {
            if (a->n_parts == MRT_MOST_NUMBERS)
                return -EINVAL;
            part = &a->parts[a->n_parts++];
            *part = (struct mrt_path_part){kind, 0, (uint16_t)a->n_numbers};
        }
        if (n == 0 || add_number(a, text, n) != 0)
            return -EINVAL;
        part->n++;
        text += n;
        if (*text == close || (close == '\0' && *text == ' ' && strchr("{([", text[1]) != NULL))
            break;
        if (*text != ' ' && *text != ',')
            return -EINVAL;
        text++;
    }
    *at = text + (close != '\0');
    return 0;
}

static int read_path_text(const char *text, struct mrt_attributes *a)
{
    int error = 0;

    while (error == 0 && *text != '\0') {
        if (*text == '{')
            error = (text++, read_part(&text, MRT_SET, '}', a));
        else if (*text == '(')
            error = (text++, read_part(&text, MRT_CONFED_SEQUENCE, ')', a));
        else if (*text == '[')
            error = (text++, read_part(&text, MRT_CONFED_SET, ']', a));
        else
            error = read_part(&text, MRT_SEQUENCE, '\0', a);
        if (error == 0 && *text != '\0' && *text++ != ' ')
            error = -EINVAL;
    }
    return error;
}

/* Returns how many there are. A path identifier that the kind has not is NULL. */
static unsigned int split(char *line, char *fields[N_FIELDS])
{
    unsigned int n = 0, field = 0;
    bool has_path_id = true;
    char *at = line, *bar;

    do {
        bar = strchr(at, '|');
        if (bar != NULL)
            *bar = '\0';
        if (field == KIND)
            has_path_id = strcmp(at, add_path_kind) == 0;
        if (field == PATH_ID && !has_path_id)
            fields[field++] = NULL;
        fields[field++] = at;
        at = bar != NULL ? bar + 1 : at;
        n++;
    } while (bar != NULL && field < N_FIELDS);
    return field == N_FIELDS ? N_FIELDS : n;
}

static bool is_table_line(const char *kind)
{
    static const char *const kinds[] = {"TABLE_DUMP", "TABLE_DUMP2", add_path_kind};

    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        if (strcmp(kind, kinds[i]) == 0)
            return true;
    return false;
}

static int read_fields(struct mrt_reader *r, char *fields[N_FIELDS], struct mrt_route *route,
                       struct mrt_complaint *complaint)
{
    int bad = -1;

    if (strncasecmp(fields[PREFIX], "::ffff:", 7) == 0) {
        r->counters.not_routable++;
        return 0;
    }
    *route = (struct mrt_route){.has_next_hop = true};
    if (!parse_number(fields[TIME], &route->time_s))
        bad = TIME;
    else if (strcmp(fields[DIRECTION], "B") != 0)
        bad = DIRECTION;
    else if (ip_address_parse(fields[PEER], &route->peer) != 0)
        bad = PEER;
    else if (!parse_number(fields[PEER_AS], &route->peer_as))
        bad = PEER_AS;
    else if (ip_prefix_parse(fields[PREFIX], &route->prefix) != 0)
        bad = PREFIX;
    else if (fields[PATH_ID] != NULL && !parse_number(fields[PATH_ID], &route->path_id))
        bad = PATH_ID;
    else if (read_path_text(fields[PATH], &r->attributes) != 0)
        bad = PATH;
    else if (ip_address_parse(fields[NEXT_HOP], &r->attributes.next_hop) != 0)
        bad = NEXT_HOP;
    if (bad >= 0)
        return refuse_field(bad, fields[bad], complaint);
    /* So bgpdump writes that there is none. */
    r->attributes.has_next_hop = strcmp(fields[NEXT_HOP], "255.255.255.255") != 0;
    route->has_path_id = fields[PATH_ID] != NULL;
    route->originated_s = route->time_s;
    mrt_set_attributes(route, &r->attributes);
    return 1;
}

int mrt_read_line(struct mrt_reader *r, char *line, size_t length, struct mrt_route *route,
                  struct mrt_complaint *complaint)
{
    char *fields[N_FIELDS], shown[64];
    unsigned int n;

    if (length > 0 && line[length - 1] == '\r')
        length--;
    line[length] = '\0';
    if (strlen(line) != length)
        return mrt_complain(complaint, "a byte 0 within text");
    if (length == 0)
        return 0;
    n = split(line, fields);
    if (strncmp(fields[KIND], "BGP4MP", 6) == 0) {
        r->counters.updates++;
        return 0;
    }
    if (!is_table_line(fields[KIND]))
        return mrt_complain(complaint, "it begins with \"%s\", not as bgpdump -m writes a route",
                            printable(fields[KIND], shown));
    if (n < N_FIELDS)
        return mrt_complain(complaint, "it has %u fields between bars; a route has %d and more", n,
                            N_FIELDS - (strcmp(fields[KIND], add_path_kind) != 0));
    r->has_table = true;
    r->attributes.n_numbers = r->attributes.n_parts = 0;
    return read_fields(r, fields, route, complaint);
}
