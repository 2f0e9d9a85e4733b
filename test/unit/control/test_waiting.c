/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests whose reply comes later: their connection waits, and no other does. */
#include "serving.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
    unsigned int n;
    uint64_t tickets[4];
    bool dry_run;
    char who[64];
    bool refuse;
} asked;

static bool reload(void *context, const struct control_peer *peer, const char *on_behalf_of,
                   bool dry_run, uint64_t now_ns, char *error, size_t n_error)
{
    (void)context;
    (void)now_ns;
    if (asked.refuse) {
        snprintf(error, n_error, "too many changes wait");
        return false;
    }
    asked.tickets[asked.n++ % 4] = peer->ticket;
    asked.dry_run = dry_run;
    snprintf(asked.who, sizeof(asked.who), "%s", on_behalf_of != NULL ? on_behalf_of : "nobody");
    return true;
}

static bool config_diff(void *context, const struct control_peer *peer, uint64_t now_ns,
                        char *error, size_t n_error)
{
    return reload(context, peer, "a diff", true, now_ns, error, n_error);
}

static int set_up(void **state)
{
    int error = serving_set_up(state);
    struct serving *f = *state;

    memset(&asked, 0, sizeof(asked));
    if (error == 0) {
        f->world.operations.reload = reload;
        f->world.operations.config_diff = config_diff;
        control_begin(f->control, &f->world.operations);
    }
    return error;
}

static void reply(struct serving *f, uint64_t ticket, const char *error)
{
    json_t *result = json_pack("{s:i}", "generation", 2);

    control_reply(f->control, ticket, result, error);
    json_decref(result);
    serving_poll(f);
}

static void the_reply_comes_later_and_what_was_asked_behind_it_waits(void **state)
{
    struct serving *f = *state;
    int fd = serving_connect(f), other = serving_connect(f);
    char text[512];

    serving_say(fd, "{\"command\": \"reload\", \"dry_run\": true, \"on_behalf_of\": \"REST\"}\n"
                    "{\"command\": \"version\"}\n");
    serving_poll(f);
    assert_int_equal(asked.n, 1);
    assert_true(asked.dry_run);
    assert_string_equal(asked.who, "REST");
    serving_hear(fd, text, sizeof(text));
    assert_string_equal(text, "");
    serving_say(other, "{\"command\": \"version\"}\n");
    serving_poll(f);
    assert_heard(other, "\"program\"");
    reply(f, asked.tickets[0], NULL);
    serving_poll(f);
    serving_hear(fd, text, sizeof(text));
    assert_non_null(strstr(text, "\"generation\": 2"));
    assert_non_null(strstr(text, "\"program\""));
    close(fd);
    close(other);
}

static void each_gets_its_own_reply_and_who_left_gets_none(void **state)
{
    struct serving *f = *state;
    int fd = serving_connect(f), other = serving_connect(f);
    char text[512];

    serving_say(fd, "{\"command\": \"reload\"}\n");
    serving_say(other, "{\"command\": \"reload\"}\n");
    serving_poll(f);
    assert_int_equal(asked.n, 2);
    assert_int_not_equal(asked.tickets[0], asked.tickets[1]);
    reply(f, asked.tickets[1], "nothing is changed: line 3");
    serving_hear(asked.tickets[0] < asked.tickets[1] ? fd : other, text, sizeof(text));
    assert_string_equal(text, "");
    assert_heard(asked.tickets[0] < asked.tickets[1] ? other : fd, "line 3");
    close(fd);
    close(other);
    serving_poll(f);
    reply(f, asked.tickets[0], NULL);
    assert_int_equal(control_n_clients(f->control), 0);
}

static void what_is_not_taken_on_is_refused_at_once(void **state)
{
    struct serving *f = *state;
    int fd = serving_connect(f);

    asked.refuse = true;
    serving_say(fd, "{\"command\": \"reload\"}\n");
    serving_poll(f);
    assert_heard(fd, "reload: too many changes wait");
    close(fd);
}

static void a_difference_is_told_when_the_file_was_read(void **state)
{
    struct serving *f = *state;
    int fd = serving_connect(f);

    serving_say(fd, "{\"command\": \"config diff\"}\n");
    serving_poll(f);
    assert_int_equal(asked.n, 1);
    assert_string_equal(asked.who, "a diff");
    reply(f, asked.tickets[0], NULL);
    assert_heard(fd, "\"generation\": 2");
    asked.refuse = true;
    serving_say(fd, "{\"command\": \"config diff\"}\n");
    serving_poll(f);
    assert_heard(fd, "config diff: too many changes wait");
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, serving_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_reply_comes_later_and_what_was_asked_behind_it_waits),
        TEST(each_gets_its_own_reply_and_who_left_gets_none),
        TEST(a_difference_is_told_when_the_file_was_read),
        TEST(what_is_not_taken_on_is_refused_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
