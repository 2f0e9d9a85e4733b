/* SPDX-License-Identifier: BSD-3-Clause */
#include "queue.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* "pennyline-queue 00000000000000000042\n": of fixed size, so that it is written in place. */
#define HEADER_FORMAT "pennyline-queue %020" PRIu64 "\n"
#define HEADER_BYTES  37

struct queue {
    int fd;
    char *path;
    uint64_t max_bytes;
    uint64_t head, tail; /* offsets in the file */
    uint64_t n_lines;
};

static int write_all(int fd, const char *data, size_t n, uint64_t at)
{
    while (n > 0) {
        ssize_t written = pwrite(fd, data, n, (off_t)at);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -EIO;
        data += written;
        at += (uint64_t)written;
        n -= (size_t)written;
    }
    return 0;
}

static int write_header(int fd, uint64_t head)
{
    char header[HEADER_BYTES + 1];

    snprintf(header, sizeof(header), HEADER_FORMAT, head);
    return write_all(fd, header, HEADER_BYTES, 0);
}

static int read_header(struct queue *q)
{
    char header[HEADER_BYTES + 1] = "";
    int n = 0;

    if (pread(q->fd, header, HEADER_BYTES, 0) != HEADER_BYTES ||
        sscanf(header, "pennyline-queue %20" SCNu64 "%n", &q->head, &n) != 1 ||
        n != HEADER_BYTES - 1 || header[n] != '\n' || q->head < HEADER_BYTES || q->head > q->tail)
        return -EINVAL;
    return 0;
}

/* Counts lines, and takes off what has no end. */
static int read_lines(struct queue *q)
{
    uint64_t end = q->head;
    char block[4096];

    for (uint64_t at = q->head; at < q->tail;) {
        ssize_t n = pread(q->fd, block, sizeof(block), (off_t)at);

        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        for (ssize_t i = 0; i < n; i++)
            if (block[i] == '\n') {
                end = at + (uint64_t)i + 1;
                q->n_lines++;
            }
        at += (uint64_t)n;
    }
    q->tail = end;
    return ftruncate(q->fd, (off_t)end) < 0 ? -errno : 0;
}

static int load(struct queue *q)
{
    struct stat status;
    int result;

    if (flock(q->fd, LOCK_EX | LOCK_NB) < 0 || fstat(q->fd, &status) < 0)
        return -errno;
    q->tail = (uint64_t)status.st_size;
    /* Less than a header: it was made, and the machine crashed. */
    if (q->tail < HEADER_BYTES) {
        q->head = q->tail = HEADER_BYTES;
        result = write_header(q->fd, q->head);
        return result == 0 && fdatasync(q->fd) < 0 ? -errno : result;
    }
    result = read_header(q);
    return result == 0 ? read_lines(q) : result;
}

struct queue *queue_open(const char *path, uint64_t max_bytes)
{
    struct queue *q = calloc(1, sizeof(*q));
    int result;

    if (q == NULL)
        return NULL;
    q->max_bytes = max_bytes;
    q->path = strdup(path);
    q->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    result = q->fd < 0 ? -errno : q->path == NULL ? -ENOMEM : load(q);
    if (result == 0)
        return q;
    queue_close(q);
    errno = -result;
    return NULL;
}

void queue_close(struct queue *q)
{
    if (q == NULL)
        return;
    if (q->fd >= 0)
        close(q->fd);
    free(q->path);
    free(q);
}

/* What was taken off still lies in front: when that is much, the rest goes to a new file, which
 * then takes the name of the old one in one step. */
static int compact(struct queue *q)
{
    uint64_t n = q->tail - q->head;
    char *rest = malloc(n + 1), path[4096];
    int fd = -1, result = -ENOMEM;

    snprintf(path, sizeof(path), "%s.new", q->path);
    if (rest != NULL && pread(q->fd, rest, n, (off_t)q->head) == (ssize_t)n)
        fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0)
        result = write_header(fd, HEADER_BYTES);
    if (result == 0)
        result = write_all(fd, rest, n, HEADER_BYTES);
    if (result == 0 &&
        (flock(fd, LOCK_EX | LOCK_NB) < 0 || fdatasync(fd) < 0 || rename(path, q->path) < 0))
        result = -errno;
    free(rest);
    if (result != 0) {
        if (fd >= 0)
            close(fd);
        return result;
    }
    close(q->fd);
    q->fd = fd;
    q->head = HEADER_BYTES;
    q->tail = HEADER_BYTES + n;
    return 0;
}

int queue_push(struct queue *q, const char *line, size_t n)
{
    int result;

    if (n >= QUEUE_MAX_LINE_BYTES || memchr(line, '\n', n) != NULL)
        return -EINVAL;
    if (q->tail - q->head + n + 1 > q->max_bytes)
        return -ENOSPC;
    if (q->head > q->max_bytes && (result = compact(q)) != 0)
        return result;
    result = write_all(q->fd, line, n, q->tail);
    if (result == 0)
        result = write_all(q->fd, "\n", 1, q->tail + n);
    if (result == 0 && fdatasync(q->fd) < 0)
        result = -errno;
    if (result != 0)
        return result;
    q->tail += n + 1;
    q->n_lines++;
    return 0;
}

char *queue_peek(struct queue *q)
{
    char *line, *end;
    ssize_t n;

    if (q->n_lines == 0)
        return NULL;
    line = malloc(QUEUE_MAX_LINE_BYTES + 1);
    n = line != NULL ? pread(q->fd, line, QUEUE_MAX_LINE_BYTES, (off_t)q->head) : -1;
    end = n > 0 ? memchr(line, '\n', (size_t)n) : NULL;
    if (end == NULL) {
        free(line);
        return NULL;
    }
    *end = '\0';
    return line;
}

int queue_pop(struct queue *q)
{
    char *line = queue_peek(q);
    uint64_t head;
    int result;

    if (line == NULL)
        return -ENOENT;
    head = q->head + strlen(line) + 1;
    free(line);
    result = write_header(q->fd, head);
    if (result == 0 && fdatasync(q->fd) < 0)
        result = -errno;
    if (result != 0)
        return result;
    q->head = head;
    q->n_lines--;
    return 0;
}

uint64_t queue_n_lines(const struct queue *q)
{
    return q->n_lines;
}
