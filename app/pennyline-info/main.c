/* SPDX-License-Identifier: BSD-3-Clause */
/* pennyline-info: looks into a running pennyline from outside, as a secondary process of DPDK. It
 * asks nobody, so it works while the manager hangs or the whole process is stopped. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "pennyline-info/attach.h"
#include "pennyline-info/print.h"
#include "pennyline-info/views.h"
#include "verdict/outcome.h"

#define USUAL_COUNT      100
#define LCORES_SECONDS   0.5
#define WATCH_SECONDS    1.0
#define LATE_SECONDS     1.0 /* the manager writes every 0.1 s */
#define SHORTEST_SECONDS 0.01

struct options {
    const char *file_prefix;
    bool json;
    struct page page;
    double seconds; /* 0: not given */
    unsigned int rounds;
    const char *only_for, *only_option; /* an option that only that command takes; NULL: none */
    const struct subcommand *subcommand;
};

struct subcommand {
    const char *name;
    json_t *(*view)(const struct info_header *h, const struct options *o);
    void (*print)(FILE *out, const json_t *view);
    const char *key; /* under which the view stands in JSON; NULL: its members stand alone */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* A signal ends it early. */
static void pause_for(double seconds)
{
    struct timespec left = {.tv_sec = (time_t)seconds};

    left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
    if (!interrupted)
        nanosleep(&left, NULL);
}

static json_t *ports(const struct info_header *h, const struct options *o)
{
    (void)o;
    return view_ports(h);
}

/* Two readings, for rates. */
static json_t *lcores(const struct info_header *h, const struct options *o)
{
    struct worker_load *before = view_read_loads(h);
    json_t *out;

    pause_for(o->seconds > 0 ? o->seconds : LCORES_SECONDS);
    out = view_lcores(h, before);
    free(before);
    return out;
}

static json_t *slices(const struct info_header *h, const struct options *o)
{
    (void)o;
    return view_slices(h);
}

static json_t *aggregates(const struct info_header *h, const struct options *o)
{
    return view_aggregates(h, &o->page);
}

static json_t *flows(const struct info_header *h, const struct options *o)
{
    (void)o;
    return view_flows(h);
}

static json_t *rings(const struct info_header *h, const struct options *o)
{
    (void)o;
    return view_rings(h);
}

static json_t *memory(const struct info_header *h, const struct options *o)
{
    (void)o;
    return view_memory(h);
}

/* What changes, with rates over the interval that it takes. */
static json_t *overview(const struct info_header *h, const struct options *o)
{
    struct worker_load *before = view_read_loads(h);
    json_t *out;

    pause_for(o->seconds > 0 ? o->seconds : WATCH_SECONDS);
    out = view_verdicts(h);
    json_object_set_new(out, "ports", view_ports(h));
    json_object_set_new(out, "lcores", view_lcores(h, before));
    json_object_set_new(out, "rings", view_rings(h));
    free(before);
    return out;
}

static const struct subcommand subcommands[] = {
    {"ports", ports, print_ports, "ports"},     {"lcores", lcores, print_lcores, "lcores"},
    {"slices", slices, print_slices, "slices"}, {"aggregates", aggregates, print_aggregates, NULL},
    {"flows", flows, print_flows, "flows"},     {"rings", rings, print_rings, "rings"},
    {"memory", memory, print_memory, "memory"}, {"watch", overview, print_overview, NULL},
};

static bool is_watch(const struct options *o)
{
    return o->subcommand->view == overview;
}

/* What is told is as old as the manager's last writing. */
static void warn_when_late(const json_t *box)
{
    double age_s = json_number_value(json_object_get(box, "age_s"));

    if (age_s > LATE_SECONDS)
        fprintf(
            stderr,
            "pennyline-info: the manager has written nothing for %.1f s: it hangs, or the process "
            "is stopped. Aggregates, links and counters of devices are as of then; what workers "
            "count is as it is now\n",
            age_s);
}

static void show_json(const struct options *o, json_t *box, json_t *view)
{
    json_t *out = json_object();

    json_object_set(out, "box", box);
    if (o->subcommand->key != NULL)
        json_object_set(out, o->subcommand->key, view);
    else
        json_object_update(out, view);
    json_dumpf(out, stdout, JSON_REAL_PRECISION(15) | (is_watch(o) ? 0 : JSON_INDENT(2)));
    printf("\n");
    json_decref(out);
}

static void show_table(const struct options *o, json_t *box, json_t *view)
{
    if (is_watch(o) && isatty(STDOUT_FILENO))
        printf("\033[H\033[2J");
    if (is_watch(o))
        json_object_set(view, "box", box);
    o->subcommand->print(stdout, view);
    if (is_watch(o))
        printf("\n");
}

static int show(const struct attachment *a, const struct options *o)
{
    json_t *view = o->subcommand->view(a->info, o), *box = view_box(a->info);
    bool lives = attach_primary_lives(a);

    if (view == NULL || box == NULL) {
        fprintf(stderr,
                "pennyline-info: the figures change faster than they can be read; try again\n");
        json_decref(view);
        json_decref(box);
        return EXIT_ERROR;
    }
    json_object_set_new(box, "alive", json_boolean(lives));
    if (o->json)
        show_json(o, box, view);
    else
        show_table(o, box, view);
    fflush(stdout);
    if (lives)
        warn_when_late(box);
    else
        fprintf(stderr,
                "pennyline-info: pennyline (process %d) has ended; these are its last figures\n",
                (int)a->primary);
    json_decref(view);
    json_decref(box);
    return lives ? EXIT_SUCCESS : EXIT_NO_PRIMARY;
}

static bool knows_slice(const struct attachment *a, const struct options *o)
{
    if (o->page.slice == NULL || view_knows_slice(a->info, o->page.slice))
        return true;
    fprintf(stderr, "pennyline-info: there is no slice \"%s\"; pennyline-info slices lists them\n",
            o->page.slice);
    return false;
}

/* Whoever watches a dead one holds its hugepages, so that no new one could start. */
static int run(const struct attachment *a, const struct options *o)
{
    int code = show(a, o);

    if (!is_watch(o))
        return code;
    for (unsigned int n = 1;
         code == EXIT_SUCCESS && !interrupted && !ferror(stdout) && n != o->rounds; n++)
        code = show(a, o);
    return code;
}

enum { KEY_OFFSET = 0x100, KEY_SLICE, KEY_VERDICT, KEY_INTERVAL, KEY_ROUNDS };

static const struct argp_option argp_rows[] = {
    {"file-prefix", 'p', "PREFIX", 0,
     "eal.file_prefix of the pennyline to look into (default " DEFAULT_FILE_PREFIX ")", 0},
    {"json", 'j', NULL, 0, "Print JSON; watch prints one object a line", 0},
    {"offset", KEY_OFFSET, "N", 0, "aggregates: leave out the first N", 0},
    {"count", 'n', "N", 0, "aggregates: show N at most; 0: all (default 100)", 0},
    {"slice", KEY_SLICE, "NAME", 0, "aggregates: only of this slice", 0},
    {"verdict", KEY_VERDICT, "VERDICT", 0, "aggregates: only with this verdict", 0},
    {"interval", 'i', "SECONDS", 0, "lcores, watch: time that rates are measured over (0.5, 1)", 0},
    {"rounds", KEY_ROUNDS, "N", 0, "watch: end after N intervals (default: on SIGINT)", 0},
    {0},
};

static const char usage[] = "ports\nlcores\nslices\naggregates\nflows\nrings\nmemory\nwatch";

static const char description[] =
    "Looks into a running pennyline from outside, also while it hangs or is stopped.\v"
    "  ports       link, packets received, forwarded, dropped and lost\n"
    "  lcores      each worker: packets, busy share, cycles, bursts, stages\n"
    "  slices      each slice and what was found out of it\n"
    "  aggregates  each aggregate with its evidence and verdict\n"
    "  flows       each worker's flow table: occupancy, admissions, evictions\n"
    "  rings       messages from workers that wait for the manager\n"
    "  memory      the memory taken at start, and packet buffers in use\n"
    "  watch       ports, lcores, rings and verdicts, again and again\n"
    "\n"
    "It is a secondary process of DPDK: it needs hugepages, the right to read them (root), and "
    "the pennyline that it was built with. It only reads. It keeps off the CPUs of workers.\n"
    "\n"
    "Exit code: 0 done; 1 cannot look: the message says what to do; 2 usage; 3 no such pennyline "
    "runs, or it ended meanwhile; 4 it lays its memory out in another way.";

static uint32_t whole_number(struct argp_state *state, const char *option, const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || n > UINT32_MAX)
        argp_error(state, "--%s: \"%s\" is no whole number", option, text);
    return (uint32_t)n;
}

