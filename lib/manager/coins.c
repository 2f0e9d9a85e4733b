/* SPDX-License-Identifier: BSD-3-Clause */
/* The maths of a coin are long tables, so slices and tests with the same coin share one. One that
 * nobody uses any more goes: parameters may change for years. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "manager/internal.h"

/* The coin falls below a 32-bit threshold; the maths must use what that makes of p. */
static uint32_t threshold_of(const struct test_parameters *p)
{
    return (uint32_t)fmin(floor(p->drop_probability * 0x1p32), UINT32_MAX);
}

static bool is_coin_of(const struct coin *c, const struct test_parameters *p)
{
    return c->threshold == threshold_of(p) && !(c->p_miss < p->p_miss) && !(c->p_miss > p->p_miss);
}

static struct coin *make(const struct test_parameters *p)
{
    struct coin *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->threshold = threshold_of(p);
    c->p_miss = p->p_miss;
    anytime_init(&c->anytime, c->threshold * 0x1p-32, p->p_miss);
    c->anytime.e.memo = &c->e_memo;
    c->anytime.e_flow.memo = &c->e_flow_memo;
    c->anytime.f.memo = &c->f_memo;
    c->anytime.memo = &c->memo;
    return c;
}

struct coin *coin_take(struct manager *m, const struct test_parameters *p)
{
    struct coin *c = m->coins;

    while (c != NULL && !is_coin_of(c, p))
        c = c->next;
    if (c == NULL && (c = make(p)) != NULL) {
        c->next = m->coins;
        m->coins = c;
    }
    if (c != NULL)
        c->n_users++;
    return c;
}

void coin_leave(struct manager *m, struct coin *coin)
{
    struct coin **link = &m->coins;

    if (coin == NULL || --coin->n_users > 0)
        return;
    while (*link != coin)
        link = &(*link)->next;
    *link = coin->next;
    free(coin);
}

int coins_of_slices(struct manager *m, const struct slice *slices, struct coin **out)
{
    for (uint32_t i = 0; i < m->config.n_slices; i++) {
        out[i] = slices[i].presence == SLICE_ABSENT ? NULL : coin_take(m, &slices[i].parameters);
        if (out[i] != NULL || slices[i].presence == SLICE_ABSENT)
            continue;
        while (i-- > 0)
            coin_leave(m, out[i]);
        return -ENOMEM;
    }
    return 0;
}

void coins_free(struct manager *m)
{
    while (m->coins != NULL) {
        struct coin *next = m->coins->next;

        free(m->coins);
        m->coins = next;
    }
}

/* How many different ones the slices have. */
static uint32_t n_coins(const struct manager_config *config)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < config->n_slices; i++) {
        const struct test_parameters *p = &config->slices[i].parameters;
        uint32_t k = 0;

        if (config->slices[i].presence == SLICE_ABSENT)
            continue;
        while (k < i && (config->slices[k].presence == SLICE_ABSENT ||
                         threshold_of(&config->slices[k].parameters) != threshold_of(p) ||
                         config->slices[k].parameters.p_miss < p->p_miss ||
                         config->slices[k].parameters.p_miss > p->p_miss))
            k++;
        n += k == i;
    }
    return n;
}

size_t coins_memory_bytes(const struct manager_config *config)
{
    return n_coins(config) * sizeof(struct coin);
}
