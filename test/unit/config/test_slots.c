/* SPDX-License-Identifier: BSD-3-Clause */
/* Slices in slots: who keeps a place, and whose packets change, against classification by eye. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/random.h"
#include "config/classify.h"
#include "config/neighbours.h"
#include "config/slots.h"

#define N_SLOTS 8

static const bool none_held[N_SLOTS];

static struct config *load(const char *slices)
{
    struct config_error error;
    struct config *config = NULL;
    char text[4096];

    snprintf(text, sizeof(text),
             "{\"ports\":[{\"name\":\"a\",\"device\":\"eth0\"},{\"name\":\"b\",\"device\":"
             "\"eth1\"}],\"slices\":[%s]}",
             slices);
    return config_load_text(text, &config, &error) == 0 ? config : NULL;
}

static struct config *place(const char *slices, const struct config *before, const bool *is_held)
{
    struct config *config = load(slices);

    assert_non_null(config);
    assert_int_equal(config_take_slots(config, before, is_held, N_SLOTS), 0);
    assert_int_equal(config->n_slices, N_SLOTS);
    return config;
}

#define S(name, source) "{\"name\":\"" name "\",\"mode\":\"active\",\"sources\":[\"" source "\"]}"

/* "x y- . z": by slot; a minus behind who is leaving, a dot where nobody is. */
static const char *layout_of(const struct config *c)
{
    static char text[256];
    size_t n = 0;

    for (uint32_t i = 0; i < c->n_slices; i++) {
        const struct slice *s = &c->slices[i];

        if (s->presence == SLICE_ABSENT)
            n += (size_t)snprintf(text + n, sizeof(text) - n, ".");
        else
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", s->name,
                                  s->presence == SLICE_LEAVING ? "-" : "");
    }
    return text;
}

static void a_slice_keeps_its_slot_as_long_as_its_name(void **state)
{
    static const bool held[N_SLOTS] = {false, true};
    struct config *a =
        place(S("x", "10.0.0.0/8") "," S("y", "11.0.0.0/8") "," S("z", "12.0.0.0/8"), NULL, NULL);
    struct config *b, *c, *d;

    (void)state;
    assert_string_equal(layout_of(a), "xyz.....");
    b = place(S("n", "13.0.0.0/8") "," S("z", "12.0.0.0/8") "," S("x", "10.0.0.0/9"), a, none_held);
    assert_string_equal(layout_of(b), "xy-zn....");
    c = place(S("m", "14.0.0.0/8") "," S("y", "11.0.0.0/8"), b, held);
    assert_string_equal(layout_of(c), "x-y-z-n-my..");
    d = place(S("x", "10.0.0.0/8"), c, none_held);
    assert_string_equal(layout_of(d), "x...m-y-..");
    assert_int_equal(config_n_present(d), 1);
    config_free(a);
    config_free(b);
    config_free(c);
    config_free(d);
}

static void what_was_counted_otherwise_is_another_slice(void **state)
{
    struct config *a =
        place("{\"name\":\"x\",\"mode\":\"active\"},{\"name\":\"y\",\"mode\":"
              "\"active\",\"sources\":[\"10.0.0.0/8\"],\"granularity\":{\"ipv4\":24}}",
              NULL, NULL);
    struct config *b = place("{\"name\":\"x\",\"mode\":\"passive\"},{\"name\":\"y\",\"mode\":"
                             "\"off\",\"sources\":[\"10.0.0.0/8\"],\"granularity\":{\"ipv4\":24}}",
                             a, none_held);
    struct config *c = place("{\"name\":\"x\",\"mode\":\"passive\"},{\"name\":\"y\",\"mode\":"
                             "\"off\",\"sources\":[\"10.0.0.0/8\"],\"granularity\":{\"ipv4\":25}}",
                             b, none_held);

    (void)state;
    assert_string_equal(layout_of(a), "xy......");
    assert_string_equal(layout_of(b), "x-yx.....");
    assert_string_equal(layout_of(c), "yy-x.....");
    config_free(a);
    config_free(b);
    config_free(c);
}

