/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "queue.h"

#define MAX_BYTES 1000000

struct fixture {
    char directory[64], path[96];
    struct queue *queue;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    *state = f;
    signal(SIGXFSZ, SIG_IGN);
    strcpy(f->directory, "/tmp/web-queue-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof(f->path), "%s/q", f->directory);
    f->queue = queue_open(f->path, MAX_BYTES);
    return f->queue == NULL;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    queue_close(f->queue);
    unlink(f->path);
    rmdir(f->directory);
    free(f);
    return 0;
}

/* No file may grow beyond this, or be written there: write(2) then fails. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static int push(struct fixture *f, const char *line)
{
    return queue_push(f->queue, line, strlen(line));
}

static void assert_first(struct fixture *f, const char *expected)
{
    char *line;

    assert_int_equal(queue_first(f->queue, &line), 0);
    assert_string_equal(line, expected);
    free(line);
}

static void open_again(struct fixture *f)
{
    queue_close(f->queue);
    f->queue = queue_open(f->path, MAX_BYTES);
    assert_non_null(f->queue);
}

/* Lines that a crash may have left, behind what the queue has. */
static void append_raw(struct fixture *f, const char *bytes, size_t n)
{
    int fd = open(f->path, O_WRONLY | O_APPEND);

    assert_int_equal(write(fd, bytes, n), n);
    close(fd);
    open_again(f);
}

static void lines_come_in_order_also_after_a_restart(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(push(f, "one") + push(f, "two") + push(f, "three"), 0);
    assert_first(f, "one");
    assert_int_equal(queue_pop(f->queue), 0);
    open_again(f);
    assert_int_equal(queue_n_lines(f->queue), 2);
    assert_first(f, "two");
    assert_int_equal(queue_pop(f->queue), 0);
    assert_first(f, "three");
}

static void what_was_taken_off_stays_off_when_the_disk_fails(void **state)
{
    struct fixture *f = *state;
    int result;

    assert_int_equal(push(f, "one") + push(f, "two") + push(f, "three"), 0);
    assert_first(f, "one");
    limit_files(0);
    result = queue_pop(f->queue);
    limit_files(RLIM_INFINITY);
    assert_int_equal(result, -EFBIG);
    assert_int_equal(queue_n_lines(f->queue), 2);
    assert_first(f, "two");
    /* The next write that succeeds takes note of it. */
    assert_int_equal(push(f, "four"), 0);
    open_again(f);
    assert_int_equal(queue_n_lines(f->queue), 3);
    assert_first(f, "two");
}

static void a_push_that_fails_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct stat status;
    int result;

    assert_int_equal(push(f, "one"), 0);
    assert_int_equal(stat(f->path, &status), 0);
    limit_files((rlim_t)status.st_size + 10);
    result = push(f, "this is longer than what there is room for");
    limit_files(RLIM_INFINITY);
    assert_int_equal(result, -EFBIG);
    assert_int_equal(push(f, "two"), 0);
    open_again(f);
    assert_int_equal(queue_n_lines(f->queue), 2);
    assert_first(f, "one");
    assert_int_equal(queue_pop(f->queue), 0);
    assert_first(f, "two");
}

static void what_is_no_line_of_ours_is_told_and_holds_up_nothing(void **state)
{
    struct fixture *f = *state;
    size_t n = QUEUE_MAX_LINE_BYTES + 1;
    char *too_long = malloc(n + 1), *line;

    memset(too_long, 'x', n);
    too_long[n] = '\n';
    assert_int_equal(push(f, "one"), 0);
    append_raw(f, "\0\0\0\n", 4);
    append_raw(f, "half\0\0\n", 7);
    append_raw(f, too_long, n + 1);
    append_raw(f, "two\n", 4);
    free(too_long);
    assert_int_equal(queue_n_lines(f->queue), 5);
    assert_first(f, "one");
    assert_int_equal(queue_pop(f->queue), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(queue_first(f->queue, &line), -EBADMSG);
        assert_null(line);
        assert_int_equal(queue_pop(f->queue), 0);
    }
    assert_first(f, "two");
    assert_int_equal(queue_pop(f->queue), 0);
    assert_int_equal(queue_first(f->queue, &line), -ENOENT);
    assert_int_equal(queue_n_lines(f->queue), 0);
}

static void the_file_does_not_grow_with_what_was_taken_off(void **state)
{
    struct fixture *f = *state;
    char line[1000] = "";
    struct stat status;

    memset(line, 'y', sizeof(line) - 1);
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(push(f, line), 0);
        assert_first(f, line);
        assert_int_equal(queue_pop(f->queue), 0);
    }
    assert_int_equal(stat(f->path, &status), 0);
    assert_true(status.st_size < 2 * MAX_BYTES);
    assert_null(queue_open(f->path, MAX_BYTES));
    assert_int_equal(errno, EWOULDBLOCK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_come_in_order_also_after_a_restart),
        TEST(what_was_taken_off_stays_off_when_the_disk_fails),
        TEST(a_push_that_fails_leaves_nothing),
        TEST(what_is_no_line_of_ours_is_told_and_holds_up_nothing),
        TEST(the_file_does_not_grow_with_what_was_taken_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
