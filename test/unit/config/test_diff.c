/* SPDX-License-Identifier: BSD-3-Clause */
/* What differs between two configurations, against a naive twin that knows what was done to them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/random.h"
#include "config/diff.h"

#define PORTS                                                                                      \
    "\"ports\":[{\"name\":\"a\",\"device\":\"eth0\",\"pair\":\"b\"},{\"name\":\"b\",\"device\":"   \
    "\"eth1\",\"pair\":\"a\"}]"
#define DOCUMENT(more) "{" PORTS "," more "}"
#define SLICES(slices) DOCUMENT("\"slices\":[" slices "]")
#define S(name, n, more)                                                                           \
    "{\"name\":\"" name "\",\"mode\":\"active\",\"sources\":[\"10." #n ".0.0/16\"]" more "}"

static struct config *load(const char *text)
{
    struct config_error error;
    struct config *config = NULL;

    if (config_load_text(text, &config, &error) != 0)
        fail_msg("%s", error.text);
    return config;
}

static struct config_changes diff_of(struct config *before, struct config *after)
{
    struct config_changes changes;

    assert_int_equal(config_diff(before, after, &changes), 0);
    config_free(before);
    config_free(after);
    return changes;
}

static void each_change_has_its_class_and_its_words(void **state)
{
    static const struct {
        const char *before, *after;
        enum config_change_class class;
        const char *text; /* NULL: nothing changed */
    } cases[] = {
        {SLICES(S("x", 1, "")), SLICES(S("x", 1, "")), 0, NULL},
        {SLICES(S("x", 1, "") "," S("y", 2, "")), SLICES(S("y", 2, "") "," S("x", 1, "")), 0, NULL},
        {SLICES(S("x", 1, "")), SLICES(S("x", 1, ",\"comment\":\"c\"")), 0, NULL},
        {SLICES(S("x", 1, "")), SLICES(S("x", 2, "")), CONFIG_TRAFFIC,
         "slice \"x\": sources [\"10.1.0.0/16\"] -> [\"10.2.0.0/16\"]"},
        {SLICES(S("x", 1, "")), SLICES(S("x", 1, ",\"ingress\":{\"vlan\":7}")), CONFIG_TRAFFIC,
         "slice \"x\": ingress.vlan null -> 7"},
        {SLICES(S("x", 1, "")), SLICES(S("x", 1, ",\"max_drops_per_flow\":2")), CONFIG_PARAMETERS,
         "slice \"x\": max_drops_per_flow 6 -> 2"},
        {SLICES(S("x", 1, "")), SLICES(S("x", 1, ",\"start\":\"manual\"")), CONFIG_LIVE,
         "slice \"x\": start \"auto\" -> \"manual\""},
        {SLICES(S("x", 1, "")), SLICES(""), CONFIG_TRAFFIC, "slice \"x\" removed"},
        {SLICES(""), SLICES(S("x", 1, "")), CONFIG_TRAFFIC, "slice \"x\" added"},
        {DOCUMENT("\"instance\":{}"), DOCUMENT("\"instance\":{\"max_aggregates\":5}"),
         CONFIG_RESTART, "instance: max_aggregates 65536 -> 5"},
        {DOCUMENT("\"instance\":{}"), DOCUMENT("\"instance\":{\"max_manager_lateness_ms\":5000}"),
         CONFIG_LIVE, "instance: max_manager_lateness_ms 1000 -> 5000"},
        {DOCUMENT("\"ingresses\":[{\"name\":\"i\",\"relation\":\"peer\"}]"),
         DOCUMENT("\"ingresses\":[{\"name\":\"i\",\"relation\":\"peer\",\"neighbors\":[1]}]"),
         CONFIG_LIVE, "ingress \"i\": neighbors [] -> [1]"},
        {DOCUMENT("\"eal\":{}"), DOCUMENT("\"eal\":{\"memory_mb\":64}"), CONFIG_RESTART,
         "eal: memory_mb 512 -> 64"},
        {"{\"ports\":[{\"name\":\"a\",\"device\":\"eth0\"},{\"name\":\"b\",\"device\":\"eth1\"}]}",
         "{\"ports\":[{\"name\":\"b\",\"device\":\"eth1\"},{\"name\":\"a\",\"device\":\"eth0\"}]}",
         CONFIG_RESTART, "ports: order \"a\" -> \"b\""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct config_changes c = diff_of(load(cases[i].before), load(cases[i].after));
        char text[400];

        assert_int_equal(c.n, cases[i].text != NULL);
        if (c.n == 1) {
            assert_int_equal(c.changes[0].class, cases[i].class);
            assert_string_equal(config_change_text(&c.changes[0], text, sizeof(text)),
                                cases[i].text);
        }
        config_changes_free(&c);
    }
}

