/* SPDX-License-Identifier: BSD-3-Clause */
/* Takes all packet buffers of a running DPDK program, as a secondary process of it, and gives them
 * back when its standard input ends. Arguments: EAL's. */
#include <rte_eal.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MOST_BUFFERS (1u << 20)

struct taken {
    struct rte_mempool *pool;
    unsigned int n;
    void *buffers[MOST_BUFFERS];
};

static struct taken taken;

static void find_pool(struct rte_mempool *pool, void *context)
{
    struct rte_mempool **largest = context;

    if (pool->elt_size > sizeof(struct rte_mbuf) &&
        (*largest == NULL || pool->size > (*largest)->size))
        *largest = pool;
}

/* Past the caches, which are the threads' own. */
static void take_all(struct taken *t)
{
    while (t->n < MOST_BUFFERS && rte_mempool_generic_get(t->pool, &t->buffers[t->n], 1, NULL) == 0)
        t->n++;
}

int main(int argc, char **argv)
{
    char byte;

    if (rte_eal_init(argc, argv) < 0) {
        fprintf(stderr, "EAL does not start\n");
        return 1;
    }
    rte_mempool_walk(find_pool, &taken.pool);
    if (taken.pool == NULL) {
        fprintf(stderr, "there is no pool of packets\n");
        return 1;
    }
    take_all(&taken);
    printf("taken %u of %u\n", taken.n, taken.pool->size);
    fflush(stdout);
    /* What comes back meanwhile is taken, too. */
    while (read(STDIN_FILENO, &byte, 1) > 0)
        take_all(&taken);
    rte_mempool_generic_put(taken.pool, taken.buffers, taken.n, NULL);
    printf("gave %u back\n", taken.n);
    fflush(stdout);
    rte_eal_cleanup();
    return 0;
}
