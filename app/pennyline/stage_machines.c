/* SPDX-License-Identifier: BSD-3-Clause */
/* The stage of the state machines. */
#include "stage_machines.h"

#include <rte_mbuf.h>

#include "burst.h"
#include "machines.h"
#include "policy_machines.h"

/* To each other port of the machine a copy, but to the first one the packet itself. What there is
 * no buffer for is not made: as if the link had lost it. */
static void flood(struct worker *w, struct burst *b, unsigned int i, uint32_t ports,
                  const struct policy_machines *all)
{
    uint32_t others = ports & ~(UINT32_C(1) << b->port);

    if (others == 0) {
        stages_drop(w, b, i);
        return;
    }
    stages_steer(b, i, &all->straight[__builtin_ctz(others)]);
    for (others &= others - 1; others != 0; others &= others - 1) {
        struct rte_mbuf *copy =
            rte_pktmbuf_copy(b->mbufs[i], b->mbufs[i]->pool, 0, rte_pktmbuf_pkt_len(b->mbufs[i]));

        if (copy != NULL)
            stages_send_copy(w, b, i, (uint16_t)__builtin_ctz(others), copy);
    }
}

/* By a port that is one and where packets leave; else as without a word. */
static void leave_by(struct burst *b, unsigned int i, uint32_t port,
                     const struct policy_machines *all)
{
    if (port < CONFIG_MAX_PORTS && (all->forwarding >> port & 1) != 0)
        stages_steer(b, i, &all->straight[port]);
}

static void act(struct worker *w, struct burst *b, unsigned int i, const struct policy *policy,
                const struct policy_machine *m, const struct machine_verdict *v)
{
    const struct policy_machines *all = policy->machines;

    switch ((enum machine_where)v->where) {
    case MACHINE_FORWARD:
        return;
    case MACHINE_DROP:
        stages_drop(w, b, i);
        return;
    case MACHINE_PAIR:
        leave_by(b, i, policy->ports[b->port].pair, all);
        return;
    case MACHINE_OUTPUT_STATE:
        leave_by(b, i, v->out_port, all);
        return;
    case MACHINE_FLOOD:
        flood(w, b, i, m->ports, all);
        return;
    case MACHINE_OUTPUT:
    case MACHINE_NEXT_HOP:
        stages_steer(b, i, &m->targets[v->target]);
        return;
    }
}

static void add_note(struct worker *w, const struct machine_packet *p,
                     const struct machine_verdict *v, const struct policy_machine *m)
{
    struct machine_note note = {.source = p->view->source,
                                .has_source = p->view->has_ip,
                                .state = v->next != MACHINE_KEEP ? v->next : v->state,
                                .machine = m->running,
                                .event = v->event,
                                .test = v->test};

    memcpy(note.key, p->key, sizeof(note.key));
    note.changed = m->tells_changes && v->changed &&
                   machine_key_of(m->running->program, MACHINE_UPDATE, p, note.changed_key);
    note.before = v->before;
    note.after = v->next;
    machine_notes_add(w->machines->notes[w->number], &note);
}

static void run_machine(struct worker *w, struct burst *b, const struct policy *policy,
                        const struct policy_machine *m, uint64_t now_ns)
{
    struct machine_running *r = m->running;
    struct machine_packet packets[WORKER_BURST];

    for (unsigned int i = 0; i < b->n; i++) {
        if ((b->taken >> i & 1) != 0)
            continue;
        packets[i].view = &b->views[i];
        packets[i].data = rte_pktmbuf_mtod(b->mbufs[i], const uint8_t *);
        packets[i].n_data = rte_pktmbuf_data_len(b->mbufs[i]);
        packets[i].frame_bytes = rte_pktmbuf_pkt_len(b->mbufs[i]);
        packets[i].port = b->port;
        machine_ask(r->program, r->table, &packets[i]);
    }
    for (unsigned int i = 0; i < b->n; i++)
        if ((b->taken >> i & 1) == 0)
            machine_ask_entry(r->table, &packets[i]);
    for (unsigned int i = 0; i < b->n; i++) {
        struct machine_verdict verdict;

        if ((b->taken >> i & 1) != 0)
            continue;
        machine_decide(r->program, r->table, r->lanes[w->number], &packets[i], now_ns, &verdict);
        if (likely_false(verdict.event != MACHINE_NO_NOTE || verdict.test ||
                         (verdict.changed && m->tells_changes)))
            add_note(w, &packets[i], &verdict, m);
        if (verdict.has_mark)
            stages_mark(b, i, verdict.mark);
        act(w, b, i, policy, m, &verdict);
    }
}

void stage_machines(struct worker *w, struct burst *b, const struct policy *policy)
{
    const bool is_off = atomic_load_explicit(&w->machines->is_off, memory_order_relaxed);
    const uint64_t now_ns = tsc_clock_ns_of(&w->clock, tsc_clock_ticks());

    for (uint32_t i = 0; i < policy->machines->n; i++) {
        const struct policy_machine *m = &policy->machines->machines[i];

        if ((m->ports >> b->port & 1) != 0 && !(is_off && m->fails_open))
            run_machine(w, b, policy, m, now_ns);
    }
}
