/* SPDX-License-Identifier: BSD-3-Clause */
#include "mrt/stream.h"

#include <bzlib.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define RAW_BYTES   (64u << 10)
#define PLAIN_BYTES (256u << 10)

/* windowBits of inflateInit2(): the largest window, with gzip's header and checksum (zlib.h). */
#define GZIP_WINDOW (15 + 16)

enum compression { NOT_KNOWN, PLAIN, GZIP, BZIP2 };

struct stream {
    int file;
    enum compression compression;
    bool is_at_end;        /* of the file as it lies there */
    bool is_within_member; /* of compressed data: begun, and not ended */
    const char *problem;
    int error;
    uint64_t position;
    z_stream gzip;
    bz_stream bzip2;
    size_t raw_first, raw_end;
    size_t plain_first, plain_end;
    uint8_t raw[RAW_BYTES];
    uint8_t plain[PLAIN_BYTES];
};

static int fail(struct stream *s, int error, const char *problem)
{
    s->problem = problem;
    s->error = error;
    errno = error;
    return -1;
}

/* More of the file as it lies there, behind what is left of it. */
static int refill_raw(struct stream *s)
{
    ssize_t got;

    if (s->is_at_end)
        return 0;
    memmove(s->raw, s->raw + s->raw_first, s->raw_end - s->raw_first);
    s->raw_end -= s->raw_first;
    s->raw_first = 0;
    do
        got = read(s->file, s->raw + s->raw_end, RAW_BYTES - s->raw_end);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return fail(s, errno, strerror(errno));
    s->is_at_end = got == 0;
    s->raw_end += (size_t)got;
    s->position += (uint64_t)got;
    return 0;
}

static size_t n_raw(const struct stream *s)
{
    return s->raw_end - s->raw_first;
}

/* At least n bytes of the file, unless it ends before. */
static int want_raw(struct stream *s, size_t n)
{
    while (n_raw(s) < n && !s->is_at_end)
        if (refill_raw(s) < 0)
            return -1;
    return 0;
}

static enum compression compression_of(const struct stream *s)
{
    const uint8_t *b = s->raw + s->raw_first;

    if (n_raw(s) >= 3 && b[0] == 0x1f && b[1] == 0x8b && b[2] == 8)
        return GZIP;
    return n_raw(s) >= 3 && memcmp(b, "BZh", 3) == 0 ? BZIP2 : PLAIN;
}

static int begin_member(struct stream *s)
{
    int code;

    if (s->compression == GZIP)
        code = s->gzip.state == NULL ? inflateInit2(&s->gzip, GZIP_WINDOW) : inflateReset(&s->gzip);
    else
        code = BZ2_bzDecompressInit(&s->bzip2, 0, 0);
    if (code != 0)
        return fail(s, ENOMEM, "not enough memory");
    s->is_within_member = true;
    return 0;
}

static int inflate_some(struct stream *s)
{
    z_stream *z = &s->gzip;
    int code;

    z->next_in = s->raw + s->raw_first;
    z->avail_in = (uInt)n_raw(s);
    z->next_out = s->plain + s->plain_end;
    z->avail_out = (uInt)(PLAIN_BYTES - s->plain_end);
    code = inflate(z, Z_NO_FLUSH);
    s->raw_first = s->raw_end - z->avail_in;
    s->plain_end = PLAIN_BYTES - z->avail_out;
    if (code == Z_STREAM_END)
        s->is_within_member = false;
    else if (code == Z_MEM_ERROR)
        return fail(s, ENOMEM, "not enough memory");
    else if (code != Z_OK && code != Z_BUF_ERROR)
        return fail(s, EINVAL, "its gzip data are broken");
    return 0;
}

static int decompress_some(struct stream *s)
{
    bz_stream *z = &s->bzip2;
    int code;

    z->next_in = (char *)s->raw + s->raw_first;
    z->avail_in = (unsigned int)n_raw(s);
    z->next_out = (char *)s->plain + s->plain_end;
    z->avail_out = (unsigned int)(PLAIN_BYTES - s->plain_end);
    code = BZ2_bzDecompress(z);
    s->raw_first = s->raw_end - z->avail_in;
    s->plain_end = PLAIN_BYTES - z->avail_out;
    if (code == BZ_STREAM_END) {
        s->is_within_member = false;
        BZ2_bzDecompressEnd(z);
    } else if (code == BZ_MEM_ERROR) {
        return fail(s, ENOMEM, "not enough memory");
    } else if (code != BZ_OK) {
        return fail(s, EINVAL, "its bzip2 data are broken");
    }
    return 0;
}

