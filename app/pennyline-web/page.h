/* SPDX-License-Identifier: BSD-3-Clause */
/* The files of the page: a fixed list, read once at start, so that no request names a path of the
 * machine. */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include <stddef.h>

struct page_file {
    const char *path; /* of the URL */
    const char *name; /* under the directory */
    const char *content_type;
    char *data;
    size_t n;
    char etag[24]; /* with quotes */
};

struct page;

/* Reads all files from `directory`. NULL with `error` saying which is missing. */
struct page *page_load(const char *directory, char *error, size_t n_error);
void page_free(struct page *p);

/* NULL: there is no such file. */
const struct page_file *page_find(const struct page *p, const char *path);

#endif
