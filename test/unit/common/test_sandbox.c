/* SPDX-License-Identifier: BSD-3-Clause */
/* Each in a process of its own, since nobody leaves the sandbox again. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "common/sandbox.h"

static bool runs_a_program(void)
{
    char *const arguments[] = {(char *)"true", NULL};

    execv("/bin/true", arguments);
    return errno != ENOSYS;
}

static bool makes_a_process(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    return child > 0;
}

static bool sends_raw_frames(void)
{
    return socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != ENOSYS;
}

static bool looks_into_others(void)
{
    return ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) == 0 || errno != ENOSYS;
}

static bool makes_code(void)
{
    return mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED;
}

static void *nothing(void *context)
{
    return context;
}

static bool does_its_work(void)
{
    struct addrinfo *found = NULL;
    pthread_t thread;
    int fd = open("/etc/hostname", O_RDONLY | O_CLOEXEC), tcp = socket(AF_INET, SOCK_STREAM, 0);
    bool works = tcp >= 0 && pthread_create(&thread, NULL, nothing, NULL) == 0 &&
                 pthread_join(thread, NULL) == 0;

    works = works && getaddrinfo("localhost", "80", NULL, &found) == 0;
    if (found != NULL)
        freeaddrinfo(found);
    if (fd >= 0)
        close(fd);
    return works && close(tcp) == 0;
}

/* The answer of one that is in the sandbox, or not. */
static bool ask(bool (*what)(void), bool is_in)
{
    char error[256];
    pid_t child = fork();
    int status;

    if (child == 0) {
        if (is_in && sandbox_enter(error, sizeof(error)) != 0)
            _exit(2);
        _exit(what() ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

static void what_a_gateway_never_does_is_not_to_be_had(void **state)
{
    static bool (*const forbidden[])(void) = {runs_a_program, makes_a_process, sends_raw_frames,
                                              looks_into_others, makes_code};

    (void)state;
    if (!sandbox_is_there())
        skip();
    for (size_t i = 0; i < ARRAY_LENGTH(forbidden); i++)
        assert_false(ask(forbidden[i], true));
    assert_true(ask(makes_a_process, false));
}

static void what_it_does_works(void **state)
{
    (void)state;
    assert_true(ask(does_its_work, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_gateway_never_does_is_not_to_be_had),
        cmocka_unit_test(what_it_does_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