static void a_default_that_changes_changes_the_slices_that_have_it(void **state)
{
    const char *slices = "\"slices\":[" S("x", 1, "") "," S("y", 2, ",\"alpha\":1e-7") "]";
    char before[1024], after[1024];
    struct config_changes c;

    (void)state;
    snprintf(before, sizeof(before), "{" PORTS ",%s}", slices);
    snprintf(after, sizeof(after), "{" PORTS ",\"defaults\":{\"alpha\":1e-8},%s}", slices);
    c = diff_of(load(before), load(after));
    assert_int_equal(c.n, 2);
    assert_string_equal(c.changes[0].list, "defaults");
    assert_int_equal(c.changes[0].class, CONFIG_LIVE);
    assert_string_equal(c.changes[1].name, "x");
    assert_int_equal(c.changes[1].class, CONFIG_PARAMETERS);
    config_changes_free(&c);
}

/* The twin: a slice is its number, its traffic and its budget; 0 of traffic: it is not there. */
#define N_SLICES 8
struct twin {
    unsigned int traffic[N_SLICES], budget[N_SLICES];
};

static struct config *load_twin(const struct twin *t, unsigned int first)
{
    char text[4096];
    int n = snprintf(text, sizeof(text), "{\"slices\":[");
    const char *comma = "";

    for (unsigned int k = 0; k < N_SLICES; k++) {
        unsigned int i = (first + k) % N_SLICES;

        if (t->traffic[i] == 0)
            continue;
        n += snprintf(text + n, sizeof(text) - (size_t)n,
                      "%s{\"name\":\"s%u\",\"mode\":\"active\",\"sources\":[\"10.%u.%u.0/24\"],"
                      "\"max_drops_per_flow\":%u}",
                      comma, i, i, t->traffic[i], t->budget[i]);
        comma = ",";
    }
    snprintf(text + n, sizeof(text) - (size_t)n, "]}");
    return load(text);
}

static unsigned int n_of(const struct config_changes *c, unsigned int slice, const char *option,
                         enum config_change_kind kind)
{
    unsigned int n = 0;
    char name[16];

    snprintf(name, sizeof(name), "s%u", slice);
    for (uint32_t i = 0; i < c->n; i++)
        n += strcmp(c->changes[i].name, name) == 0 && strcmp(c->changes[i].option, option) == 0 &&
             c->changes[i].kind == kind;
    return n;
}

static void random_sequences_agree_with_the_twin(void **state)
{
    struct random_source random;
    struct twin now = {{0}, {0}};

    (void)state;
    random_seed_fixed(&random, 7, 0);
    for (int round = 0; round < 500; round++) {
        struct twin next = now;
        unsigned int expected = 0;
        struct config_changes c;

        for (unsigned int k = 0; k < 3; k++) {
            unsigned int i = (unsigned int)(random_u64(&random) % N_SLICES);

            next.traffic[i] = (unsigned int)(random_u64(&random) % 3);
            next.budget[i] = 1 + (unsigned int)(random_u64(&random) % 2);
        }
        c = diff_of(load_twin(&now, 0), load_twin(&next, (unsigned int)random_u64(&random) % 8));
        for (unsigned int i = 0; i < N_SLICES; i++) {
            bool was = now.traffic[i] != 0, is = next.traffic[i] != 0;
            unsigned int traffic = was && is && now.traffic[i] != next.traffic[i];
            unsigned int budget = was && is && now.budget[i] != next.budget[i];

            assert_int_equal(n_of(&c, i, "", CONFIG_ADDED), !was && is);
            assert_int_equal(n_of(&c, i, "", CONFIG_REMOVED), was && !is);
            assert_int_equal(n_of(&c, i, "sources", CONFIG_CHANGED), traffic);
            assert_int_equal(n_of(&c, i, "max_drops_per_flow", CONFIG_CHANGED), budget);
            expected += (was != is) + traffic + budget;
        }
        assert_int_equal(c.n, expected);
        config_changes_free(&c);
        now = next;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_has_its_class_and_its_words),
        cmocka_unit_test(a_default_that_changes_changes_the_slices_that_have_it),
        cmocka_unit_test(random_sequences_agree_with_the_twin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
