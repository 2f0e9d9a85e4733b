/* SPDX-License-Identifier: BSD-3-Clause */
/* Every flow that lost a segment to the test, from the test's drops: also those that were not
 * looked at one by one. */
#include <stdlib.h>
#include <string.h>

#include "report/internal.h"

struct drop_list {
    const struct drop_record **drops;
    size_t n;
};

/* Drops of one flow side by side, and else in their order. */
static int compare_drops(const void *a, const void *b)
{
    const struct drop_record *one = *(const struct drop_record *const *)a;
    const struct drop_record *other = *(const struct drop_record *const *)b;
    int order = memcmp(&one->key, &other->key, sizeof(one->key));

    if (order != 0 || one->time_ns == other->time_ns)
        return order;
    return one->time_ns < other->time_ns ? -1 : 1;
}

/* 0, or -1 when memory is short. */
static int collect(const struct manager *m, uint32_t aggregate, struct drop_list *out)
{
    const struct drop_record *d;
    size_t n = 0;

    for (d = manager_next_drop(m, aggregate, NULL); d != NULL;
         d = manager_next_drop(m, aggregate, d))
        n++;
    out->n = 0;
    out->drops = malloc((n + 1) * sizeof(const struct drop_record *));
    if (out->drops == NULL)
        return -1;
    for (d = manager_next_drop(m, aggregate, NULL); d != NULL;
         d = manager_next_drop(m, aggregate, d))
        out->drops[out->n++] = d;
    qsort(out->drops, n, sizeof(out->drops[0]), compare_drops);
    return 0;
}

static json_t *flow_of(const struct drop_record *const *drops, size_t n)
{
    json_int_t came_back = 0, expired = 0, pending = 0;

    for (size_t i = 0; i < n; i++) {
        came_back += drops[i]->state == DROP_RETRANSMITTED;
        expired += drops[i]->state == DROP_EXPIRED;
        pending += drops[i]->state == DROP_PENDING;
    }
    return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:b}", "flow", report_flow_key(&drops[0]->key),
                     "dropped", (json_int_t)n, "retransmitted", came_back, "expired", expired,
                     "pending", pending, "void", (json_int_t)n - came_back - expired - pending,
                     "individual", (int)drops[n - 1]->individual);
}

json_t *report_tested_flows(const struct manager *m, uint32_t aggregate)
{
    json_t *flows = json_array();
    struct drop_list list;

    if (collect(m, aggregate, &list) != 0)
        return flows;
    for (size_t first = 0, next; first < list.n; first = next) {
        for (next = first + 1; next < list.n; next++)
            if (memcmp(&list.drops[first]->key, &list.drops[next]->key, sizeof(struct flow_key)) !=
                0)
                break;
        json_array_append_new(flows, flow_of(&list.drops[first], next - first));
    }
    free(list.drops);
    return flows;
}