static void add_word(struct argp_state *state, struct options *o, const char *word)
{
    if (o->subcommand != NULL)
        argp_error(state, "\"%s\": one command at a time", word);
    for (size_t i = 0; i < ARRAY_LENGTH(subcommands); i++)
        if (strcmp(subcommands[i].name, word) == 0)
            o->subcommand = &subcommands[i];
    if (o->subcommand == NULL)
        argp_error(state, "\"%s\": no such command", word);
}

static void set_interval(struct argp_state *state, struct options *o, const char *text)
{
    char *end;

    o->seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(o->seconds >= SHORTEST_SECONDS && o->seconds <= 3600))
        argp_error(state, "--interval: \"%s\" is no number of seconds, 0.01 to 3600", text);
}

static void set_verdict(struct argp_state *state, struct options *o, const char *name)
{
    if (!verdict_is_outcome(name))
        argp_error(state, "--verdict: \"%s\" is no verdict; give " VERDICT_OUTCOMES_ALLOWED, name);
    o->page.verdict = name;
}

/* An option that would be passed over in silence is a mistake. */
static void take_only_for(struct options *o, const char *command, const char *option)
{
    o->only_for = command;
    o->only_option = option;
}

static void check_options(struct argp_state *state, const struct options *o)
{
    if (o->only_for != NULL && strcmp(o->only_for, o->subcommand->name) != 0)
        argp_error(state, "--%s is for the command %s, not for %s", o->only_option, o->only_for,
                   o->subcommand->name);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case 'p':
        o->file_prefix = argument;
        return 0;
    case 'j':
        o->json = true;
        return 0;
    case 'n':
        o->page.count = whole_number(state, "count", argument);
        take_only_for(o, "aggregates", "count");
        return 0;
    case 'i':
        set_interval(state, o, argument);
        return 0;
    case KEY_OFFSET:
        o->page.offset = whole_number(state, "offset", argument);
        take_only_for(o, "aggregates", "offset");
        return 0;
    case KEY_SLICE:
        o->page.slice = argument;
        take_only_for(o, "aggregates", "slice");
        return 0;
    case KEY_VERDICT:
        set_verdict(state, o, argument);
        take_only_for(o, "aggregates", "verdict");
        return 0;
    case KEY_ROUNDS:
        o->rounds = whole_number(state, "rounds", argument);
        take_only_for(o, "watch", "rounds");
        return 0;
    case ARGP_KEY_ARG:
        add_word(state, o, argument);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "what to show? Like: pennyline-info lcores");
        return 0;
    case ARGP_KEY_SUCCESS:
        check_options(state, o);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* EAL takes locks of the shared heap and of shared lists while it starts: who ended or stopped
 * there would leave them held, and the primary would wait for them at its next look. */
static void block_ends(sigset_t *before)
{
    sigset_t ends;

    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    sigaddset(&ends, SIGQUIT);
    sigaddset(&ends, SIGTSTP);
    sigprocmask(SIG_BLOCK, &ends, before);
}

const char *argp_program_version = "pennyline-info " PENNYLINE_VERSION;

int main(int argc, char **argv)
{
    static const struct argp argp = {argp_rows, parse, usage, description, NULL, NULL, NULL};
    struct options options = {.file_prefix = DEFAULT_FILE_PREFIX, .page = {.count = USUAL_COUNT}};
    const struct sigaction on_end = {.sa_handler = on_signal};
    struct attachment attachment;
    sigset_t before;
    int code;

    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    sigaction(SIGINT, &on_end, NULL);
    sigaction(SIGTERM, &on_end, NULL);
    sigaction(SIGHUP, &on_end, NULL);
    sigaction(SIGQUIT, &on_end, NULL);
    signal(SIGPIPE, SIG_IGN);
    block_ends(&before);
    code = attach(&attachment, options.file_prefix);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (code != 0)
        return code;
    code = knows_slice(&attachment, &options) ? run(&attachment, &options) : EXIT_USAGE;
    detach(&attachment);
    return code;
}
