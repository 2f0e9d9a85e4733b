/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables of routes, the operator's word and VRPs to one file: all of them, or nothing is written.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/exit_codes.h"
#include "config/config.h"
#include "expect/build.h"
#include "expect/expect.h"
#include "expect/lists.h"
#include "pennyline-map/commands.h"
#include "pennyline-map/input.h"
#include "pennyline-map/progress.h"
#include "pennyline-map/say.h"
#include "pennyline-map/summary.h"

static int say_error(const char *path, int error)
{
    say("%s: %s", path,
        error == -E2BIG ? "more different senders or prefixes than there are numbers"
                        : strerror(-error));
    return -1;
}

static int add_routes(struct expect_builder *b, const char *path)
{
    struct mrt_route route;
    struct progress progress;
    struct input in;
    int got, error;

    if (input_open(&in, path) != 0)
        return -1;
    progress_begin(&progress);
    error = expect_builder_begin_file(b, EXPECT_FILE_ROUTES, path, in.changed_s);
    while (error == 0 && (got = input_next(&in, &route)) == 1) {
        error = expect_builder_add_route(b, &route);
        progress_route(&progress, &in);
    }
    progress_end(&progress);
    if (error != 0) {
        say_error(path, error);
    } else if (got == 0 && mrt_counters(in.reader)->routes == 0) {
        say("%s: it has no route; nothing would be expected by it", path);
        error = -EINVAL;
    } else if (got == 0) {
        input_say_counters(&in);
    } else {
        error = got;
    }
    input_close(&in);
    return error == 0 ? 0 : -1;
}

/* What people and validators write. */
static int add_list(struct expect_builder *b, const struct config *config,
                    const struct source *source)
{
    char error[EXPECT_ERROR_BYTES] = "";
    FILE *in = fopen(source->path, "re");
    struct stat s = {0};
    int status;

    if (in == NULL)
        return say_error(source->path, -errno);
    if (fstat(fileno(in), &s) != 0 || !S_ISREG(s.st_mode))
        s.st_mtime = 0;
    status = expect_builder_begin_file(b, source->kind, source->path, (uint64_t)s.st_mtime);
    if (status == 0)
        status = source->kind == EXPECT_FILE_ACCEPT ? expect_read_accepts(b, config, in, error)
                                                    : expect_read_vrps(b, in, error);
    fclose(in);
    if (status != 0)
        say("%s: %s", source->path, error[0] != '\0' ? error : strerror(-status));
    return status == 0 ? 0 : -1;
}

/* A table that lost much at once is more likely cut than true. */
static int check_shrunk(const struct options *o, const struct expectation *new)
{
    char error[EXPECT_ERROR_BYTES];
    struct expectation old;
    int status = 0;

    if (o->shrunk)
        return 0;
    status = expect_open(o->expectation, &old, error);
    if (status == -ENOENT)
        return 0;
    if (status != 0) {
        say("%s, which is replaced, could not be compared with the new one: %s", o->expectation,
            error);
        return 0;
    }
    if (expect_is_shrunk(old.n_routes, new->n_routes)) {
        say("%u prefixes, and %s has %u: over a fifth less. When that is right, give --shrunk",
            new->n_routes, o->expectation, old.n_routes);
        status = -1;
    }
    expect_close(&old);
    return status;
}

/* What is written was read as whoever uses it will read it. */
static int write_file(const struct options *o, const void *bytes, size_t n)
{
    char error[EXPECT_ERROR_BYTES];
    struct expectation e;
    const char *what;
    int status = expect_open_memory(bytes, n, &e, error);

    if (status != 0) {
        say("what was built is not good (%s): please report it", error);
        return -1;
    }
    if (check_shrunk(o, &e) != 0)
        return -1;
    status = expect_replace_file(o->expectation, bytes, n, &what);
    if (status != 0) {
        say("%s: could not be replaced (%s): %s", o->expectation, what, strerror(-status));
        return -1;
    }
    summary_print(stdout, &e, (uint64_t)time(NULL));
    return 0;
}

static int build(const struct options *o, const struct config *config, struct expect_builder *b)
{
    struct expect_build_counts counts;
    int status = 0;
    void *bytes;
    size_t n;

    for (size_t i = 0; i < o->n_sources && status == 0; i++)
        status = o->sources[i].kind == EXPECT_FILE_ROUTES ? add_routes(b, o->sources[i].path)
                                                          : add_list(b, config, &o->sources[i]);
    if (status != 0)
        return status;
    status = expect_builder_finish(b, (uint64_t)time(NULL), &bytes, &n);
    if (status != 0)
        return say_error(o->expectation, status);
    status = write_file(o, bytes, n);
    free(bytes);
    counts = expect_builder_counts(b);
    if (status == 0 && counts.n_unmatched > 0)
        printf("%llu of %llu routes are behind no ingress that the configuration names\n",
               (unsigned long long)counts.n_unmatched, (unsigned long long)counts.n_routes);
    return status;
}

int command_build(const struct options *o)
{
    struct config_error error;
    struct expect_builder *b;
    struct config *config;
    int status;

    if (config_load_file(o->config, &config, &error) != 0) {
        say("%s", error.text);
        return EXIT_USAGE;
    }
    if (config->n_ingresses == 0)
        say("%s: it names no \"ingresses\", so nothing can be expected anywhere", o->config);
    status = config->n_ingresses == 0 ? -1 : expect_builder_create(config, &b);
    if (status == 0) {
        status = build(o, config, b);
        expect_builder_destroy(b);
    }
    config_free(config);
    return status == 0 ? EXIT_SUCCESS : EXIT_ERROR;
}

int command_check(const struct options *o)
{
    uint64_t now_s = (uint64_t)time(NULL);
    char error[EXPECT_ERROR_BYTES];
    struct expectation e;

    if (expect_open(o->expectation, &e, error) != 0) {
        say("%s: %s", o->expectation, error);
        return EXIT_ERROR;
    }
    if (o->json) {
        json_t *summary = summary_json(&e, now_s);

        json_dumpf(summary, stdout, JSON_INDENT(2));
        printf("\n");
        json_decref(summary);
    } else {
        summary_print(stdout, &e, now_s);
    }
    expect_close(&e);
    return EXIT_SUCCESS;
}
