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

#include "eventlog/eventlog.h"

struct fixture {
    char directory[64], path[128], rotated[128];
    int n_troubles;
    char trouble[512];
};

static void on_trouble(void *context, const char *text)
{
    struct fixture *f = context;

    f->n_troubles++;
    snprintf(f->trouble, sizeof(f->trouble), "%s", text);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    signal(SIGPIPE, SIG_IGN);
    strcpy(f->directory, "/tmp/eventlog-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof(f->path), "%s/log", f->directory);
    snprintf(f->rotated, sizeof(f->rotated), "%s/log.1", f->directory);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    unlink(f->path);
    unlink(f->rotated);
    rmdir(f->directory);
    free(f);
    return 0;
}

static int write_number(struct eventlog *log, int i)
{
    json_t *event = json_pack("{s:s, s:i}", "event", "test", "i", i);
    int error = eventlog_write(log, event);

    json_decref(event);
    return error;
}

/* What the file holds; at most 1 MiB. The caller's. */
static char *contents(const char *path)
{
    char *text = calloc(1, (1u << 20) + 1);
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    assert_int_not_equal(fread(text, 1, 1u << 20, f), 0);
    fclose(f);
    return text;
}

static void each_event_is_a_line_that_can_be_read_at_once(void **state)
{
    struct fixture *f = *state;
    struct eventlog *log = eventlog_open(f->path, on_trouble, f);
    char *text;

    assert_non_null(log);
    assert_int_equal(write_number(log, 1), 0);
    assert_int_equal(write_number(log, 2), 0);
    text = contents(f->path);
    assert_string_equal(text, "{\"event\": \"test\", \"i\": 1}\n{\"event\": \"test\", \"i\": 2}\n");
    free(text);
    eventlog_close(log);
    assert_int_equal(f->n_troubles, 0);
}

static void what_was_there_stays(void **state)
{
    struct fixture *f = *state;
    char *text;

    for (int i = 0; i < 2; i++) {
        struct eventlog *log = eventlog_open(f->path, on_trouble, f);

        write_number(log, i);
        eventlog_close(log);
    }
    text = contents(f->path);
    assert_string_equal(text, "{\"event\": \"test\", \"i\": 0}\n{\"event\": \"test\", \"i\": 1}\n");
    free(text);
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "a");

    fputs(text, file);
    fclose(file);
}

static void a_file_that_ends_within_a_line_loses_no_other(void **state)
{
    struct fixture *f = *state;
    struct eventlog *log;
    char *text;

    put(f->path, "{\"event\": \"cut in the mid");
    log = eventlog_open(f->path, on_trouble, f);
    write_number(log, 1);
    eventlog_close(log);
    text = contents(f->path);
    assert_string_equal(text, "{\"event\": \"cut in the mid\n{\"event\": \"test\", \"i\": 1}\n");
    free(text);
}

static void a_file_that_is_rotated_to_may_end_within_a_line(void **state)
{
    struct fixture *f = *state;
    struct eventlog *log = eventlog_open(f->path, on_trouble, f);
    char *text;

    write_number(log, 1);
    assert_int_equal(rename(f->path, f->rotated), 0);
    put(f->path, "half");
    assert_int_equal(eventlog_reopen(log), 0);
    write_number(log, 2);
    /* The same file once more: it has whole lines only. */
    assert_int_equal(eventlog_reopen(log), 0);
    write_number(log, 3);
    eventlog_close(log);
    text = contents(f->path);
    assert_string_equal(text,
                        "half\n{\"event\": \"test\", \"i\": 2}\n{\"event\": \"test\", \"i\": 3}\n");
    free(text);
}

