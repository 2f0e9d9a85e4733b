/* SPDX-License-Identifier: BSD-3-Clause */
#include "eventlog/eventlog.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json/json.h"

/* One line about lost lines; kept free for it, so that it always finds room. */
#define LOSS_LINE_BYTES 64

struct eventlog {
    int fd;
    bool is_file; /* a regular file takes any write at once; others only what poll(2) allows */
    bool in_line; /* what was written last is no whole line */
    bool in_trouble;
    dev_t device; /* of the file that is open */
    ino_t inode;
    size_t used;
    uint64_t n_lost, n_lost_told, n_errors;
    eventlog_trouble *trouble;
    void *context;
    char path[PATH_MAX];
    char buffer[EVENTLOG_BUFFER_BYTES];
};

static void to_standard_error(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "%s\n", text);
}

bool eventlog_names_descriptor(const char *path)
{
    static const char fds[] = "/dev/fd/", proc[] = "/proc/self/fd/";

    return strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/stderr") == 0 ||
           strncmp(path, fds, strlen(fds)) == 0 || strncmp(path, proc, strlen(proc)) == 0;
}

static bool is_standard_output(const struct eventlog *log)
{
    return strcmp(log->path, "-") == 0;
}

static int open_path(const struct eventlog *log)
{
    int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

    if (is_standard_output(log))
        return STDOUT_FILENO;
    /* O_NONBLOCK: a FIFO without reader is an error, not a wait. O_NOFOLLOW: where others may write
     * to the directory, they must not choose the file. */
    return open(log->path, flags | (eventlog_names_descriptor(log->path) ? 0 : O_NOFOLLOW), 0640);
}

/* Does the file that was just opened end within a line, as after a crash, or a disk that was full?
 */
