/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/classify.h"

#include <assert.h>

/* Bits of the longest of the prefixes that holds the address, or -1. */
static int longest_match(const struct ip_prefix *prefixes, uint32_t n, const struct ip_address *a)
{
    int best = -1;

    for (uint32_t i = 0; i < n; i++)
        if (prefixes[i].length > best && ip_prefix_contains(&prefixes[i], a))
            best = prefixes[i].length;
    return best;
}

/* How specific the slice is for this packet, larger is more; -1 when it does not match. */
static int specificity(const struct slice *s, const struct packet_view *v, const struct ingress *at,
                       uint32_t packet_mark)
{
    int source = longest_match(s->sources, s->n_sources, &v->source);
    int destination = longest_match(s->destinations, s->n_destinations, &v->destination);
    int ingress = slice_ingress_fits(&s->ingress, at);
    int ports = slice_ports_fit(&s->ports, v);
    int mark = slice_mark_fits(s->has_mark, s->mark, packet_mark);

    static_assert(SLICE_MOST_SPECIFIC << 3 <= UINT8_MAX && SLICE_PORTS_MOST_SPECIFIC < 1 << 2,
                  "one beside the other");
    if (source < 0 || destination < 0 || ingress < 0 || ports < 0 || mark < 0)
        return -1;
    return source << 16 | destination << 8 | ingress << 3 | ports << 1 | mark;
}

int slice_classify_linear(const struct slice *slices, unsigned int n, const struct packet_view *v,
                          const struct ingress *at)
{
    return slice_classify_marked(slices, n, v, at, SLICE_NO_MARK);
}

int slice_classify_marked(const struct slice *slices, unsigned int n, const struct packet_view *v,
                          const struct ingress *at, uint32_t mark)
{
    int best = -1, best_specificity = -1;

    for (unsigned int i = 0; i < n; i++) {
        int s = slice_is_present(&slices[i]) ? specificity(&slices[i], v, at, mark) : -1;

        if (s > best_specificity) {
            best = (int)i;
            best_specificity = s;
        }
    }
    return best;
}
