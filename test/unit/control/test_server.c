/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket, and requests on it. */
#include "serving.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/unix_socket.h"

static void the_socket_is_private_and_its_directory_is_made(void **state)
{
    struct serving *f = *state;
    struct stat status;

    assert_int_equal(stat(f->path, &status), 0);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_living_server_keeps_its_socket(void **state)
{
    struct serving *f = *state;
    int fd;

    assert_null(serving_open(f));
    assert_non_null(strstr(f->error, "another process answers there"));
    assert_non_null(strstr(f->error, f->path));
    fd = serving_connect(f);
    close(fd);
}

static void a_stale_socket_is_replaced(void **state)
{
    struct serving *f = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    control_close(f->control);
    strcpy(address.sun_path, f->path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
    f->control = serving_open(f);
    assert_non_null(f->control);
    close(serving_connect(f));
}

static void a_path_is_left_to_the_one_that_takes_it_just_now(void **state)
{
    struct serving *f = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int lock;

    control_close(f->control);
    strcpy(address.sun_path, f->path);
    lock = unix_socket_lock(&address);
    f->control = serving_open(f);
    assert_null(f->control);
    assert_non_null(strstr(f->error, "another process is starting there"));
    unix_socket_unlock(&address, lock);
    f->control = serving_open(f);
    assert_non_null(f->control);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
    struct serving *f = *state;

    control_close(f->control);
    close(open(f->path, O_CREAT | O_WRONLY, 0600));
    f->control = serving_open(f);
    assert_null(f->control);
    assert_non_null(strstr(f->error, "no socket"));
    assert_int_equal(access(f->path, F_OK), 0);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    struct serving *f = *state;
    char path[200];

    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_null(control_open(path, &f->world.operations, f->error, sizeof(f->error)));
    assert_non_null(strstr(f->error, "1 to 107 bytes"));
    assert_null(control_open("", &f->world.operations, f->error, sizeof(f->error)));
}

static void closing_takes_the_socket_away_but_no_other(void **state)
{
    struct serving *f = *state;
    struct control *first = f->control;

    unlink(f->path);
    f->control = serving_open(f);
    assert_non_null(f->control);
    control_close(first);
    assert_int_equal(access(f->path, F_OK), 0);
    control_close(f->control);
    f->control = NULL;
    assert_int_not_equal(access(f->path, F_OK), 0);
}

static void a_request_may_come_in_pieces_and_several_at_once(void **state)
{
    struct serving *f = *state;
    int fd = serving_connect(f);
    char text[8192];

    serving_say(fd, "{\"command\": ");
    serving_poll(f);
    assert_int_equal(recv(fd, text, sizeof(text), MSG_DONTWAIT), -1);
    serving_say(fd, "\"version\"}\n{\"command\": \"nonsense\"}\n");
    serving_poll(f);
    serving_hear(fd, text, sizeof(text));
    assert_ptr_equal(strstr(text, "{\"ok\": true, \"result\": {\"program\": \"pennyline\""), text);
    assert_non_null(strstr(text, "\n{\"ok\": false, \"error\": \"\\\"nonsense\\\""));
    close(fd);
}

static void the_last_line_needs_no_end(void **state)
{
    struct serving *f = *state;
    int fd = serving_connect(f);
    char text[512];

    serving_say(fd, "{\"command\": \"version\"}");
    shutdown(fd, SHUT_WR);
    serving_poll(f);
    assert_true(serving_hear(fd, text, sizeof(text)));
    assert_non_null(strstr(text, "\"ok\": true"));
    assert_false(serving_hear(fd, text, sizeof(text)));
    assert_int_equal(control_n_clients(f->control), 0);
    close(fd);
}

static void a_request_that_is_too_long_is_refused(void **state)
{
    struct serving *f = *state;
    int fd = serving_connect(f);
    char piece[4097], text[512];

    memset(piece, 'x', sizeof(piece) - 1);
    piece[sizeof(piece) - 1] = '\0';
    for (int i = 0; i < 17; i++) {
        if (send(fd, piece, sizeof(piece) - 1, MSG_NOSIGNAL) < 0)
            break;
        serving_poll(f);
    }
    serving_hear(fd, text, sizeof(text));
    assert_non_null(strstr(text, "longer than 64 KiB"));
    assert_int_equal(control_n_clients(f->control), 0);
    close(fd);
}

/* The manager was held up, and gave no answer; the operator has turned to other means since. */
static void nothing_is_done_for_a_client_that_left(void **state)
{
    struct serving *f = *state;
    int before = serving_connect(f), later = serving_try_connect(f);

    manager_set_kill_switch(f->world.operations.manager, true, 1);
    serving_say(before, "{\"command\": \"kill-switch\", \"on\": false}\n");
    close(before);
    assert_true(later >= 0);
    serving_say(later, "{\"command\": \"test start\", \"aggregate\": 0}\n");
    close(later);
    serving_poll(f);
    assert_true(manager_kill_switch(f->world.operations.manager));
    assert_false(manager_any_running(f->world.operations.manager));
    assert_int_equal(control_n_clients(f->control), 0);
}

static void the_kill_switch_is_on_though_nobody_waits_for_its_reply(void **state)
{
    struct serving *f = *state;
    int fd = serving_try_connect(f);

    assert_true(fd >= 0);
    serving_say(fd, "{\"command\": \"status\"}\n{\"command\": \"kill-switch\", \"on\": true}");
    close(fd);
    serving_poll(f);
    assert_true(manager_kill_switch(f->world.operations.manager));
    assert_int_equal(control_n_clients(f->control), 0);
}

/* As "nc -N" does. */
static void who_only_says_that_no_more_comes_is_answered(void **state)
{
    struct serving *f = *state;
    int fd = serving_try_connect(f);

    assert_true(fd >= 0);
    serving_say(fd, "{\"command\": \"kill-switch\", \"on\": true}\n");
    shutdown(fd, SHUT_WR);
    serving_poll(f);
    assert_heard(fd, "\"ok\": true");
    assert_true(manager_kill_switch(f->world.operations.manager));
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, serving_set_up, serving_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_socket_is_private_and_its_directory_is_made),
        TEST(a_living_server_keeps_its_socket),
        TEST(a_stale_socket_is_replaced),
        TEST(a_path_is_left_to_the_one_that_takes_it_just_now),
        TEST(a_file_that_is_no_socket_is_left_alone),
        TEST(a_path_that_is_too_long_is_refused),
        TEST(closing_takes_the_socket_away_but_no_other),
        TEST(a_request_may_come_in_pieces_and_several_at_once),
        TEST(the_last_line_needs_no_end),
        TEST(a_request_that_is_too_long_is_refused),
        TEST(nothing_is_done_for_a_client_that_left),
        TEST(the_kill_switch_is_on_though_nobody_waits_for_its_reply),
        TEST(who_only_says_that_no_more_comes_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
