/* SPDX-License-Identifier: BSD-3-Clause */
/* What goes beyond single keys: includes, ports, names that win, and what OpenPenny's code takes
 * when nothing is said. */
#include <sys/stat.h>
#include <unistd.h>

#include "converted.h"

struct folder {
    char path[64];
};

static void write_file(const struct folder *f, const char *name, const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", f->path, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void convert_file(struct converted *c, const struct folder *f, const char *name)
{
    struct openpenny_options options = {0};
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", f->path, name);
    c->config = NULL;
    c->status = openpenny_convert_file(path, &options, &c->config, &c->notes, c->error);
}

static void expect(const struct converted *c, const char *path, const char *wanted)
{
    char *result = result_at(c, path);

    if (strcmp(result, wanted) != 0)
        fail_msg("%s is %s, not %s; %s", path, result, wanted, c->error);
    free(result);
}

static void test_includes_are_read_and_what_stands_inline_wins(void **state)
{
    struct folder f = {"/tmp/openpenny-includes-XXXXXX"};
    struct converted c;
    const char *names[] = {"root.yaml", "below/rules.yaml", "below/run.yaml", "below/nic.yaml"};
    char path[128];

    (void)state;
    assert_non_null(mkdtemp(f.path));
    snprintf(path, sizeof(path), "%s/below", f.path);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file(&f, "root.yaml",
               "includes:\n"
               "  traffic_policy: below/rules.yaml\n" /* the whole file */
               "  runtime_policy: {path: below/run.yaml, section: mine}\n"
               "  platform: below/nic.yaml\n" /* the section of that name */
               "platform: {queue_count: 2}\n"
               "runtime_policy: {thresholds: {max_packet_drops_per_flow: 3}}\n");
    write_file(&f, "below/rules.yaml", "rules: [{name: web, decision: include, dst_port: 443}]\n");
    write_file(&f, "below/run.yaml",
               "mine: {mode: active, thresholds: {packet_drop_probability: 0.1, "
               "max_packet_drops_per_flow: 9}}\n"
               "other: 1\n");
    write_file(&f, "below/nic.yaml", "platform: {interface: eth7, queue_count: 5}\n");
    convert_file(&c, &f, "root.yaml");
    expect(&c, "slices[0].ports.destination", "[443]");
    expect(&c, "defaults.drop_probability", "0.1");
    expect(&c, "defaults.max_drops_per_flow", "3");
    expect(&c, "ports[0].device", "\"eth7\"");
    expect(&c, "ports[0].queues", "2");
    assert_non_null(note_with(&c, "below/run.yaml:2: other: 1", "is not read"));
    converted_free(&c);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", f.path, names[i]);
        assert_int_equal(unlink(path), 0);
    }
    snprintf(path, sizeof(path), "%s/below", f.path);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(f.path), 0);
}

static const char *const active = "runtime_policy: {aggregates: {enabled: true}}\n"
                                  "platform: {interface: eth1}\n";

static void test_traffic_leaves_where_out_says(void **state)
{
    struct converted c;

    (void)state;
    convert(&c, active, "eth2");
    expect(&c, "ports[0].pair", "\"out\"");
    expect(&c, "ports[1].device", "\"eth2\"");
    expect(&c, "ports[1].pair", "\"in\"");
    assert_null(note_with(&c, "nothing says by which port traffic leaves", ""));
    converted_free(&c);

    convert(&c, active, "same");
    expect(&c, "ports", "[{\"name\":\"in\",\"device\":\"eth1\",\"queues\":1,\"pair\":\"in\"}]");
    assert_null(note_with(&c, "nothing says by which port traffic leaves", ""));
    converted_free(&c);

    convert(&c, active, NULL);
    assert_non_null(note_with(&c, "nothing says by which port traffic leaves", "by eth1"));
    converted_free(&c);
}

