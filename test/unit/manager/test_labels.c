/* SPDX-License-Identifier: BSD-3-Clause */
/* What callers call their tests, and how many of them may be under way. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "box.h"

static const struct test_request *labelled(const char *label)
{
    static struct test_request request;

    request = (struct test_request){.cause = TEST_BY_COMMAND, .label = label};
    return &request;
}

static struct box *box_of(uint32_t n_slices, uint32_t max_by_command)
{
    struct box *b = box_new(1);

    b->n_slices = n_slices;
    b->max_tests_by_command = max_by_command;
    for (uint32_t s = 0; s < n_slices; s++)
        b->slices[s].start = SLICE_START_MANUAL;
    box_open(b);
    return b;
}

static void end_test(struct box *b, uint32_t aggregate)
{
    assert_int_equal(manager_test_stop(b->manager, aggregate, REASON_STOPPED, b->now_ns), 0);
    box_settle(b);
    assert_int_equal(box_report(b, aggregate).state, TEST_DONE);
}

static void a_label_is_one_line_of_text(void **state)
{
    static const struct {
        const char *label;
        bool is_good;
    } cases[] = {
        {"ticket 4711", true},
        {"Prüfung für AS 64500 ✓", true},
        {"\"quoted\" \\ and 'so'", true},
        {"", false},
        {"two\nlines", false},
        {"tab\there", false},
        {"bell\a", false},
        {"del\x7f", false},
        {"next line\xc2\x85", false},
        {"csi\xc2\x9b", false},
        {"\xc2\xa0 no-break space", true},
        {"line separator\xe2\x80\xa8", false},
        {"paragraph separator\xe2\x80\xa9", false},
        {"per mille \xe2\x80\xb0", true},
    };
    char longest[TEST_LABEL_MOST_BYTES + 2];

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_int_equal(test_label_trouble(cases[i].label) == NULL, cases[i].is_good);
    memset(longest, 'x', sizeof(longest));
    longest[TEST_LABEL_MOST_BYTES + 1] = '\0';
    assert_non_null(test_label_trouble(longest));
    longest[TEST_LABEL_MOST_BYTES] = '\0';
    assert_null(test_label_trouble(longest));
}

static void the_label_is_told_until_the_next_test(void **state)
{
    struct box *b = box_of(2, 4);

    (void)state;
    assert_null(box_report(b, 0).label);
    assert_int_equal(manager_test_start(b->manager, 0, labelled("first"), b->now_ns), 0);
    assert_string_equal(box_report(b, 0).label, "first");
    assert_null(box_report(b, 1).label);
    end_test(b, 0);
    assert_string_equal(box_report(b, 0).label, "first");
    assert_int_equal(manager_test_start(b->manager, 0, NULL, b->now_ns), 0);
    assert_null(box_report(b, 0).label);
    box_close(b);
}

/* A test under way keeps its label; those of tests that are over make room. */
static void labels_of_tests_that_are_over_make_room(void **state)
{
    struct box *b = box_of(3, 4);
    char text[16];

    (void)state;
    assert_int_equal(manager_test_start(b->manager, 0, labelled("stays"), b->now_ns), 0);
    assert_int_equal(manager_test_start(b->manager, 1, labelled("goes"), b->now_ns), 0);
    end_test(b, 1);
    for (uint32_t i = 0; i < 2 * TEST_MOST_BY_COMMAND; i++) {
        snprintf(text, sizeof(text), "%u", i);
        assert_int_equal(manager_test_start(b->manager, 2, labelled(text), b->now_ns), 0);
        assert_string_equal(box_report(b, 2).label, text);
        end_test(b, 2);
    }
    assert_string_equal(box_report(b, 0).label, "stays");
    assert_null(box_report(b, 1).label);
    box_close(b);
}

static void no_more_tests_by_command_than_allowed_are_under_way(void **state)
{
    struct box *b = box_of(4, 2);
    static const struct test_request by_escalation = {.cause = TEST_BY_ESCALATION};

    (void)state;
    assert_int_equal(manager_test_start(b->manager, 0, NULL, b->now_ns), 0);
    assert_int_equal(manager_test_start(b->manager, 1, NULL, b->now_ns), 0);
    assert_int_equal(manager_test_start(b->manager, 2, NULL, b->now_ns), -EUSERS);
    assert_int_equal(manager_test_start(b->manager, 3, &by_escalation, b->now_ns), 0);
    assert_int_equal(manager_n_tests_by_command(b->manager), 2);
    end_test(b, 0);
    assert_int_equal(manager_n_tests_by_command(b->manager), 1);
    assert_int_equal(manager_test_start(b->manager, 2, NULL, b->now_ns), 0);
    box_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_label_is_one_line_of_text),
        cmocka_unit_test(the_label_is_told_until_the_next_test),
        cmocka_unit_test(labels_of_tests_that_are_over_make_room),
        cmocka_unit_test(no_more_tests_by_command_than_allowed_are_under_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
