/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/time.h"
#include "base/unix_socket.h"
#include "world.h"

#define NOBODY 65534

struct fixture {
    struct world world;
    struct control *control;
    char directory[64], inner[96], path[108], error[512];
};

static struct control *open_server(struct fixture *f)
{
    return control_open(f->path, &f->world.operations, f->error, sizeof(f->error));
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    *state = f;
    strcpy(f->directory, "/tmp/control-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->inner, sizeof(f->inner), "%s/run", f->directory);
    snprintf(f->path, sizeof(f->path), "%s/s.sock", f->inner);
    assert_int_equal(world_open(&f->world), 0);
    f->control = open_server(f);
    if (f->control == NULL)
        print_error("%s\n", f->error);
    return f->control == NULL;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    control_close(f->control);
    world_close(&f->world);
    unlink(f->path);
    rmdir(f->inner);
    rmdir(f->directory);
    free(f);
    return 0;
}

static int try_connect(const struct fixture *f)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    strcpy(address.sun_path, f->path);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

static void serve(struct fixture *f)
{
    for (int i = 0; i < 8; i++)
        control_poll(f->control, f->world.now_ns);
}

static int connect_client(struct fixture *f)
{
    int fd = try_connect(f);

    assert_true(fd >= 0);
    serve(f);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* All that is there to read now; at most n - 1 bytes. Ends with NUL. False when the server closed
 * the connection. */
static bool hear(int fd, char *out, size_t n)
{
    ssize_t got = recv(fd, out, n - 1, MSG_DONTWAIT);

    out[got > 0 ? got : 0] = '\0';
    return got != 0;
}

static void assert_heard(int fd, const char *expected)
{
    char text[4096];

    hear(fd, text, sizeof(text));
    if (strstr(text, expected) == NULL)
        fail_msg("heard \"%s\", not \"%s\"", text, expected);
}

static void the_socket_is_private_and_its_directory_is_made(void **state)
{
    struct fixture *f = *state;
    struct stat status;

    assert_int_equal(stat(f->path, &status), 0);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_living_server_keeps_its_socket(void **state)
{
    struct fixture *f = *state;
    int fd;

    assert_null(open_server(f));
    assert_non_null(strstr(f->error, "another process answers there"));
    assert_non_null(strstr(f->error, f->path));
    fd = connect_client(f);
    close(fd);
}

static void a_stale_socket_is_replaced(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    control_close(f->control);
    strcpy(address.sun_path, f->path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
    f->control = open_server(f);
    assert_non_null(f->control);
    close(connect_client(f));
}

static void a_path_is_left_to_the_one_that_takes_it_just_now(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int lock;

    control_close(f->control);
    strcpy(address.sun_path, f->path);
    lock = unix_socket_lock(&address);
    f->control = open_server(f);
    assert_null(f->control);
    assert_non_null(strstr(f->error, "another process is starting there"));
    unix_socket_unlock(&address, lock);
    f->control = open_server(f);
    assert_non_null(f->control);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
    struct fixture *f = *state;

    control_close(f->control);
    close(open(f->path, O_CREAT | O_WRONLY, 0600));
    f->control = open_server(f);
    assert_null(f->control);
    assert_non_null(strstr(f->error, "no socket"));
    assert_int_equal(access(f->path, F_OK), 0);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[200];

    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_null(control_open(path, &f->world.operations, f->error, sizeof(f->error)));
    assert_non_null(strstr(f->error, "1 to 107 bytes"));
    assert_null(control_open("", &f->world.operations, f->error, sizeof(f->error)));
}

static void closing_takes_the_socket_away_but_no_other(void **state)
{
    struct fixture *f = *state;
    struct control *first = f->control;

    unlink(f->path);
    f->control = open_server(f);
    assert_non_null(f->control);
    control_close(first);
    assert_int_equal(access(f->path, F_OK), 0);
    control_close(f->control);
    f->control = NULL;
    assert_int_not_equal(access(f->path, F_OK), 0);
}

static void a_request_may_come_in_pieces_and_several_at_once(void **state)
{
    struct fixture *f = *state;
    int fd = connect_client(f);
    char text[8192];

    say(fd, "{\"command\": ");
    serve(f);
    assert_int_equal(recv(fd, text, sizeof(text), MSG_DONTWAIT), -1);
    say(fd, "\"version\"}\n{\"command\": \"nonsense\"}\n");
    serve(f);
    hear(fd, text, sizeof(text));
    assert_ptr_equal(strstr(text, "{\"ok\": true, \"result\": {\"program\": \"pennyline\""), text);
    assert_non_null(strstr(text, "\n{\"ok\": false, \"error\": \"\\\"nonsense\\\""));
    close(fd);
}

static void the_last_line_needs_no_end(void **state)
{
    struct fixture *f = *state;
    int fd = connect_client(f);
    char text[512];

    say(fd, "{\"command\": \"version\"}");
    shutdown(fd, SHUT_WR);
    serve(f);
    assert_true(hear(fd, text, sizeof(text)));
    assert_non_null(strstr(text, "\"ok\": true"));
    assert_false(hear(fd, text, sizeof(text)));
    assert_int_equal(control_n_clients(f->control), 0);
    close(fd);
}

static void a_request_that_is_too_long_is_refused(void **state)
{
    struct fixture *f = *state;
    int fd = connect_client(f);
    char piece[4097], text[512];

    memset(piece, 'x', sizeof(piece) - 1);
    piece[sizeof(piece) - 1] = '\0';
    for (int i = 0; i < 17; i++) {
        if (send(fd, piece, sizeof(piece) - 1, MSG_NOSIGNAL) < 0)
            break;
        serve(f);
    }
    hear(fd, text, sizeof(text));
    assert_non_null(strstr(text, "longer than 64 KiB"));
    assert_int_equal(control_n_clients(f->control), 0);
    close(fd);
}

static void a_client_too_many_is_told_so(void **state)
{
    struct fixture *f = *state;
    int fds[CONTROL_MAX_CLIENTS], one_more;

    for (int i = 0; i < CONTROL_MAX_CLIENTS; i++)
        fds[i] = connect_client(f);
    assert_int_equal(control_n_clients(f->control), CONTROL_MAX_CLIENTS);
    one_more = connect_client(f);
    assert_heard(one_more, "\"turned_away\": true");
    close(one_more);
    close(fds[3]);
    serve(f);
    one_more = connect_client(f);
    say(one_more, "{\"command\": \"version\"}\n");
    serve(f);
    assert_heard(one_more, "\"ok\": true");
    close(one_more);
    for (int i = 0; i < CONTROL_MAX_CLIENTS; i++)
        if (i != 3)
            close(fds[i]);
}

/* As nobody, on a socket that its mode would let in. Exits 0 when it was refused in words. */
static void be_nobody(const struct fixture *f)
{
    struct pollfd p = {.events = POLLIN};
    char text[512];

    if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
        _exit(1);
    p.fd = try_connect(f);
    if (p.fd < 0 || poll(&p, 1, 10000) != 1)
        _exit(2);
    hear(p.fd, text, sizeof(text));
    _exit(strstr(text, "only root and the user that the server runs as") != NULL ? 0 : 3);
}

static void another_user_is_refused_in_words(void **state)
{
    struct fixture *f = *state;
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
static void be_member(const struct fixture *f)
{
    struct pollfd p = {.events = POLLIN};
    char text[512];

    if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
        _exit(1);
    p.fd = try_connect(f);
    if (p.fd < 0)
        _exit(2);
    say(p.fd, "{\"command\": \"version\"}\n");
    if (poll(&p, 1, 10000) != 1)
        _exit(3);
    hear(p.fd, text, sizeof(text));
    _exit(strstr(text, "\"ok\": true") != NULL ? 0 : 4);
}

static void open_for_nobodys_group(struct fixture *f)
{
    const struct group *group = geteuid() == 0 ? getgrgid(NOBODY) : NULL;

    if (group == NULL)
        skip();
    control_close(f->control);
    f->world.operations.group = group->gr_name;
    f->control = open_server(f);
    assert_non_null(f->control);
    assert_int_equal(chmod(f->directory, 0755), 0);
}

static void a_member_of_the_named_group_is_served(void **state)
{
    struct fixture *f = *state;
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
static void take_all_places(const struct fixture *f, int said, int held)
{
    struct pollfd p = {.events = POLLIN};
    char text[512];
    uint8_t n = 0;

    if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
        _exit(1);
    for (int i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        p.fd = try_connect(f);
        if (p.fd < 0)
            _exit(2);
        send(p.fd, "{\"command\": \"version\"}\n", 23, MSG_NOSIGNAL);
        if (poll(&p, 1, 10000) != 1)
            _exit(3);
        hear(p.fd, text, sizeof(text));
        n += strstr(text, "\"ok\": true") != NULL;
    }
    if (write(said, &n, 1) != 1)
        _exit(4);
    _exit(read(held, text, 1) == 0 ? 0 : 5);
}

static void members_of_the_group_leave_places_to_root(void **state)
{
    struct fixture *f = *state;
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
    fd = connect_client(f);
    say(fd, "{\"command\": \"kill-switch\", \"on\": true}\n");
    serve(f);
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
    struct fixture *f = *state;
    int fds[CONTROL_MAX_CLIENTS], one_more;
    char text[64];

    for (int i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        fds[i] = connect_client(f);
        if (i == 0) {
            /* A watcher says nothing, and is not idle. */
            say(fds[0], "{\"command\": \"watch\"}\n");
            serve(f);
            assert_heard(fds[0], "watching");
        }
    }
    f->world.now_ns += CONTROL_IDLE_S * NS_PER_S / 2;
    say(fds[1], "{\"command\": \"version\"}\n");
    serve(f);
    assert_heard(fds[1], "\"ok\": true");
    f->world.now_ns += CONTROL_IDLE_S * NS_PER_S / 2;
    one_more = connect_client(f);
    say(one_more, "{\"command\": \"version\"}\n");
    serve(f);
    assert_heard(one_more, "\"ok\": true");
    assert_int_equal(control_n_clients(f->control), CONTROL_MAX_CLIENTS);
    assert_true(hear(fds[0], text, sizeof(text)));
    assert_true(hear(fds[1], text, sizeof(text)));
    assert_false(hear(fds[2], text, sizeof(text)));
    assert_true(hear(fds[3], text, sizeof(text)));
    close(one_more);
    for (int i = 0; i < CONTROL_MAX_CLIENTS; i++)
        close(fds[i]);
}

/* The manager was held up, and gave no answer; the operator has turned to other means since. */
static void nothing_is_done_for_a_client_that_left(void **state)
{
    struct fixture *f = *state;
    int before = connect_client(f), later = try_connect(f);

    manager_set_kill_switch(f->world.operations.manager, true, 1);
    say(before, "{\"command\": \"kill-switch\", \"on\": false}\n");
    close(before);
    assert_true(later >= 0);
    say(later, "{\"command\": \"test start\", \"aggregate\": 0}\n");
    close(later);
    serve(f);
    assert_true(manager_kill_switch(f->world.operations.manager));
    assert_false(manager_any_running(f->world.operations.manager));
    assert_int_equal(control_n_clients(f->control), 0);
}

static void the_kill_switch_is_on_though_nobody_waits_for_its_reply(void **state)
{
    struct fixture *f = *state;
    int fd = try_connect(f);

    assert_true(fd >= 0);
    say(fd, "{\"command\": \"status\"}\n{\"command\": \"kill-switch\", \"on\": true}");
    close(fd);
    serve(f);
    assert_true(manager_kill_switch(f->world.operations.manager));
    assert_int_equal(control_n_clients(f->control), 0);
}

/* As "nc -N" does. */
static void who_only_says_that_no_more_comes_is_answered(void **state)
{
    struct fixture *f = *state;
    int fd = try_connect(f);

    assert_true(fd >= 0);
    say(fd, "{\"command\": \"kill-switch\", \"on\": true}\n");
    shutdown(fd, SHUT_WR);
    serve(f);
    assert_heard(fd, "\"ok\": true");
    assert_true(manager_kill_switch(f->world.operations.manager));
    close(fd);
}

static void a_group_that_is_not_there_is_refused(void **state)
{
    struct fixture *f = *state;

    control_close(f->control);
    f->world.operations.group = "no-such-group";
    f->control = NULL;
    assert_null(open_server(f));
    assert_non_null(strstr(f->error, "there is no such group"));
    assert_int_equal(access(f->path, F_OK), -1);
}

/* Asks on and on, and reads nothing. */
static void a_client_that_does_not_read_is_dropped(void **state)
{
    struct fixture *f = *state;
    int fd = connect_client(f);

    for (int i = 0; i < 4000; i++) {
        send(fd, "{\"command\": \"status\"}\n", 22, MSG_NOSIGNAL);
        control_poll(f->control, f->world.now_ns);
    }
    assert_int_equal(control_n_clients(f->control), 1);
    f->world.now_ns += (CONTROL_CLIENT_TIMEOUT_S + 1) * NS_PER_S;
    serve(f);
    assert_int_equal(control_n_clients(f->control), 0);
    close(fd);
}

static void a_client_that_is_idle_is_not_dropped(void **state)
{
    struct fixture *f = *state;
    int fd = connect_client(f);

    f->world.now_ns += 3600 * NS_PER_S;
    serve(f);
    say(fd, "{\"command\": \"version\"}\n");
    serve(f);
    assert_heard(fd, "\"ok\": true");
    close(fd);
}

static int connect_watcher(struct fixture *f)
{
    int fd = connect_client(f);

    say(fd, "{\"command\": \"watch\"}\n");
    serve(f);
    assert_heard(fd, "{\"ok\": true, \"result\": {\"watching\": true}}\n");
    assert_true(control_has_watchers(f->control));
    return fd;
}

static void publish_number(struct fixture *f, int i)
{
    json_t *event = json_pack("{s:s, s:i}", "event", "test", "i", i);

    control_publish(f->control, event);
    json_decref(event);
}

static void a_watcher_gets_events_and_others_do_not(void **state)
{
    struct fixture *f = *state;
    int other = connect_client(f), watcher = connect_watcher(f);
    char text[64];

    publish_number(f, 1);
    publish_number(f, 2);
    serve(f);
    assert_heard(watcher, "{\"event\": \"test\", \"i\": 1}\n{\"event\": \"test\", \"i\": 2}\n");
    assert_int_equal(recv(other, text, sizeof(text), MSG_DONTWAIT), -1);
    close(other);
    close(watcher);
    serve(f);
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
    int fd = connect_watcher(f);

    for (int i = 0; i < 20000; i++)
        publish_number(f, i);
    serve(f);
    f->world.now_ns += (CONTROL_WATCHER_TIMEOUT_S - 1) * NS_PER_S;
    serve(f);
    assert_int_equal(control_n_clients(f->control), 1);
    f->world.now_ns += 2 * NS_PER_S;
    serve(f);
    assert_int_equal(control_n_clients(f->control), 0);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
        TEST(a_client_too_many_is_told_so),
        TEST(another_user_is_refused_in_words),
        TEST(a_member_of_the_named_group_is_served),
        TEST(a_group_that_is_not_there_is_refused),
        TEST(members_of_the_group_leave_places_to_root),
        TEST(who_is_idle_makes_room_when_it_is_needed),
        TEST(nothing_is_done_for_a_client_that_left),
        TEST(the_kill_switch_is_on_though_nobody_waits_for_its_reply),
        TEST(who_only_says_that_no_more_comes_is_answered),
        TEST(a_client_that_does_not_read_is_dropped),
        TEST(a_client_that_is_idle_is_not_dropped),
        TEST(a_watcher_gets_events_and_others_do_not),
        TEST(a_slow_watcher_is_told_how_many_events_it_lost),
        TEST(a_watcher_that_never_reads_is_dropped_at_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
