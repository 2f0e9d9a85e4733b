/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine_notes.h"

#include <stdio.h>
#include <string.h>

#include "events.h"
#include "machine/print.h"
#include "machines.h"
#include "ondemand/ondemand.h"
#include "say.h"
#include "state.h"

static void tell(struct appliance *a, const struct machine_note *note, uint64_t now_ns)
{
    const struct machine *m = note->machine->text;
    char key[MACHINE_KEY_TEXT_BYTES];

    events_machine(a, "machine_event",
                   json_pack("{s:s, s:s, s:s, s:s, s:I}", "machine", m->name, "name",
                             m->events[note->event], "key", machine_key_text(m, note->key, key),
                             "state", m->states[note->state], "left_out",
                             (json_int_t)note->machine->n_left_out),
                   now_ns);
    note->machine->n_left_out = 0;
}

static void tell_change(struct appliance *a, const struct machine_note *note, uint64_t now_ns)
{
    const struct machine *m = note->machine->text;
    char key[MACHINE_KEY_TEXT_BYTES];

    events_machine(a, "machine_state",
                   json_pack("{s:s, s:s, s:s, s:s, s:I}", "machine", m->name, "key",
                             machine_key_text(m, note->changed_key, key), "before",
                             m->states[note->before], "state", m->states[note->after], "left_out",
                             (json_int_t)note->machine->n_left_out),
                   now_ns);
    note->machine->n_left_out = 0;
}

static void test(struct appliance *a, const struct machine_note *note, uint64_t now_ns)
{
    char text[IP_TEXT_BYTES], label[CONFIG_NAME_BYTES + 16], error[ONDEMAND_ERROR_BYTES];
    struct ip_prefix prefix;
    json_t *request, *reply;

    if (!note->has_source || a->operations.ondemand == NULL ||
        !machine_limits_test(&a->machines->limits, &note->source, now_ns, &prefix))
        return;
    snprintf(label, sizeof(label), "machine %s", note->machine->text->name);
    request = json_pack("{s:s, s:s}", "source", ip_prefix_format(&prefix, text), "label", label);
    reply = ondemand_test(a->operations.ondemand, request, now_ns, error);
    if (reply == NULL)
        say_warning("%s asks for a test of %s: %s", label, text, error);
    json_decref(reply);
    json_decref(request);
}

/* One that was left may be gone with the next change. */
static bool is_in_force(const struct machines *m, const struct machine_running *r)
{
    for (uint32_t i = 0; i < m->n; i++)
        if (m->running[i] == r)
            return true;
    return false;
}

static void take(struct appliance *a, const struct machine_note *note, uint64_t now_ns)
{
    if (!is_in_force(a->machines, note->machine))
        return;
    if (note->event != MACHINE_NO_NOTE && machine_limits_event(note->machine, now_ns))
        tell(a, note, now_ns);
    if (note->changed && machine_limits_event(note->machine, now_ns))
        tell_change(a, note, now_ns);
    if (note->test)
        test(a, note, now_ns);
}

void machine_notes_serve(struct appliance *a, uint64_t now_ns)
{
    for (uint32_t i = 0; i < a->n_workers; i++) {
        struct machine_notes *n = a->machines->notes[i];
        uint32_t at = atomic_load_explicit(&n->n_read, memory_order_relaxed);

        while (at != atomic_load_explicit(&n->n_written, memory_order_acquire)) {
            take(a, &n->notes[at % MACHINE_NOTES], now_ns);
            atomic_store_explicit(&n->n_read, ++at, memory_order_release);
        }
    }
}
