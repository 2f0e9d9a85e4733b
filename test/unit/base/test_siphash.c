/* SPDX-License-Identifier: BSD-3-Clause */
/* The vectors that the authors publish: key 00..0f, messages 00, 00 01, and so on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/siphash.h"

static const uint64_t key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};

static uint64_t of_length(size_t n)
{
    uint8_t message[16] = {0};

    for (size_t i = 0; i < n; i++)
        message[i] = (uint8_t)i;
    return siphash(message, n, key);
}

static void the_published_vectors(void **state)
{
    (void)state;
    assert_true(of_length(0) == UINT64_C(0x726fdb47dd0e0e31));
    assert_true(of_length(1) == UINT64_C(0x74f839c593dc67fd));
    assert_true(of_length(8) == UINT64_C(0x93f5f5799a932462));
    assert_true(of_length(15) == UINT64_C(0xa129ca6149be45e5)); /* that of the paper */
}

static void words_are_their_bytes(void **state)
{
    const uint64_t words[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
    uint8_t bytes[16];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    for (size_t n = 0; n <= 2; n++)
        assert_true(siphash_words(words, n, key) == siphash(bytes, 8 * n, key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vectors),
        cmocka_unit_test(words_are_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
