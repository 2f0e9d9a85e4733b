/* SPDX-License-Identifier: BSD-3-Clause */
/* Clients that watch: events, and those that they lose. */
#include "serving.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"

static int connect_watcher(struct serving *f)
{
    int fd = serving_connect(f);

    serving_say(fd, "{\"command\": \"watch\"}\n");
    serving_poll(f);
    assert_heard(fd, "{\"ok\": true, \"result\": {\"watching\": true}}\n");
    assert_true(control_has_watchers(f->control));
    return fd;
}

static void publish_number(struct serving *f, int i)
{
    json_t *event = json_pack("{s:s, s:i}", "event", "test", "i", i);

    control_publish(f->control, event);
    json_decref(event);
}

static void a_watcher_gets_events_and_others_do_not(void **state)
{
    struct serving *f = *state;
    int other = serving_connect(f), watcher = connect_watcher(f);
    char text[64];

    publish_number(f, 1);
    publish_number(f, 2);
    serving_poll(f);
    assert_heard(watcher, "{\"event\": \"test\", \"i\": 1}\n{\"event\": \"test\", \"i\": 2}\n");
    assert_int_equal(recv(other, text, sizeof(text), MSG_DONTWAIT), -1);
    close(other);
    close(watcher);
    serving_poll(f);
    assert_false(control_has_watchers(f->control));
    assert_int_equal(control_n_clients(f->control), 0);
}

/* Numbered events as they arrive, with what is said to be lost in between. */
struct listener_state {
    char pending[4096];
    size_t used;
    int next, n_lost_told;
};

static void take_line(struct listener_state *l, const char *line)
{
    int i, n;

    if (sscanf(line, "{\"event\": \"test\", \"i\": %d}", &i) == 1) {
        assert_int_equal(i, l->next);
        l->next = i + 1;
    } else {
        assert_int_equal(sscanf(line, "{\"event\": \"events_lost\", \"count\": %d}", &n), 1);
        l->n_lost_told += n;
        l->next += n;
    }
}

static bool take_some(struct listener_state *l, int fd)
{
    ssize_t n = recv(fd, l->pending + l->used, sizeof(l->pending) - 1 - l->used, MSG_DONTWAIT);
    char *end;

    if (n <= 0)
        return false;
    l->used += (size_t)n;
    l->pending[l->used] = '\0';
    while ((end = strchr(l->pending, '\n')) != NULL) {
        *end = '\0';
        take_line(l, l->pending);
        l->used -= (size_t)(end + 1 - l->pending);
        memmove(l->pending, end + 1, l->used + 1);
    }
    return true;
}

static void a_slow_watcher_is_told_how_many_events_it_lost(void **state)
{
    struct serving *f = *state;
    int fd = connect_watcher(f), i = 0;
    struct listener_state l = {.next = 0};

    /* More than the socket and the backlog hold together. */
    for (; i < 60000; i++) {
        publish_number(f, i);
        control_poll(f->control, f->world.now_ns);
    }
    while (take_some(&l, fd) || l.n_lost_told == 0) {
        control_poll(f->control, f->world.now_ns);
        if (l.n_lost_told == 0)
            publish_number(f, i++);
    }
    assert_true(l.n_lost_told > 0);
    assert_int_equal(l.next, i);
    close(fd);
}

static void a_watcher_that_never_reads_is_dropped_at_last(void **state)
{
    struct serving *f = *state;
    int fd = connect_watcher(f);

    for (int i = 0; i < 20000; i++)
        publish_number(f, i);
    serving_poll(f);
    f->world.now_ns += (CONTROL_WATCHER_TIMEOUT_S - 1) * NS_PER_S;
    serving_poll(f);
    assert_int_equal(control_n_clients(f->control), 1);
    f->world.now_ns += 2 * NS_PER_S;
    serving_poll(f);
    assert_int_equal(control_n_clients(f->control), 0);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, serving_set_up, serving_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_watcher_gets_events_and_others_do_not),
        TEST(a_slow_watcher_is_told_how_many_events_it_lost),
        TEST(a_watcher_that_never_reads_is_dropped_at_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