static void without_a_free_slot_nothing_is_moved(void **state)
{
    static const bool held[1] = {true};
    struct config *a = load(S("x", "10.0.0.0/8")), *b = load(S("y", "10.0.0.0/8"));

    (void)state;
    assert_int_equal(config_take_slots(a, NULL, NULL, 1), 0);
    assert_int_equal(config_take_slots(b, a, held, 1), -ENOSPC);
    assert_int_equal(b->n_slices, 1);
    assert_string_equal(b->slices[0].name, "y");
    config_free(a);
    config_free(b);
}

static void what_leaves_is_not_written_and_takes_no_packet(void **state)
{
    struct config *a = place(S("x", "10.0.0.0/8"), NULL, NULL);
    struct config *b = place(S("y", "11.0.0.0/8"), a, none_held);
    json_t *json = config_to_json(b);
    struct packet_view v = {.reason = PACKET_TCP};
    struct ingress at = {0};

    (void)state;
    assert_int_equal(json_array_size(json_object_get(json, "slices")), 1);
    assert_int_equal(ip_address_parse("10.1.1.1", &v.source), 0);
    assert_int_equal(ip_address_parse("192.0.2.1", &v.destination), 0);
    assert_int_equal(slice_classify_linear(a->slices, N_SLOTS, &v, &at), 0);
    assert_int_equal(slice_classify_linear(b->slices, N_SLOTS, &v, &at), -1);
    json_decref(json);
    config_free(a);
    config_free(b);
}

static void who_escalates_names_the_slot(void **state)
{
    static const char watched[] =
        "{\"name\":\"w\",\"mode\":\"passive\",\"sources\":[\"10.0.0.0/8\"],\"ingress\":{\"port\":"
        "\"a\"},\"escalate\":{\"when\":[\"volume\"],\"above_bps\":1,\"test\":\"t\"}},"
        "{\"name\":\"t\",\"mode\":\"active\",\"start\":\"manual\",\"sources\":[\"10.0.0.0/8\"]}";
    struct config *a = place(S("x", "11.0.0.0/8") "," S("t", "10.0.0.0/8"), NULL, NULL);
    struct config *b = place(watched, a, none_held);

    (void)state;
    assert_string_equal(layout_of(b), "x-tw.....");
    assert_int_equal(b->slices[2].escalation.test, 1);
    config_free(a);
    config_free(b);
}

/* A small world: 16 sources, 8 destinations, 2 ports, 2 VLANs; TCP of three kinds, and
 * packets without ports. */
#define N_ENDS    4
#define N_PACKETS (16 * 8 * 2 * 2 * N_ENDS)

static void make_packet(unsigned int i, struct packet_view *v, struct ingress *at)
{
    const uint8_t s[4] = {10, 0, 0, i & 15}, d[4] = {192, 0, 2, i >> 4 & 7};
    static const uint16_t ends[N_ENDS][2] = {{1, 3}, {2, 2}, {3, 1}};
    const uint16_t *end = ends[i >> 9];

    *v = (struct packet_view){.source = ip_address_from_ipv4(s),
                              .destination = ip_address_from_ipv4(d),
                              .source_port = end[0],
                              .destination_port = end[1],
                              .reason = end[0] != 0 ? PACKET_TCP : PACKET_NOT_TCP};
    *at = (struct ingress){.port = i >> 7 & 1,
                           .vlan = {(uint16_t)(1 + (i >> 8 & 1)), PACKET_VLAN_NONE}};
}

static int slot_of_packet(const struct config *c, unsigned int i)
{
    struct packet_view v;
    struct ingress at;

    make_packet(i, &v, &at);
    return slice_classify_linear(c->slices, c->n_slices, &v, &at);
}

