/* SPDX-License-Identifier: BSD-3-Clause */
/* An assertion that cmocka has under other names in each of its versions: 1 has assert_in_range(),
 * 2 calls that deprecated. Include it after cmocka.h. */
#ifndef TEST_WITHIN_H
#define TEST_WITHIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static inline void check_within(long long value, long long least, long long most, const char *file,
                                int line)
{
    if (value >= least && value <= most)
        return;
    print_error("%lld is not within %lld to %lld\n", value, least, most);
    _fail(file, line);
}

#define assert_within(value, least, most)                                                          \
    check_within((long long)(value), (long long)(least), (long long)(most), __FILE__, __LINE__)

#endif
