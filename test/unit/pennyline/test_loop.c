/* SPDX-License-Identifier: BSD-3-Clause */
/* What the manager's loop gives the watchdog as progress. All that it calls is played here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "eventlog/eventlog.h"
#include "export/export.h"
#include "manager/passive.h"
#include "pennyline/appliance.h"
#include "pennyline/counters.h"
#include "pennyline/drain.h"
#include "pennyline/events.h"
#include "pennyline/heartbeat.h"
#include "pennyline/inspect.h"
#include "pennyline/lanes.h"
#include "pennyline/looking.h"
#include "pennyline/machines.h"
#include "pennyline/mapping.h"
#include "pennyline/members.h"
#include "pennyline/progress.h"
#include "pennyline/replug.h"
#include "pennyline/responders.h"
#include "pennyline/say.h"
#include "pennyline/services.h"
#include "pennyline/watch.h"

#define MAX_TURNS 4

/* What each turn finds, and what the watchdog was given in it. */
static struct {
    unsigned int n_turns, turn;
    unsigned int n_messages[MAX_TURNS]; /* of each of the two workers */
    uint64_t epoch[MAX_TURNS];
    uint64_t progress[MAX_TURNS];
} play;

unsigned int export_drain(struct rte_ring *ring, struct manager *manager, uint16_t worker,
                          unsigned int n_max)
{
    (void)ring, (void)manager, (void)worker, (void)n_max;
    return play.n_messages[play.turn];
}

uint64_t manager_epoch(const struct manager *m)
{
    (void)m;
    return play.epoch[play.turn];
}

void mapping_serve(struct appliance *a, uint64_t now_ns)
{
    (void)a;
    (void)now_ns;
}

void services_serve(struct appliance *a, uint64_t now_ns)
{
    (void)now_ns;
    a->must_stop = play.turn + 1 == play.n_turns;
}

void notify_alive(struct notify *n, uint64_t progress, uint64_t now_ns)
{
    (void)n, (void)now_ns;
    play.progress[play.turn++] = progress;
}

/* clang-format off */
void manager_start(struct manager *m, uint64_t now_ns) { (void)m, (void)now_ns; }
void manager_tick(struct manager *m, uint64_t now_ns) { (void)m, (void)now_ns; }
void manager_finish(struct manager *m) { (void)m; }
bool manager_any_running(const struct manager *m) { (void)m; return false; }
bool manager_any_tested(const struct manager *m) { (void)m; return false; }
bool manager_passive_is_over(const struct manager *m) { (void)m; return false; }
void manager_passive_expire(struct manager *m, uint64_t now_ns) { (void)m, (void)now_ns; }
void manager_set_kill_switch(struct manager *m, bool on, uint64_t now_ns) { (void)m, (void)on, (void)now_ns; }
void manager_stop(struct manager *m, enum test_reason reason, uint64_t now_ns) { (void)m, (void)reason, (void)now_ns; }
bool drain_has_begun(const struct appliance *a) { (void)a; return false; }
bool drain_is_over(struct appliance *a, uint64_t now_ns) { (void)a, (void)now_ns; return false; }
void eventlog_flush(struct eventlog *log) { (void)log; }
int eventlog_reopen(struct eventlog *log) { (void)log; return 0; }
void events_process(struct appliance *a, const char *what, uint64_t now_ns) { (void)a, (void)what, (void)now_ns; }
void events_signal(struct appliance *a, const struct signalfd_siginfo *signal, const char *command, json_t *before, json_t *after, uint64_t now_ns) { (void)a, (void)signal, (void)command, (void)now_ns; json_decref(before); json_decref(after); }
bool manager_kill_switch(const struct manager *m) { (void)m; return false; }
void heartbeat_look(struct appliance *a, uint64_t now_ns) { (void)a, (void)now_ns; }
bool heartbeat_all_turned(const struct appliance *a) { (void)a; return true; }
void inspect_serve(struct appliance *a, uint64_t now_ns) { (void)a, (void)now_ns; }
void machines_serve(struct appliance *a, uint64_t now_ns) { (void)a, (void)now_ns; }
void responders_serve(struct appliance *a, uint64_t now_ns) { (void)a, (void)now_ns; }
void members_serve(struct appliance *a, uint64_t now_ns) { (void)a, (void)now_ns; }
void lanes_join(struct appliance *a) { (void)a; }
void lanes_order(struct appliance *a, enum worker_order order) { (void)a, (void)order; }
bool lanes_reached(const struct appliance *a, enum worker_state state) { (void)a, (void)state; return true; }
void notify_tell(struct notify *n, const char *text) { (void)n, (void)text; }
void replug_serve(struct appliance *a, uint64_t now_ns) { (void)a, (void)now_ns; }
void progress_end(struct progress *p) { (void)p; }
void progress_show(struct progress *p, const struct appliance *a, uint64_t now_ns) { (void)p, (void)a, (void)now_ns; }
void say_error(const char *format, ...) { (void)format; }
void say_warning(const char *format, ...) { (void)format; }
void say_info(const char *format, ...) { (void)format; }
void watch_clock(struct appliance *a, uint64_t now_ns) { (void)a, (void)now_ns; }
void watch_loads(struct appliance *a, uint64_t now_ns) { (void)a, (void)now_ns; }
void counters_serve(struct appliance *a, uint64_t now_ns) { (void)a, (void)now_ns; }
bool looking_goes_on(struct looking *l) { (void)l; return true; }
void watch_ports(struct appliance *a, uint64_t now_ns) { (void)a, (void)now_ns; }
void watch_reconcile(struct appliance *a) { (void)a; }
uint64_t monotonic_now_ns(void) { return 1; }
/* clang-format on */

static void serve(void)
{
    static const struct appliance_options options;
    static struct worker workers[2];
    static struct appliance a;

    a = (struct appliance){
        .options = &options, .n_workers = 2, .workers = {&workers[0], &workers[1]}, .signals = -1};
    appliance_serve(&a);
    assert_int_equal(play.turn, play.n_turns);
}

/* An epoch of millions of aggregates takes longer than the service manager waits. */
static void messages_are_progress_while_an_epoch_lasts(void **state)
{
    (void)state;
    memset(&play, 0, sizeof(play));
    play.n_turns = 3;
    for (unsigned int i = 0; i < play.n_turns; i++) {
        play.epoch[i] = 7;
        play.n_messages[i] = 100;
    }
    serve();
    assert_true(play.progress[1] > play.progress[0]);
    assert_true(play.progress[2] > play.progress[1]);
}

static void epochs_are_progress_without_a_message(void **state)
{
    (void)state;
    memset(&play, 0, sizeof(play));
    play.n_turns = 2;
    play.epoch[0] = 7;
    play.epoch[1] = 8;
    serve();
    assert_true(play.progress[1] > play.progress[0]);
}

/* The loop itself goes round all the same. */
static void without_epoch_and_message_there_is_no_progress(void **state)
{
    (void)state;
    memset(&play, 0, sizeof(play));
    play.n_turns = 4;
    for (unsigned int i = 0; i < play.n_turns; i++)
        play.epoch[i] = 7;
    play.n_messages[0] = 100;
    serve();
    for (unsigned int i = 1; i < play.n_turns; i++)
        assert_int_equal(play.progress[i], play.progress[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_progress_while_an_epoch_lasts),
        cmocka_unit_test(epochs_are_progress_without_a_message),
        cmocka_unit_test(without_epoch_and_message_there_is_no_progress),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
