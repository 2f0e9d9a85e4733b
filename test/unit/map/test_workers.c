/* SPDX-License-Identifier: BSD-3-Clause */
/* Workers that count while the manager admits, evicts and gives slots to others: nothing is counted
 * for a stranger. Each source sends packets of a length of its own, so a stranger's would show.
 * Also under ThreadSanitizer. */
#include <pthread.h>
#include <stdatomic.h>

#include "base/random.h"
#include "fixture.h"

#define N_ENTRIES 64
#define N_WORKERS 3
#define N_SOURCES 400
#define N_TURNS   500

struct racer {
    struct fixture *f;
    uint32_t number;
    uint16_t ingress;
    _Atomic uint64_t *epoch; /* the manager's */
    _Atomic uint64_t seen;   /* the latest that this one began a turn in */
    _Atomic uint64_t now_ns;
    _Atomic bool stops;
};

static uint32_t bytes_of(uint32_t source)
{
    return 100 + source;
}

static void *race(void *argument)
{
    struct racer *r = argument;
    struct map_worker *w = map_worker(r->f->map, r->number);
    struct random_source rng;
    uint32_t base = 0;

    random_seed_fixed(&rng, 5, r->number);
    while (!atomic_load_explicit(&r->stops, memory_order_acquire)) {
        struct packet_view views[16];
        uint16_t ingresses[16];
        uint32_t n_bytes[16];
        const struct map_burst burst = {views, ingresses, n_bytes, 16};

        atomic_store_explicit(&r->seen, atomic_load_explicit(r->epoch, memory_order_acquire),
                              memory_order_release);
        map_worker_begin(w, atomic_load_explicit(&r->now_ns, memory_order_relaxed));
        /* Some sources at a time, so that others fall silent and leave. */
        if (random_u32(&rng) % 64 == 0)
            base = random_u32(&rng) % N_SOURCES;
        for (unsigned int i = 0; i < 16; i++) {
            const uint32_t source = (base + random_u32(&rng) % 8) % N_SOURCES;
            const struct ip_address a = ipv4(0x14000000 + source * 256 + 1);

            views[i] = segment_from(&a);
            ingresses[i] = r->ingress;
            n_bytes[i] = bytes_of(source);
        }
        map_worker_count(w, &burst);
    }
    return NULL;
}

static uint64_t least_seen(struct racer *racers)
{
    uint64_t least = UINT64_MAX;

    for (unsigned int i = 0; i < N_WORKERS; i++) {
        const uint64_t seen = atomic_load_explicit(&racers[i].seen, memory_order_acquire);

        least = seen < least ? seen : least;
    }
    return least;
}

static void manage(struct fixture *f, struct racer *racers, _Atomic uint64_t *epoch)
{
    for (unsigned int i = 0; i < N_TURNS; i++) {
        /* Half a minute a turn: who is silent for two may leave. */
        f->turn.now_ns += 30 * NS_PER_S;
        f->turn.epoch = atomic_fetch_add_explicit(epoch, 1, memory_order_acq_rel) + 1;
        for (unsigned int k = 0; k < N_WORKERS; k++)
            atomic_store_explicit(&racers[k].now_ns, f->turn.now_ns, memory_order_relaxed);
        /* Every third turn waits for the workers, as a real one has time to. */
        while (i % 3 == 0 && least_seen(racers) < f->turn.epoch)
            sched_yield();
        f->turn.closed = least_seen(racers);
        map_turn(f->map, &f->turn);
        map_read_all(f->map, &f->turn);
    }
}

static void test_a_slot_that_is_given_again_counts_for_its_own_entry_alone(void **state)
{
    static struct fixture f;
    static struct racer racers[N_WORKERS];
    pthread_t threads[N_WORKERS];
    _Atomic uint64_t epoch = 2;
    unsigned int n_counted = 0;

    (void)state;
    fixture_open(&f, N_ENTRIES, N_WORKERS);
    for (uint32_t i = 0; i < N_WORKERS; i++) {
        racers[i] = (struct racer){.f = &f,
                                   .number = i,
                                   .ingress = ingress_of_vlan(&f, 0),
                                   .epoch = &epoch,
                                   .seen = 1,
                                   .now_ns = f.turn.now_ns};
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    manage(&f, racers, &epoch);
    for (unsigned int i = 0; i < N_WORKERS; i++) {
        atomic_store_explicit(&racers[i].stops, true, memory_order_release);
        pthread_join(threads[i], NULL);
    }
    map_read_all(f.map, &f.turn);
    must_fit(&f);
    for (uint32_t slot = 1; slot <= N_ENTRIES; slot++) {
        const struct map_entry *e = map_at(f.map, slot);

        if (e->life != MAP_LIVE)
            continue;
        assert_int_equal(e->bytes,
                         e->packets * bytes_of(load_be32(e->key.address.bytes + 12) / 256 % 65536));
        n_counted += e->packets > 0;
    }
    assert_true(n_counted > 0);
    /* Slots were given again, many times. */
    assert_true(map_counters(f.map).admitted > 4 * N_ENTRIES);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_slot_that_is_given_again_counts_for_its_own_entry_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
