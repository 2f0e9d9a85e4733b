/* SPDX-License-Identifier: BSD-3-Clause */
/* Records and lines one after the other: RFC 6396 sections 2 to 4. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "mrt/internal.h"

#define HEAD_BYTES      12
#define MOST_LINE_BYTES (1u << 20)

/* RFC 6396 section 4, and its appendix B. */
enum { TYPE_OSPF = 11, TYPE_TABLE_DUMP = 12, TYPE_TABLE_DUMP_V2 = 13, TYPE_BGP4MP = 16 };
static const uint16_t other_types[] = {11, 32, 33, 48, 49};
static const uint16_t update_types[] = {5, 6, 7, 9, 10, 16, 17};

static bool is_among(const uint16_t *types, size_t n, unsigned int type)
{
    for (size_t i = 0; i < n; i++)
        if (types[i] == type)
            return true;
    return false;
}

/* For good: what a broken file holds behind its fault means nothing. */
static int refuse(struct mrt_reader *r, int error, const char *reason)
{
    r->error = error;
    if (r->counters.records == 0)
        snprintf(r->error_text, sizeof(r->error_text), "%s", reason);
    else if (r->is_text)
        snprintf(r->error_text, sizeof(r->error_text), "line %llu: %s",
                 (unsigned long long)r->counters.records, reason);
    else
        snprintf(r->error_text, sizeof(r->error_text), "record %llu, at byte %llu%s%s%s: %s",
                 (unsigned long long)r->counters.records, (unsigned long long)r->record_at,
                 *stream_compression(r->stream) != '\0' ? " of what the " : "",
                 stream_compression(r->stream),
                 *stream_compression(r->stream) != '\0' ? " holds" : "", reason);
    return error;
}

static int refuse_stream(struct mrt_reader *r)
{
    return refuse(r, errno != 0 ? -errno : -EIO, stream_problem(r->stream));
}

/* The file ended where it should. */
static int end(struct mrt_reader *r)
{
    char text[160];

    if (r->has_table)
        return 0;
    if (r->counters.updates > 0)
        snprintf(text, sizeof(text),
                 "it holds %llu updates and no table; wanted is a dump of the table (RIB)",
                 (unsigned long long)r->counters.updates);
    else
        snprintf(text, sizeof(text), "it holds no table of routes");
    return refuse(r, -EINVAL, text);
}

static int next_line(struct mrt_reader *r, struct mrt_route *route)
{
    struct mrt_complaint complaint;
    size_t length;
    int got;

    do {
        got = stream_read_line(r->stream, (char *)r->record, MOST_LINE_BYTES, &length);
        if (got == 0)
            return end(r);
        r->counters.records++;
        if (got < 0 && errno == EMSGSIZE)
            return refuse(r, -EINVAL, "a line of more than 1048576 bytes");
        if (got < 0)
            return refuse_stream(r);
        got = mrt_read_line(r, (char *)r->record, length, route, &complaint);
    } while (got == 0);
    return got > 0 ? got : refuse(r, got, complaint.text);
}

/* The body of a record into memory of the reader. */
static int read_body(struct mrt_reader *r, size_t n)
{
    char text[96];
    ssize_t got;

    if (n > MRT_MOST_RECORD_BYTES) {
        snprintf(text, sizeof(text), "a record of %zu bytes; allowed: at most %u", n,
                 MRT_MOST_RECORD_BYTES);
        return refuse(r, -EINVAL, text);
    }
    if (n > r->record_room) {
        uint8_t *larger = realloc(r->record, n);

        if (larger == NULL)
            return refuse(r, -ENOMEM, "not enough memory");
        r->record = larger;
        r->record_room = n;
    }
    got = stream_read(r->stream, r->record, n);
    if (got < 0)
        return refuse_stream(r);
    if ((size_t)got < n) {
        snprintf(text, sizeof(text), "it has %zu bytes, and the file ends after %zd: it is cut", n,
                 got);
        return refuse(r, -EINVAL, text);
    }
    return 0;
}

static int read_record(struct mrt_reader *r, unsigned int type, unsigned int subtype, size_t n,
                       struct mrt_route *route, struct mrt_complaint *complaint)
{
    struct mrt_span body = {r->record, n};

    if (type == TYPE_TABLE_DUMP)
        return mrt_read_table_dump(r, subtype, body, route, complaint);
    if (type == TYPE_TABLE_DUMP_V2) {
        r->is_v2 = true;
        return mrt_read_table_dump_v2(r, subtype, body, route, complaint);
    }
    if (is_among(update_types, sizeof(update_types) / sizeof(*update_types), type))
        r->counters.updates++;
    else
        r->counters.other_records++;
    return 0;
}

