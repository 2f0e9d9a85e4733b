/* SPDX-License-Identifier: BSD-3-Clause */
#include <time.h>

#include "base/time.h"
#include "report/internal.h"

const char *report_time(const struct report_clock *clock, uint64_t time_ns,
                        char out[REPORT_TIME_BYTES])
{
    uint64_t wall_ns = time_ns + (uint64_t)clock->wall_offset_ns;
    time_t seconds = (time_t)(wall_ns / NS_PER_S);
    struct tm utc;
    size_t n;

    out[0] = '\0';
    if (!clock->has_wall || gmtime_r(&seconds, &utc) == NULL)
        return out;
    n = strftime(out, REPORT_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &utc);
    if (n > 0)
        snprintf(out + n, REPORT_TIME_BYTES - n, ".%03uZ",
                 (unsigned int)(wall_ns % NS_PER_S / NS_PER_MS));
    return out;
}

json_t *report_seconds(const struct report_clock *clock, uint64_t time_ns)
{
    if (time_ns == 0)
        return json_null();
    /* What happened before the start has a negative time. */
    return json_real((double)(int64_t)(time_ns - clock->started_ns) / (double)NS_PER_S);
}

json_t *report_wall(const struct report_clock *clock, uint64_t time_ns)
{
    char text[REPORT_TIME_BYTES];

    if (!clock->has_wall || time_ns == 0)
        return json_null();
    return json_string(report_time(clock, time_ns, text));
}
