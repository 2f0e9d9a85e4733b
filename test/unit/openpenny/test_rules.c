/* SPDX-License-Identifier: BSD-3-Clause */
/* The slices decide for every TCP packet as OpenPenny's rules do: held against a naive reading of
 * these, the first that matches by priority, on random rules and packets. */
#include "base/random.h"
#include "config/classify.h"
#include "config/config.h"
#include "converted.h"

#define MOST_RULES_GIVEN 7
#define N_DOCUMENTS      400
#define N_PACKETS        300

/* A rule as it is written; a few bits only, so that rules meet in every way. */
struct written {
    int source_bits, destination_bits; /* of 10.x.0.0; -1: not given */
    unsigned int source, destination;
    unsigned int source_port, destination_port; /* 0: not given */
    int priority;
    bool is_include, is_enabled, is_tcp;
};

struct document {
    struct written rules[MOST_RULES_GIVEN];
    unsigned int n;
    bool default_is_include;
    char text[4096];
};

static unsigned int below(struct random_source *r, unsigned int n)
{
    return random_u32(r) % n;
}

static struct written draw(struct random_source *r)
{
    static const int bits[] = {-1, -1, 8, 13, 14, 15, 16};
    struct written w = {
        .source_bits = bits[below(r, ARRAY_LENGTH(bits))],
        .destination_bits = bits[below(r, ARRAY_LENGTH(bits))],
        .source_port = below(r, 3) == 0 ? 1 + below(r, 2) : 0,
        .destination_port = below(r, 3) == 0 ? 1 + below(r, 2) : 0,
        .priority = (int)below(r, 5),
        .is_include = below(r, 2) == 0,
        .is_enabled = below(r, 8) != 0,
        .is_tcp = below(r, 8) != 0,
    };

    w.source = below(r, 8) & (w.source_bits > 8 ? ~0u << (16 - w.source_bits) : 0);
    w.destination = below(r, 8) & (w.destination_bits > 8 ? ~0u << (16 - w.destination_bits) : 0);
    return w;
}

static size_t write_rule(char *out, size_t n, const struct written *w)
{
    size_t used = (size_t)snprintf(out, n, "    - {decision: %s, priority: %d, enabled: %s",
                                   w->is_include ? "include" : "exclude", w->priority,
                                   w->is_enabled ? "true" : "false");

    if (w->source_bits >= 0)
        used += (size_t)snprintf(out + used, n - used, ", src_prefix: 10.%u.0.0/%d", w->source,
                                 w->source_bits);
    if (w->destination_bits >= 0)
        used += (size_t)snprintf(out + used, n - used, ", dst_prefix: 10.%u.0.0/%d", w->destination,
                                 w->destination_bits);
    if (w->source_port != 0)
        used += (size_t)snprintf(out + used, n - used, ", src_port: %u", w->source_port);
    if (w->destination_port != 0)
        used += (size_t)snprintf(out + used, n - used, ", dst_port: %u", w->destination_port);
    return used +
           (size_t)snprintf(out + used, n - used, ", protocol: %s}\n", w->is_tcp ? "tcp" : "udp");
}

static void draw_document(struct random_source *r, struct document *d)
{
    size_t n;

    d->n = below(r, MOST_RULES_GIVEN + 1);
    d->default_is_include = below(r, 2) == 0;
    n = (size_t)snprintf(d->text, sizeof(d->text), "traffic_policy:\n  default: %s\n  rules:%s\n",
                         d->default_is_include ? "include" : "exclude", d->n == 0 ? " []" : "");
    for (unsigned int i = 0; i < d->n; i++) {
        d->rules[i] = draw(r);
        n += write_rule(d->text + n, sizeof(d->text) - n, &d->rules[i]);
    }
}

static struct packet_view draw_packet(struct random_source *r)
{
    uint8_t source[4] = {10, (uint8_t)below(r, 8), 1, 1};
    uint8_t destination[4] = {10, (uint8_t)below(r, 8), 2, 2};

    if (below(r, 10) == 0)
        source[0] = 11;
    return (struct packet_view){
        .source = ip_address_from_ipv4(source),
        .destination = ip_address_from_ipv4(destination),
        .source_port = (uint16_t)(1 + below(r, 3)),
        .destination_port = (uint16_t)(1 + below(r, 3)),
        .reason = PACKET_TCP,
        .has_ip = true,
        .is_ipv4 = true,
        .protocol = 6,
    };
}

