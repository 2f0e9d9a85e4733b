/* SPDX-License-Identifier: BSD-3-Clause */
/* Which flow a packet belongs to, and what is left to do when a flow leaves. */
#include "engine/internal.h"

bool engine_is_spared(const struct engine *e, const struct flow_key *key)
{
    const struct never_drop_end source = {&key->source, key->source_port};
    const struct never_drop_end destination = {&key->destination, key->destination_port};

    return never_drop_spares(&e->generation->never_drop, source, destination);
}

struct flow *engine_find_or_admit(struct engine *e, struct engine_packet *p,
                                  const struct slice_rules *rules)
{
    const struct packet_view *v = p->view;
    bool syn = (v->tcp_flags & TCP_FLAG_SYN) != 0;
    const struct flow_key key = engine_key_of(p, rules);
    enum flow_admission admission;
    struct flow *f;

    if (!engine_may_begin_a_flow(v))
        return NULL;
    f = flow_table_insert(e->flows, &key, p->hash, syn ? FLOW_SYN_ONLY : FLOW_OBSERVED, e->now_ms,
                          &admission);
    if (f == NULL) {
        e->counters.flow_refused++;
        return NULL;
    }
    if (admission == FLOW_KNOWN)
        return f;
    f->snd_max = v->sequence + (syn ? 1 : 0);
    f->drop = syn ? FLOW_NO_DROP : e->now_ms;
    if (engine_is_spared(e, &key))
        f->flags |= FLOW_SPARED;
    return f;
}

void engine_on_flow_leave(void *context, struct flow *f)
{
    struct engine *e = context;

    e->n_leaves++;
    if (flow_is_passive(f)) {
        engine_passive_leave(e, f);
        return;
    }
    if (flow_pending(f) != LEDGER_NONE)
        engine_end_drop(e, f->drop, DROP_VOID_EVICTED);
    engine_leave_place(e, f);
}
