/* SPDX-License-Identifier: BSD-3-Clause */
#include "jobs.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config_calls.h"
#include "control_client/control_client.h"
#include "json/json.h"

#define CONNECT_S 3

struct job {
    struct jobs *jobs;
    struct job *next, *previous; /* of those under way */
    struct job *next_done;
    enum job_kind kind;
    struct start_test test;
    void *owner;                   /* the main thread's; NULL: given up */
    struct control_client *client; /* while it waits for events; under the lock */
    bool is_given_up;              /* under the lock */
    struct job_result result;
};

struct jobs {
    const char *socket;
    unsigned int most, n;
    int descriptor;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct job *under_way; /* all but those that the main thread was told of */
    struct job *done;
};

struct jobs *jobs_create(const char *socket, unsigned int most)
{
    struct jobs *jobs = calloc(1, sizeof(*jobs));

    if (jobs == NULL)
        return NULL;
    jobs->socket = socket;
    jobs->most = most;
    jobs->descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    pthread_mutex_init(&jobs->lock, NULL);
    pthread_cond_init(&jobs->changed, NULL);
    if (jobs->descriptor >= 0)
        return jobs;
    jobs_destroy(jobs);
    return NULL;
}

int jobs_descriptor(const struct jobs *jobs)
{
    return jobs->descriptor;
}

unsigned int jobs_under_way(const struct jobs *jobs)
{
    return jobs->n;
}

static void free_job(struct job *job)
{
    start_test_free(&job->test);
    free(job->result.message);
    free(job);
}

/* From here on giving up ends the wait. False: it was given up already. */
static bool begin_wait(struct job *job, struct control_client *client)
{
    bool goes_on;

    pthread_mutex_lock(&job->jobs->lock);
    goes_on = !job->is_given_up;
    job->client = goes_on ? client : NULL;
    pthread_mutex_unlock(&job->jobs->lock);
    return goes_on;
}

static bool end_wait(struct job *job)
{
    bool is_given_up;

    pthread_mutex_lock(&job->jobs->lock);
    job->client = NULL;
    is_given_up = job->is_given_up;
    pthread_mutex_unlock(&job->jobs->lock);
    return !is_given_up;
}

static bool is_end_of(const json_t *event, const char *slice)
{
    const char *kind = json_string_at(event, "event");

    return (strcmp(kind, "test_ended") == 0 || strcmp(kind, "watch_ended") == 0 ||
            strcmp(kind, "test_refused") == 0) &&
           strcmp(json_string_at(event, "slice"), slice) == 0;
}

/* 0 when the test is over; -1 when pennyline is gone, or the job was given up. */
static int await(struct control_client *client, const char *slice)
{
    json_t *event;
    bool is_over = false;

    while (!is_over && (event = control_client_next(client)) != NULL) {
        is_over = is_end_of(event, slice);
        json_decref(event);
    }
    return is_over ? 0 : -1;
}

/* By a connection of its own: the other one hears events. NULL with the error. */
static json_t *ask_once(struct job *job, json_t *request, char *error, size_t n_error)
{
    struct control_client client;
    json_t *result = NULL;

    if (control_client_open(&client, job->jobs->socket, CONNECT_S) == 0) {
        control_client_set_wait(&client, CONTROL_CLIENT_WAIT_S);
        result = control_client_ask(&client, request);
    }
    if (result == NULL)
        snprintf(error, n_error, "%s", client.error);
    control_client_close(&client);
    json_decref(request);
    return result;
}

static json_t *about_test(const char *command, const json_t *test)
{
    return json_pack("{s:s, s:O}", "command", command, "test", json_object_get(test, "test"));
}

/* The test was asked for: wait, and say what it found; or end it. */
static json_t *follow(struct job *job, struct control_client *client, const json_t *test,
                      char *error, size_t n_error)
{
    json_t *shown = NULL;
    int status = -1;

    if (begin_wait(job, client))
        status = await(client, json_string_at(test, "slice"));
    if (!end_wait(job)) {
        json_decref(ask_once(job, about_test("test end", test), error, n_error));
        return NULL;
    }
    if (status != 0) {
        snprintf(error, n_error, "%s", client->error);
        return NULL;
    }
    shown = ask_once(job, about_test("test show", test), error, n_error);
    if (shown != NULL && !json_has_at(shown, "report"))
        snprintf(error, n_error, "the test was refused: %s", json_string_at(shown, "reason"));
    return shown;
}

static void run_test(struct job *job)
{
    char error[CONTROL_CLIENT_ERROR_BYTES + 64] = "";
    struct control_client client;
    json_t *asked = NULL, *shown = NULL;

    if (control_client_open(&client, job->jobs->socket, CONNECT_S) == 0) {
        control_client_set_wait(&client, CONTROL_CLIENT_WAIT_S);
        asked = control_client_ask(&client, job->test.command);
    }
    if (asked != NULL)
        shown = follow(job, &client, json_array_get(json_object_get(asked, "tests"), 0), error,
                       sizeof(error));
    else
        snprintf(error, sizeof(error), "%s", client.error);
    job->result.message = start_test_answer(&job->test, shown, error, &job->result.n);
    json_decref(shown);
    json_decref(asked);
    control_client_close(&client);
}