/* No file may grow beyond this: write(2) takes what there is room for, then fails. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_line_that_was_written_in_part_is_not_ended_in_another_file(void **state)
{
    struct fixture *f = *state;
    struct eventlog *log = eventlog_open(f->path, on_trouble, f);
    char *text;

    signal(SIGXFSZ, SIG_IGN);
    limit_files(40);
    for (int i = 1; i <= 3; i++)
        write_number(log, i);
    limit_files(RLIM_INFINITY);
    assert_int_equal(rename(f->path, f->rotated), 0);
    /* The old file is full for ever: what waits goes to the new one. */
    limit_files(40);
    assert_int_equal(eventlog_reopen(log), 0);
    limit_files(RLIM_INFINITY);
    eventlog_close(log);
    text = contents(f->rotated);
    assert_string_equal(text, "{\"event\": \"test\", \"i\": 1}\n{\"event\": \"tes");
    free(text);
    text = contents(f->path);
    assert_string_equal(text, "{\"event\": \"test\", \"i\": 3}\n"
                              "{\"event\": \"events_lost\", \"count\": 1}\n");
    free(text);
}

static void a_symbolic_link_is_not_followed(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(symlink(f->rotated, f->path), 0);
    errno = 0;
    assert_null(eventlog_open(f->path, on_trouble, f));
    assert_int_equal(errno, ELOOP);
    assert_int_equal(access(f->rotated, F_OK), -1);
}

/* As a shell gives it for >(command). */
static void a_descriptor_of_the_process_may_be_named(void **state)
{
    struct fixture *f = *state;
    char path[32], text[64] = "";
    struct eventlog *log;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
    log = eventlog_open(path, on_trouble, f);
    assert_non_null(log);
    assert_int_equal(write_number(log, 1), 0);
    eventlog_close(log);
    assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
    assert_string_equal(text, "{\"event\": \"test\", \"i\": 1}\n");
    close(ends[0]);
    close(ends[1]);
}

static void after_a_rotation_lines_go_to_the_new_file(void **state)
{
    struct fixture *f = *state;
    struct eventlog *log = eventlog_open(f->path, on_trouble, f);
    char *text;

    write_number(log, 1);
    assert_int_equal(rename(f->path, f->rotated), 0);
    write_number(log, 2);
    assert_int_equal(eventlog_reopen(log), 0);
    write_number(log, 3);
    eventlog_close(log);
    text = contents(f->rotated);
    assert_string_equal(text, "{\"event\": \"test\", \"i\": 1}\n{\"event\": \"test\", \"i\": 2}\n");
    free(text);
    text = contents(f->path);
    assert_string_equal(text, "{\"event\": \"test\", \"i\": 3}\n");
    free(text);
}

static void a_rotation_that_fails_keeps_the_old_file(void **state)
{
    struct fixture *f = *state;
    struct eventlog *log = eventlog_open(f->path, on_trouble, f);
    char *text;

    assert_int_equal(rename(f->path, f->rotated), 0);
    assert_int_equal(mkdir(f->path, 0700), 0);
    assert_int_equal(eventlog_reopen(log), -EISDIR);
    write_number(log, 1);
    eventlog_close(log);
    rmdir(f->path);
    text = contents(f->rotated);
    assert_string_equal(text, "{\"event\": \"test\", \"i\": 1}\n");
    free(text);
}

static void a_path_that_cannot_be_opened_is_an_error(void **state)
{
    struct fixture *f = *state;

    assert_null(eventlog_open("/nonexistent/folder/log", on_trouble, f));
    assert_int_equal(errno, ENOENT);
}

static void what_is_no_object_is_refused(void **state)
{
    struct fixture *f = *state;
    struct eventlog *log = eventlog_open(f->path, on_trouble, f);
    json_t *list = json_array();

    assert_int_equal(eventlog_write(log, list), -EINVAL);
    assert_int_equal(eventlog_write(log, NULL), -EINVAL);
    json_decref(list);
    eventlog_close(log);
}

static void no_log_takes_everything(void **state)
{
    (void)state;
    assert_int_equal(write_number(NULL, 1), 0);
    assert_int_equal(eventlog_reopen(NULL), 0);
    eventlog_flush(NULL);
    eventlog_close(NULL);
}