static bool ends_within_line(const struct eventlog *log, const struct stat *status)
{
    int fd = open(log->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
    struct stat by_name;
    char last = '\n';

    if (fd < 0)
        return false;
    if (fstat(fd, &by_name) != 0 || by_name.st_ino != status->st_ino ||
        by_name.st_dev != status->st_dev || pread(fd, &last, 1, by_name.st_size - 1) != 1)
        last = '\n';
    close(fd);
    return last != '\n';
}

/* Goes on in another file, at the begin of a line: what still waits may begin within one, whose
 * first part stays in the old file. */
static void begin_file(struct eventlog *log, const struct stat *status)
{
    const char *end = log->in_line ? memchr(log->buffer, '\n', log->used) : NULL;
    size_t n_rest = end != NULL ? (size_t)(end + 1 - log->buffer) : 0;

    if (log->in_line)
        log->n_lost++;
    log->in_line = false;
    log->used -= n_rest;
    memmove(log->buffer, log->buffer + n_rest, log->used);
    /* There is room: some is kept for a line about losses. */
    if (log->is_file && status->st_size > 0 && log->used < sizeof(log->buffer) &&
        ends_within_line(log, status)) {
        memmove(log->buffer + 1, log->buffer, log->used++);
        log->buffer[0] = '\n';
    }
}

static void use(struct eventlog *log, int fd)
{
    struct stat status = {0};
    bool is_same;

    log->fd = fd;
    log->is_file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    is_same = log->inode == status.st_ino && log->device == status.st_dev;
    log->inode = status.st_ino;
    log->device = status.st_dev;
    if (!is_same)
        begin_file(log, &status);
}

struct eventlog *eventlog_open(const char *path, eventlog_trouble *trouble, void *context)
{
    struct eventlog *log = calloc(1, sizeof(*log));
    int fd;

    if (log == NULL)
        return NULL;
    snprintf(log->path, sizeof(log->path), "%s", path);
    log->trouble = trouble != NULL ? trouble : to_standard_error;
    log->context = context;
    fd = open_path(log);
    if (fd < 0) {
        int saved = errno;

        free(log);
        errno = saved;
        return NULL;
    }
    use(log, fd);
    return log;
}

static void tell(struct eventlog *log, const char *what, const char *then)
{
    char text[PATH_MAX + 256];

    snprintf(text, sizeof(text), "event log %s: %s; %s",
             is_standard_output(log) ? "(standard output)" : log->path, what, then);
    log->trouble(log->context, text);
}

static void begin_trouble(struct eventlog *log, int error)
{
    log->n_errors++;
    if (log->in_trouble)
        return;
    log->in_trouble = true;
    tell(log, strerror(error),
         "lines wait in memory and are lost when it is full; make room, or rotate and send SIGHUP");
}

static void end_trouble(struct eventlog *log)
{
    char then[64];

    if (!log->in_trouble)
        return;
    log->in_trouble = false;
    snprintf(then, sizeof(then), "%llu lines lost since the start",
             (unsigned long long)log->n_lost);
    tell(log, "written again", then);
}

/* Bytes that may be written now without waiting. */
static size_t writable_bytes(const struct eventlog *log, int timeout_ms)
{
    struct pollfd p = {.fd = log->fd, .events = POLLOUT};

    if (log->is_file)
        return log->used;
    if (poll(&p, 1, timeout_ms) <= 0)
        return 0;
    /* A pipe that is writable has room for PIPE_BUF bytes (pipe(7)). */
    return log->used < PIPE_BUF ? log->used : PIPE_BUF;
}

/* One write; false when there is nothing to write, or nothing could be written. */
static bool write_some(struct eventlog *log, int timeout_ms)
{
    size_t n = log->used > 0 ? writable_bytes(log, timeout_ms) : 0;
    ssize_t written;

    if (n == 0)
        return false;
    written = write(log->fd, log->buffer, n);
    if (written < 0) {
        if (errno != EAGAIN && errno != EINTR)
            begin_trouble(log, errno);
        return false;
    }
    if (written > 0)
        log->in_line = log->buffer[written - 1] != '\n';
    memmove(log->buffer, log->buffer + written, log->used - (size_t)written);
    log->used -= (size_t)written;
    end_trouble(log);
    return true;
}

static bool append(struct eventlog *log, const char *line, size_t n, size_t reserve)
{
    if (n + 1 + reserve > sizeof(log->buffer) - log->used)
        return false;
    memcpy(log->buffer + log->used, line, n);
    log->buffer[log->used + n] = '\n';
    log->used += n + 1;
    return true;
}

static void tell_loss(struct eventlog *log)
{
    char line[LOSS_LINE_BYTES];
    uint64_t n = log->n_lost - log->n_lost_told;
    int length;

    if (n == 0)
        return;
    length = snprintf(line, sizeof(line), "{\"event\": \"events_lost\", \"count\": %llu}",
                      (unsigned long long)n);
    if (append(log, line, (size_t)length, 0))
        log->n_lost_told = log->n_lost;
}

void eventlog_flush(struct eventlog *log)
{
    if (log == NULL)
        return;
    while (write_some(log, 0))
        ;
}

static int lose(struct eventlog *log)
{
    log->n_lost++;
    return -ENOBUFS;
}

/* A loss stands where it happened: before the first line that found room again. */
static int add_line(struct eventlog *log, const char *line)
{
    size_t n = strlen(line), reserve = LOSS_LINE_BYTES;

    if (n + 1 + 2 * reserve > sizeof(log->buffer) - log->used)
        return lose(log);
    tell_loss(log);
    append(log, line, n, reserve);
    return 0;
}

int eventlog_write(struct eventlog *log, const json_t *event)
{
    char *line;
    int error;

    if (log == NULL)
        return 0;
    if (!json_is_object(event))
        return -EINVAL;
    line = json_dumps(event, JSON_ALL_DIGITS);
    eventlog_flush(log);
    error = line != NULL ? add_line(log, line) : lose(log);
    free(line);
    eventlog_flush(log);
    return error;
}

int eventlog_reopen(struct eventlog *log)
{
    int fd;

    if (log == NULL || is_standard_output(log))
        return 0;
    eventlog_flush(log);
    fd = open_path(log);
    if (fd < 0)
        return -errno;
    close(log->fd);
    use(log, fd);
    eventlog_flush(log);
    return 0;
}

uint64_t eventlog_n_lost(const struct eventlog *log)
{
    return log != NULL ? log->n_lost : 0;
}

uint64_t eventlog_n_errors(const struct eventlog *log)
{
    return log != NULL ? log->n_errors : 0;
}

void eventlog_close(struct eventlog *log)
{
    if (log == NULL)
        return;
    eventlog_flush(log);
    tell_loss(log);
    for (int i = 0; i < 10 && log->used > 0; i++)
        while (write_some(log, 100))
            ;
    if (!is_standard_output(log))
        close(log->fd);
    free(log);
}
