/* SPDX-License-Identifier: BSD-3-Clause */
/* Each row of each object: its bounds, its round trip, its default. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "config/option.h"

/* Every object stands in it once, so that each row has a place. */
static const char whole[] =
    "{\"instance\":{}, \"eal\":{}, \"defaults\":{}, \"never_drop\":{}, \"map\":{},"
    " \"ports\":[{\"name\":\"a\",\"device\":\"eth0\"},{\"name\":\"b\",\"device\":\"eth1\","
    "\"decapsulate\":true}],"
    " \"next_hops\":[{\"name\":\"b\",\"port\":\"b\",\"destination_mac\":\"02:00:00:00:00:01\"},"
    "                {\"name\":\"a\",\"port\":\"b\",\"destination_mac\":\"02:00:00:00:00:02\"}],"
    " \"ingresses\":[{\"name\":\"i\",\"relation\":\"peer\",\"tunnel\":\"vxlan\"}],"
    " \"services\":[{\"name\":\"v\",\"addresses\":[\"192.0.2.1\"],\"members\":[\"a\"]}],"
    " \"responders\":[{\"name\":\"r\",\"acl\":[]}],"
    " \"slices\":[{\"name\":\"s\",\"mode\":\"off\",\"ingress\":{},\"granularity\":{}},"
    "             {\"name\":\"a\",\"mode\":\"off\",\"sources\":[\"10.1.0.0/16\"]},"
    "             {\"name\":\"b\",\"mode\":\"off\",\"sources\":[\"10.2.0.0/16\"]}],"
    " \"sources\":[{\"name\":\"c\"}]}";

static const struct {
    const struct option_object *object;
    const char *array, *key; /* $.array[0].key, with either left out */
} places[] = {
    {&object_instance, NULL, "instance"},
    {&object_eal, NULL, "eal"},
    {&object_test, NULL, "defaults"},
    {&object_test, "slices", NULL},
    {&object_port, "ports", NULL},
    {&object_next_hop, "next_hops", NULL},
    {&object_slice, "slices", NULL},
    {&object_never_drop, NULL, "never_drop"},
    {&object_named_ingress, "ingresses", NULL},
    {&object_service, "services", NULL},
    {&object_counting, "sources", NULL},
    {&object_responder, "responders", NULL},
    {NULL, "slices", "ingress"},
    {NULL, "slices", "granularity"},
    {&object_map, NULL, "map"},
};

/* Values of the kinds whose values are no numbers, none of them a default. */
static const struct {
    const struct option_kind *kind;
    const char *good[3];
    const char *bad[3];
} samples[] = {
    {&kind_bool, {"true", "false"}, {"0", "\"true\"", "null"}},
    {&kind_text, {"\"/x/y\""}, {"\"a\\u0007\"", "7", "null"}},
    {&kind_texts, {"[\"-x\", \"y\"]", "[]"}, {"[\"\"]", "{}", "[[]]"}},
    {&kind_name, {"\"x-1.y_z\""}, {"\"\"", "\"x y\"", "true"}},
    {&kind_lcores, {"\"0@0,(1-2)@1\""}, {"\"\"", "\"all\"", "1"}},
    {&kind_device,
     {"\"0000:3b:00.0\"", "\"net_null0\"", "\"iface:eth7\""},
     {"\"\"", "\"a b\"", "0"}},
    {&kind_mac, {"\"02:aa:bb:cc:dd:ee\""}, {"\"02:aa:bb:cc:dd\"", "\"00:00:00:00:00:00\"", "2"}},
    {&kind_words, {"[\"data\", \"quic\"]", "[\"handshake\"]"}, {"[\"x\"]", "\"data\"", "[0]"}},
    {&kind_hex, {"\"6d5a00ff\"", "\"\""}, {"\"6\"", "\"zz\"", "6"}},
    {&kind_vlan, {"0", "4094", "null"}, {"-1", "4095", "\"1\""}},
    {&kind_tcp_ports, {"[1, 65535]", "[]"}, {"[0]", "[65536]", "[22, 22]"}},
    {&kind_prefixes, {"[\"10.0.0.0/8\", \"2001:db8::/32\"]"}, {"7", "[\"10.0.0.0/x\"]", "{}"}},
    {&kind_addresses,
     {"[\"192.0.2.1\", \"2001:db8::1\"]"},
     {"7", "[\"10.0.0.0/8\"]", "[\"::1\", \"::1\"]"}},
    {&kind_acl,
     {"[\"deny 192.0.2.7/32\", \"permit 2001:db8::/32\"]", "[]"},
     {"7", "[\"allow ::1\"]"}},
    {&kind_neighbors,
     {"[64500, \"192.0.2.1\", \"2001:db8::1\"]"},
     {"[0]", "[\"AS64500\"]", "64500"}},
    {&kind_reference, {"\"b\""}, {"\"c\"", "0", "[]"}},
    {&kind_references, {"[\"a\", \"b\"]", "[]"}, {"[\"x\"]", "\"b\"", "[0]"}},
};

