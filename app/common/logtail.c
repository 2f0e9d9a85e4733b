/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/logtail.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/monotonic.h"
#include "json/json.h"

/* More than the longest line: the report of an aggregate with all its flows has some 30 KiB. */
#define BUFFER_BYTES (512u << 10)
#define INTERVAL_MS  250u
/* Lines that nobody waits for are passed by so far before the place is written. */
#define UNWRITTEN_BYTES (256u << 10)

struct logtail {
    struct logtail_config config;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ending;
    bool must_stop;
    char place_file[PATH_MAX];
    struct place place, written;
    int log; /* -1: none is there */
    atomic_ullong n_gaps, n_behind_bytes;
    char buffer[BUFFER_BYTES];
};

/* False: it is not on the disk. What was taken since the last place is lost with this one when
 * somebody else keeps it, so it comes again. */
static bool save(struct logtail *t)
{
    const struct logtail_keeper *keeper = t->config.keeper;
    int result;

    if (t->place.offset != t->written.offset || t->place.inode != t->written.inode)
        t->place.sum = place_sum(t->log, t->place.offset);
    if (memcmp(&t->place, &t->written, sizeof(t->place)) == 0)
        return true;
    result = keeper != NULL ? keeper->save(t->config.context, &t->place)
                            : place_write(t->place_file, &t->place);
    if (result == 0) {
        t->written = t->place;
        return true;
    }
    t->config.say("event log: the place in %s cannot be kept: %s", t->place_file,
                  strerror(-result));
    if (keeper != NULL && t->place.inode == t->written.inode)
        t->place = t->written;
    return false;
}

static void count_gap(struct logtail *t, const char *what)
{
    atomic_fetch_add(&t->n_gaps, 1);
    t->config.say("event log %s: %s", t->config.path, what);
}

/* Goes on at `offset` of `log`, which it takes. */
static void use(struct logtail *t, int log, uint64_t offset)
{
    struct stat status = {0};

    if (t->log >= 0)
        close(t->log);
    t->log = log;
    fstat(log, &status);
    t->place = (struct place){.inode = status.st_ino, .offset = offset};
    t->place.sum = place_sum(log, offset);
    save(t);
}

/* False: its taker has no room now. */
static bool take_line(struct logtail *t, const char *line, size_t n)
{
    json_error_t error;
    json_t *event = json_parse(line, n, 0, &error);
    bool is_taken = true;

    if (json_is_object(event))
        is_taken = t->config.take(t->config.context, event);
    else
        count_gap(t, "a line is no event");
    json_decref(event);
    return is_taken;
}

/* Takes the whole lines that are there. True when there may be more. */
static bool take_lines(struct logtail *t)
{
    ssize_t n = pread(t->log, t->buffer, BUFFER_BYTES, (off_t)t->place.offset);
    const char *end, *at = t->buffer, *last = t->buffer + (n > 0 ? n : 0);

    while (at < last && (end = memchr(at, '\n', (size_t)(last - at))) != NULL) {
        if (end > at && !take_line(t, at, (size_t)(end - at)))
            break;
        t->place.offset += (uint64_t)(end + 1 - at);
        at = end + 1;
    }
    if (at == t->buffer && n == BUFFER_BYTES && memchr(t->buffer, '\n', (size_t)n) == NULL) {
        count_gap(t, "a line is longer than any event");
        t->place.offset += (uint64_t)n;
    }
    if (at > t->buffer && t->place.offset - t->written.offset >= UNWRITTEN_BYTES)
        save(t);
    return at > t->buffer;
}

/* What is left is a line without its end? */
static bool has_no_line(struct logtail *t)
{
    ssize_t n = pread(t->log, t->buffer, BUFFER_BYTES, (off_t)t->place.offset);

    return n > 0 && n < (ssize_t)BUFFER_BYTES && memchr(t->buffer, '\n', (size_t)n) == NULL;
}

/* All is read: is there a later log? */
static void follow_rotation(struct logtail *t)
{
    struct stat status, by_name;
    int next;

    if (fstat(t->log, &status) < 0)
        return;
    if ((uint64_t)status.st_size < t->place.offset) {
        count_gap(t, "it was cut; what was not read before is lost");
        use(t, dup(t->log), 0);
        return;
    }
    if (stat(t->config.path, &by_name) == 0 && by_name.st_ino == status.st_ino)
        return;
    next = place_next(t->config.path, &status.st_mtim, status.st_ino);
    if (next < 0)
        return;
    /* What was written between our last look and the rotation. */
    while (take_lines(t))
        continue;
    if (t->config.keeper != NULL && !save(t)) {
        close(next);
        return;
    }
    if (fstat(t->log, &status) < 0 || (uint64_t)status.st_size != t->place.offset) {
        if (!has_no_line(t)) {
            close(next);
            return;
        }
        /* Its writer has gone on to the next log: the rest never comes. */
        count_gap(t, "it ends within a line");
    }
    use(t, next, 0);
}

