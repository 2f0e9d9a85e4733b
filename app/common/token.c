/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/token.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static int refuse(const char *path, const char *what, char *error, size_t n_error)
{
    snprintf(error, n_error, "token file %s: %s", path, what);
    return -1;
}

static int read_line(struct token *t, FILE *file, const char *path, char *error, size_t n_error)
{
    char line[TOKEN_MAX_BYTES + 2];
    struct stat status;

    if (fstat(fileno(file), &status) < 0 || (status.st_mode & 07) != 0)
        return refuse(path, "others may read or write it; chmod o= that file", error, n_error);
    if (fgets(line, sizeof(line), file) == NULL)
        line[0] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    t->n = strlen(line);
    if (t->n < TOKEN_MIN_BYTES || t->n >= TOKEN_MAX_BYTES) {
        t->n = 0;
        return refuse(path,
                      "its first line must have 16 to 255 characters; make one by: "
                      "openssl rand -hex 32",
                      error, n_error);
    }
    memcpy(t->text, line, t->n);
    return 0;
}

int token_load(struct token *t, const char *path, char *error, size_t n_error)
{
    FILE *file = fopen(path, "re");
    int result;

    *t = (struct token){.n = 0};
    if (file == NULL)
        return refuse(path, strerror(errno), error, n_error);
    result = read_line(t, file, path, error, n_error);
    fclose(file);
    return result;
}

bool token_is_in(const struct token *t, const char *authorization)
{
    static const char scheme[] = "Bearer ";
    char given[TOKEN_MAX_BYTES] = {0};
    volatile uint8_t difference = 0;
    size_t n;

    if (t->n == 0 || authorization == NULL ||
        strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
        return false;
    authorization += sizeof(scheme) - 1;
    n = strnlen(authorization, TOKEN_MAX_BYTES);
    memcpy(given, authorization, n < TOKEN_MAX_BYTES ? n : TOKEN_MAX_BYTES);
    /* All of both, padded with NUL, whatever was found so far. */
    for (size_t i = 0; i < TOKEN_MAX_BYTES; i++)
        difference = (uint8_t)(difference | (uint8_t)(given[i] ^ t->text[i]));
    return n == t->n && difference == 0;
}