static json_t *place_in(json_t *root, size_t i)
{
    json_t *at = root;

    if (places[i].array != NULL)
        at = json_array_get(json_object_get(at, places[i].array), 0);
    return places[i].key != NULL ? json_object_get(at, places[i].key) : at;
}

static const struct option_object *object_at(size_t i)
{
    if (places[i].object != NULL)
        return places[i].object;
    for (size_t r = 0; r < object_slice.n_rows; r++)
        if (strcmp(object_slice.rows[r].name, places[i].key) == 0)
            return object_slice.rows[r].object;
    fail_msg("no such object");
    return NULL;
}

/* One flow is at most all flows, and 64 are at most 64: keeps the rows' own bounds in view. */
static void set_partner(json_t *at, const char *name)
{
    if (strcmp(name, "max_individual_flows") == 0)
        json_object_set_new(at, "min_closed_loop_flows", json_integer(1));
    if (strcmp(name, "min_closed_loop_flows") == 0)
        json_object_set_new(at, "max_individual_flows", json_integer(64));
    if (strcmp(name, "sampling") == 0 && json_object_get(at, "device") != NULL)
        json_object_set_new(at, "role", json_string("mirror"));
    if (strcmp(name, "otherwise") == 0)
        json_object_set_new(at, "acl", json_pack("[s]", "deny 192.0.2.1"));
    if (strcmp(name, "tunnel_id") == 0)
        json_object_set_new(at, "tunnel", json_string("gre"));
    if (strcmp(name, "retransmission_timeout_ms") == 0)
        json_object_set_new(at, "flow_idle_timeout_ms", json_integer(120000));
    if (strcmp(name, "flow_idle_timeout_ms") == 0)
        json_object_set_new(at, "retransmission_timeout_ms", json_integer(100));
}

static struct config *load(size_t place, const char *name, json_t *value,
                           struct config_error *error)
{
    json_t *root = json_loads(whole, 0, NULL);
    struct config *config = NULL;

    assert_non_null(root);
    set_partner(place_in(root, place), name);
    /* One of them needs an aggregate; the others are there to be referred to. */
    while (strcmp(name, "max_aggregates") == 0 &&
           json_array_size(json_object_get(root, "slices")) > 1)
        json_array_remove(json_object_get(root, "slices"), 1);
    json_object_set(place_in(root, place), name, value);
    config_load_json(root, &config, error);
    json_decref(root);
    return config;
}

static void expect_round_trip(size_t place, const struct option_row *row, json_t *value)
{
    struct config_error error;
    struct config *config = load(place, row->name, value, &error), *again = NULL;
    json_t *written, *rewritten;

    if (config == NULL)
        fail_msg("%s", error.text);
    written = config_to_json(config);
    if (!json_equal(json_object_get(place_in(written, place), row->name), value))
        fail_msg("%s does not come back as it was set", row->name);
    assert_int_equal(config_load_json(written, &again, &error), 0);
    rewritten = config_to_json(again);
    assert_true(json_equal(written, rewritten));
    json_decref(written);
    json_decref(rewritten);
    config_free(config);
    config_free(again);
    json_decref(value);
}

