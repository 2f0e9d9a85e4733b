/* SPDX-License-Identifier: BSD-3-Clause */
/* When a drain is over. All that it calls is played here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "pennyline/drain.h"
#include "pennyline/events.h"
#include "pennyline/lanes.h"
#include "pennyline/say.h"

#define BEGIN_NS (1000 * NS_PER_S)

/* Received by each port; how often things were told. */
static uint64_t received[2];
static unsigned int n_ended_tests, n_events;

struct worker_port lanes_port_sum(const struct appliance *a, uint32_t port)
{
    (void)a;
    return (struct worker_port){.rx = received[port]};
}

void manager_drain(struct manager *m, uint64_t now_ns)
{
    (void)m, (void)now_ns;
    n_ended_tests++;
}

void events_drain(struct appliance *a, uint64_t now_ns)
{
    (void)a, (void)now_ns;
    n_events++;
}

void say_info(const char *format, ...)
{
    (void)format;
}

static struct config_port ports[] = {{.role = PORT_ROLE_FORWARD}, {.role = PORT_ROLE_MIRROR}};
static const struct config config = {.n_ports = 2, .ports = ports};
static struct appliance a;

static int set_up(void **state)
{
    (void)state;
    a = (struct appliance){.config = &config, .n_ports = 2};
    memset(received, 0, sizeof(received));
    n_ended_tests = n_events = 0;
    return 0;
}

static uint64_t at_s(double s)
{
    return BEGIN_NS + (uint64_t)(s * (double)NS_PER_S);
}

static void what_has_not_begun_is_never_over(void **state)
{
    (void)state;
    assert_false(drain_has_begun(&a));
    assert_false(drain_is_over(&a, at_s(0)));
    assert_false(drain_is_over(&a, at_s(1000)));
    assert_null(drain_json(&a, at_s(1000)));
}

static void it_is_over_when_no_packet_came_for_ten_seconds(void **state)
{
    (void)state;
    drain_begin(&a, UINT32_MAX, at_s(0));
    assert_true(drain_has_begun(&a));
    for (double s = 0; s < 3600; s += 9.5) {
        received[0]++;
        assert_false(drain_is_over(&a, at_s(s)));
    }
    assert_false(drain_is_over(&a, at_s(3600)));
    assert_true(drain_is_over(&a, at_s(3610)));
    assert_int_equal(n_ended_tests, 1);
    assert_int_equal(n_events, 1);
}

static void what_mirrors_bring_holds_up_nothing(void **state)
{
    (void)state;
    drain_begin(&a, UINT32_MAX, at_s(0));
    for (double s = 0; s < 9.9; s++) {
        received[1]++;
        assert_false(drain_is_over(&a, at_s(s)));
    }
    received[1]++;
    assert_true(drain_is_over(&a, at_s(10)));
}

static void it_is_over_at_its_timeout_whatever_comes(void **state)
{
    (void)state;
    drain_begin(&a, 60, at_s(0));
    for (double s = 0; s < 59.5; s++) {
        received[0]++;
        assert_false(drain_is_over(&a, at_s(s)));
    }
    received[0]++;
    assert_true(drain_is_over(&a, at_s(60)));
}

static void another_timeout_counts_from_when_it_was_given(void **state)
{
    (void)state;
    drain_begin(&a, 60, at_s(0));
    drain_begin(&a, 5, at_s(1));
    received[0]++;
    assert_false(drain_is_over(&a, at_s(5.5)));
    received[0]++;
    assert_true(drain_is_over(&a, at_s(6)));
    drain_begin(&a, UINT32_MAX, at_s(7));
    assert_false(drain_is_over(&a, at_s(8)));
    assert_int_equal(n_ended_tests, 1);
    assert_int_equal(n_events, 3);
}

static void it_is_told_how_it_goes(void **state)
{
    json_t *told;

    (void)state;
    drain_begin(&a, 60, at_s(0));
    received[0]++;
    assert_false(drain_is_over(&a, at_s(5)));
    told = drain_json(&a, at_s(8));
    assert_true(json_real_value(json_object_get(told, "for_s")) == 8);
    assert_true(json_real_value(json_object_get(told, "ends_within_s")) == 52);
    assert_true(json_real_value(json_object_get(told, "quiet_s")) == 3);
    json_decref(told);
    drain_begin(&a, UINT32_MAX, at_s(9));
    told = drain_json(&a, at_s(9));
    assert_true(json_is_null(json_object_get(told, "ends_within_s")));
    json_decref(told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_has_not_begun_is_never_over, set_up),
        cmocka_unit_test_setup(it_is_over_when_no_packet_came_for_ten_seconds, set_up),
        cmocka_unit_test_setup(what_mirrors_bring_holds_up_nothing, set_up),
        cmocka_unit_test_setup(it_is_over_at_its_timeout_whatever_comes, set_up),
        cmocka_unit_test_setup(another_timeout_counts_from_when_it_was_given, set_up),
        cmocka_unit_test_setup(it_is_told_how_it_goes, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