static bool is_known(unsigned int type)
{
    return type == TYPE_TABLE_DUMP || type == TYPE_TABLE_DUMP_V2 ||
           is_among(update_types, sizeof(update_types) / sizeof(*update_types), type) ||
           is_among(other_types, sizeof(other_types) / sizeof(*other_types), type);
}

/* 1, 0 at the end of the file, negative. */
static int next_record(struct mrt_reader *r, struct mrt_route *route)
{
    struct mrt_complaint complaint;
    uint8_t head[HEAD_BYTES];
    ssize_t got;
    size_t n;
    int error;

    do {
        got = stream_read(r->stream, head, sizeof(head));
        if (got == 0)
            return end(r);
        r->counters.records++;
        if (got < 0)
            return refuse_stream(r);
        if (got < HEAD_BYTES)
            return refuse(r, -EINVAL, "the file ends within the head of a record: it is cut");
        if (!is_known(load_be16(head + 4))) {
            snprintf(complaint.text, sizeof(complaint.text), "records of type %u are not of MRT",
                     load_be16(head + 4));
            return refuse(r, -EINVAL, complaint.text);
        }
        n = load_be32(head + 8);
        error = read_body(r, n);
        if (error != 0)
            return error;
        r->time_s = load_be32(head);
        error = read_record(r, load_be16(head + 4), load_be16(head + 6), n, route, &complaint);
        if (error == -ENOMEM)
            snprintf(complaint.text, sizeof(complaint.text), "not enough memory");
        if (error >= 0 && r->rib.n_left == 0)
            r->record_at += HEAD_BYTES + n;
    } while (error == 0);
    return error > 0 ? error : refuse(r, error, complaint.text);
}

static int next_of_rib(struct mrt_reader *r, struct mrt_route *route)
{
    struct mrt_complaint complaint;
    int got = mrt_next_of_rib(r, route, &complaint);

    if (got < 0)
        return refuse(r, got, complaint.text);
    if (r->rib.n_left == 0)
        r->record_at += (uint64_t)(r->rib.rest.at - r->record) + HEAD_BYTES;
    return got;
}

int mrt_next(struct mrt_reader *r, struct mrt_route *route)
{
    int got = r->error;

    if (got == 0)
        got = r->is_text          ? next_line(r, route)
              : r->rib.n_left > 0 ? next_of_rib(r, route)
                                  : next_record(r, route);
    if (got == 1)
        r->counters.routes++;
    return got;
}

static int look_at_head(struct mrt_reader *r, char error[MRT_ERROR_BYTES])
{
    const uint8_t *head;
    ssize_t n = stream_peek(r->stream, &head, HEAD_BYTES);

    if (n < 0) {
        int code = errno;

        snprintf(error, MRT_ERROR_BYTES, "%s", stream_problem(r->stream));
        return -code;
    }
    r->is_text =
        n == HEAD_BYTES && (memcmp(head, "TABLE_DUMP", 10) == 0 || memcmp(head, "BGP4MP", 6) == 0);
    if (!r->is_text && (n < HEAD_BYTES || !is_known(load_be16(head + 4)))) {
        snprintf(error, MRT_ERROR_BYTES,
                 n == 0 ? "it is empty"
                        : "it is neither an MRT table dump nor text of bgpdump -m (each may be in "
                          "gzip or bzip2)");
        return -EINVAL;
    }
    return 0;
}

int mrt_open(int file, struct mrt_reader **out, char error[MRT_ERROR_BYTES])
{
    struct stream *stream = stream_open(file);
    struct mrt_reader *r = stream != NULL ? calloc(1, sizeof(*r)) : NULL;
    int code = -ENOMEM;

    snprintf(error, MRT_ERROR_BYTES, "not enough memory");
    if (r == NULL) {
        stream_close(stream);
        return code;
    }
    r->stream = stream;
    r->record = malloc(MOST_LINE_BYTES + 1);
    r->record_room = MOST_LINE_BYTES;
    if (r->record != NULL)
        code = look_at_head(r, error);
    if (code != 0) {
        mrt_close(r);
        return code;
    }
    error[0] = '\0';
    *out = r;
    return 0;
}

void mrt_close(struct mrt_reader *r)
{
    if (r == NULL)
        return;
    stream_close(r->stream);
    free(r->record);
    free(r->peers);
    free(r);
}

const char *mrt_error(const struct mrt_reader *r)
{
    return r->error_text;
}

const struct mrt_counters *mrt_counters(const struct mrt_reader *r)
{
    return &r->counters;
}

const char *mrt_kind(const struct mrt_reader *r)
{
    return r->is_text ? "text" : r->is_v2 ? "TABLE_DUMP_V2" : "TABLE_DUMP";
}

const char *mrt_compression(const struct mrt_reader *r)
{
    return stream_compression(r->stream);
}

uint64_t mrt_position(const struct mrt_reader *r)
{
    return stream_file_position(r->stream);
}
