/* SPDX-License-Identifier: BSD-3-Clause */
/* What is refused, by the line that a person reads; nothing is converted then. */
#include "converted.h"

static const struct {
    const char *text, *line;
} cases[] = {
    {"", "op.yaml:1: nothing is in it"},
    {"- a\n", "op.yaml:1: no map of keys and values"},
    {"platform: {\n", "op.yaml:2: bad YAML: did not find expected node content"},
    {"a: \"\xff\"\n", "op.yaml: byte 4: bad YAML: invalid leading UTF-8 octet"},
    {"platform: {}\n---\nplatform: {}\n", "op.yaml: more than one document; only one is read"},
    {"platform: {}\nplatform: {}\n", "op.yaml:2: the key \"platform\" a second time"},
    {"{\"a\\n b\": 1, \"a\\n b\": 2}\n", "op.yaml:1: the key \"a? b\" a second time"},
    {"[a]: b\n", "op.yaml:1: a key that is no text"},
    {"a: \"\\0\"\n", "op.yaml:1: a NUL character in a text"},
    {"a: &x [*x]\n", "op.yaml:1: more than 24 levels of maps and lists"},
    {"a: b\n", "op.yaml: no configuration of OpenPenny; allowed: a file with input_sources and "
               "monitoring (1.0.0), or with traffic_policy, runtime_policy, platform or egress "
               "(1.1.0)"},
    {"platform: {}\nmonitoring: {}\n",
     "op.yaml: it has sections of two generations of OpenPenny; allowed: those of 1.0.0 "
     "(input_sources, monitoring), or of 1.1.0 (traffic_policy, runtime_policy, platform, egress)"},
    {"platform: 7\n", "op.yaml:1: platform: 7; allowed: a map of keys and values"},
    {"platform: {queue: x}\n",
     "op.yaml:1: platform.queue: x; allowed: a whole number from 0 to 65535"},
    {"platform: {queue: 1.5}\n",
     "op.yaml:1: platform.queue: 1.5; allowed: a whole number from 0 to 65535"},
    {"platform: {queue: [1]}\n",
     "op.yaml:1: platform.queue: a list; allowed: a whole number from 0 to 65535"},
    {"platform:\n  backend: xdp\n",
     "op.yaml:2: platform.backend: xdp; allowed: af_xdp, dpdk or af_packet_mirror"},
    {"platform: {interface: \"a b\"}\n",
     "op.yaml:1: platform.interface: a b; allowed: a kernel interface, a PCI address or a vdev"},
    {"platform: {worker_cpus: 3}\n", "op.yaml:1: platform.worker_cpus: 3; allowed: a list"},
    {"platform: {worker_cpus: [-1]}\n",
     "op.yaml:1: platform.worker_cpus: -1; allowed: whole numbers from 0 to 1023"},
    {"runtime_policy: {mode: both}\n",
     "op.yaml:1: runtime_policy.mode: both; allowed: active or passive"},
    {"runtime_policy: {thresholds: {packet_drop_probability: .nan}}\n",
     "op.yaml:1: runtime_policy.thresholds.packet_drop_probability: .nan; allowed: a number from 0 "
     "to 1"},
    {"runtime_policy: {thresholds: {packet_drop_probability: 1.5}}\n",
     "op.yaml:1: runtime_policy.thresholds.packet_drop_probability: 1.5; allowed: a number from 0 "
     "to 1"},
    {"runtime_policy: {safety: {allow_ssh_bypass: maybe}}\n",
     "op.yaml:1: runtime_policy.safety.allow_ssh_bypass: maybe; allowed: true or false"},
    {"traffic_policy: {rules: {}}\n",
     "op.yaml:1: traffic_policy.rules: a map; allowed: a list of rules"},
    {"traffic_policy: {rules: [x]}\n",
     "op.yaml:1: traffic_policy.rules[0]: x; allowed: a map of keys and values"},
    {"traffic_policy: {rules: [{name: x}]}\n",
     "op.yaml:1: traffic_policy.rules[0].decision: a rule needs one: include or exclude"},
    {"traffic_policy: {rules: [{decision: drop}]}\n",
     "op.yaml:1: traffic_policy.rules[0].decision: drop; allowed: include or exclude"},
    {"traffic_policy: {rules: [{decision: include, src_prefix: \"2001:db8::/32\"}]}\n",
     "op.yaml:1: traffic_policy.rules[0].src_prefix: 2001:db8::/32; allowed: an IPv4 prefix like "
     "192.0.2.0/24"},
    {"traffic_policy: {rules: [{decision: include, dst_prefix: 10.0.0.0/33}]}\n",
     "op.yaml:1: traffic_policy.rules[0].dst_prefix: 10.0.0.0/33; allowed: an IPv4 prefix like "
     "192.0.2.0/24"},
    {"traffic_policy: {rules: [{decision: include, dst_port: 0}]}\n",
     "op.yaml:1: traffic_policy.rules[0].dst_port: 0; allowed: a port from 1 to 65535"},
    {"traffic_policy: {rules: [{decision: include, protocol: sctp}]}\n",
     "op.yaml:1: traffic_policy.rules[0].protocol: sctp; allowed: tcp, udp, icmp, or a number from "
     "0 to 255"},
    {"input_sources: {xdp: {runtime: {prefix: \"::1\"}}}\n",
     "op.yaml:1: input_sources.xdp.runtime.prefix: ::1; allowed: an IPv4 address like 192.0.2.0"},
    {"input_sources: {xdp: {runtime: {mask: 255.0.255.0}}}\n",
     "op.yaml:1: input_sources.xdp.runtime.mask: 255.0.255.0; allowed: a mask whose ones stand in "
     "front, like 255.255.255.0"},
    {"includes: {platform: /nowhere/at/all}\n",
     "/nowhere/at/all: cannot be read: No such file or directory"},
    {"includes: {platform: /}\n", "/: cannot be read: Is a directory"},
    {"includes: {platform: /dev/zero}\n", "/dev/zero: cannot be read: Invalid argument"},
    {"includes: {platform: {section: x}}\n",
     "op.yaml:1: includes.platform: allowed: a path, or a map of path and section"},
    {"includes: [x]\n", "op.yaml:1: includes.*: allowed: a map of sections and paths"},
    {"traffic_policy: {default: include}\n"
     "runtime_policy: {thresholds: {packet_drop_probability: 0.05, max_duplicate_ratio: 0}}\n",
     "op.yaml: what it stands for is refused by pennyline: $.slices[0].max_duplicate_ratio: 0; "
     "allowed: at least 0.0044, what one duplicate is among the segments of a test"},
};

