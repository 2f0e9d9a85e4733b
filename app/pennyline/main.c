/* SPDX-License-Identifier: BSD-3-Clause */
/* pennyline: drops a few TCP segments of a slice of traffic, and says from what comes back whether
 * real senders are there. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appliance.h"
#include "check.h"
#include "common/exit_codes.h"
#include "config/slots.h"
#include "convert.h"
#include "lanes.h"
#include "looking.h"
#include "machine/print.h"
#include "options.h"
#include "report/report.h"
#include "say.h"
#include "services.h"

/* What the counters say is worth nothing when they do not add up. */
static int exit_code_of(const struct appliance *a, bool is_test)
{
    if (a->n_problems > 0)
        return EXIT_ERROR;
    return is_test ? report_worst_exit_code(a->manager) : EXIT_SUCCESS;
}

static json_t *packet_reasons(const struct appliance *a)
{
    json_t *reasons = json_object();

    for (unsigned int r = 0; r < PACKET_N_REASONS; r++) {
        json_int_t n = 0;

        for (uint32_t w = 0; w < a->n_workers; w++)
            n += (json_int_t)a->workers[w]->packet_reasons[r];
        json_object_set_new(reasons, packet_reason_name(r), json_integer(n));
    }
    return reasons;
}

/* What the report cannot know. */
static void add_own_findings(json_t *summary, struct appliance *a, int exit_code)
{
    json_t *problems = json_array();

    for (unsigned int i = 0; i < a->n_problems; i++)
        json_array_append_new(problems, json_string(a->problems[i]));
    if (a->n_problems > 0)
        json_object_set_new(summary, "reconciled", json_false());
    json_object_set_new(summary, "problems", problems);
    json_object_set_new(summary, "exit_code", json_integer(exit_code));
    json_object_set_new(summary, "packet_reasons", packet_reasons(a));
    json_object_set_new(summary, "memory", memory_to_json(&a->memory));
}

static void print_summary(struct appliance *a, bool is_test, bool as_json, int exit_code)
{
    struct worker_counters totals = lanes_counters_sum(a);
    json_t *ports = services_ports_json(a);
    struct report_run run = {.mode = is_test ? "test" : "run",
                             .manager = a->manager,
                             .clock = &a->report_clock,
                             .now_ns = appliance_now_ns(a),
                             .totals = &totals,
                             .ports = ports,
                             .with_drops = true};

    if (as_json) {
        json_t *summary = report_summary(&run);

        add_own_findings(summary, a, exit_code);
        json_dumpf(summary, stdout, JSON_INDENT(2));
        printf("\n");
        json_decref(summary);
    } else {
        report_table(stdout, &run);
    }
    fflush(stdout);
    json_decref(ports);
}

/* A test has the slices that it begins with; a service may come to have others. */
static int lay_out(struct config *config, bool is_test)
{
    int error = config_take_slots(config, NULL, NULL, is_test ? config->n_slices : SLICE_MAX);

    config_take_numbers(config, NULL);
    if (error != 0)
        say_error("no memory for the slices");
    return error;
}

static void tell_begin(const struct appliance *a, const char *looks_at, bool is_test)
{
    if (looks_at != NULL)
        say_info("looking at %s, with %u worker%s; SIGINT or SIGTERM ends it", looks_at,
                 a->n_workers, a->n_workers == 1 ? "" : "s");
    else
        say_info("forwarding, with %u workers on %u ports%s", a->n_workers, a->n_ports,
                 is_test ? "" : "; SIGTERM stops it, SIGUSR1 stops all drops");
}

static int serve(const struct options *o, const struct config *config, const char *program,
                 struct looking *looking)
{
    /* Large, and pointed into by threads: not for the stack. */
    static struct appliance appliance;
    bool is_test = o->command == COMMAND_TEST, looks = looking != NULL;
    bool as_json = is_test ? o->test.json : o->json;
    struct appliance_options options = {
        .program = program,
        .config_path = is_test || looks ? NULL : o->config_path,
        .eal_arguments = o->eal_arguments,
        .is_test = is_test,
        .duration_ms = looks ? o->duration_s * 1000 : o->test.duration_ms,
        .keep_forwarding = o->keep_forwarding,
        .show_progress = is_test && isatty(STDERR_FILENO),
        .looking = looking,
    };
    int code;

    if (appliance_start(&appliance, config, &options) != 0)
        return EXIT_ERROR;
    tell_begin(&appliance, looks ? o->in : NULL, is_test);
    if (!looks || looking_begin(looking))
        appliance_serve(&appliance);
    appliance_halt(&appliance);
    code = looks && looking->is_deserted ? EXIT_ERROR : exit_code_of(&appliance, is_test);
    if (!looks)
        print_summary(&appliance, is_test, as_json, code);
    if (looks)
        looking_end(looking);
    if (appliance.hangs) {
        appliance_abandon(&appliance);
        _exit(code); /* handlers of libraries might wait for the worker */
    }
    appliance_stop(&appliance);
    return code;
}

static int check(const struct options *options, const struct config *config)
{
    unsigned int n;

    for (uint32_t i = 0; i < config->n_machines; i++)
        (options->dot ? machine_print_dot : machine_print_words)(stdout, &config->machines[i]);
    if (options->dot)
        return EXIT_SUCCESS;
    n = check_host(config);

    if (n > 0)
        printf("%u problem%s to solve first\n", n, n == 1 ? "" : "s");
    else
        printf("nothing stands in the way\n");
    return n > 0 ? EXIT_ERROR : EXIT_SUCCESS;
}

static int refuse(const struct options *o, int code, const char *error)
{
    say_error("%s", error);
    /* No start makes a file better: the service manager does not try again. */
    return o->command == COMMAND_CHECK || code == -ENOMEM ? EXIT_ERROR : EXIT_USAGE;
}

static int run_command(struct options *o, const char *program, struct looking *looking)
{
    const bool is_short_lived = o->command == COMMAND_TEST || o->command == COMMAND_SOURCES;
    struct config *config;
    char error[2048];
    int code = options_load_config(o, &config, error, sizeof(error));

    if (code != 0)
        return refuse(o, code, error);
    code = lay_out(config, is_short_lived) != 0 ? EXIT_ERROR
           : o->command == COMMAND_CHECK        ? check(o, config)
                                                : serve(o, config, program, looking);
    config_free(config);
    return code;
}

static int look(struct options *o, const char *program)
{
    struct looking looking;
    int code = EXIT_ERROR;

    if (looking_prepare(&looking, o) == 0) {
        code = run_command(o, program, &looking);
        looking_end(&looking);
    }
    return code;
}

/* A file of routes, or a configuration, is built beside the one that it takes the place of. What is
 * freed of it goes back to the system at once, and does not stay between smaller blocks. */
static void give_large_blocks_back(void)
{
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

int main(int argc, char **argv)
{
    struct options options;
    int code;

    give_large_blocks_back();
    options_parse(argc, argv, &options);
    if (options.command == COMMAND_CONVERT)
        return convert_from_openpenny(options.openpenny_path, options.out);
    code = options.command == COMMAND_SOURCES ? look(&options, argv[0])
                                              : run_command(&options, argv[0], NULL);
    options_free(&options);
    return code;
}
