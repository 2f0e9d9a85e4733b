/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is served, how many at once, and who is dropped. */
#include "serving.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"

#define NOBODY 65534

static void a_client_too_many_is_told_so(void **state)
{
    struct serving *f = *state;
    int fds[CONTROL_MAX_CLIENTS], one_more;

    for (int i = 0; i < CONTROL_MAX_CLIENTS; i++)
        fds[i] = serving_connect(f);
    assert_int_equal(control_n_clients(f->control), CONTROL_MAX_CLIENTS);
    one_more = serving_connect(f);
    assert_heard(one_more, "\"turned_away\": true");
    close(one_more);
    close(fds[3]);
    serving_poll(f);
    one_more = serving_connect(f);
    serving_say(one_more, "{\"command\": \"version\"}\n");
    serving_poll(f);
    assert_heard(one_more, "\"ok\": true");
    close(one_more);
    for (int i = 0; i < CONTROL_MAX_CLIENTS; i++)
        if (i != 3)
            close(fds[i]);
}

/* As nobody, on a socket that its mode would let in. Exits 0 when it was refused in words. */
static void be_nobody(const struct serving *f)
{
    struct pollfd p = {.events = POLLIN};
    char text[512];

    if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
        _exit(1);
    p.fd = serving_try_connect(f);
    if (p.fd < 0 || poll(&p, 1, 10000) != 1)
        _exit(2);
    serving_hear(p.fd, text, sizeof(text));
    _exit(strstr(text, "only root and the user that the server runs as") != NULL ? 0 : 3);
}

static void another_user_is_refused_in_words(void **state)
{
    struct serving *f = *state;
    int status = 0;
    pid_t child;

    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(f->path, 0666), 0);
    assert_int_equal(chmod(f->directory, 0755), 0);
    child = fork();
    if (child == 0)
        be_nobody(f);
    while (waitpid(child, &status, WNOHANG) == 0) {
        control_poll(f->control, f->world.now_ns);
        usleep(1000);
    }
    assert_int_equal(status, 0);
    assert_int_equal(control_n_clients(f->control), 0);
}

/* As nobody, of a group that is let in. Exits 0 when it was answered. */
static void be_member(const struct serving *f)
{
    struct pollfd p = {.events = POLLIN};
    char text[512];

    if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
        _exit(1);
    p.fd = serving_try_connect(f);
    if (p.fd < 0)
        _exit(2);
    serving_say(p.fd, "{\"command\": \"version\"}\n");
    if (poll(&p, 1, 10000) != 1)
        _exit(3);
    serving_hear(p.fd, text, sizeof(text));
    _exit(strstr(text, "\"ok\": true") != NULL ? 0 : 4);
}

static void open_for_nobodys_group(struct serving *f)
{
    const struct group *group = geteuid() == 0 ? getgrgid(NOBODY) : NULL;

    if (group == NULL)
        skip();
    control_close(f->control);
    f->world.operations.group = group->gr_name;
    f->control = serving_open(f);
    assert_non_null(f->control);
    assert_int_equal(chmod(f->directory, 0755), 0);
}

