/* SPDX-License-Identifier: BSD-3-Clause */
/* The bytes of a file in order: as they are, or out of gzip or bzip2, also when several compressed
 * files stand one behind the other. Internal to the library. */
#ifndef MRT_STREAM_H
#define MRT_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct stream;

/* The descriptor is the stream's, also after failure. NULL with errno. */
struct stream *stream_open(int file);

void stream_close(struct stream *s);

/* Up to n bytes that lie ready at *bytes until the next call; fewer when the file ends before that.
 * n is at most STREAM_MOST_PEEK. -1: see stream_problem(). */
#define STREAM_MOST_PEEK 64
ssize_t stream_peek(struct stream *s, const uint8_t **bytes, size_t n);

/* Fills `out`; fewer than n only at the end of the file. -1: see stream_problem(). */
ssize_t stream_read(struct stream *s, void *out, size_t n);

/* Up to the next newline, which is taken and not given, or the end of the file: 1 with a line of
 * *length bytes in `out` (not terminated); 0 at the end of the file; -1: see stream_problem(), or a
 * line of more than n bytes (errno is EMSGSIZE). */
int stream_read_line(struct stream *s, char *out, size_t n, size_t *length);

/* "", "gzip", "bzip2" */
const char *stream_compression(const struct stream *s);

/* In words; errno says it as well: EINVAL where the compressed data are broken or cut. */
const char *stream_problem(const struct stream *s);

uint64_t stream_file_position(const struct stream *s);

#endif
