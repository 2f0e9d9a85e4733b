/* SPDX-License-Identifier: BSD-3-Clause */
#include "info/table.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define N_RECORDS 5
#define N_WORDS   9
#define N_WRITES  200000
#define N_READERS 2

/* Every word follows from the first. */
struct record {
    uint64_t words[N_WORDS];
};

static struct record record_of(uint64_t number)
{
    struct record r;

    for (int i = 0; i < N_WORDS; i++)
        r.words[i] = number * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)i;
    return r;
}

static bool is_whole(const struct record *r)
{
    for (int i = 1; i < N_WORDS; i++)
        if (r->words[i] != r->words[0] + (uint64_t)i)
            return false;
    return true;
}

static struct info_table *make_table(void)
{
    size_t n = info_table_bytes(N_RECORDS, sizeof(struct record));
    void *memory = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(memory, MAP_FAILED);
    info_table_init(memory, N_RECORDS, sizeof(struct record));
    return memory;
}

static void drop_table(struct info_table *t)
{
    munmap(t, info_table_bytes(N_RECORDS, sizeof(struct record)));
}

static void records_are_read_as_they_were_written(void **state)
{
    struct info_table *t = make_table();
    struct record zero = {0}, written, read;

    (void)state;
    assert_true(info_table_read(t, 3, &read));
    assert_memory_equal(&read, &zero, sizeof(read));
    for (uint32_t i = 0; i < N_RECORDS; i++) {
        written = record_of(i + 1);
        info_table_write(t, i, &written);
    }
    for (uint32_t i = 0; i < N_RECORDS; i++) {
        written = record_of(i + 1);
        assert_true(info_table_read(t, i, &read));
        assert_memory_equal(&read, &written, sizeof(read));
    }
    assert_false(info_table_read(t, N_RECORDS, &read));
    drop_table(t);
}

/* The child: stands still before it writes, so that each of its steps can be looked at. */
static void write_when_let(struct info_table *t)
{
    struct record after = record_of(2);

    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(2);
    raise(SIGSTOP);
    info_table_write(t, 1, &after);
    _exit(0);
}

/* One instruction of the child. False when it ended. */
static bool step(pid_t child)
{
    int status;

    assert_int_equal(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    return WIFSTOPPED(status);
}

/* A writer that is stopped, wherever: readers get the record as it was, or as it is, at once. */
static void a_writer_stopped_at_any_instruction_holds_up_no_reader(void **state)
{
    struct info_table *t = make_table();
    struct record before = record_of(1), after = record_of(2), other = record_of(7), read;
    unsigned int n_after = 0, n_during = 0;
    int status;
    pid_t child;

    (void)state;
    info_table_write(t, 1, &before);
    info_table_write(t, 2, &other);
    child = fork();
    if (child == 0)
        write_when_let(t);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSTOPPED(status))
        skip(); /* tracing is not allowed here */
    do {
        assert_true(info_table_read(t, 1, &read));
        if (memcmp(&read, &before, sizeof(read)) == 0) {
            assert_int_equal(n_after, 0);
        } else {
            assert_memory_equal(&read, &after, sizeof(read));
            n_after++;
        }
        n_during += t->undo_of == 1 && n_after == 0;
        assert_true(info_table_read(t, 2, &read));
        assert_memory_equal(&read, &other, sizeof(read));
    } while (step(child));
    assert_true(n_during > N_WORDS);
    assert_true(n_after > 0);
    drop_table(t);
}

struct readers {
    struct info_table *table;
    pthread_barrier_t begin;
    atomic_bool ended;
    atomic_ulong n_whole, n_torn;
};

static void *read_on(void *argument)
{
    struct readers *r = argument;
    unsigned long n_whole = 0, n_torn = 0;
    struct record record;
    uint32_t i = 0;

    pthread_barrier_wait(&r->begin);
    do {
        if (info_table_read(r->table, i++ % 2, &record)) {
            n_whole += is_whole(&record);
            n_torn += !is_whole(&record);
        }
    } while (!atomic_load(&r->ended));
    atomic_fetch_add(&r->n_whole, n_whole);
    atomic_fetch_add(&r->n_torn, n_torn);
    return NULL;
}

static void what_readers_get_is_never_torn(void **state)
{
    struct readers readers = {.table = make_table()};
    pthread_t threads[N_READERS];
    struct record first = record_of(1);

    (void)state;
    info_table_write(readers.table, 0, &first);
    info_table_write(readers.table, 1, &first);
    pthread_barrier_init(&readers.begin, NULL, N_READERS + 1);
    for (int i = 0; i < N_READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers), 0);
    pthread_barrier_wait(&readers.begin);
    for (uint64_t n = 0; n < N_WRITES; n++) {
        struct record record = record_of(n);

        info_table_write(readers.table, n % 2, &record);
    }
    atomic_store(&readers.ended, true);
    for (int i = 0; i < N_READERS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&readers.begin);
    assert_int_equal(readers.n_torn, 0);
    assert_true(readers.n_whole > 0);
    drop_table(readers.table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_read_as_they_were_written),
        cmocka_unit_test(a_writer_stopped_at_any_instruction_holds_up_no_reader),
        cmocka_unit_test(what_readers_get_is_never_torn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