static void expect_refused(size_t place, const struct option_row *row, json_t *value)
{
    struct config_error error = {.text = ""};
    struct config *config = load(place, row->name, value, &error);

    if (config != NULL)
        fail_msg("%s took a value that is not allowed", row->name);
    assert_non_null(strstr(error.path, row->name));
    assert_true(error.allowed[0] != '\0');
    json_decref(value);
}

static void check_number(size_t place, const struct option_row *row)
{
    bool is_real = row->kind == &kind_real;
    double step = is_real ? 1e-16 : 1;

    expect_round_trip(place, row,
                      is_real ? json_real(row->least) : json_integer((json_int_t)row->least));
    expect_round_trip(place, row,
                      is_real ? json_real(row->most) : json_integer((json_int_t)row->most));
    expect_refused(place, row,
                   is_real ? json_real(row->least - step)
                           : json_integer((json_int_t)row->least - 1));
    expect_refused(place, row,
                   is_real ? json_real(row->most + 1e-9) : json_integer((json_int_t)row->most + 1));
    expect_refused(place, row, json_string("1"));
    if (!is_real)
        expect_refused(place, row, json_real(row->most));
    if (row->nullable)
        expect_round_trip(place, row, json_null());
    else
        expect_refused(place, row, json_null());
}

static void check_words(size_t place, const struct option_row *row)
{
    for (size_t i = 0; row->words[i] != NULL; i++)
        expect_round_trip(place, row, json_string(row->words[i]));
    expect_refused(place, row, json_string(""));
    expect_refused(place, row, json_integer(0));
}

static void check_samples(size_t place, const struct option_row *row)
{
    for (size_t i = 0; i < ARRAY_LENGTH(samples); i++) {
        if (samples[i].kind != row->kind)
            continue;
        for (size_t k = 0; k < 3 && samples[i].good[k] != NULL; k++)
            expect_round_trip(place, row, json_loads(samples[i].good[k], JSON_DECODE_ANY, NULL));
        for (size_t k = 0; k < 3 && samples[i].bad[k] != NULL; k++)
            if (!row->nullable || strcmp(samples[i].bad[k], "null") != 0)
                expect_refused(place, row, json_loads(samples[i].bad[k], JSON_DECODE_ANY, NULL));
        if (row->nullable && row->kind != &kind_reference)
            expect_round_trip(place, row, json_null());
        return;
    }
    fail_msg("no sample for the row %s", row->name);
}

static void check_row(size_t place, const struct option_row *row)
{
    if (row->kind == &kind_u32 || row->kind == &kind_u64 || row->kind == &kind_real)
        check_number(place, row);
    else if (row->kind == &kind_enum)
        check_words(place, row);
    else if (row->kind != &kind_object && row->kind != &kind_late_object &&
             row->kind != &kind_ingress && !row->kind->is_ignored)
        check_samples(place, row);
}

static void every_row_keeps_its_bounds_and_comes_back_as_set(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
        const struct option_object *object = object_at(i);

        for (size_t k = 0; k < object->n_rows; k++)
            check_row(i, &object->rows[k]);
    }
}

static void every_row_has_a_help_and_comments_are_ignored(void **state)
{
    struct config *config = NULL;
    struct config_error error;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
        const struct option_object *object = object_at(i);

        for (size_t k = 0; k < object->n_rows; k++)
            assert_true(strlen(object->rows[k].help) > 5);
    }
    assert_int_equal(config_load_text("{\"$schema\":\"x\",\"comment\":\"x\",\"eal\":{\"comment\":"
                                      "\"x\"}}",
                                      &config, &error),
                     0);
    config_free(config);
}

static void nothing_set_is_a_configuration_of_defaults(void **state)
{
    struct config *config = NULL;
    struct config_error error;

    (void)state;
    assert_int_equal(config_load_text("{}", &config, &error), 0);
    assert_string_equal(config->instance.name, "pennyline");
    assert_string_equal(config->instance.control_socket, "/run/pennyline/pennyline.sock");
    assert_string_equal(config->instance.event_log, "");
    assert_int_equal(config->instance.epoch_ms, 10);
    assert_int_equal(config->instance.max_aggregates, 65536);
    assert_int_equal(config->instance.flows_per_lcore, 262144);
    assert_int_equal(config->instance.flow_admissions_per_second, 200000);
    assert_int_equal(config->instance.max_pending_drops, 65536);
    assert_true(config->instance.max_own_loss_ratio == 0.001);
    assert_int_equal(config->instance.max_manager_lateness_ms, 1000);
    assert_false(config->instance.kill_switch);
    assert_true(config->eal.huge);
    assert_false(config->eal.has_main_lcore);
    assert_int_equal(config->n_ports + config->n_next_hops + config->n_slices, 0);
    config_free(config);
}

