/* SPDX-License-Identifier: BSD-3-Clause */
#include "trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_A_MARK 64
#define MOST_MARKS   4096
#define LINE_BYTES   65536
#define MOST_TOLD    3

static struct {
    bool shows;
    uint64_t hash, n_lines;
    uint32_t marks[MOST_MARKS];
    unsigned int n_marks;
} trace;

static void mark(void)
{
    if (trace.n_marks < MOST_MARKS)
        trace.marks[trace.n_marks++] = (uint32_t)(trace.hash ^ trace.hash >> 32);
}

/* FNV-1a. */
static void add(const char *text)
{
    for (; *text != '\0'; text++)
        trace.hash = (trace.hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    trace.hash = (trace.hash ^ '\n') * UINT64_C(0x100000001b3);
}

void trace_say(const char *format, ...)
{
    static char line[LINE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (trace.shows)
        puts(line);
    add(line);
    if (++trace.n_lines % LINES_A_MARK == 0)
        mark();
}

static void play_one(trace_play play, uint64_t n)
{
    trace.hash = UINT64_C(0xcbf29ce484222325);
    trace.n_lines = 0;
    trace.n_marks = 0;
    play(n);
    mark();
}

/* "PLAY LINES: MARK MARK ...": every mark of few, and of many those a power of two from the start.
 */
static void describe(uint64_t n, char *out, size_t n_out)
{
    size_t used = (size_t)snprintf(out, n_out, "%" PRIu64 " %" PRIu64 ":", n, trace.n_lines);

    for (unsigned int i = 0, step = 1; i + 1 < trace.n_marks; i += step, step *= 2)
        used += (size_t)snprintf(out + used, n_out - used, " %u=%08" PRIx32, i, trace.marks[i]);
    snprintf(out + used, n_out - used, " end=%08" PRIx32 "\n", trace.marks[trace.n_marks - 1]);
}

static int write_marks(const char *path, trace_play play, uint64_t n_plays)
{
    FILE *file = fopen(path, "w");
    char line[1024];

    if (file == NULL)
        return 1;
    for (uint64_t n = 1; n <= n_plays; n++) {
        play_one(play, n);
        describe(n, line, sizeof(line));
        fputs(line, file);
    }
    return fclose(file) == 0 ? 0 : 1;
}

static int compare(const char *program, const char *path, trace_play play, uint64_t n_plays)
{
    FILE *file = fopen(path, "r");
    char now[1024], before[1024];
    uint64_t n_other = 0;

    if (file == NULL) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return 1;
    }
    for (uint64_t n = 1; n <= n_plays; n++) {
        play_one(play, n);
        describe(n, now, sizeof(now));
        if (fgets(before, sizeof(before), file) != NULL && strcmp(now, before) == 0)
            continue;
        if (n_other++ >= MOST_TOLD)
            continue;
        fprintf(stderr,
                "play %" PRIu64 " is another one: %s --show %" PRIu64
                " here and in the tree before; --write if it is meant to be\n  was %s  is  %s",
                n, program, n, before, now);
    }
    fclose(file);
    if (n_other > MOST_TOLD)
        fprintf(stderr, "and %" PRIu64 " more\n", n_other - MOST_TOLD);
    return n_other == 0 ? 0 : 1;
}

int trace_main(int argc, char **argv, trace_play play, uint64_t n_plays)
{
    if (argc == 3 && strcmp(argv[1], "--show") == 0) {
        trace.shows = true;
        play_one(play, strtoull(argv[2], NULL, 10));
        return 0;
    }
    if (argc == 3 && strcmp(argv[2], "--write") == 0)
        return write_marks(argv[1], play, n_plays);
    if (argc == 2)
        return compare(argv[0], argv[1], play, n_plays);
    fprintf(stderr, "usage: %s FILE [--write] | --show PLAY\n", argv[0]);
    return 2;
}
