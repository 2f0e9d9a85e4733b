/* SPDX-License-Identifier: BSD-3-Clause */
#include "state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RETRY_S     5
#define PATH_LENGTH 320

struct state_file {
    char path[PATH_LENGTH], next_path[PATH_LENGTH + 8];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    char *waiting; /* text to be written, or NULL */
    bool must_end, has_news;
    char trouble[160], told[160];
};

static int write_all(int fd, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, text, n);

        if (done < 0 && errno != EINTR)
            return -errno;
        text += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return 0;
}

/* Beside it first, and on the disk, before it takes its name. */
static int write_file(const struct state_file *f, const char *text)
{
    int fd = open(f->next_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    int error = fd < 0 ? -errno : write_all(fd, text, strlen(text));

    if (fd >= 0 && error == 0 && fsync(fd) != 0)
        error = -errno;
    if (fd >= 0 && close(fd) != 0 && error == 0)
        error = -errno;
    if (error == 0 && rename(f->next_path, f->path) != 0)
        error = -errno;
    return error;
}

/* Under the lock. */
static void note(struct state_file *f, int error)
{
    char trouble[sizeof(f->trouble)] = "";

    if (error != 0)
        snprintf(trouble, sizeof(trouble), "%.100s: %s", f->path, strerror(-error));
    f->has_news = f->has_news || strcmp(trouble, f->trouble) != 0;
    memcpy(f->trouble, trouble, sizeof(trouble));
}

static void wait_for_work(struct state_file *f, bool is_retry)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += RETRY_S;
    if (is_retry)
        pthread_cond_timedwait(&f->wake, &f->lock, &until);
    while (!is_retry && f->waiting == NULL && !f->must_end)
        pthread_cond_wait(&f->wake, &f->lock);
}

static void *run(void *context)
{
    struct state_file *f = context;
    bool is_retry = false;

    pthread_mutex_lock(&f->lock);
    while (!f->must_end || (f->waiting != NULL && !is_retry)) {
        char *text;
        int error;

        wait_for_work(f, is_retry && !f->must_end);
        text = f->waiting;
        f->waiting = NULL;
        if (text == NULL)
            continue;
        pthread_mutex_unlock(&f->lock);
        error = write_file(f, text);
        pthread_mutex_lock(&f->lock);
        note(f, error);
        is_retry = error != 0;
        if (is_retry && f->waiting == NULL)
            f->waiting = text;
        else
            free(text);
    }
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

/* -1 with errno when there is none afterwards. */
static int make_directory(const char *directory)
{
    struct stat status;

    if (mkdir(directory, 0750) == 0)
        return 0;
    if (errno != EEXIST || stat(directory, &status) != 0)
        return -1;
    errno = ENOTDIR;
    return S_ISDIR(status.st_mode) ? 0 : -1;
}

struct state_file *state_file_open(const char *directory, const char *name, char *error,
                                   size_t n_error)
{
    struct state_file *f = calloc(1, sizeof(*f));
    pthread_condattr_t monotonic;

    if (f == NULL || make_directory(directory) != 0) {
        snprintf(error, n_error, "instance.state_directory %s: %s", directory, strerror(errno));
        free(f);
        return NULL;
    }
    snprintf(f->path, sizeof(f->path), "%s/%s", directory, name);
    snprintf(f->next_path, sizeof(f->next_path), "%s.next", f->path);
    pthread_mutex_init(&f->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&f->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&f->thread, NULL, run, f) == 0)
        return f;
    snprintf(error, n_error, "instance.state_directory: no thread to write it");
    free(f);
    return NULL;
}

/* What is wrong with it, or NULL. */
static const char *trouble_of(const json_t *value, int version, const json_error_t *why)
{
    const json_t *is = json_object_get(value, "version");

    return value == NULL                       ? why->text
           : !json_is_object(value)            ? "no JSON object"
           : json_integer_value(is) != version ? "of another version than this program knows"
                                               : NULL;
}

json_t *state_file_read(const struct state_file *f, int version, char *error, size_t n_error)
{
    char aside[PATH_LENGTH + 8];
    const char *trouble;
    json_error_t why;
    json_t *value;

    error[0] = '\0';
    if (access(f->path, F_OK) != 0 && errno == ENOENT)
        return NULL;
    value = json_load_file(f->path, JSON_REJECT_DUPLICATES, &why);
    trouble = trouble_of(value, version, &why);
    if (trouble == NULL)
        return value;
    json_decref(value);
    snprintf(aside, sizeof(aside), "%s.bad", f->path);
    if (rename(f->path, aside) == 0)
        snprintf(error, n_error,
                 "%.200s: %s; what it holds is not in force, and lies in %.200s now", f->path,
                 trouble, aside);
    else
        snprintf(error, n_error,
                 "%.200s: %s; what it holds is not in force, and it cannot be set aside: %s",
                 f->path, trouble, strerror(errno));
    return NULL;
}

void state_file_write(struct state_file *f, json_t *value)
{
    char *text = json_dumps(value, JSON_INDENT(2) | JSON_REAL_PRECISION(15));

    json_decref(value);
    pthread_mutex_lock(&f->lock);
    free(f->waiting);
    f->waiting = text;
    pthread_cond_signal(&f->wake);
    pthread_mutex_unlock(&f->lock);
}

bool state_file_has_news(struct state_file *f, const char **trouble)
{
    bool has_news;

    pthread_mutex_lock(&f->lock);
    has_news = f->has_news;
    f->has_news = false;
    memcpy(f->told, f->trouble, sizeof(f->told));
    pthread_mutex_unlock(&f->lock);
    *trouble = f->told[0] != '\0' ? f->told : NULL;
    return has_news;
}

void state_file_close(struct state_file *f)
{
    if (f == NULL)
        return;
    pthread_mutex_lock(&f->lock);
    f->must_end = true;
    pthread_cond_signal(&f->wake);
    pthread_mutex_unlock(&f->lock);
    pthread_join(f->thread, NULL);
    pthread_cond_destroy(&f->wake);
    pthread_mutex_destroy(&f->lock);
    free(f->waiting);
    free(f);
}
