/* SPDX-License-Identifier: BSD-3-Clause */
#include "expected.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "port/dpdk_compat.h"

#define LOOK_S 2

/* What tells a file from the one that was there before. */
struct mark {
    ino_t inode;
    off_t n_bytes;
    struct timespec changed;
};

struct expected {
    dpdk_thread thread;
    sem_t wake;
    _Atomic bool ends;
    /* Of both threads; held for some moves of pointers and bytes. */
    pthread_mutex_t lock;
    char path[CONFIG_PATH_BYTES];
    enum expected_news news;
    char words[EXPECTED_WORDS_BYTES];
    struct map_expectation *fresh, *old;
    /* The thread's own. */
    char seen_path[CONFIG_PATH_BYTES];
    struct mark seen;
};

static struct mark mark_of(const char *path)
{
    struct mark mark = {0};
    struct stat s;

    if (stat(path, &s) == 0)
        mark = (struct mark){s.st_ino, s.st_size, s.st_mtim};
    return mark;
}

static bool is_same(const struct mark *a, const struct mark *b)
{
    return a->inode == b->inode && a->n_bytes == b->n_bytes &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* What was read, or why not. What nobody took yet is replaced. */
static void post(struct expected *e, struct map_expectation *fresh, const char *words)
{
    struct map_expectation *unused;

    pthread_mutex_lock(&e->lock);
    unused = e->fresh;
    e->fresh = fresh;
    e->news = fresh != NULL ? EXPECTED_READ : EXPECTED_REFUSED;
    snprintf(e->words, sizeof(e->words), "%s", words);
    pthread_mutex_unlock(&e->lock);
    map_expectation_destroy(unused);
}

static void read_file(struct expected *e, const char *path)
{
    char error[EXPECT_ERROR_BYTES];
    struct map_expectation *made;
    struct expectation opened;

    if (expect_open(path, &opened, error) != 0) {
        post(e, NULL, error);
        return;
    }
    made = map_expectation_create(&opened);
    post(e, made, made == NULL ? "not enough memory" : "");
}

static void look(struct expected *e)
{
    struct map_expectation *old;
    char path[CONFIG_PATH_BYTES];
    struct mark mark;

    pthread_mutex_lock(&e->lock);
    memcpy(path, e->path, sizeof(path));
    old = e->old;
    e->old = NULL;
    pthread_mutex_unlock(&e->lock);
    map_expectation_destroy(old);
    if (path[0] == '\0') {
        e->seen_path[0] = '\0';
        return;
    }
    mark = mark_of(path);
    if (strcmp(path, e->seen_path) == 0 && is_same(&mark, &e->seen))
        return;
    memcpy(e->seen_path, path, sizeof(path));
    e->seen = mark;
    read_file(e, path);
}

static DPDK_THREAD_RESULT run(void *argument)
{
    struct expected *e = argument;
    struct timespec until;

    while (!atomic_load(&e->ends)) {
        look(e);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += LOOK_S;
        while (sem_timedwait(&e->wake, &until) != 0 && errno == EINTR)
            ;
    }
    return 0;
}

int expected_start(struct expected **out)
{
    struct expected *e = calloc(1, sizeof(*e));
    int error;

    if (e == NULL)
        return -ENOMEM;
    sem_init(&e->wake, 0, 0);
    pthread_mutex_init(&e->lock, NULL);
    error = dpdk_thread_create(&e->thread, "expected", run, e);
    if (error != 0) {
        free(e);
        return error < 0 ? error : -error;
    }
    *out = e;
    return 0;
}

void expected_stop(struct expected *e)
{
    if (e == NULL)
        return;
    atomic_store(&e->ends, true);
    sem_post(&e->wake);
    dpdk_thread_join(e->thread);
    map_expectation_destroy(e->fresh);
    map_expectation_destroy(e->old);
    pthread_mutex_destroy(&e->lock);
    sem_destroy(&e->wake);
    free(e);
}

void expected_watch(struct expected *e, const char *path)
{
    pthread_mutex_lock(&e->lock);
    snprintf(e->path, sizeof(e->path), "%s", path);
    pthread_mutex_unlock(&e->lock);
    sem_post(&e->wake);
}

enum expected_news expected_take(struct expected *e, struct map_expectation **out,
                                 char words[EXPECTED_WORDS_BYTES])
{
    enum expected_news news;

    pthread_mutex_lock(&e->lock);
    news = e->news;
    e->news = EXPECTED_NOTHING;
    *out = e->fresh;
    e->fresh = NULL;
    memcpy(words, e->words, sizeof(e->words));
    pthread_mutex_unlock(&e->lock);
    return news;
}

/* One at a time: the next one leaves only when the manager's grace period is over again. */
void expected_give_back(struct expected *e, struct map_expectation *old)
{
    pthread_mutex_lock(&e->lock);
    if (e->old == NULL) {
        e->old = old;
        old = NULL;
    }
    pthread_mutex_unlock(&e->lock);
    map_expectation_destroy(old);
    sem_post(&e->wake);
}
