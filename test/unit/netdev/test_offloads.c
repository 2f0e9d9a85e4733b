/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "netdev/offloads.h"

/* What makes other frames of those on the wire is switched off; what needs it is another matter. */
static void test_every_merging_feature_is_named(void **state)
{
    static const char *const frames[] = {"rx-gro",
                                         "rx-lro",
                                         "rx-gro-hw",
                                         "rx-gro-list",
                                         "rx-fcs",
                                         "rx-all",
                                         "rx-udp-gro-forwarding"};
    static const char *const tags[] = {"rx-vlan-hw-parse", "rx-vlan-stag-hw-parse"};

    (void)state;
    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
        assert_true((netdev_features_parse(frames[i]) & netdev_features_of_frames()) != 0);
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        assert_true((netdev_features_parse(tags[i]) & netdev_features_of_tags()) != 0);
    assert_int_equal(netdev_features_of_frames() & netdev_features_of_tags(), 0);
}

static void test_a_set_survives_being_written(void **state)
{
    char text[NETDEV_FEATURES_BYTES];
    unsigned int n = 0;

    (void)state;
    while (netdev_feature_name(n) != NULL)
        n++;
    for (netdev_features set = 0; set < 1u << n; set++)
        assert_int_equal(netdev_features_parse(netdev_features_format(set, text)), set);
    assert_int_equal(netdev_features_format(~0u, text) == text && strlen(text) < sizeof(text), 1);
}

static void test_words_that_are_no_feature_are_passed_over(void **state)
{
    (void)state;
    assert_int_equal(netdev_features_parse(""), 0);
    assert_int_equal(netdev_features_parse("rx-gr rx-grow  gro\n"), 0);
    assert_int_equal(netdev_features_parse(" rx-fcs  nonsense rx-gro\n"),
                     netdev_features_parse("rx-gro rx-fcs"));
}

static void test_an_interface_that_is_not_there_is_an_error(void **state)
{
    netdev_features active = 1;

    (void)state;
    assert_true(netdev_features_read("nodev", &active) < 0);
    assert_int_equal(active, 0);
    assert_true(netdev_features_switch("nodev", netdev_features_of_frames(), false) < 0);
    assert_int_equal(netdev_features_switch("nodev", 0, false), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_merging_feature_is_named),
        cmocka_unit_test(test_a_set_survives_being_written),
        cmocka_unit_test(test_words_that_are_no_feature_are_passed_over),
        cmocka_unit_test(test_an_interface_that_is_not_there_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
