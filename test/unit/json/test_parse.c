/* SPDX-License-Identifier: BSD-3-Clause */
/* The parser where one allocation after the other finds no memory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

/* Of all kinds, and strings that are longer than the first buffers. */
static const char text[] =
    "{\"name\": \"a name that does not fit into sixteen bytes, and has \\u00e9\", \"n\": [1, "
    "-2.5e3, "
    "true, null, {\"deep\": {\"deeper\": [\"x\", \"y\"]}}], \"last\": \"z\"}";

#ifndef IS_SANITIZED

void *__libc_malloc(size_t n);

/* How many are still given; negative: all are. */
static long n_given = -1;

void *malloc(size_t n)
{
    if (n_given == 0)
        return NULL;
    if (n_given > 0)
        n_given--;
    return __libc_malloc(n);
}

static void whichever_allocation_fails_it_is_told_and_the_next_text_is_read(void **state)
{
    bool is_whole = false;
    unsigned int n_failed = 0;

    (void)state;
    for (long n = 0; !is_whole; n++) {
        json_error_t error;
        json_t *value;
        int reason;

        n_given = n;
        errno = 0;
        value = json_parse(text, strlen(text), 0, &error);
        reason = errno;
        n_given = -1;
        is_whole = value != NULL;
        if (!is_whole) {
            assert_int_equal(reason, ENOMEM);
            assert_string_equal(error.text, "not enough memory");
            n_failed++;
        }
        json_decref(value);
        value = json_parse("[1]", 3, 0, NULL);
        assert_int_equal(json_array_size(value), 1);
        json_decref(value);
    }
    assert_true(n_failed > 20);
}

#endif

static void with_memory_it_reads_as_jansson_does(void **state)
{
    json_error_t error;
    json_t *value = json_parse(text, strlen(text), 0, &error);
    json_t *same = json_loads(text, 0, NULL);

    (void)state;
    assert_true(json_equal(value, same));
    json_decref(value);
    json_decref(same);
    assert_null(json_parse("{\"a\": 1, \"a\": 2}", 16, JSON_REJECT_DUPLICATES, &error));
    assert_string_equal(error.text, "duplicate object key near '\"a\"'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_memory_it_reads_as_jansson_does),
#ifndef IS_SANITIZED
        cmocka_unit_test(whichever_allocation_fails_it_is_told_and_the_next_text_is_read),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
