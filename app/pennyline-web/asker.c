/* SPDX-License-Identifier: BSD-3-Clause */
#include "asker.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/monotonic.h"
#include "control_client/control_client.h"
#include "json/json.h"

/* So many questions per second for reports; commands have no limit but one another. */
#define REPORTS_PER_S 50.0
#define REPORTS_BURST 50.0
#define KEPT_S        0.2
#define N_KEPT        16
#define WAIT_S        2

struct kept_report {
    unsigned int aggregate;
    double at_s; /* 0: nothing kept */
    char *text;
};

struct asker {
    pthread_mutex_t lock; /* of the turn; the rest is whose turn it is */
    pthread_cond_t turn;
    bool is_asking;
    struct control_client connection;
    bool is_open;
    const char *socket;
    double tokens, filled_s;
    struct kept_report kept[N_KEPT];
};

struct asker *asker_create(const char *socket)
{
    struct asker *a = calloc(1, sizeof(*a));

    if (a == NULL)
        return NULL;
    pthread_mutex_init(&a->lock, NULL);
    monotonic_cond_init(&a->turn);
    a->socket = socket;
    a->tokens = REPORTS_BURST;
    return a;
}

void asker_destroy(struct asker *a)
{
    if (a == NULL)
        return;
    for (int i = 0; i < N_KEPT; i++)
        free(a->kept[i].text);
    if (a->is_open)
        control_client_close(&a->connection);
    pthread_cond_destroy(&a->turn);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

static void hang_up(struct asker *a)
{
    if (a->is_open)
        control_client_close(&a->connection);
    a->is_open = false;
}

static bool open_line(struct asker *a)
{
    a->is_open = control_client_open(&a->connection, a->socket, WAIT_S) == 0;
    return a->is_open;
}

/* Between questions nothing comes; what is readable then is the end. */
static bool has_ended(const struct asker *a)
{
    struct pollfd fd = {.fd = a->connection.fd, .events = POLLIN};

    return poll(&fd, 1, 0) != 0;
}

/* Who calls it has the turn. */
static enum asker_answer ask(struct asker *a, const json_t *request, json_t **result,
                             char error[ASKER_ERROR_BYTES])
{
    enum asker_answer answer = ASKER_DONE;

    if (a->is_open && has_ended(a))
        hang_up(a);
    if (!a->is_open && !open_line(a)) {
        snprintf(error, ASKER_ERROR_BYTES, "%s", a->connection.error);
        return ASKER_GONE;
    }
    *result = control_client_ask(&a->connection, request);
    if (*result == NULL) {
        snprintf(error, ASKER_ERROR_BYTES, "%s", a->connection.error);
        answer = a->connection.is_refusal       ? ASKER_REFUSED
                 : a->connection.is_turned_away ? ASKER_BUSY
                                                : ASKER_SILENT;
    }
    /* An answer that comes late would be taken for that of the next question. */
    if (*result == NULL && answer != ASKER_REFUSED)
        hang_up(a);
    return answer;
}

/* One question at a time: false when it is not our turn in time. */
static bool take_turn(struct asker *a)
{
    const struct timespec until = monotonic_after_ms(WAIT_S * 1000);
    bool is_ours;

    pthread_mutex_lock(&a->lock);
    while (a->is_asking && pthread_cond_timedwait(&a->turn, &a->lock, &until) == 0)
        continue;
    is_ours = !a->is_asking;
    a->is_asking = true;
    pthread_mutex_unlock(&a->lock);
    return is_ours;
}

static void give_turn(struct asker *a)
{
    pthread_mutex_lock(&a->lock);
    a->is_asking = false;
    pthread_cond_signal(&a->turn);
    pthread_mutex_unlock(&a->lock);
}

enum asker_answer asker_command(struct asker *a, json_t *request, json_t **result,
                                char error[ASKER_ERROR_BYTES])
{
    enum asker_answer answer = ASKER_BUSY;

    if (take_turn(a)) {
        answer = ask(a, request, result, error);
        give_turn(a);
    }
    json_decref(request);
    return answer;
}

static bool take_token(struct asker *a, double now_s)
{
    a->tokens += (now_s - a->filled_s) * REPORTS_PER_S;
    a->tokens = a->tokens > REPORTS_BURST ? REPORTS_BURST : a->tokens;
    a->filled_s = now_s;
    if (a->tokens < 1)
        return false;
    a->tokens -= 1;
    return true;
}

/* Who calls it has the turn. */
static enum asker_answer ask_for_report(struct asker *a, unsigned int aggregate, double now_s,
                                        struct kept_report *kept, char error[ASKER_ERROR_BYTES])
{
    json_t *request =
        json_pack("{s:s, s:I}", "command", "aggregate", "aggregate", (json_int_t)aggregate);
    json_t *result = NULL;
    enum asker_answer answer = ask(a, request, &result, error);

    json_decref(request);
    if (answer != ASKER_DONE)
        return answer;
    free(kept->text);
    *kept =
        (struct kept_report){aggregate, now_s, json_dumps(result, JSON_COMPACT | JSON_ALL_DIGITS)};
    json_decref(result);
    return ASKER_DONE;
}

enum asker_answer asker_report(struct asker *a, unsigned int aggregate, char **text,
                               char error[ASKER_ERROR_BYTES])
{
    struct kept_report *kept = &a->kept[aggregate % N_KEPT];
    enum asker_answer answer = ASKER_DONE;
    double now_s;

    if (!take_turn(a))
        return ASKER_BUSY;
    now_s = monotonic_s();
    if (kept->text == NULL || kept->aggregate != aggregate || now_s - kept->at_s > KEPT_S)
        answer =
            take_token(a, now_s) ? ask_for_report(a, aggregate, now_s, kept, error) : ASKER_BUSY;
    if (answer == ASKER_DONE) {
        *text = kept->text != NULL ? strdup(kept->text) : NULL;
        if (*text == NULL)
            answer = ASKER_BUSY;
    }
    give_turn(a);
    return answer;
}