static uint64_t n_left(const struct logtail *t)
{
    struct stat status;

    return t->log >= 0 && fstat(t->log, &status) == 0 && (uint64_t)status.st_size > t->place.offset
               ? (uint64_t)status.st_size - t->place.offset
               : 0;
}

static void step(struct logtail *t)
{
    if (t->log < 0) {
        int log = open(t->config.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

        /* All of it is new: it was not there when we began. */
        if (log < 0)
            return;
        use(t, log, 0);
    }
    /* Before it is read: one that was cut, and has grown beyond our offset since, looks whole. */
    if (!place_is_in(&t->place, t->log)) {
        count_gap(t, "it was cut; what was not read before is lost");
        use(t, dup(t->log), 0);
    }
    while (take_lines(t))
        continue;
    follow_rotation(t);
    save(t);
    atomic_store(&t->n_behind_bytes, n_left(t));
}

static void *following_main(void *context)
{
    struct logtail *t = context;

    pthread_mutex_lock(&t->lock);
    while (!t->must_stop) {
        struct timespec until;

        pthread_mutex_unlock(&t->lock);
        step(t);
        until = monotonic_after_ms(t->config.interval_ms);
        pthread_mutex_lock(&t->lock);
        if (!t->must_stop)
            pthread_cond_timedwait(&t->ending, &t->lock, &until);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

/* Where it left off. 0, or what open(2) says of the log or of the place. */
static int resume(struct logtail *t)
{
    struct timespec at = {0};
    struct stat status;
    const struct logtail_keeper *keeper = t->config.keeper;
    int result = keeper != NULL ? keeper->load(t->config.context, &t->place, &at)
                                : place_read(t->place_file, &t->place, &at);
    int log;

    if (result == 0)
        t->written = t->place;
    if (result == -EINVAL)
        count_gap(t, "its place was not kept whole; what happened meanwhile is not read");
    else if (result != 0 && result != -ENOENT)
        return result;
    log = result == 0 ? place_find(&t->place, t->config.path) : -1;
    if (log >= 0) {
        use(t, log, t->place.offset);
        return 0;
    }
    if (result == 0) {
        count_gap(t, "the file that was read last is gone; what it had since is not read");
        log = place_next(t->config.path, &at, 0);
    } else {
        log = open(t->config.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    }
    if (log < 0)
        return result == 0 || errno == ENOENT ? 0 : -errno;
    use(t, log, result == 0 || fstat(log, &status) < 0 ? 0 : (uint64_t)status.st_size);
    return 0;
}

struct logtail *logtail_start(const struct logtail_config *config, char *error, size_t n_error)
{
    struct logtail *t = calloc(1, sizeof(*t));
    int result = -ENOMEM;

    if (t != NULL) {
        t->config = *config;
        t->log = -1;
        if (t->config.interval_ms == 0)
            t->config.interval_ms = INTERVAL_MS;
        pthread_mutex_init(&t->lock, NULL);
        monotonic_cond_init(&t->ending);
        if (config->keeper == NULL)
            snprintf(t->place_file, sizeof(t->place_file), "%s/event-log.place", config->directory);
        else
            snprintf(t->place_file, sizeof(t->place_file), "%s", config->directory);
        result = resume(t);
        if (result == 0)
            result = -pthread_create(&t->thread, NULL, following_main, t);
    }
    if (result == 0)
        return t;
    snprintf(error, n_error,
             "event log %s: %s; this user must be able to read it, and to write in %s",
             config->path, strerror(-result), config->directory);
    if (t != NULL && t->log >= 0)
        close(t->log);
    free(t);
    return NULL;
}

void logtail_stop(struct logtail *t)
{
    if (t == NULL)
        return;
    pthread_mutex_lock(&t->lock);
    t->must_stop = true;
    pthread_cond_signal(&t->ending);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    if (t->log >= 0)
        close(t->log);
    free(t);
}

uint64_t logtail_n_gaps(const struct logtail *t)
{
    return t != NULL ? atomic_load(&t->n_gaps) : 0;
}

uint64_t logtail_n_behind_bytes(const struct logtail *t)
{
    return t != NULL ? atomic_load(&t->n_behind_bytes) : 0;
}