static void copy_some(struct stream *s)
{
    size_t n = PLAIN_BYTES - s->plain_end;

    if (n > n_raw(s))
        n = n_raw(s);
    memcpy(s->plain + s->plain_end, s->raw + s->raw_first, n);
    s->raw_first += n;
    s->plain_end += n;
}

/* A step forward. 1: there may be more; 0: the file has ended. */
static int advance(struct stream *s)
{
    size_t before;
    bool is_dry;

    if (want_raw(s, s->is_within_member ? 1 : 3) < 0)
        return -1;
    if (s->compression == NOT_KNOWN)
        s->compression = compression_of(s);
    if (s->compression == PLAIN) {
        copy_some(s);
        return n_raw(s) > 0 || !s->is_at_end;
    }
    if (!s->is_within_member) {
        if (n_raw(s) == 0)
            return 0;
        if (compression_of(s) != s->compression)
            return fail(s, EINVAL, "behind its compressed data stands something else");
        if (begin_member(s) < 0)
            return -1;
    }
    /* All input taken does not mean that all output was given. */
    is_dry = n_raw(s) == 0;
    before = s->plain_end;
    if ((s->compression == GZIP ? inflate_some(s) : decompress_some(s)) < 0)
        return -1;
    if (is_dry && s->is_within_member && s->plain_end == before)
        return fail(s, EINVAL, "its compressed data end too early: it is cut");
    return 1;
}

static size_t n_plain(const struct stream *s)
{
    return s->plain_end - s->plain_first;
}

/* At least n bytes that lie ready, unless the file ends before. n fits into the buffer. */
static int want_plain(struct stream *s, size_t n)
{
    int more = 1;

    if (s->error != 0) {
        errno = s->error;
        return -1;
    }
    if (n_plain(s) >= n)
        return 0;
    memmove(s->plain, s->plain + s->plain_first, n_plain(s));
    s->plain_end -= s->plain_first;
    s->plain_first = 0;
    while (more > 0 && n_plain(s) < n)
        more = advance(s);
    return more < 0 ? -1 : 0;
}

struct stream *stream_open(int file)
{
    struct stream *s = file < 0 ? NULL : calloc(1, sizeof(*s));

    if (s == NULL) {
        if (file >= 0)
            close(file);
        return NULL;
    }
    s->file = file;
    return s;
}

void stream_close(struct stream *s)
{
    if (s == NULL)
        return;
    if (s->gzip.state != NULL)
        inflateEnd(&s->gzip);
    if (s->compression == BZIP2 && s->is_within_member)
        BZ2_bzDecompressEnd(&s->bzip2);
    close(s->file);
    free(s);
}

ssize_t stream_peek(struct stream *s, const uint8_t **bytes, size_t n)
{
    if (want_plain(s, n) < 0)
        return -1;
    *bytes = s->plain + s->plain_first;
    return (ssize_t)(n_plain(s) < n ? n_plain(s) : n);
}

ssize_t stream_read(struct stream *s, void *out, size_t n)
{
    size_t done = 0;

    while (done < n) {
        size_t part;

        if (want_plain(s, 1) < 0)
            return -1;
        part = n_plain(s) < n - done ? n_plain(s) : n - done;
        if (part == 0)
            break;
        memcpy((uint8_t *)out + done, s->plain + s->plain_first, part);
        s->plain_first += part;
        done += part;
    }
    return (ssize_t)done;
}

int stream_read_line(struct stream *s, char *out, size_t n, size_t *length)
{
    const uint8_t *end = NULL;

    *length = 0;
    while (end == NULL) {
        size_t part;

        if (want_plain(s, 1) < 0)
            return -1;
        if (n_plain(s) == 0)
            return *length > 0;
        end = memchr(s->plain + s->plain_first, '\n', n_plain(s));
        part = end != NULL ? (size_t)(end - s->plain) - s->plain_first : n_plain(s);
        if (part > n - *length) {
            errno = EMSGSIZE;
            return -1;
        }
        memcpy(out + *length, s->plain + s->plain_first, part);
        *length += part;
        s->plain_first += part + (end != NULL);
    }
    return 1;
}

const char *stream_compression(const struct stream *s)
{
    return s->compression == GZIP ? "gzip" : s->compression == BZIP2 ? "bzip2" : "";
}

const char *stream_problem(const struct stream *s)
{
    return s->problem != NULL ? s->problem : "";
}

uint64_t stream_file_position(const struct stream *s)
{
    return s->position;
}