/* A device that is always full: the error is told once, lines wait, and then they are lost. */
static void write_errors_are_counted_and_told_once(void **state)
{
    struct fixture *f = *state;
    struct eventlog *log = eventlog_open("/dev/full", on_trouble, f);
    int n_kept = 0;

    assert_non_null(log);
    while (write_number(log, n_kept) == 0)
        n_kept++;
    assert_true(n_kept > 1000);
    assert_int_equal(write_number(log, 0), -ENOBUFS);
    assert_int_equal(eventlog_n_lost(log), 2);
    assert_true(eventlog_n_errors(log) > 1);
    assert_int_equal(f->n_troubles, 1);
    assert_non_null(strstr(f->trouble, "/dev/full"));
    assert_non_null(strstr(f->trouble, "No space left on device"));
    eventlog_close(log);
}

/* Reads lines from a pipe: numbered events in order, with what is said to be lost in between. */
struct reader {
    char pending[4096];
    size_t used;
    int next, n_lost_told;
};

static void read_line(struct reader *r, const char *line)
{
    int i, n;

    if (sscanf(line, "{\"event\": \"test\", \"i\": %d}", &i) == 1) {
        assert_int_equal(i, r->next);
        r->next = i + 1;
    } else {
        assert_int_equal(sscanf(line, "{\"event\": \"events_lost\", \"count\": %d}", &n), 1);
        r->n_lost_told += n;
        r->next += n;
    }
}

static void read_pipe(struct reader *r, int fd)
{
    ssize_t n;
    char *end;

    while ((n = read(fd, r->pending + r->used, sizeof(r->pending) - 1 - r->used)) > 0) {
        r->used += (size_t)n;
        r->pending[r->used] = '\0';
        while ((end = strchr(r->pending, '\n')) != NULL) {
            *end = '\0';
            read_line(r, r->pending);
            r->used -= (size_t)(end + 1 - r->pending);
            memmove(r->pending, end + 1, r->used + 1);
        }
    }
}

static void a_reader_that_is_too_slow_is_told_how_many_it_lost(void **state)
{
    struct fixture *f = *state;
    struct reader r = {.next = 0};
    struct eventlog *log;
    int fd, i = 0, n_refused = 0;

    assert_int_equal(mkfifo(f->path, 0600), 0);
    fd = open(f->path, O_RDONLY | O_NONBLOCK);
    log = eventlog_open(f->path, on_trouble, f);
    assert_non_null(log);
    while (n_refused < 100)
        n_refused += write_number(log, i++) == -ENOBUFS;
    while (r.next < i - 100 || r.n_lost_told == 0) {
        read_pipe(&r, fd);
        eventlog_flush(log);
        if (eventlog_n_lost(log) == 100 && r.next == i - 100)
            assert_int_equal(write_number(log, i++), 0);
    }
    eventlog_close(log);
    read_pipe(&r, fd);
    assert_int_equal(r.n_lost_told, 100);
    assert_int_equal(r.next, i);
    assert_int_equal(f->n_troubles, 0);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_event_is_a_line_that_can_be_read_at_once),
        TEST(what_was_there_stays),
        TEST(a_file_that_ends_within_a_line_loses_no_other),
        TEST(a_file_that_is_rotated_to_may_end_within_a_line),
        TEST(a_line_that_was_written_in_part_is_not_ended_in_another_file),
        TEST(a_symbolic_link_is_not_followed),
        TEST(a_descriptor_of_the_process_may_be_named),
        TEST(after_a_rotation_lines_go_to_the_new_file),
        TEST(a_rotation_that_fails_keeps_the_old_file),
        TEST(a_path_that_cannot_be_opened_is_an_error),
        TEST(what_is_no_object_is_refused),
        TEST(no_log_takes_everything),
        TEST(write_errors_are_counted_and_told_once),
        TEST(a_reader_that_is_too_slow_is_told_how_many_it_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
