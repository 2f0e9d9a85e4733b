/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-replay/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"

#define BUFFER_BYTES (128u << 10)

static const struct {
    const char *magic, *name, *command;
    size_t n;
} compressions[] = {
    {"\xfd\x37zXZ", "xz", "xz -dc FILE", 5},   {"\x28\xb5\x2f\xfd", "zstd", "zstd -dc FILE", 4},
    {"BZh", "bzip2", "bzip2 -dc FILE", 3},     {"\x04\x22\x4d\x18", "lz4", "lz4 -dc FILE", 4},
    {"PK\x03\x04", "zip", "unzip -p FILE", 4},
};

const char *input_other_compression(const struct input *in, const char **name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(compressions); i++)
        if (in->n_head >= compressions[i].n &&
            memcmp(in->head, compressions[i].magic, compressions[i].n) == 0) {
            *name = compressions[i].name;
            return compressions[i].command;
        }
    return NULL;
}

/* -1 with in->problem set: never 0 for data that end too early, which would look like the end of
 * the capture. */
static ssize_t read_some(struct input *in, void *out, size_t n)
{
    int got = gzread(in->gz, out, (unsigned int)n), code;
    const char *text = gzerror(in->gz, &code), *behind_name = strstr(text, ": ");

    /* What came before the fault is good. zlib tells once, beside any of it, that more was to come,
     * and from 1.3.2 on does not say so again. */
    if (got > 0) {
        in->ends_early = in->ends_early || code == Z_BUF_ERROR;
        return got;
    }
    if (in->ends_early && code == Z_OK) {
        code = Z_BUF_ERROR;
        text = "unexpected end of file";
        behind_name = NULL;
    }
    if (got == 0 && (code == Z_OK || code == Z_STREAM_END))
        return 0;
    if (code == Z_ERRNO)
        snprintf(in->problem, sizeof(in->problem), "%s", strerror(errno));
    else
        snprintf(in->problem, sizeof(in->problem), "its gzip data are broken or end early: %s",
                 behind_name != NULL ? behind_name + 2 : text);
    errno = EIO;
    return -1;
}

static ssize_t on_read(void *cookie, char *out, size_t n)
{
    struct input *in = cookie;
    size_t n_kept = in->n_head - in->n_head_given;
    ssize_t got;

    if (n_kept > 0) {
        got = (ssize_t)(n < n_kept ? n : n_kept);
        memcpy(out, in->head + in->n_head_given, (size_t)got);
        in->n_head_given += (size_t)got;
    } else {
        got = read_some(in, out, n < INT32_MAX ? n : INT32_MAX);
    }
    if (got > 0)
        in->n_given += (uint64_t)got;
    return got;
}

/* Only "where are we?" has an answer. */
static int on_seek(void *cookie, off64_t *offset, int whence)
{
    const struct input *in = cookie;

    if (whence != SEEK_CUR || *offset != 0) {
        errno = ESPIPE;
        return -1;
    }
    *offset = (off64_t)in->n_given;
    return 0;
}

static int on_close(void *cookie)
{
    struct input *in = cookie;

    gzclose(in->gz);
    in->gz = NULL;
    in->stream = NULL;
    return 0;
}

static int fail(char *error, size_t n)
{
    snprintf(error, n, "%s", strerror(errno));
    return -1;
}

static int open_stream(struct input *in, int file)
{
    const cookie_io_functions_t calls = {.read = on_read, .seek = on_seek, .close = on_close};

    in->gz = gzdopen(file, "rb");
    if (in->gz == NULL) {
        close(file);
        return -1;
    }
    gzbuffer(in->gz, BUFFER_BYTES);
    in->stream = fopencookie(in, "r", calls);
    if (in->stream == NULL) {
        gzclose(in->gz);
        return -1;
    }
    setvbuf(in->stream, NULL, _IOFBF, BUFFER_BYTES);
    return 0;
}

int input_open(struct input *in, const char *path, char *error, size_t n)
{
    /* A descriptor of our own: gzclose() closes it. */
    int file = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;

    *in = (struct input){0};
    if (file < 0)
        return fail(error, n);
    if (fstat(file, &status) == 0 && S_ISDIR(status.st_mode)) {
        close(file);
        errno = EISDIR;
        return fail(error, n);
    }
    if (S_ISREG(status.st_mode))
        in->file_bytes = (uint64_t)status.st_size;
    if (open_stream(in, file) < 0)
        return fail(error, n);
    while (in->n_head < sizeof(in->head)) {
        ssize_t got = read_some(in, in->head + in->n_head, sizeof(in->head) - in->n_head);

        if (got <= 0)
            break;
        in->n_head += (size_t)got;
    }
    if (in->problem[0] == '\0')
        return 0;
    snprintf(error, n, "%s", in->problem);
    fclose(in->stream);
    return -1;
}

uint64_t input_position(const struct input *in)
{
    z_off_t position = in->gz != NULL ? gzoffset(in->gz) : -1;

    return position > 0 ? (uint64_t)position : 0;
}