static void test_a_raw_nic_is_the_port_where_traffic_leaves(void **state)
{
    struct converted c;

    (void)state;
    convert(&c, "platform: {interface: eth1}\negress: {kind: raw_nic, device: eth3}\n", NULL);
    expect(&c, "ports[0].pair", "\"out\"");
    expect(&c, "ports[1].device", "\"eth3\"");
    converted_free(&c);
    convert(&c, "platform: {interface: eth1}\negress: {kind: raw_nic, device: eth3}\n", "eth4");
    expect(&c, "ports[1].device", "\"eth4\"");
    assert_non_null(note_with(&c, "egress.device: eth3", "--out says"));
    converted_free(&c);
    convert(&c, "platform: {interface: eth1}\negress: {kind: raw_nic, device: eth1}\n", NULL);
    expect(&c, "ports[0].pair", "\"in\"");
    expect(&c, "ports[1]", "nothing");
    converted_free(&c);
}

static void test_passive_watches_copies_unless_it_stands_in_the_path(void **state)
{
    const char *text = "input_sources: {xdp: {interface: eth1, runtime: {prefix: 192.0.2.0, "
                       "mask_bits: 24}}}\n"
                       "monitoring:\n"
                       "  active: {enabled: false}\n"
                       "  passive: {enabled: true, max_execution_time: 150, timeouts: "
                       "{monitored_flow_idle_expiry_seconds: 15}}\n";
    struct converted c;

    (void)state;
    convert(&c, text, NULL);
    expect(&c, "ports",
           "[{\"name\":\"in\",\"device\":\"eth1\",\"queues\":1,\"role\":\"mirror\","
           "\"driver\":\"af_packet\"}]");
    expect(&c, "slices",
           "[{\"name\":\"openpenny\",\"sources\":[\"192.0.2.0/24\"],"
           "\"mode\":\"passive\"}]");
    expect(&c, "defaults.max_duration_ms", "150000");
    expect(&c, "defaults.passive_flow_idle_timeout_ms", "15000");
    expect(&c, "instance", "nothing"); /* it never drops anyway: no kill switch */
    assert_non_null(note_with(&c, "takes copies", "--out"));
    assert_null(note_with(&c, "max_drops_per_flow", ""));
    converted_free(&c);
    convert(&c, text, "eth2");
    expect(&c, "ports[0].role", "nothing");
    expect(&c, "ports[0].pair", "\"out\"");
    converted_free(&c);
}

static void test_what_is_left_out_is_as_their_code_has_it(void **state)
{
    struct converted c;

    (void)state;
    convert(&c, "traffic_policy: {rules: [{decision: include}]}\n", NULL);
    expect(&c, "defaults",
           "{\"rule\":\"penny\",\"max_duplicate_ratio\":0.15,\"max_reordering_ratio\":0.8,"
           "\"p_miss\":0.05,\"retransmission_timeout_ms\":3000,\"flow_idle_timeout_ms\":3600000,"
           "\"admission_grace_ms\":3000}");
    expect(&c, "instance.kill_switch", "true");
    expect(&c, "ports[0].device", "\"CHANGE_ME\"");
    expect(&c, "slices", "[{\"name\":\"rule-1\",\"mode\":\"active\"}]");
    assert_non_null(note_with(&c, "packet_drop_probability", "never drops a packet"));
    assert_non_null(note_with(&c, "aggregates.enabled is not given", "always judged"));
    assert_non_null(note_with(&c, "no interface is named", "--iface"));
    assert_non_null(note_with(&c, "rule-1 has no prefix", "IPv6"));
    converted_free(&c);
}