static void a_member_of_the_named_group_is_served(void **state)
{
    struct serving *f = *state;
    struct stat status;
    int code = 0;
    pid_t child;

    open_for_nobodys_group(f);
    assert_int_equal(stat(f->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);
    assert_int_equal(status.st_gid, NOBODY);
    child = fork();
    if (child == 0)
        be_member(f);
    while (waitpid(child, &code, WNOHANG) == 0) {
        control_poll(f->control, f->world.now_ns);
        usleep(1000);
    }
    assert_int_equal(code, 0);
}

/* As a member of the group: takes all places that it can get, and says how many. Holds them until
 * the other end of `held` is closed. */
static void take_all_places(const struct serving *f, int said, int held)
{
    struct pollfd p = {.events = POLLIN};
    char text[512];
    uint8_t n = 0;

    if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
        _exit(1);
    for (int i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        p.fd = serving_try_connect(f);
        if (p.fd < 0)
            _exit(2);
        send(p.fd, "{\"command\": \"version\"}\n", 23, MSG_NOSIGNAL);
        if (poll(&p, 1, 10000) != 1)
            _exit(3);
        serving_hear(p.fd, text, sizeof(text));
        n += strstr(text, "\"ok\": true") != NULL;
    }
    if (write(said, &n, 1) != 1)
        _exit(4);
    _exit(read(held, text, 1) == 0 ? 0 : 5);
}

static void members_of_the_group_leave_places_to_root(void **state)
{
    struct serving *f = *state;
    int said[2], held[2], fd, status = -1;
    uint8_t n = 0;
    pid_t child;

    open_for_nobodys_group(f);
    assert_int_equal(pipe2(said, O_NONBLOCK) + pipe(held), 0);
    child = fork();
    if (child == 0) {
        close(held[1]);
        take_all_places(f, said[1], held[0]);
    }
    while (read(said[0], &n, 1) != 1 && waitpid(child, &status, WNOHANG) == 0) {
        control_poll(f->control, f->world.now_ns);
        usleep(1000);
    }
    assert_int_equal(n, CONTROL_MAX_CLIENTS - CONTROL_ROOT_CLIENTS);
    fd = serving_connect(f);
    serving_say(fd, "{\"command\": \"kill-switch\", \"on\": true}\n");
    serving_poll(f);
    assert_heard(fd, "\"ok\": true");
    close(fd);
    close(held[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    for (int i = 0; i < 2; i++)
        close(said[i]);
    close(held[0]);
}

static void who_is_idle_makes_room_when_it_is_needed(void **state)
{
    struct serving *f = *state;
    int fds[CONTROL_MAX_CLIENTS], one_more;
    char text[64];

    for (int i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        fds[i] = serving_connect(f);
        if (i == 0) {
            /* A watcher says nothing, and is not idle. */
            serving_say(fds[0], "{\"command\": \"watch\"}\n");
            serving_poll(f);
            assert_heard(fds[0], "watching");
        }
    }
    f->world.now_ns += CONTROL_IDLE_S * NS_PER_S / 2;
    serving_say(fds[1], "{\"command\": \"version\"}\n");
    serving_poll(f);
    assert_heard(fds[1], "\"ok\": true");
    f->world.now_ns += CONTROL_IDLE_S * NS_PER_S / 2;
    one_more = serving_connect(f);
    serving_say(one_more, "{\"command\": \"version\"}\n");
    serving_poll(f);
    assert_heard(one_more, "\"ok\": true");
    assert_int_equal(control_n_clients(f->control), CONTROL_MAX_CLIENTS);
    assert_true(serving_hear(fds[0], text, sizeof(text)));
    assert_true(serving_hear(fds[1], text, sizeof(text)));
    assert_false(serving_hear(fds[2], text, sizeof(text)));
    assert_true(serving_hear(fds[3], text, sizeof(text)));
    close(one_more);
    for (int i = 0; i < CONTROL_MAX_CLIENTS; i++)
        close(fds[i]);
}

static void a_group_that_is_not_there_is_refused(void **state)
{
    struct serving *f = *state;

    control_close(f->control);
    f->world.operations.group = "no-such-group";
    f->control = NULL;
    assert_null(serving_open(f));
    assert_non_null(strstr(f->error, "there is no such group"));
    assert_int_equal(access(f->path, F_OK), -1);
}

/* Asks on and on, and reads nothing. */
static void a_client_that_does_not_read_is_dropped(void **state)
{
    struct serving *f = *state;
    int fd = serving_connect(f);

    for (int i = 0; i < 4000; i++) {
        send(fd, "{\"command\": \"status\"}\n", 22, MSG_NOSIGNAL);
        control_poll(f->control, f->world.now_ns);
    }
    assert_int_equal(control_n_clients(f->control), 1);
    f->world.now_ns += (CONTROL_CLIENT_TIMEOUT_S + 1) * NS_PER_S;
    serving_poll(f);
    assert_int_equal(control_n_clients(f->control), 0);
    close(fd);
}

static void a_client_that_is_idle_is_not_dropped(void **state)
{
    struct serving *f = *state;
    int fd = serving_connect(f);

    f->world.now_ns += 3600 * NS_PER_S;
    serving_poll(f);
    serving_say(fd, "{\"command\": \"version\"}\n");
    serving_poll(f);
    assert_heard(fd, "\"ok\": true");
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, serving_set_up, serving_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_client_too_many_is_told_so),
        TEST(another_user_is_refused_in_words),
        TEST(a_member_of_the_named_group_is_served),
        TEST(a_group_that_is_not_there_is_refused),
        TEST(members_of_the_group_leave_places_to_root),
        TEST(who_is_idle_makes_room_when_it_is_needed),
        TEST(a_client_that_does_not_read_is_dropped),
        TEST(a_client_that_is_idle_is_not_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
