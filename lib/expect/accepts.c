/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compiler.h"
#include "expect/lists.h"

#define MOST_COLUMNS 64

enum column { PREFIX, INGRESS, UNTIL, NOTE, N_COLUMNS };
static const char *const column_names[N_COLUMNS] = {"prefix", "ingress", "until", "note"};

struct reader {
    struct expect_builder *builder;
    const struct config *config;
    char *error;
    uint32_t line;
    int column[N_COLUMNS]; /* where it stands; -1: nowhere */
};

static int refuse(const struct reader *r, const char *what, const char *value, const char *allowed)
{
    char shown[80];
    size_t i;

    for (i = 0; i < sizeof(shown) - 1 && value[i] != '\0'; i++)
        shown[i] = value[i] >= ' ' && value[i] < 127 ? value[i] : '?';
    shown[i] = '\0';
    snprintf(r->error, EXPECT_ERROR_BYTES, "line %u: %s\"%s\"; allowed: %s", r->line, what, shown,
             allowed);
    return -EINVAL;
}

/* One field, in place: RFC 4180 section 2. Returns where the next one begins, NULL behind the last.
 * *broken: a quote that is not closed, or something behind it. */
static char *take_field(char *at, char **field, bool *broken)
{
    char *from = at, *to = at;

    *field = at;
    if (*at != '"') {
        at = strchr(at, ',');
        if (at == NULL)
            return NULL;
        *at = '\0';
        return at + 1;
    }
    for (from++;; *to++ = *from++) {
        if (*from == '"' && from[1] == '"')
            from++;
        else if (*from == '"' || *from == '\0')
            break;
    }
    *broken = *from == '\0' || (from[1] != ',' && from[1] != '\0');
    at = *broken || from[1] == '\0' ? NULL : from + 2;
    *to = '\0';
    return at;
}

/* Returns how many there are, -1: the line is broken. */
static int split(char *line, char *fields[MOST_COLUMNS])
{
    bool broken = false;
    int n = 0;

    for (char *at = line; at != NULL && n < MOST_COLUMNS;)
        at = take_field(at, &fields[n++], &broken);
    return broken ? -1 : n;
}

static int read_head(struct reader *r, char *fields[], int n)
{
    for (int c = 0; c < N_COLUMNS; c++) {
        r->column[c] = -1;
        for (int i = 0; i < n; i++)
            if (strcmp(fields[i], column_names[c]) == 0)
                r->column[c] = i;
    }
    if (r->column[PREFIX] >= 0 && r->column[INGRESS] >= 0)
        return 0;
    return refuse(r, "the first column is ", fields[0],
                  "a first line that names the columns, as prefix,ingress,until,note");
}

static uint16_t find_ingress(const struct config *config, const char *name)
{
    for (uint32_t i = 0; i < config->n_ingresses; i++)
        if (strcmp(config->ingresses[i].name, name) == 0)
            return (uint16_t)i;
    return EXPECT_NO_INGRESS;
}

/* The end of that day; 0: no date. */
static uint64_t read_date(const char *text)
{
    struct tm day = {0}, again;
    int used = 0;
    time_t t;

    if (strlen(text) != 10 || strspn(text, "0123456789-") != 10 ||
        sscanf(text, "%4d-%2d-%2d%n", &day.tm_year, &day.tm_mon, &day.tm_mday, &used) != 3 ||
        used != 10 || day.tm_year < 1970)
        return 0;
    day.tm_year -= 1900;
    day.tm_mon--;
    again = day;
    t = timegm(&again);
    /* The 30th of February is another day. */
    if (again.tm_mon != day.tm_mon || again.tm_mday != day.tm_mday)
        return 0;
    return (uint64_t)t + 24 * 60 * 60;
}

/* "AS64500"; 0: it is none. */
static uint32_t read_as(const char *text)
{
    char *end;
    unsigned long long number;

    if (strncmp(text, "AS", 2) != 0 || text[2] < '0' || text[2] > '9')
        return 0;
    number = strtoull(text + 2, &end, 10);
    return *end == '\0' && number < UINT32_MAX ? (uint32_t)number : 0;
}

static const char *field_of(const struct reader *r, char *fields[], int n, enum column c)
{
    return r->column[c] >= 0 && r->column[c] < n ? fields[r->column[c]] : "";
}

static int read_row(struct reader *r, char *fields[], int n)
{
    const char *prefix_text = field_of(r, fields, n, PREFIX);
    const char *name = field_of(r, fields, n, INGRESS), *until = field_of(r, fields, n, UNTIL);
    uint16_t ingress = find_ingress(r->config, name);
    uint32_t as = read_as(prefix_text);
    struct ip_prefix prefix;
    uint64_t until_s = 0;
    int error = as == 0 ? ip_prefix_parse(prefix_text, &prefix) : 0;

    if (error != 0)
        return refuse(r, "prefix ", prefix_text,
                      error == -EDOM ? "no host bits"
                                     : "a prefix like 192.0.2.0/24, or an AS like AS64500");
    if (ingress == EXPECT_NO_INGRESS)
        return refuse(r, "ingress ", name, "the name of an ingress of the configuration");
    if (*until != '\0' && (until_s = read_date(until)) == 0)
        return refuse(r, "until ", until, "a day like 2026-12-31, or nothing");
    return expect_builder_add_accept(r->builder, as == 0 ? &prefix : NULL, as, ingress, until_s,
                                     r->line, field_of(r, fields, n, NOTE));
}

static int read_line(struct reader *r, char *line, size_t length, bool *has_head)
{
    char *fields[MOST_COLUMNS];
    int n;

    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
        line[--length] = '\0';
    if (strlen(line) != length)
        return refuse(r, "a byte 0 behind ", line, "text");
    if (length == 0 || line[0] == '#')
        return 0;
    n = split(line, fields);
    if (n < 0)
        return refuse(r, "a quote that does not end before a comma: ", fields[0],
                      "quotes around a whole field");
    if (*has_head)
        return read_row(r, fields, n);
    *has_head = true;
    return read_head(r, fields, n);
}

int expect_read_accepts(struct expect_builder *b, const struct config *config, FILE *in,
                        char error[EXPECT_ERROR_BYTES])
{
    struct reader r = {.builder = b, .config = config, .error = error};
    bool has_head = false;
    char *line = NULL;
    size_t room = 0;
    int status = 0;
    ssize_t n;

    snprintf(error, EXPECT_ERROR_BYTES, "not enough memory");
    while (status == 0 && (n = getline(&line, &room, in)) >= 0) {
        r.line++;
        status = read_line(&r, line, (size_t)n, &has_head);
    }
    if (status == 0 && ferror(in)) {
        status = -errno;
        snprintf(error, EXPECT_ERROR_BYTES, "%s", strerror(errno));
    } else if (status == 0 && !has_head) {
        status = -EINVAL;
        snprintf(error, EXPECT_ERROR_BYTES,
                 "it is empty; allowed: a first line that names the "
                 "columns, as prefix,ingress,until,note");
    }
    free(line);
    return status;
}
