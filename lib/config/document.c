/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/document.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "json/json.h"

/* 4096 slices with thousands of prefixes each take less; what is larger is another kind of file. */
#define MOST_FILE_BYTES ((size_t)64 << 20)

/* The parser quotes what it stumbled over as it stands in the file; this makes it fit for a line.
 */
static void hide_control_characters(char *text)
{
    for (; *text != '\0'; text++)
        if (iscntrl((unsigned char)*text))
            *text = '?';
}

int document_parse(const char *text, size_t n, json_t **out, struct config_error *error)
{
    json_error_t e;

    memset(error, 0, sizeof(*error));
    errno = 0;
    *out = json_parse(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
    if (*out != NULL)
        return 0;
    /* The parser has no words for this, or those of the text that it could not take down. */
    if (errno == ENOMEM || e.text[0] == '\0') {
        snprintf(error->text, sizeof(error->text), "not enough memory");
        return -ENOMEM;
    }
    hide_control_characters(e.text);
    error->line = (unsigned int)e.line;
    error->column = (unsigned int)e.column;
    snprintf(error->path, sizeof(error->path), "$");
    snprintf(error->found, sizeof(error->found), "%s", e.text);
    snprintf(error->allowed, sizeof(error->allowed), "JSON (RFC 8259)");
    snprintf(error->text, sizeof(error->text), "%d:%d: bad JSON: %s", e.line, e.column, e.text);
    return -EINVAL;
}

static int refuse_file(int status, struct config_error *error)
{
    memset(error, 0, sizeof(*error));
    snprintf(error->text, sizeof(error->text), "cannot be read: %s", strerror(-status));
    return status;
}

/* Reads to the end, whether the file says its size or not. */
static int read_all(FILE *file, char **text, size_t *n)
{
    FILE *to = open_memstream(text, n);
    char block[16384];
    size_t got, total = 0;
    int status = 0;

    if (to == NULL)
        return -ENOMEM;
    while (status == 0 && (got = fread(block, 1, sizeof(block), file)) > 0) {
        total += got;
        if (total > MOST_FILE_BYTES)
            status = -EFBIG;
        else if (fwrite(block, 1, got, to) != got)
            status = -ENOMEM;
    }
    if (status == 0 && ferror(file))
        status = errno != 0 ? -errno : -EIO;
    if (fclose(to) != 0 && status == 0)
        status = -ENOMEM;
    return status;
}

int document_load(const char *path, json_t **out, struct config_error *error)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t n = 0;
    int status;

    if (file == NULL)
        return refuse_file(-errno, error);
    status = read_all(file, &text, &n);
    fclose(file);
    status = status != 0 ? refuse_file(status, error) : document_parse(text, n, out, error);
    free(text);
    return status;
}

void document_name_file(const char *path, struct config_error *error)
{
    char text[sizeof(error->text)];
    /* "file:line:column:" is what editors jump to. */
    const char *between = error->line > 0 ? ":" : ": ";

    snprintf(text, sizeof(text), "%.256s%s%.900s", path, between, error->text);
    memcpy(error->text, text, sizeof(text));
}
