/* SPDX-License-Identifier: BSD-3-Clause */
#include "page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "common/checksum.h"

#define MOST_BYTES (1u << 20)

static const struct page_file files[] = {
    {"/", "index.html", "text/html; charset=utf-8", NULL, 0, ""},
    {"/page.css", "page.css", "text/css; charset=utf-8", NULL, 0, ""},
    {"/js/machines.js", "js/machines.js", "text/javascript; charset=utf-8", NULL, 0, ""},
    {"/js/main.js", "js/main.js", "text/javascript; charset=utf-8", NULL, 0, ""},
    {"/js/api.js", "js/api.js", "text/javascript; charset=utf-8", NULL, 0, ""},
    {"/js/charts.js", "js/charts.js", "text/javascript; charset=utf-8", NULL, 0, ""},
    {"/js/detail.js", "js/detail.js", "text/javascript; charset=utf-8", NULL, 0, ""},
    {"/js/dom.js", "js/dom.js", "text/javascript; charset=utf-8", NULL, 0, ""},
    {"/js/events.js", "js/events.js", "text/javascript; charset=utf-8", NULL, 0, ""},
    {"/js/sources.js", "js/sources.js", "text/javascript; charset=utf-8", NULL, 0, ""},
    {"/js/status.js", "js/status.js", "text/javascript; charset=utf-8", NULL, 0, ""},
    {"/js/table.js", "js/table.js", "text/javascript; charset=utf-8", NULL, 0, ""},
    {"/js/traffic.js", "js/traffic.js", "text/javascript; charset=utf-8", NULL, 0, ""},
    {"/vendor/uPlot.iife.min.js", "vendor/uPlot.iife.min.js", "text/javascript; charset=utf-8",
     NULL, 0, ""},
    {"/vendor/uPlot.min.css", "vendor/uPlot.min.css", "text/css; charset=utf-8", NULL, 0, ""},
    {"/vendor/LICENSE", "vendor/LICENSE", "text/plain; charset=utf-8", NULL, 0, ""},
    {"/api/v1/openapi.json", "openapi.json", "application/json", NULL, 0, ""},
};

struct page {
    struct page_file files[ARRAY_LENGTH(files)];
};

static void set_etag(struct page_file *f)
{
    snprintf(f->etag, sizeof(f->etag), "\"%016lx\"", (unsigned long)checksum(f->data, f->n, 0));
}

static int read_file(struct page_file *f, const char *directory)
{
    char path[1024];
    FILE *in;

    snprintf(path, sizeof(path), "%s/%s", directory, f->name);
    in = fopen(path, "re");
    if (in == NULL)
        return -errno;
    f->data = malloc(MOST_BYTES);
    f->n = f->data != NULL ? fread(f->data, 1, MOST_BYTES, in) : 0;
    fclose(in);
    if (f->n == 0 || f->n == MOST_BYTES)
        return -EFBIG;
    set_etag(f);
    return 0;
}

struct page *page_load(const char *directory, char *error, size_t n_error)
{
    struct page *p = calloc(1, sizeof(*p));

    if (p == NULL) {
        snprintf(error, n_error, "not enough memory for the page");
        return NULL;
    }
    memcpy(p->files, files, sizeof(files));
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        int result = read_file(&p->files[i], directory);

        if (result < 0) {
            snprintf(error, n_error, "page: %s/%s: %s; --page names the directory", directory,
                     p->files[i].name, result == -EFBIG ? "empty, or 1 MiB" : strerror(-result));
            page_free(p);
            return NULL;
        }
    }
    return p;
}

void page_free(struct page *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++)
        free(p->files[i].data);
    free(p);
}

const struct page_file *page_find(const struct page *p, const char *path)
{
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++)
        if (strcmp(p->files[i].path, path) == 0)
            return &p->files[i];
    return NULL;
}
