/* SPDX-License-Identifier: BSD-3-Clause */
/* A file that is written by a thread of its own: whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pennyline/state_file.h"

struct place {
    char directory[64], path[96];
};

static int make_place(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    strcpy(p->directory, "/tmp/pennyline-state-XXXXXX");
    assert_non_null(mkdtemp(p->directory));
    snprintf(p->path, sizeof(p->path), "%s/s.json", p->directory);
    *state = p;
    return 0;
}

static int remove_place(void **state)
{
    struct place *p = *state;
    char other[112];

    unlink(p->path);
    snprintf(other, sizeof(other), "%s.bad", p->path);
    unlink(other);
    rmdir(other);
    snprintf(other, sizeof(other), "%s.next", p->path);
    rmdir(other);
    assert_int_equal(rmdir(p->directory), 0);
    free(p);
    return 0;
}

static struct state_file *open_at(const struct place *p)
{
    char error[256];
    struct state_file *f = state_file_open(p->directory, "s.json", error, sizeof(error));

    if (f == NULL)
        fail_msg("%s", error);
    return f;
}

static json_int_t number_in(const struct place *p)
{
    char error[512];
    struct state_file *f = open_at(p);
    json_t *value = state_file_read(f, 1, error, sizeof(error));
    json_int_t n = json_integer_value(json_object_get(value, "n"));

    assert_string_equal(error, "");
    assert_non_null(value);
    json_decref(value);
    state_file_close(f);
    return n;
}

static void what_was_written_last_is_read_again(void **state)
{
    const struct place *p = *state;
    struct state_file *f = open_at(p);
    char error[512];

    assert_null(state_file_read(f, 1, error, sizeof(error)));
    assert_string_equal(error, "");
    for (int n = 0; n < 100; n++)
        state_file_write(f, json_pack("{s:i, s:i}", "version", 1, "n", n));
    state_file_close(f);
    assert_int_equal(number_in(p), 99);
}

static void assert_set_aside(const struct place *p, const char *text, const char *words)
{
    FILE *file = fopen(p->path, "w");
    struct state_file *f;
    char error[512], aside[112];

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    f = open_at(p);
    assert_null(state_file_read(f, 1, error, sizeof(error)));
    assert_non_null(strstr(error, words));
    assert_non_null(strstr(error, "is not in force, and lies in"));
    snprintf(aside, sizeof(aside), "%s.bad", p->path);
    assert_int_equal(access(aside, F_OK), 0);
    assert_int_not_equal(access(p->path, F_OK), 0);
    state_file_close(f);
}

static void what_cannot_be_read_is_set_aside_and_said(void **state)
{
    assert_set_aside(*state, "{\"version\": 1, \"n\": 1", "'}' expected");
    assert_set_aside(*state, "[1]", "no JSON object");
    assert_set_aside(*state, "{\"version\": 2, \"n\": 1}", "of another version");
    assert_set_aside(*state, "{\"n\": 1}", "of another version");
}

static void what_cannot_even_be_set_aside_is_said(void **state)
{
    const struct place *p = *state;
    FILE *file = fopen(p->path, "w");
    struct state_file *f;
    char error[512], aside[112];

    assert_non_null(file);
    fclose(file);
    snprintf(aside, sizeof(aside), "%s.bad", p->path);
    assert_int_equal(mkdir(aside, 0700), 0);
    f = open_at(p);
    assert_null(state_file_read(f, 1, error, sizeof(error)));
    assert_non_null(strstr(error, "it cannot be set aside: Is a directory"));
    state_file_close(f);
}

static const char *news_of(struct state_file *f)
{
    const char *trouble;

    for (int i = 0; i < 10000; i++) {
        if (state_file_has_news(f, &trouble))
            return trouble != NULL ? trouble : "";
        usleep(1000);
    }
    fail_msg("no news");
    return NULL;
}

/* A directory in its way stands for a disk that takes nothing, as root writes everywhere else. */
static void a_write_that_fails_is_told_and_a_later_one_mends_it(void **state)
{
    const struct place *p = *state;
    struct state_file *f = open_at(p);
    char next[112];
    const char *trouble;

    snprintf(next, sizeof(next), "%s.next", p->path);
    assert_int_equal(mkdir(next, 0700), 0);
    state_file_write(f, json_pack("{s:i, s:i}", "version", 1, "n", 1));
    assert_non_null(strstr(news_of(f), "s.json: "));
    assert_false(state_file_has_news(f, &trouble));
    assert_int_equal(rmdir(next), 0);
    state_file_write(f, json_pack("{s:i, s:i}", "version", 1, "n", 2));
    assert_string_equal(news_of(f), "");
    state_file_close(f);
    assert_int_equal(number_in(p), 2);
}

static void a_directory_that_is_missing_is_made_but_not_those_above(void **state)
{
    const struct place *p = *state;
    char directory[112], error[256];
    struct state_file *f;

    snprintf(directory, sizeof(directory), "%s/s.json.bad", p->directory);
    f = state_file_open(directory, "s.json", error, sizeof(error));
    assert_non_null(f);
    state_file_close(f);
    snprintf(directory, sizeof(directory), "%s/a/b", p->directory);
    assert_null(state_file_open(directory, "s.json", error, sizeof(error)));
    assert_non_null(strstr(error, "No such file or directory"));
}

static void a_file_is_no_directory(void **state)
{
    const struct place *p = *state;
    FILE *file = fopen(p->path, "w");
    char error[256];

    assert_non_null(file);
    fclose(file);
    assert_null(state_file_open(p->path, "s.json", error, sizeof(error)));
    assert_non_null(strstr(error, "Not a directory"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_written_last_is_read_again),
        TEST(what_cannot_be_read_is_set_aside_and_said),
        TEST(what_cannot_even_be_set_aside_is_said),
        TEST(a_write_that_fails_is_told_and_a_later_one_mends_it),
        TEST(a_directory_that_is_missing_is_made_but_not_those_above),
        TEST(a_file_is_no_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
