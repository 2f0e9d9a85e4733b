/* SPDX-License-Identifier: BSD-3-Clause */
/* The bytes of a capture file, in order: as they are, or out of gzip (by zlib). */
#ifndef REPLAY_INPUT_H
#define REPLAY_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <zlib.h>

#define INPUT_HEAD_BYTES 8

struct input {
    gzFile gz;
    FILE *stream;        /* the bytes; closes all when it is closed, and then belongs to nobody */
    uint64_t file_bytes; /* 0: not known, as of a pipe */
    uint8_t head[INPUT_HEAD_BYTES]; /* how the bytes begin */
    size_t n_head, n_head_given;
    uint64_t n_given;
    bool ends_early;   /* the last bytes were given, and more were to come */
    char problem[128]; /* what zlib says, or "" */
};

/* "-" is standard input. 0, or -1 with `error` set. `in` stays where it is until the stream is
 * closed. */
int input_open(struct input *in, const char *path, char *error, size_t n);

/* Bytes of the file read so far: of file_bytes. */
uint64_t input_position(const struct input *in);

/* How to read what begins like that (another compression): a command, in which FILE is the file; or
 * NULL. *name is what it is. */
const char *input_other_compression(const struct input *in, const char **name);

#endif