static void test_of_two_names_of_one_setting_the_later_one_of_their_code_wins(void **state)
{
    struct converted c;

    (void)state;
    convert(&c,
            "input_sources:\n"
            "  xdp: {interface: eth1, ifname: eth2}\n"
            "  dpdk: {device: '0000:3b:00.0'}\n",
            NULL);
    expect(&c, "ports[0].device", "\"0000:3b:00.0\"");
    assert_non_null(note_with(&c, "input_sources.xdp.ifname: eth2", "says eth1, and wins"));
    assert_non_null(note_with(&c, "input_sources.xdp.interface: eth1",
                              "input_sources.dpdk.device, line 3, says 0000:3b:00.0, and wins"));
    converted_free(&c);
}

static void test_older_places_of_sections_are_read(void **state)
{
    struct converted c;

    (void)state;
    convert(&c, "xdp: {ifname: eth1}\npenny: {drop_probability: 0.1, max_tracked_flows: 20}\n",
            NULL);
    expect(&c, "ports[0].device", "\"eth1\"");
    expect(&c, "defaults.drop_probability", "0.1");
    expect(&c, "defaults.max_individual_flows", "20");
    converted_free(&c);
}

static void test_a_key_that_nobody_knows_is_told(void **state)
{
    struct converted c;

    (void)state;
    convert(&c, "platform: {interface: eth1, colour: red, xdp: {speed: 9}}\nmonitor: 1\n", NULL);
    assert_int_equal(c.status, 0);
    assert_non_null(note_with(&c, "op.yaml:1: platform.colour: red", "no such key"));
    assert_non_null(note_with(&c, "op.yaml:1: platform.xdp.speed: 9", "no such key"));
    assert_non_null(note_with(&c, "op.yaml:2: monitor: 1", "no such key"));
    converted_free(&c);
}

static void test_what_can_only_accuse_gets_drops_enough(void **state)
{
    struct converted c;

    (void)state;
    convert(&c,
            "traffic_policy: {default: include}\n"
            "runtime_policy: {thresholds: {packet_drop_probability: 0.05, "
            "max_packet_drops_per_flow: 1, max_packet_drops_global_aggregate: 1, "
            "min_closed_loop_flows: 20, retransmission_timeout_in_seconds: 20, "
            "monitored_flow_idle_expiry_seconds: 30}}\n",
            NULL);
    expect(&c, "defaults.max_drops_per_aggregate", "2");
    expect(&c, "defaults.max_individual_flows", "20");
    expect(&c, "defaults.flow_idle_timeout_ms", "40000");
    assert_non_null(note_with(&c, "max_drops_per_aggregate is 2 for 1", "never closed_loop"));
    assert_non_null(note_with(&c, "max_individual_flows is 20", ""));
    assert_non_null(note_with(&c, "flow_idle_timeout_ms is 40000", ""));
    converted_free(&c);
}

static void test_notes_stand_in_the_order_of_the_file(void **state)
{
    struct converted c;
    unsigned int last = 0;

    (void)state;
    convert(&c, "egress:\n  kind: tun\nplatform:\n  queue: 1\n  batch: 3\nlog:\n  level: info\n",
            NULL);
    for (size_t i = 0; i < c.notes.n; i++) {
        unsigned int line = 0;

        sscanf(c.notes.lines[i], "op.yaml:%u", &line);
        assert_true(line >= last);
        last = line;
    }
    assert_int_equal(last, 7);
    converted_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_includes_are_read_and_what_stands_inline_wins),
        cmocka_unit_test(test_traffic_leaves_where_out_says),
        cmocka_unit_test(test_a_raw_nic_is_the_port_where_traffic_leaves),
        cmocka_unit_test(test_passive_watches_copies_unless_it_stands_in_the_path),
        cmocka_unit_test(test_what_is_left_out_is_as_their_code_has_it),
        cmocka_unit_test(test_of_two_names_of_one_setting_the_later_one_of_their_code_wins),
        cmocka_unit_test(test_older_places_of_sections_are_read),
        cmocka_unit_test(test_a_key_that_nobody_knows_is_told),
        cmocka_unit_test(test_what_can_only_accuse_gets_drops_enough),
        cmocka_unit_test(test_notes_stand_in_the_order_of_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