static size_t add_slice(char *out, size_t n, struct random_source *r, unsigned int name)
{
    static const char *const ports[] = {"null", "\"a\"", "\"b\""};
    static const char *const vlans[] = {"null", "1", "2"};
    static const char *const ends[] = {"null", "null", "[2]", "[\"2-3\"]", "[1,3]"};
    unsigned int length = random_u32(r) % 5, destination_length = random_u32(r) % 4;

    return (size_t)snprintf(
        out, n,
        "%s{\"name\":\"%c\",\"mode\":\"active\",\"sources\":[\"10.0.0.%u/%u\"],"
        "\"destinations\":[\"192.0.2.%u/%u\"],\"ingress\":{\"port\":%s,\"vlan\":%s},"
        "\"ports\":{\"source\":%s,\"destination\":%s},"
        "\"max_drops_per_flow\":%u}",
        name == 'a' ? "" : ",", (int)name, random_u32(r) % 16 & ~0u << (4 - length) & 15,
        28 + length, random_u32(r) % 8 & ~0u << (3 - destination_length) & 7,
        29 + destination_length, ports[random_u32(r) % 3], vlans[random_u32(r) % 3],
        ends[random_u32(r) % 5], ends[random_u32(r) % 5], 2 + random_u32(r) % 2);
}

/* The next configuration: each slice is as it was, another one, or not there. */
static struct config *make_next(char texts[6][256], struct random_source *r)
{
    char slices[6 * 256 + 8] = "";
    size_t n = 0;

    for (unsigned int i = 0; i < 6; i++) {
        unsigned int what = random_u32(r) % 8;
        const char *text;

        if (what == 0)
            texts[i][0] = '\0';
        if (what == 1)
            add_slice(texts[i], sizeof(texts[i]), r, 'a' + i);
        text = texts[i][0] == ',' && n == 0 ? texts[i] + 1 : texts[i];
        n += (size_t)snprintf(slices + n, sizeof(slices) - n, "%s", text);
    }
    return load(slices);
}

static void check_step(const struct config *before, const struct config *after,
                       const enum slice_fate *fates, unsigned int *n_stay, unsigned int *n_in_vain)
{
    bool differs[N_SLOTS] = {false};

    for (unsigned int i = 0; i < N_PACKETS; i++) {
        int was = slot_of_packet(before, i), is = slot_of_packet(after, i);

        if (was == is)
            continue;
        if (was >= 0)
            differs[was] = true;
        if (is >= 0)
            differs[is] = true;
    }
    for (unsigned int s = 0; s < N_SLOTS; s++) {
        if (fates[s] == SLICE_STAYS || fates[s] == SLICE_IS_RETUNED) {
            assert_false(differs[s]);
            assert_string_equal(before->slices[s].name, after->slices[s].name);
            (*n_stay)++;
        }
        *n_in_vain += fates[s] == SLICE_IS_REDRAWN && !differs[s];
    }
}

static void who_stays_has_the_same_packets_whatever_happens_around_it(void **state)
{
    struct random_source random;
    char texts[6][256] = {"", "", "", "", "", ""};
    struct config *before = place("", NULL, NULL), *after;
    unsigned int n_steps = 0, n_stay = 0, n_in_vain = 0;

    (void)state;
    random_seed_fixed(&random, 20241, 0);
    while (n_steps < 3000) {
        struct config_changes changes;
        enum slice_fate fates[N_SLOTS];
        char tried[6][256];
        int error;

        memcpy(tried, texts, sizeof(tried));
        after = make_next(tried, &random);
        if (after == NULL)
            continue;
        memcpy(texts, tried, sizeof(texts));
        error = config_take_slots(after, before, none_held, N_SLOTS);
        /* 6 names and those that left in the step before may be more than 8. */
        if (error == -ENOSPC) {
            config_free(after);
            continue;
        }
        assert_int_equal(error, 0);
        assert_int_equal(config_diff(before, after, &changes), 0);
        assert_int_equal(config_fates(before, after, &changes, fates), 0);
        check_step(before, after, fates, &n_stay, &n_in_vain);
        config_changes_free(&changes);
        config_free(before);
        before = after;
        n_steps++;
    }
    config_free(before);
    assert_true(n_stay > 3000);
    print_message("%u slices stayed, %u were redrawn in vain\n", n_stay, n_in_vain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slice_keeps_its_slot_as_long_as_its_name),
        cmocka_unit_test(what_was_counted_otherwise_is_another_slice),
        cmocka_unit_test(without_a_free_slot_nothing_is_moved),
        cmocka_unit_test(what_leaves_is_not_written_and_takes_no_packet),
        cmocka_unit_test(who_escalates_names_the_slot),
        cmocka_unit_test(who_stays_has_the_same_packets_whatever_happens_around_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
