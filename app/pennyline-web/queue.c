/* SPDX-License-Identifier: BSD-3-Clause */
#include "queue.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
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
    uint64_t n_first;     /* bytes of the first line with its end; 0: not looked at */
    bool is_head_unsaved; /* the file says less was taken off than was */
    bool has_rest;        /* behind the tail lies what a failed write left */
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

/* A file that was made or renamed is there after a crash when its directory is on the disk, too. */
static int sync_directory(const char *path)
{
    char *copy = strdup(path);
    int fd = copy != NULL ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1, result;

    result = fd >= 0 && fsync(fd) == 0 ? 0 : -errno;
    if (fd >= 0)
        close(fd);
    free(copy);
    return result;
}

/* Opens the path and locks the file. Whoever had it before may have put another in its place
 * between the two: then that one is the queue. */
static int open_and_lock(struct queue *q)
{
    struct stat status, by_name;

    for (int i = 0; i < 10; i++) {
        q->fd = open(q->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (q->fd < 0 || flock(q->fd, LOCK_EX | LOCK_NB) < 0 || fstat(q->fd, &status) < 0)
            return -errno;
        if (stat(q->path, &by_name) == 0 && by_name.st_ino == status.st_ino &&
            by_name.st_dev == status.st_dev)
            return 0;
        close(q->fd);
    }
    q->fd = -1;
    return -EWOULDBLOCK;
}

static int load(struct queue *q)
{
    struct stat status;
    int result;

    if (fstat(q->fd, &status) < 0)
        return -errno;
    q->tail = (uint64_t)status.st_size;
    /* Less than a header: it was made, and the machine crashed. */
    if (q->tail < HEADER_BYTES) {
        q->head = q->tail = HEADER_BYTES;
        result = write_header(q->fd, q->head);
        if (result == 0 && fdatasync(q->fd) < 0)
            result = -errno;
        return result == 0 ? sync_directory(q->path) : result;
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
    q->fd = -1;
    q->path = strdup(path);
    result = q->path != NULL ? open_and_lock(q) : -ENOMEM;
    if (result == 0)
        result = load(q);
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
    q->is_head_unsaved = q->has_rest = false;
    return sync_directory(q->path);
}

/* What a failed write left behind the tail would be taken for lines after a restart. */
static int cut_behind_tail(struct queue *q)
{
    q->has_rest = ftruncate(q->fd, (off_t)q->tail) < 0;
    return q->has_rest ? -errno : 0;
}

static int append(struct queue *q, const char *line, size_t n)
{
    int result = write_all(q->fd, line, n, q->tail);

    if (result == 0)
        result = write_all(q->fd, "\n", 1, q->tail + n);
    if (result == 0 && fdatasync(q->fd) < 0)
        result = -errno;
    return result;
}

static int save_head(struct queue *q)
{
    int result = write_header(q->fd, q->head);

    if (result == 0 && fdatasync(q->fd) < 0)
        result = -errno;
    q->is_head_unsaved = result != 0;
    return result;
}

int queue_push(struct queue *q, const char *line, size_t n)
{
    int result;

    if (n >= QUEUE_MAX_LINE_BYTES || memchr(line, '\n', n) != NULL || memchr(line, '\0', n) != NULL)
        return -EINVAL;
    if (q->tail - q->head + n + 1 > q->max_bytes)
        return -ENOSPC;
    if (q->head > q->max_bytes && (result = compact(q)) != 0)
        return result;
    if (q->has_rest && (result = cut_behind_tail(q)) != 0)
        return result;
    result = append(q, line, n);
    if (result != 0) {
        cut_behind_tail(q);
        return result;
    }
    q->tail += n + 1;
    q->n_lines++;
    if (q->is_head_unsaved)
        save_head(q);
    return 0;
}

/* How many bytes the first line has with its end, in *n; it need not fit into memory. */
static int measure_first(struct queue *q, uint64_t *n)
{
    char block[4096];

    for (uint64_t at = q->head; at < q->tail;) {
        ssize_t got = pread(q->fd, block, sizeof(block), (off_t)at);
        const char *end = got > 0 ? memchr(block, '\n', (size_t)got) : NULL;

        if (got <= 0)
            return got < 0 ? -errno : -EIO;
        if (end != NULL) {
            *n = at + (uint64_t)(end + 1 - block) - q->head;
            return 0;
        }
        at += (uint64_t)got;
    }
    return -EIO;
}

int queue_first(struct queue *q, char **line)
{
    uint64_t n = 0;
    int result;

    *line = NULL;
    if (q->n_lines == 0)
        return -ENOENT;
    result = measure_first(q, &n);
    if (result != 0)
        return result;
    q->n_first = n;
    if (n > QUEUE_MAX_LINE_BYTES)
        return -EBADMSG;
    *line = malloc(n);
    if (*line == NULL)
        return -ENOMEM;
    if (pread(q->fd, *line, n, (off_t)q->head) != (ssize_t)n)
        result = -EIO;
    else if (memchr(*line, '\0', n) != NULL)
        result = -EBADMSG;
    if (result == 0) {
        (*line)[n - 1] = '\0';
        return 0;
    }
    free(*line);
    *line = NULL;
    return result;
}

int queue_pop(struct queue *q)
{
    if (q->n_first == 0)
        return -ENOENT;
    q->head += q->n_first;
    q->n_first = 0;
    q->n_lines--;
    return save_head(q);
}

uint64_t queue_n_lines(const struct queue *q)
{
    return q->n_lines;
}