/* The values that the paper and OpenPenny use, and the error probabilities of rule anytime. */
static void defaults_of_a_test_are_the_published_ones(void **state)
{
    struct test_parameters p;

    (void)state;
    test_parameters_default(&p);
    assert_int_equal(p.rule, TEST_RULE_ANYTIME);
    assert_true(p.drop_probability == 0.05);
    assert_true(p.alpha == 1e-6);
    assert_true(p.beta == 1e-4);
    assert_true(p.max_duplicate_ratio == 0.15);
    assert_true(p.max_reordering_ratio == 0.80);
    assert_true(p.p_miss == 0.05);
    assert_int_equal(p.retransmission_timeout_ms, 3000);
    assert_int_equal(p.admission_grace_ms, 3000);
    assert_int_equal(p.flow_idle_timeout_ms, 30000);
    assert_int_equal(p.passive_flow_idle_timeout_ms, 15000);
    assert_int_equal(p.max_drops_per_flow, 6);
    assert_int_equal(p.max_drops_per_aggregate, 12);
    assert_true(p.fallback_to_individual);
    assert_int_equal(p.max_individual_flows, 10);
    assert_int_equal(p.min_closed_loop_flows, 2);
    assert_int_equal(p.protect_first_packets, 0);
    assert_int_equal(p.max_jump_bytes, 16 << 20);
    assert_int_equal(p.max_duration_ms, 0);
    assert_int_equal(p.individual_phase_timeout_ms, 60000);
    assert_int_equal(p.retest_interval_ms, 0);
    assert_false(p.has_seed);
}

static void slice_takes_from_defaults_what_it_does_not_set(void **state)
{
    static const char text[] =
        "{\"slices\":[{\"name\":\"s\",\"mode\":\"off\",\"beta\":0.01,\"seed\":null},"
        "{\"name\":\"t\",\"mode\":\"off\",\"sources\":[\"10.0.0.0/8\"]}],"
        "\"defaults\":{\"alpha\":0.001,\"beta\":0.002,\"seed\":7}}";
    struct config *config = NULL;
    struct config_error error;

    (void)state;
    assert_int_equal(config_load_text(text, &config, &error), 0);
    assert_true(config->slices[0].parameters.alpha == 0.001);
    assert_true(config->slices[0].parameters.beta == 0.01);
    assert_false(config->slices[0].parameters.has_seed);
    assert_true(config->slices[1].parameters.beta == 0.002);
    assert_int_equal(config->slices[1].parameters.seed, 7);
    assert_true(config->slices[1].parameters.p_miss == 0.05);
    config_free(config);
}

