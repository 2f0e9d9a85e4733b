/* SPDX-License-Identifier: BSD-3-Clause */
/* Text of machines of any kind: refused in one line, or it compiles, and then packets of any bytes
 * go through it: what follows a zero byte, each with its length before it. Start it on
 * conf/machines/. */
#include <stdlib.h>
#include <string.h>

#include "machine/machine.h"

#define MOST_KEYS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void play(struct machine *m, const uint8_t *data, size_t n)
{
    static const uint64_t secret[2] = {1, 2};
    struct machine_program *p;
    struct machine_table *t;
    struct machine_lane *lane;
    uint64_t now_ns = 0;

    m->max_keys = MOST_KEYS;
    p = machine_compile(m);
    if (p == NULL)
        abort();
    t = machine_table_init(aligned_alloc(64, (machine_table_memory_bytes(p) + 63) / 64 * 64), p,
                           secret, 0);
    lane = machine_lane_init(malloc(machine_lane_memory_bytes(p)), p);
    while (n > 1) {
        struct machine_verdict v;
        struct packet_view view;
        const uint32_t length = data[0] < n - 1 ? data[0] : (uint32_t)n - 1;
        uint8_t *frame = malloc(length + 1u);
        struct machine_packet packet = {.view = &view,
                                        .data = frame,
                                        .n_data = length,
                                        .frame_bytes = length,
                                        .port = data[0] & 3};

        memcpy(frame, data + 1, length);
        packet_parse_ethernet(frame, length, length, &view);
        now_ns += (uint64_t)data[0] * 1000000;
        machine_ask(p, t, &packet);
        machine_ask_entry(t, &packet);
        machine_decide(p, t, lane, &packet, now_ns, &v);
        if (v.rule >= machine_program_n_rules(p) || v.where > MACHINE_NEXT_HOP ||
            v.state >= m->n_states)
            abort();
        machine_table_sweep(t, p, now_ns, now_ns, now_ns, 8);
        free(frame);
        data += 1 + length;
        n -= 1 + length;
    }
    free(lane);
    free(t);
    machine_program_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const uint8_t *end = memchr(data, '\0', n);
    const size_t n_text = end != NULL ? (size_t)(end - data) : n;
    struct machine *machines = NULL;
    struct config_error error;
    uint32_t n_machines = 0;
    char *text = malloc(n_text + 1);

    memcpy(text, data, n_text);
    text[n_text] = '\0';
    if (machine_list_load_text(text, &machines, &n_machines, &error) == 0)
        for (uint32_t i = 0; i < n_machines; i++)
            play(&machines[i], data + n_text, n - n_text);
    else if (error.text[0] == '\0' || strchr(error.text, '\n') != NULL)
        abort();
    machine_list_free(machines, n_machines);
    free(text);
    return 0;
}
