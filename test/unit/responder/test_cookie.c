/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/random.h"
#include "base/siphash.h"
#include "responder/cookie.h"

static const struct responder_keys keys = {{{UINT64_C(0x0123456789abcdef), 2}, {3, 4}}};

static struct responder_flow make_flow(void)
{
    struct responder_flow flow = {.client_port = 4711, .port = 80, .path = 3, .initial = 77};

    assert_int_equal(ip_address_parse("198.51.100.7", &flow.client), 0);
    assert_int_equal(ip_address_parse("192.0.2.1", &flow.address), 0);
    return flow;
}

/* The message byte by byte, as a stranger would write it down. */
static uint32_t naive_cookie(const struct responder_flow *f, uint32_t slot)
{
    uint8_t m[48] = {0};

    memcpy(m, f->client.bytes, 16);
    memcpy(m + 16, f->address.bytes, 16);
    for (int i = 0; i < 2; i++) {
        m[32 + i] = (uint8_t)(f->client_port >> 8 * i);
        m[34 + i] = (uint8_t)(f->port >> 8 * i);
        m[44 + i] = (uint8_t)(f->path >> 8 * i);
    }
    for (int i = 0; i < 4; i++) {
        m[36 + i] = (uint8_t)(f->initial >> 8 * i);
        m[40 + i] = (uint8_t)(slot >> 8 * i);
    }
    return ((uint32_t)siphash(m, sizeof(m), keys.keys[slot / 112 % 2]) & ~1u) | (slot & 1);
}

static void cookies_are_siphash_of_all_that_they_are_bound_to(void **state)
{
    struct responder_flow flow = make_flow();
    struct random_source r;

    (void)state;
    random_seed_fixed(&r, 1, 1);
    for (unsigned int i = 0; i < 1000; i++) {
        uint32_t slot = random_u32(&r);

        flow.initial = random_u32(&r);
        flow.path = (uint16_t)random_u32(&r);
        flow.client_port = (uint16_t)random_u32(&r);
        flow.client.bytes[15] = (uint8_t)random_u32(&r);
        assert_int_equal(responder_cookie(&keys, &flow, slot), naive_cookie(&flow, slot));
    }
}

static void an_answer_is_right_in_two_slots_then_late(void **state)
{
    const struct responder_flow flow = make_flow();
    const uint32_t slots[] = {4, 5, 110, 111, 112, 113, 223, 224, UINT32_MAX - 3};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(slots); i++) {
        uint32_t slot = slots[i], answer = responder_cookie(&keys, &flow, slot) + 1;

        assert_false(responder_is_right(&keys, &flow, slot - 1, answer));
        assert_true(responder_is_right(&keys, &flow, slot, answer));
        assert_true(responder_is_right(&keys, &flow, slot + 1, answer));
        assert_false(responder_is_late(&keys, &flow, slot + 1, answer));
        assert_false(responder_is_right(&keys, &flow, slot + 2, answer));
        assert_true(responder_is_late(&keys, &flow, slot + 2, answer));
        assert_false(responder_is_late(&keys, &flow, slot + 3, answer));
    }
}

/* Another source, address, port, path or first number: each a replay of somebody else's cookie. */
static void an_answer_of_another_flow_or_path_is_wrong(void **state)
{
    const struct responder_flow flow = make_flow();
    const uint32_t answer = responder_cookie(&keys, &flow, 9) + 1;

    (void)state;
    for (unsigned int i = 0; i < 6; i++) {
        struct responder_flow other = flow;

        other.client.bytes[15] ^= (uint8_t)(i == 0);
        other.address.bytes[15] ^= (uint8_t)(i == 1);
        other.client_port ^= (uint16_t)(i == 2);
        other.port ^= (uint16_t)(i == 3);
        other.path ^= (uint16_t)(i == 4);
        other.initial ^= (uint32_t)(i == 5);
        assert_false(responder_is_right(&keys, &other, 9, answer));
    }
    /* What a SYN+ACK sent back, or a RST to it, bears is the sender's own. */
    assert_false(responder_is_right(&keys, &flow, 9, flow.initial + 1));
    assert_false(responder_is_right(&keys, &flow, 9, responder_cookie(&keys, &flow, 9)));
}

/* Of the numbers of one flow two are right, one of each slot. */
static void guesses_are_right_as_seldom_as_the_proof_says(void **state)
{
    enum { N = 1 << 22 };
    const struct responder_flow flow = make_flow();
    unsigned int n_right = 0;

    (void)state;
    for (uint32_t i = 0; i < N; i++)
        n_right += responder_is_right(&keys, &flow, 9, i * 1021);
    assert_int_equal(n_right, 0); /* mean 2^-9 */
}

/* A key is renewed while no cookie of it can be right, and before it is needed. */
static void keys_are_renewed_while_they_are_out_of_use(void **state)
{
    unsigned int n_renewed = 0;

    (void)state;
    for (uint32_t slot = 10 * RESPONDER_KEY_SLOTS; slot < 20 * RESPONDER_KEY_SLOTS; slot++) {
        unsigned int renewed = 1 - responder_key_of_slot(slot);

        if (!responder_renews_key(slot))
            continue;
        n_renewed++;
        for (uint32_t d = 0; d <= 2; d++) {
            assert_int_not_equal(responder_key_of_slot(slot - d), renewed);
            assert_int_not_equal(responder_key_of_slot(slot + d), renewed);
        }
    }
    assert_int_equal(n_renewed, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cookies_are_siphash_of_all_that_they_are_bound_to),
        cmocka_unit_test(an_answer_is_right_in_two_slots_then_late),
        cmocka_unit_test(an_answer_of_another_flow_or_path_is_wrong),
        cmocka_unit_test(guesses_are_right_as_seldom_as_the_proof_says),
        cmocka_unit_test(keys_are_renewed_while_they_are_out_of_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