static void references_become_indices_and_any_is_both_families(void **state)
{
    struct config *config = NULL;
    struct config_error error;
    static const char text[] =
        "{\"ports\":[{\"name\":\"a\",\"device\":\"eth0\",\"pair\":\"b\"},"
        "{\"name\":\"b\",\"device\":\"eth1\"},"
        "{\"name\":\"m\",\"device\":\"eth2\",\"role\":\"mirror\"},"
        "{\"name\":\"w\",\"device\":\"eth3\",\"role\":\"mirror\",\"decapsulate\":false},"
        "{\"name\":\"u\",\"device\":\"eth4\",\"decapsulate\":true}],"
        "\"next_hops\":[{\"name\":\"n\",\"port\":\"b\",\"destination_mac\":\"02:00:00:00:0a:01\"}],"
        "\"slices\":[{\"name\":\"s\",\"mode\":\"active\",\"ingress\":{\"port\":\"b\",\"vlan\":7},"
        "\"next_hops\":[\"n\"]}]}";

    (void)state;
    assert_int_equal(config_load_text(text, &config, &error), 0);
    assert_int_equal(config->ports[0].pair, 1);
    assert_int_equal(config->ports[1].pair, 1);
    assert_int_equal(config->ports[2].pair, CONFIG_NONE);
    assert_int_equal(config->next_hops[0].port, 1);
    assert_int_equal(config->next_hops[0].destination_mac[4], 0x0a);
    assert_int_equal(config->next_hops[0].vlan, CONFIG_NONE);
    assert_int_equal(config->slices[0].ingress.port, 1);
    assert_int_equal(config->slices[0].ingress.vlan, 7);
    assert_int_equal(config->slices[0].ingress.tunnel, SLICE_ANY_TUNNEL);
    assert_false(config->slices[0].ingress.has_tunnel_id);
    assert_false(config_port_decapsulates(&config->ports[0]));
    assert_true(config_port_decapsulates(&config->ports[2])); /* a mirror, and nothing said */
    assert_false(config_port_decapsulates(&config->ports[3]));
    assert_true(config_port_decapsulates(&config->ports[4]));
    assert_int_equal(config->slices[0].n_next_hops, 1);
    assert_int_equal(config->slices[0].n_sources, 2);
    assert_int_not_equal(config->slices[0].sources[0].is_ipv4,
                         config->slices[0].sources[1].is_ipv4);
    assert_int_equal(config->slices[0].n_destinations, 2);
    config_free(config);
}

/* What it stands for is what the slice is: an ingress, or else a port, of that name. */
static void an_ingress_by_name_is_its_conditions(void **state)
{
    struct config *config = NULL, *again = NULL;
    struct config_error error;
    json_t *written, *rewritten;
    static const char text[] =
        "{\"ports\":[{\"name\":\"a\",\"device\":\"eth0\",\"pair\":\"b\"},{\"name\":\"b\","
        "\"device\":"
        "\"eth1\",\"decapsulate\":true}],"
        "\"ingresses\":[{\"name\":\"a\",\"relation\":\"peer\",\"port\":\"b\",\"vlan\":7},"
        "{\"name\":\"i\",\"relation\":\"peer\",\"tunnel\":\"vxlan\",\"tunnel_id\":5}],"
        "\"slices\":[{\"name\":\"s\",\"mode\":\"off\",\"ingress\":\"a\"},"
        "{\"name\":\"t\",\"mode\":\"off\",\"ingress\":\"b\"},"
        "{\"name\":\"u\",\"mode\":\"off\",\"ingress\":\"i\"}]}";

    (void)state;
    assert_int_equal(config_load_text(text, &config, &error), 0);
    assert_int_equal(config->slices[0].ingress.port, 1);
    assert_int_equal(config->slices[0].ingress.vlan, 7);
    assert_int_equal(config->slices[1].ingress.port, 1);
    assert_int_equal(config->slices[1].ingress.vlan, SLICE_ANY_VLAN);
    assert_int_equal(config->slices[1].ingress.tunnel, SLICE_ANY_TUNNEL);
    assert_false(config->slices[1].ingress.has_tunnel_id);
    assert_int_equal(config->slices[2].ingress.port, SLICE_ANY_PORT);
    assert_int_equal(config->slices[2].ingress.tunnel_id, 5);
    /* what is written reads as the same */
    written = config_to_json(config);
    assert_int_equal(config_load_json(written, &again, &error), 0);
    rewritten = config_to_json(again);
    assert_true(json_equal(written, rewritten));
    json_decref(written);
    json_decref(rewritten);
    config_free(config);
    config_free(again);
}

/* Loads ports "a" (1 in 100), "b" (whole) and "c" (not said), all mirrors, with one slice. */
static struct config *load_sampled(const char *slice, struct config_error *error)
{
    json_t *root =
        json_loads("{\"ports\":["
                   "{\"name\":\"a\",\"device\":\"eth0\",\"role\":\"mirror\",\"sampling\":100},"
                   "{\"name\":\"b\",\"device\":\"eth1\",\"role\":\"mirror\",\"sampling\":1},"
                   "{\"name\":\"c\",\"device\":\"eth2\",\"role\":\"mirror\"}]}",
                   0, NULL);
    struct config *config = NULL;

