/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "control_client/control_client.h"

struct fixture {
    char directory[64], path[108];
    struct sockaddr_un address;
    int server;
    struct control_client client;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    *state = f;
    strcpy(f->directory, "/tmp/control-client-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof(f->path), "%s/s.sock", f->directory);
    f->address.sun_family = AF_UNIX;
    strcpy(f->address.sun_path, f->path);
    f->server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(f->server, (struct sockaddr *)&f->address, sizeof(f->address)), 0);
    return listen(f->server, 1);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    control_client_close(&f->client);
    close(f->server);
    unlink(f->path);
    rmdir(f->directory);
    free(f);
    return 0;
}

static void assert_error(const struct fixture *f, const char *words)
{
    if (strstr(f->client.error, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", f->client.error, words);
}

/* A server that hangs accepts nobody, and who waits for it fills its backlog. */
static void a_server_that_takes_no_connection_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    int waiting[16];
    int n = 0;

    for (; n < 16; n++) {
        waiting[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (connect(waiting[n], (struct sockaddr *)&f->address, sizeof(f->address)) != 0)
            break;
    }
    assert_true(n < 16);
    assert_int_equal(control_client_open(&f->client, f->path, 1), -1);
    assert_error(f, "no answer for 1 s: pennyline hangs");
    for (; n >= 0; n--)
        close(waiting[n]);
}

static void an_answer_that_does_not_come_is_waited_for_as_long_as_is_said(void **state)
{
    struct fixture *f = *state;
    json_t *request = json_pack("{s:s}", "command", "status");

    assert_int_equal(control_client_open(&f->client, f->path, 1), 0);
    assert_null(control_client_ask(&f->client, request));
    assert_error(f, "no answer for 1 s: pennyline hangs");
    assert_false(f->client.is_refusal);
    json_decref(request);
}

/* Sends a question, and gives it this answer. */
static json_t *ask_and_hear(struct fixture *f, const char *answer)
{
    json_t *request = json_pack("{s:s}", "command", "status"), *result;
    int fd;

    control_client_close(&f->client);
    assert_int_equal(control_client_open(&f->client, f->path, 10), 0);
    fd = accept(f->server, NULL, NULL);
    assert_int_equal(send(fd, answer, strlen(answer), 0), strlen(answer));
    result = control_client_ask(&f->client, request);
    json_decref(request);
    close(fd);
    return result;
}

static void to_be_turned_away_is_no_answer_to_the_question(void **state)
{
    struct fixture *f = *state;

    assert_null(ask_and_hear(f, "{\"ok\": false, \"error\": \"no such aggregate\"}\n"));
    assert_true(f->client.is_refusal);
    assert_false(f->client.is_turned_away);
    assert_null(ask_and_hear(f, "{\"ok\": false, \"error\": \"16 clients are connected already\", "
                                "\"turned_away\": true}\n"));
    assert_false(f->client.is_refusal);
    assert_true(f->client.is_turned_away);
    assert_error(f, "16 clients");
}

static void what_lies_at_the_path_is_told_apart(void **state)
{
    struct fixture *f = *state;

    close(f->server);
    assert_int_equal(control_client_open(&f->client, f->path, 1), -1);
    assert_error(f, "left its socket behind");
    unlink(f->path);
    assert_int_equal(control_client_open(&f->client, f->path, 1), -1);
    assert_error(f, "is pennyline running?");
    close(open(f->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    assert_int_equal(control_client_open(&f->client, f->path, 1), -1);
    assert_error(f, "that is no socket");
    f->server = -1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_server_that_takes_no_connection_is_not_waited_for),
        TEST(an_answer_that_does_not_come_is_waited_for_as_long_as_is_said),
        TEST(to_be_turned_away_is_no_answer_to_the_question),
        TEST(what_lies_at_the_path_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