static void test_each_is_refused_with_place_and_what_is_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct converted c;

        convert(&c, cases[i].text, NULL);
        if (strcmp(c.error, cases[i].line) != 0 || c.status == 0 || c.config != NULL)
            fail_msg("%s: %s", cases[i].text, c.error);
        converted_free(&c);
    }
}

/* Nine lists of nine, each of the one before: 9^9 values. */
static void test_a_bomb_of_aliases_is_refused(void **state)
{
    char text[2048] = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n", line[128];
    struct converted c;

    (void)state;
    for (int i = 1; i < 9; i++) {
        snprintf(line, sizeof(line), "a%d: &a%d [", i, i);
        strcat(text, line);
        for (int k = 0; k < 9; k++) {
            snprintf(line, sizeof(line), "*a%d%s", i - 1, k < 8 ? "," : "]\n");
            strcat(text, line);
        }
    }
    convert(&c, text, NULL);
    assert_int_equal(c.status, -EINVAL);
    assert_non_null(strstr(c.error, "more than 20000 values, aliases unfolded"));
    converted_free(&c);
}

static void test_aliases_are_unfolded(void **state)
{
    struct converted c;
    char *queues;

    (void)state;
    convert(&c, "runtime_policy: {mode: passive}\nplatform: {queue_count: &n 3, queue: *n}\n",
            NULL);
    queues = result_at(&c, "ports[0].queues");
    assert_string_equal(queues, "3");
    assert_non_null(note_with(&c, "op.yaml:2: platform.queue: 3", "start_queue=3"));
    free(queues);
    converted_free(&c);
}

static void expect_end_of(char *text, size_t n, char fill)
{
    struct openpenny_options options = {0};
    struct converted c = {0};

    memset(text, fill, n);
    assert_int_not_equal(
        openpenny_convert_text("op.yaml", text, n, &options, &c.config, &c.notes, c.error), 0);
    assert_string_not_equal(c.error, "");
    converted_free(&c);
}

/* Files as large as they may be, of what costs a parser most. */
static void test_large_and_deep_files_end(void **state)
{
    size_t n = (size_t)64 << 10;
    char *text = malloc(n + 1);

    (void)state;
    assert_non_null(text);
    for (const char *fill = "[{-?:&*!|'\"% #a"; *fill != '\0'; fill++)
        expect_end_of(text, n, *fill);
    expect_end_of(text, n + 1, 'a');
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_is_refused_with_place_and_what_is_allowed),
        cmocka_unit_test(test_a_bomb_of_aliases_is_refused),
        cmocka_unit_test(test_aliases_are_unfolded),
        cmocka_unit_test(test_large_and_deep_files_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
