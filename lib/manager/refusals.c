/* SPDX-License-Identifier: BSD-3-Clause */
/* Why a test may not begin, for who asked for it: what is the matter, and what to do. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/time.h"
#include "manager/internal.h"

#define MINUTE_NS (60 * NS_PER_S)

static const struct {
    int error;
    const char *words;
} refusals[] = {
    {-ENOENT, "there is no such aggregate; \"aggregates\" lists them"},
    {-EINVAL, "its slice is not in mode active, so nothing of it may be dropped; change its mode"},
    {-EALREADY, "a test of it is running; stop that one first, or wait for its verdict"},
    {-EBUSY, "drops of its last test are still pending; try again in a few seconds"},
    {-ESHUTDOWN, "the box is draining: no test begins any more, and it will end"},
};

static void say_budget(const struct manager *m, uint64_t now_ns, char out[TEST_REFUSAL_BYTES])
{
    uint64_t next_ns = hourly_budget_next_ns(&m->hourly);

    if (next_ns <= now_ns)
        snprintf(out, TEST_REFUSAL_BYTES,
                 "tests under way have reserved all %u drops that the box may make within an hour; "
                 "try again when one has ended, or raise instance.max_drops_per_hour",
                 m->hourly.max_per_hour);
    else
        snprintf(out, TEST_REFUSAL_BYTES,
                 "the %u drops that the box may make within an hour are spent; some are free again "
                 "in %u min; or raise instance.max_drops_per_hour",
                 m->hourly.max_per_hour, (unsigned int)((next_ns - now_ns) / MINUTE_NS) + 1);
}

const char *manager_test_refusal(const struct manager *m, int error, uint64_t now_ns,
                                 char out[TEST_REFUSAL_BYTES])
{
    snprintf(out, TEST_REFUSAL_BYTES, "%s", strerror(-error));
    for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++)
        if (refusals[i].error == error)
            snprintf(out, TEST_REFUSAL_BYTES, "%s", refusals[i].words);
    if (error == -EDQUOT)
        say_budget(m, now_ns, out);
    if (error == -EUSERS)
        snprintf(out, TEST_REFUSAL_BYTES,
                 "no more than %u tests by command may be under way "
                 "(instance.max_tests_by_command), and "
                 "as many are; wait for one to end, or stop one",
                 m->config.max_tests_by_command);
    return out;
}
