/* SPDX-License-Identifier: BSD-3-Clause */
/* Structured keys, such as a sender makes that counts up one field or two, must fall into buckets
 * as random ones do. */
#include "fixture.h"

#include "base/bytes.h"
#include "flow/layout.h"

#define N_KEYS    65536
#define N_BUCKETS 16384 /* four keys a bucket: a table full to the last record */

typedef struct flow_key make_key(uint32_t i);

static struct flow_key rising_ports(uint32_t i)
{
    struct flow_key key = key_of(0);

    key.source_port = (uint16_t)i;
    return key;
}

static struct flow_key rising_ports_of_the_wire(uint32_t i)
{
    struct flow_key key = key_of(0);

    store_be16(&key.source_port, (uint16_t)i);
    return key;
}

static struct flow_key addresses_in_steps_of_256(uint32_t i)
{
    return key_of(i << 8);
}

static struct flow_key address_and_port_cancel_out(uint32_t i)
{
    struct flow_key key = key_of(i);

    key.source_port = (uint16_t)~i;
    return key;
}

static struct flow_key source_equals_destination(uint32_t i)
{
    struct flow_key key = key_of(i);

    key.destination = key.source;
    return key;
}

static struct flow_key rising_ingress(uint32_t i)
{
    struct flow_key key = key_of(0);

    key.ingress = (uint16_t)i;
    key.source_port = (uint16_t)(i >> 16);
    return key;
}

static struct flow_key one_ipv6_interface_each(uint32_t i)
{
    struct flow_key key = key_of(0);

    memset(key.source.bytes, 0, sizeof(key.source.bytes));
    store_be32(key.source.bytes + 4, i);
    return key;
}

static make_key *const shapes[] = {
    rising_ports,
    rising_ports_of_the_wire,
    addresses_in_steps_of_256,
    rising_ingress,
    source_equals_destination,
    address_and_port_cancel_out,
    one_ipv6_interface_each,
};

static const uint64_t secrets[][2] = {
    {0x1234, 0x5678}, {0, 0}, {UINT64_MAX, 1}, {0x9e3779b97f4a7c15, 0xd1342543de82ef95}};

/* Loads are Poisson with mean 4: above 22 with probability 4e-11 a bucket, 2e-5 in all 28 runs of
 * both buckets. And the sum of squares of the loads, 16384 * (16 + 4) when random, lies within six
 * of its standard deviations (about sqrt(16384 * 2 * 16) = 724). */
static void assert_random_loads(const uint8_t *load)
{
    double squares = 0;

    for (uint32_t b = 0; b < N_BUCKETS; b++) {
        assert_true(load[b] <= 22);
        squares += load[b] * load[b];
    }
    assert_true(squares > 327680 - 6 * 724 && squares < 327680 + 6 * 724);
}

static void structured_keys_fill_buckets_as_random_ones_do(void **state)
{
    static uint8_t first[N_BUCKETS], second[N_BUCKETS];

    (void)state;
    for (size_t s = 0; s < ARRAY_LENGTH(secrets); s++) {
        struct flow_table_config config = {.n_flows = N_KEYS,
                                           .idle_timeout_ms = IDLE_MS,
                                           .secret = {secrets[s][0], secrets[s][1]}};
        struct flow_table *t = table_new(&config);

        for (size_t k = 0; k < ARRAY_LENGTH(shapes); k++) {
            memset(first, 0, sizeof(first));
            memset(second, 0, sizeof(second));
            for (uint32_t i = 0; i < N_KEYS; i++) {
                struct flow_key key = shapes[k](i);
                uint64_t hash = flow_table_hash(t, &key);

                first[first_bucket(t, hash) - t->buckets]++;
                second[second_bucket(t, hash) - t->buckets]++;
            }
            assert_random_loads(first);
            assert_random_loads(second);
        }
        free(t);
    }
}