    json_object_set_new(root, "slices", json_loads(slice, 0, NULL));
    config_load_json(root, &config, error);
    json_decref(root);
    return config;
}

static void a_port_tells_its_slices_how_it_samples(void **state)
{
    static const struct {
        const char *slice;
        int64_t sampling; /* -1: refused */
    } cases[] = {
        {"[{\"name\":\"s\",\"mode\":\"passive\",\"ingress\":{\"port\":\"a\"}}]", 100},
        {"[{\"name\":\"s\",\"mode\":\"passive\",\"ingress\":{\"port\":\"b\"}}]", 1},
        {"[{\"name\":\"s\",\"mode\":\"passive\",\"ingress\":{\"port\":\"c\"}}]", 0},
        {"[{\"name\":\"s\",\"mode\":\"passive\",\"ingress\":{\"port\":\"a\"},\"sampling\":7}]", 7},
        {"[{\"name\":\"s\",\"mode\":\"passive\",\"sampling\":7}]", 7},
        {"[{\"name\":\"s\",\"mode\":\"off\"}]", 0},
        {"[{\"name\":\"s\",\"mode\":\"passive\"}]", -1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct config_error error;
        struct config *config = load_sampled(cases[i].slice, &error);

        assert_int_equal(config == NULL, cases[i].sampling < 0);
        if (config == NULL)
            assert_string_equal(error.text,
                                "$.slices[0].sampling: 0, and its ports sample differently; "
                                "allowed: a number that holds for all of them, or an ingress port");
        else
            assert_int_equal(config->slices[0].parameters.sampling, cases[i].sampling);
        config_free(config);
    }
}

static void an_escalation_comes_back_as_it_was_set(void **state)
{
    static const char text[] =
        "{\"slices\":[{\"name\":\"w\",\"mode\":\"passive\",\"ingress\":{\"vlan\":7},\"escalate\":"
        "{\"when\":[\"volume\",\"upstream_loss\"],\"test\":\"t\",\"max_per_hour\":3,"
        "\"above_bps\":1000000}},"
        "{\"name\":\"t\",\"mode\":\"active\",\"start\":\"manual\"}]}";
    struct config *config = NULL, *again = NULL;
    struct config_error error;
    json_t *written;

    (void)state;
    if (config_load_text(text, &config, &error) != 0)
        fail_msg("%s", error.text);
    written = config_to_json(config);
    assert_int_equal(config_load_json(written, &again, &error), 0);
    for (int i = 0; i < 2; i++) {
        const struct slice *s = &(i == 0 ? config : again)->slices[0];

        assert_int_equal(s->escalation.when, 1u << FINDING_UPSTREAM_LOSS | ESCALATE_ON_VOLUME);
        assert_int_equal(s->escalation.test, 1); /* named before it was read */
        assert_int_equal(s->escalation.max_per_hour, 3);
        assert_int_equal(s->escalation.above_bps, 1000000);
    }
    assert_int_equal(config->slices[1].escalation.when, 0); /* off by default */
    assert_int_equal(config->slices[1].escalation.test, SLICE_NONE);
    json_decref(written);
    config_free(config);
    config_free(again);
}

static void devices_are_told_apart_by_their_text(void **state)
{
    static const struct {
        const char *device;
        enum port_device_kind kind;
    } cases[] = {
        {"eth0", PORT_DEVICE_INTERFACE},
        {"iface:eth0", PORT_DEVICE_INTERFACE},
        {"iface:net_a", PORT_DEVICE_INTERFACE},
        {"enp59s0f0np0", PORT_DEVICE_INTERFACE},
        {"eth0.100", PORT_DEVICE_INTERFACE},
        {"sixteen-letters-", PORT_DEVICE_INVALID},
        {"iface:", PORT_DEVICE_INVALID},
        {"iface:0000:3b:00.0", PORT_DEVICE_INVALID},
        {"0000:3b:00.0", PORT_DEVICE_PCI},
        {"3b:00.7", PORT_DEVICE_PCI},
        {"0000:3b:00.1,mprq_en=1", PORT_DEVICE_PCI},
        {"0000:3b:00.8", PORT_DEVICE_INVALID},
        {"0000:3b:00.0x", PORT_DEVICE_INVALID},
        {"000:3b:00.0", PORT_DEVICE_INVALID},
        {"net_pcap0,rx_pcap=in.pcap", PORT_DEVICE_VDEV},
        {"net_null0", PORT_DEVICE_VDEV},
        {"net_", PORT_DEVICE_INTERFACE},
        {"net_null0 ", PORT_DEVICE_INVALID},
        {"..", PORT_DEVICE_INVALID},
        {"", PORT_DEVICE_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_int_equal(config_device_kind(cases[i].device), cases[i].kind);
    assert_string_equal(config_device_interface("iface:net_a"), "net_a");
    assert_string_equal(config_device_interface("eth0"), "eth0");
}

static void one_device_cannot_be_two_ports_however_it_is_written(void **state)
{
    static const struct {
        const char *one, *other;
        bool same;
    } cases[] = {
        {"41:00.0", "0000:41:00.0", true},
        {"0000:aB:00.0", "0000:Ab:00.0", true},
        {"0000:41:00.0,x=1", "41:00.0,y=2", true},
        {"0001:41:00.0", "41:00.0", false},
        {"41:00.0", "41:00.1", false},
        {"eth1", "iface:eth1", true},
        {"iface:Eth1", "iface:eth1", false},
        {"net_pcap0,rx_pcap=a", "net_pcap0,rx_pcap=b", true},
        {"net_pcap0,rx_pcap=a", "net_pcap1,rx_pcap=a", false},
        {"net_af_packet0,iface=eth1", "eth1", true},
        {"net_af_packet0,iface=eth1,qpairs=2", "net_af_xdp7,iface=eth1", true},
        {"net_tap0,iface=eth1", "eth1", false}, /* makes one of that name */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct config *config = NULL;
        struct config_error error;
        char text[512];
        int result;

        snprintf(text, sizeof(text),
                 "{\"ports\": [{\"name\": \"a\", \"device\": \"%s\"}, {\"name\": \"b\", "
                 "\"device\": \"%s\"}], \"slices\": [{\"name\": \"s\", \"sources\": "
                 "[\"192.0.2.0/24\"], \"mode\": \"off\"}]}",
                 cases[i].one, cases[i].other);
        result = config_load_text(text, &config, &error);
        if (result != (cases[i].same ? -EINVAL : 0))
            fail_msg("%s and %s: %d %s", cases[i].one, cases[i].other, result, error.text);
        if (cases[i].same)
            if (strstr(error.text, "$.ports[1].device") == NULL)
                fail_msg("%s and %s: %s", cases[i].one, cases[i].other, error.text);
        config_free(config);
    }
}

static void a_vdev_may_take_an_interface_of_the_kernel(void **state)
{
    char name[CONFIG_PATH_BYTES];

    (void)state;
    assert_true(config_device_kernel_interface("iface:eth1", name));
    assert_string_equal(name, "eth1");
    assert_true(config_device_kernel_interface("net_af_packet0,iface=eth2,qpairs=1", name));
    assert_string_equal(name, "eth2");
    assert_false(config_device_kernel_interface("net_null0", name));
    assert_false(config_device_kernel_interface("41:00.0", name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_keeps_its_bounds_and_comes_back_as_set),
        cmocka_unit_test(every_row_has_a_help_and_comments_are_ignored),
        cmocka_unit_test(nothing_set_is_a_configuration_of_defaults),
        cmocka_unit_test(defaults_of_a_test_are_the_published_ones),
        cmocka_unit_test(slice_takes_from_defaults_what_it_does_not_set),
        cmocka_unit_test(references_become_indices_and_any_is_both_families),
        cmocka_unit_test(a_port_tells_its_slices_how_it_samples),
        cmocka_unit_test(an_escalation_comes_back_as_it_was_set),
        cmocka_unit_test(devices_are_told_apart_by_their_text),
        cmocka_unit_test(one_device_cannot_be_two_ports_however_it_is_written),
        cmocka_unit_test(an_ingress_by_name_is_its_conditions),
        cmocka_unit_test(a_vdev_may_take_an_interface_of_the_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