static bool is_in(const struct ip_address *a, unsigned int second, int bits)
{
    unsigned int mine = a->bytes[13];

    if (bits < 0)
        return true;
    return a->bytes[12] == 10 && (bits <= 8 || mine >> (16 - bits) == second >> (16 - bits));
}

/* What OpenPenny says: is the packet included? */
static bool twin(const struct document *d, const struct packet_view *p)
{
    const struct written *first = NULL;

    for (unsigned int i = 0; i < d->n; i++) {
        const struct written *w = &d->rules[i];

        if (w->is_enabled && w->is_tcp && is_in(&p->source, w->source, w->source_bits) &&
            is_in(&p->destination, w->destination, w->destination_bits) &&
            (w->source_port == 0 || w->source_port == p->source_port) &&
            (w->destination_port == 0 || w->destination_port == p->destination_port) &&
            (first == NULL || w->priority < first->priority))
            first = w;
    }
    return first != NULL ? first->is_include : d->default_is_include;
}

static bool is_tested(const struct config *config, const struct packet_view *p)
{
    struct ingress at = {.vlan = {PACKET_VLAN_NONE, PACKET_VLAN_NONE}};
    int slice = slice_classify_linear(config->slices, config->n_slices, p, &at);

    return slice >= 0 && config->slices[slice].mode != SLICE_OFF;
}

static void test_slices_decide_as_the_first_rule_that_matches(void **state)
{
    struct random_source r;
    unsigned int n_added = 0;

    (void)state;
    random_seed_fixed(&r, 11, 0);
    for (unsigned int i = 0; i < N_DOCUMENTS; i++) {
        static struct document d;
        struct config_error why;
        struct config *config = NULL;
        struct converted c;

        draw_document(&r, &d);
        convert(&c, d.text, NULL);
        if (c.status != 0 || config_load_json(c.config, &config, &why) != 0)
            fail_msg("%s%s", d.text, c.error);
        n_added += note_with(&c, "stands for what both match", "") != NULL;
        for (unsigned int k = 0; k < N_PACKETS; k++) {
            struct packet_view p = draw_packet(&r);

            if (is_tested(config, &p) != twin(&d, &p))
                fail_msg("%s10.%u:%u -> 10.%u:%u", d.text, p.source.bytes[13], p.source_port,
                         p.destination.bytes[13], p.destination_port);
        }
        config_free(config);
        converted_free(&c);
    }
    assert_true(n_added > N_DOCUMENTS / 10); /* else the hard case was not played */
}

static void test_rules_are_told_when_they_decide_nothing(void **state)
{
    struct converted c;
    char *slices;

    (void)state;
    convert(&c,
            "traffic_policy:\n"
            "  rules:\n"
            "    - {name: all of it!, decision: include, src_prefix: 10.1.2.3/8}\n"
            "    - {name: late, decision: exclude, src_prefix: 10.1.0.0/16}\n"
            "    - {name: dns, decision: include, protocol: udp, dst_port: 53}\n"
            "    - {name: gone, decision: include, enabled: false}\n"
            "    - {name: gre, decision: exclude, protocol: 47, colour: red}\n",
            NULL);
    slices = result_at(&c, "slices");
    assert_string_equal(slices, "[{\"name\":\"all-of-it\",\"sources\":[\"10.0.0.0/8\"],"
                                "\"mode\":\"active\"}]");
    free(slices);
    assert_non_null(
        note_with(&c, "op.yaml:3: traffic_policy.rules[0].name", "is called all-of-it"));
    assert_non_null(note_with(&c, "rules[0].src_prefix: 10.1.2.3/8", "are cut off: 10.0.0.0/8"));
    assert_non_null(note_with(&c, "rule late never decides", "all-of-it comes before it"));
    assert_non_null(note_with(&c, "op.yaml:5: traffic_policy.rules[2]", "the protocol is not TCP"));
    assert_non_null(note_with(&c, "op.yaml:6: traffic_policy.rules[3]", "is not enabled"));
    assert_non_null(note_with(&c, "op.yaml:7: traffic_policy.rules[4]", "the protocol is not TCP"));
    assert_non_null(note_with(&c, "rules[4].colour: red", "no such key"));
    converted_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slices_decide_as_the_first_rule_that_matches),
        cmocka_unit_test(test_rules_are_told_when_they_decide_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