static int by_value(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Tags have 31 free bits: of 65536 random ones n (n-1) / 2^32 = 1.0 pairs are equal; more than 12
 * with probability 1e-10. */
static void tags_of_structured_keys_hardly_ever_meet(void **state)
{
    static uint32_t tags[N_KEYS];

    (void)state;
    for (size_t k = 0; k < ARRAY_LENGTH(shapes); k++) {
        struct flow_table *t = table_of(N_KEYS);
        int n_equal = 0;

        for (uint32_t i = 0; i < N_KEYS; i++) {
            struct flow_key key = shapes[k](i);

            tags[i] = tag_of(flow_table_hash(t, &key));
            assert_int_not_equal(tags[i], 0);
        }
        qsort(tags, N_KEYS, sizeof(tags[0]), by_value);
        for (uint32_t i = 1; i < N_KEYS; i++)
            n_equal += tags[i] == tags[i - 1];
        assert_true(n_equal <= 12);
        free(t);
    }
}

static void the_two_buckets_of_a_key_differ(void **state)
{
    struct flow_table *t = table_of(64);

    (void)state;
    for (uint32_t i = 0; i < 10000; i++) {
        struct flow_key key = key_of(i);
        uint64_t hash = flow_table_hash(t, &key);

        assert_ptr_not_equal(first_bucket(t, hash), second_bucket(t, hash));
    }
    free(t);
}

static void another_secret_is_another_hash(void **state)
{
    struct flow_table *a = table_of(64), *b;
    struct flow_table_config config = {
        .n_flows = 64, .idle_timeout_ms = IDLE_MS, .secret = {0x1234, 0x5679}};
    int n_equal = 0;

    (void)state;
    b = table_new(&config);
    for (uint32_t i = 0; i < 1000; i++) {
        struct flow_key key = key_of(i);

        n_equal += flow_table_hash(a, &key) == flow_table_hash(b, &key);
    }
    assert_int_equal(n_equal, 0);
    free(a);
    free(b);
}

/* Of 65536 keys offered, the first three quarters get in; after that the free share f falls as
 * df/dn = -4 f / 65536, so 1 - e^-1 / 4 of the table is taken at the end, 59508, with a standard
 * deviation below sqrt(16384 / 4) = 64. Both buckets are full for at most 65536 P(Poisson(4) >=
 * 8)^2 = 171 of them. */
static void a_table_filled_by_structured_keys_follows_the_curve_of_the_sample(void **state)
{
    (void)state;
    for (size_t k = 0; k < ARRAY_LENGTH(shapes); k++) {
        struct flow_table *t = table_of(N_KEYS);
        const struct flow_table_counters *c = flow_table_counters(t);

        for (uint32_t i = 0; i < N_KEYS; i++) {
            struct flow_key key = shapes[k](i);
            enum flow_admission admission;

            flow_table_insert(t, &key, flow_table_hash(t, &key), FLOW_ARMED, 0, &admission);
        }
        assert_true(c->admissions[FLOW_REFUSED_FULL] <= 171);
        assert_true(c->n_flows > 59508 - 6 * 64 && c->n_flows < 59508 + 6 * 64);
        free(t);
    }
}

/* Each byte of a key tells flows apart, by the hash too, but for the mode: who looks a packet up
 * knows the rest before it. */
static void each_byte_of_a_key_but_those_of_the_mode_counts_in_the_hash(void **state)
{
    const struct flow_key ipv4 = key_of(7);
    const uint64_t *secret = secrets[0];
    struct flow_key ipv6 = ipv4;

    (void)state;
    for (uint8_t i = 0; i < 16; i++)
        ipv6.source.bytes[i] = ipv6.destination.bytes[i] = (uint8_t)(i + 1);
    for (size_t i = 0; i < sizeof(ipv4); i++)
        for (int bit = 0; bit < 8; bit++) {
            const struct flow_key *const of[] = {&ipv4, &ipv6};

            for (size_t k = 0; k < ARRAY_LENGTH(of); k++) {
                struct flow_key other = *of[k];

                ((uint8_t *)&other)[i] ^= (uint8_t)(1 << bit);
                assert_false(flow_key_equal(of[k], &other));
                assert_true(flow_key_equal(&other, &other));
                assert_int_equal(flow_hash(of[k], secret) == flow_hash(&other, secret),
                                 i >= offsetof(struct flow_key, mode));
            }
        }
}

/* A hash made of what stands in a packet finds the flow that was put in by its key. */
static void the_hash_of_the_parts_is_that_of_the_key(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        struct flow_key key = key_of(i * 0x01000193);
        const uint64_t *secret = secrets[i % ARRAY_LENGTH(secrets)];
        uint64_t rest;

        key.source_port = (uint16_t)(i * 40503);
        key.destination_port = (uint16_t)(i * 9973);
        key.ingress = (uint16_t)(i * 257);
        key.mode = (uint16_t)(i % 3);
        rest = flow_key_rest(key.source_port, key.destination_port, key.ingress);
        assert_int_equal(flow_hash(&key, secret),
                         flow_hash_ipv4(load_half_word(key.source.bytes + 12),
                                        load_half_word(key.destination.bytes + 12), rest, secret));
        /* One of IPv6 is enough. */
        key.destination.bytes[i % 10] = 1;
        assert_int_equal(flow_hash(&key, secret),
                         flow_hash_ipv6(&key.source, &key.destination, rest, secret));
        key.source.bytes[i % 10] = 1;
        assert_int_equal(flow_hash(&key, secret),
                         flow_hash_ipv6(&key.source, &key.destination, rest, secret));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(structured_keys_fill_buckets_as_random_ones_do),
        cmocka_unit_test(tags_of_structured_keys_hardly_ever_meet),
        cmocka_unit_test(the_two_buckets_of_a_key_differ),
        cmocka_unit_test(each_byte_of_a_key_but_those_of_the_mode_counts_in_the_hash),
        cmocka_unit_test(the_hash_of_the_parts_is_that_of_the_key),
        cmocka_unit_test(another_secret_is_another_hash),
        cmocka_unit_test(a_table_filled_by_structured_keys_follows_the_curve_of_the_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
