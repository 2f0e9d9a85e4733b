/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/classify.h"

static bool is_less(const struct field_value *a, const struct field_value *b)
{
    return a->high != b->high ? a->high < b->high : a->low < b->low;
}

/* The last interval that starts no later than the value. */
static uint32_t interval_of(const struct field_rows *f, const struct field_value *value)
{
    uint32_t first = 0, n = f->n_starts;

    while (n > 1) {
        uint32_t half = n / 2;

        first += is_less(value, &f->starts[first + half]) ? 0 : half;
        n -= half;
    }
    return first;
}

void packet_rows_read(const struct machine_program *p, const struct machine_packet *packet,
                      struct packet_rows *out)
{
    for (uint8_t i = 0; i < p->n_fields; i++) {
        const struct field_rows *f = &p->fields[i];
        struct field_value value;
        uint32_t row;

        if (!field_read((enum machine_field)f->field, packet, &value)) {
            out->rows[i] = f->absent;
            continue;
        }
        row = f->n_starts > 0 ? interval_of(f, &value) : f->classes[value.low];
        out->rows[i] = f->rows + (size_t)row * p->n_words;
    }
}

static bool is_in(const struct masked_value *m, const struct field_value *value)
{
    if (!m->is_mask)
        return !is_less(value, &m->first) && !is_less(&m->last, value);
    return (value->high & m->last.high) == m->first.high &&
           (value->low & m->last.low) == m->first.low;
}

/* Rows say that it may hold. */
static bool holds(const struct machine_program *p, const struct program_rule *rule,
                  const struct machine_packet *packet)
{
    for (uint8_t i = 0; i < rule->n_masked; i++) {
        const struct masked_value *m = &p->masked[rule->masked[i].first];
        struct field_value value;
        bool matches = false;

        if (!field_read((enum machine_field)rule->masked[i].field, packet, &value))
            return false;
        for (uint32_t k = 0; k < rule->masked[i].n && !matches; k++)
            matches = is_in(&m[k], &value);
        if (!matches)
            return false;
    }
    return true;
}

uint32_t rule_find(const struct machine_program *p, const struct packet_rows *rows,
                   const struct machine_packet *packet, uint16_t state, unsigned int conditions)
{
    const uint64_t *in_state = p->state_rows + (size_t)state * p->n_words;
    const uint64_t *if_row = p->condition_rows + (size_t)conditions * p->n_words;

    for (uint32_t w = 0; w < p->n_words; w++) {
        uint64_t bits = in_state[w] & if_row[w];

        for (uint8_t i = 0; i < p->n_fields; i++)
            bits &= rows->rows[i][w];
        for (; bits != 0; bits &= bits - 1) {
            uint32_t rule = w * 64 + (uint32_t)__builtin_ctzll(bits);

            if (likely_true(holds(p, &p->rules[rule], packet)))
                return rule;
        }
    }
    return p->n_rules - 1;
}