static void run_command(struct job *job)
{
    static const char *const commands[] = {[JOB_RELOAD] = "reload",
                                           [JOB_EFFECTIVE_CONFIG] = "config show",
                                           [JOB_STATUS] = "status",
                                           [JOB_HEALTH] = "status"};
    char error[CONTROL_CLIENT_ERROR_BYTES] = "", status[CONTROL_CLIENT_ERROR_BYTES + 16] = "ok";
    json_t *said =
        ask_once(job, json_pack("{s:s}", "command", commands[job->kind]), error, sizeof(error));

    if (said == NULL)
        snprintf(status, sizeof(status), "error: %s", error);
    if (job->kind == JOB_HEALTH)
        job->result.message = health_answer(said != NULL, &job->result.n);
    else if (job->kind == JOB_STATUS)
        job->result.message = status_answer(status, said, &job->result.n);
    else
        job->result.message = config_answer(status, said, &job->result.n);
    json_decref(said);
}

/* Hands it to the main thread, or ends it where nobody waits. */
static void finish(struct job *job)
{
    struct jobs *jobs = job->jobs;
    uint64_t one = 1;

    pthread_mutex_lock(&jobs->lock);
    if (job->previous != NULL)
        job->previous->next = job->next;
    else
        jobs->under_way = job->next;
    if (job->next != NULL)
        job->next->previous = job->previous;
    job->next_done = jobs->done;
    jobs->done = job;
    if (write(jobs->descriptor, &one, sizeof(one)) < 0)
        abort(); /* an eventfd takes what is written but at 2^64 */
    pthread_cond_signal(&jobs->changed);
    pthread_mutex_unlock(&jobs->lock);
}

static void *run(void *argument)
{
    struct job *job = argument;

    if (job->kind == JOB_START_TEST)
        run_test(job);
    else
        run_command(job);
    finish(job);
    return NULL;
}

static int start_thread(struct job *job)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int error;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    error = pthread_create(&thread, &attributes, run, job);
    pthread_attr_destroy(&attributes);
    return -error;
}

struct job *jobs_begin(struct jobs *jobs, enum job_kind kind, struct start_test *test, void *owner)
{
    struct job *job = jobs->n < jobs->most ? calloc(1, sizeof(*job)) : NULL;
    int error;

    if (job == NULL)
        return NULL;
    job->jobs = jobs;
    job->kind = kind;
    job->owner = owner;
    if (kind == JOB_START_TEST)
        job->test = *test;
    pthread_mutex_lock(&jobs->lock);
    error = start_thread(job);
    if (error == 0) {
        job->next = jobs->under_way;
        if (job->next != NULL)
            job->next->previous = job;
        jobs->under_way = job;
        jobs->n++;
    }
    pthread_mutex_unlock(&jobs->lock);
    if (error != 0) {
        free(job);
        return NULL;
    }
    if (kind == JOB_START_TEST)
        *test = (struct start_test){0};
    return job;
}

static void give_up(struct job *job)
{
    job->is_given_up = true;
    job->owner = NULL;
    if (job->client != NULL)
        shutdown(job->client->fd, SHUT_RDWR);
}

void jobs_give_up(struct jobs *jobs, struct job *job)
{
    pthread_mutex_lock(&jobs->lock);
    give_up(job);
    pthread_mutex_unlock(&jobs->lock);
}

static struct job *take_done(struct jobs *jobs)
{
    struct job *job;
    uint64_t n;

    pthread_mutex_lock(&jobs->lock);
    job = jobs->done;
    if (job != NULL)
        jobs->done = job->next_done;
    else if (read(jobs->descriptor, &n, sizeof(n)) < 0 && errno != EAGAIN)
        abort();
    pthread_mutex_unlock(&jobs->lock);
    return job;
}

void *jobs_next(struct jobs *jobs, struct job_result *result)
{
    struct job *job;

    while ((job = take_done(jobs)) != NULL) {
        void *owner = job->owner;

        jobs->n--;
        *result = job->result;
        if (owner != NULL)
            job->result.message = NULL;
        free_job(job);
        if (owner != NULL)
            return owner;
    }
    return NULL;
}

void jobs_destroy(struct jobs *jobs)
{
    struct job_result result;

    if (jobs == NULL)
        return;
    pthread_mutex_lock(&jobs->lock);
    for (struct job *job = jobs->under_way; job != NULL; job = job->next)
        give_up(job);
    while (jobs->under_way != NULL)
        pthread_cond_wait(&jobs->changed, &jobs->lock);
    pthread_mutex_unlock(&jobs->lock);
    while (jobs_next(jobs, &result) != NULL)
        free(result.message);
    if (jobs->descriptor >= 0)
        close(jobs->descriptor);
    pthread_cond_destroy(&jobs->changed);
    pthread_mutex_destroy(&jobs->lock);
    free(jobs);
}
