/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "pennyline/notify.h"

#define MS UINT64_C(1000000)

/* The service manager's end, at a path or a name. */
static int listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    unlink(name);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
                     0);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static const char *heard(int fd)
{
    static char text[256];
    ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

static int reset(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return 0;
}

static void test_it_tells_at_a_path_and_at_a_name(void **state)
{
    char path[64], name[64];
    const char *const addresses[] = {path, name};

    (void)state;
    snprintf(path, sizeof(path), "/tmp/test_notify.%d", (int)getpid());
    snprintf(name, sizeof(name), "@test_notify.%d", (int)getpid());
    for (size_t i = 0; i < 2; i++) {
        int fd = listen_at(addresses[i]);
        struct notify n;

        notify_open(&n);
        notify_tell(&n, "READY=1\nSTATUS=forwarding");
        assert_string_equal(heard(fd), "READY=1\nSTATUS=forwarding");
        notify_close(&n);
        close(fd);
    }
    unlink(path);
}

static void test_without_a_manager_nothing_is_sent(void **state)
{
    static const char *const bad[] = {"", "relative", "/tmp/test_notify.nobody"};
    struct notify n;

    (void)state;
    notify_open(&n);
    assert_int_equal(n.fd, -1);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        setenv("NOTIFY_SOCKET", bad[i], 1);
        notify_open(&n);
        assert_int_equal(n.fd, -1);
        notify_tell(&n, "READY=1");
        notify_alive(&n, 1, MS);
        notify_close(&n);
    }
}

static void test_signs_of_life_come_twice_a_period_while_epochs_go_on(void **state)
{
    char name[64];
    struct notify n;
    int fd;

    (void)state;
    snprintf(name, sizeof(name), "@test_notify.%d", (int)getpid());
    fd = listen_at(name);
    setenv("WATCHDOG_USEC", "10000", 1);
    notify_open(&n);
    notify_alive(&n, 7, 100 * MS);
    assert_string_equal(heard(fd), "WATCHDOG=1");
    notify_alive(&n, 8, 104 * MS);
    assert_string_equal(heard(fd), "");
    notify_alive(&n, 8, 105 * MS);
    assert_string_equal(heard(fd), "WATCHDOG=1");
    notify_alive(&n, 8, 999 * MS); /* workers hang */
    assert_string_equal(heard(fd), "");
    notify_alive(&n, 9, 1000 * MS);
    assert_string_equal(heard(fd), "WATCHDOG=1");
    notify_close(&n);
    setenv("WATCHDOG_PID", "1", 1); /* meant for another process */
    notify_open(&n);
    notify_alive(&n, 10, 2000 * MS);
    assert_string_equal(heard(fd), "");
    notify_close(&n);
    close(fd);
}

/* Its queue is full, as when a machine starts. */
static void test_what_the_manager_cannot_take_now_is_told_again(void **state)
{
    char name[64];
    struct notify n;
    int fd, sender;
    bool has_told = false;

    (void)state;
    snprintf(name, sizeof(name), "@test_notify.%d", (int)getpid());
    fd = listen_at(name);
    setenv("WATCHDOG_USEC", "10000", 1);
    notify_open(&n);
    sender = dup(n.fd);
    while (send(sender, "x", 1, MSG_DONTWAIT) == 1)
        continue;
    notify_tell(&n, "READY=1");
    notify_alive(&n, 7, 100 * MS);
    while (*heard(fd) == 'x')
        continue;
    notify_alive(&n, 8, 101 * MS);
    assert_string_equal(heard(fd), "READY=1");
    assert_string_equal(heard(fd), "WATCHDOG=1");
    notify_alive(&n, 9, 102 * MS);
    has_told = *heard(fd) != '\0';
    assert_false(has_told);
    notify_close(&n);
    close(sender);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_it_tells_at_a_path_and_at_a_name, reset),
        cmocka_unit_test_setup(test_without_a_manager_nothing_is_sent, reset),
        cmocka_unit_test_setup(test_signs_of_life_come_twice_a_period_while_epochs_go_on, reset),
        cmocka_unit_test_setup(test_what_the_manager_cannot_take_now_is_told_again, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
