/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "pennyline/runtime.h"

struct place {
    char directory[64], folder[128], config[192];
};

static void make(struct place *p)
{
    int fd;

    snprintf(p->directory, sizeof(p->directory), "/tmp/test_runtime.XXXXXX");
    assert_non_null(mkdtemp(p->directory));
    snprintf(p->folder, sizeof(p->folder), "%s/mine", p->directory);
    assert_int_equal(mkdir(p->folder, 0700), 0);
    snprintf(p->config, sizeof(p->config), "%s/config", p->folder);
    fd = open(p->config, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static void unmake(const struct place *p)
{
    unlink(p->config);
    rmdir(p->folder);
    rmdir(p->directory);
}

/* Holds the file as EAL's primary does, until it is killed. */
static pid_t start_primary(const struct place *p)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int ready[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int fd = open(p->config, O_RDWR | O_CLOEXEC);

        if (fd < 0 || fcntl(fd, F_SETLK, &lock) != 0 || write(ready[1], "!", 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void test_the_primary_of_a_prefix_is_found_by_its_lock(void **state)
{
    struct place p;
    pid_t primary;

    (void)state;
    make(&p);
    assert_int_equal(runtime_owner(p.directory, "mine"), 0);
    assert_int_equal(runtime_owner(p.directory, "of-nobody"), 0);
    primary = start_primary(&p);
    assert_int_equal(runtime_owner(p.directory, "mine"), primary);
    assert_int_equal(runtime_owner(p.directory, "of-nobody"), 0);
    kill(primary, SIGKILL);
    assert_int_equal(waitpid(primary, NULL, 0), primary);
    assert_int_equal(runtime_owner(p.directory, "mine"), 0);
    unmake(&p);
}

static void test_room_is_that_of_the_nearest_directory_that_exists(void **state)
{
    struct place p;
    char below[256];

    (void)state;
    make(&p);
    snprintf(below, sizeof(below), "%s/not/yet/there", p.directory);
    assert_true(runtime_free_bytes(p.directory) < UINT64_MAX);
    assert_int_equal(runtime_free_bytes(below), runtime_free_bytes(p.directory));
    assert_int_equal(runtime_free_bytes("/proc/not-there"), 0); /* a file system without any */
    assert_true(runtime_free_bytes("no-slash-and-not-there") == UINT64_MAX);
    unmake(&p);
}

static void test_the_directory_is_the_one_that_eal_chooses(void **state)
{
    char directory[64];

    (void)state;
    unsetenv("RUNTIME_DIRECTORY");
    setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
    runtime_directory(directory, sizeof(directory));
    assert_string_equal(directory, getuid() == 0 ? "/var/run/dpdk" : "/run/user/7/dpdk");
    setenv("RUNTIME_DIRECTORY", "/run/of-a-unit", 1);
    runtime_directory(directory, sizeof(directory));
    assert_string_equal(directory, "/run/of-a-unit/dpdk");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_primary_of_a_prefix_is_found_by_its_lock),
        cmocka_unit_test(test_room_is_that_of_the_nearest_directory_that_exists),
        cmocka_unit_test(test_the_directory_is_the_one_that_eal_chooses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
