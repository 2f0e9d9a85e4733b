/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acl/acl.h"

#define LINE_BYTES 256

static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t\r\n");
    size_t n = strcspn(word, " \t\r\n");

    *rest = word + n + (word[n] != '\0');
    word[n] = '\0';
    return word;
}

int acl_parse_rule(char *text, struct acl_rule *out)
{
    char *rest = text, *word;

    text[strcspn(text, "#")] = '\0';
    word = next_word(&rest);
    if (*word == '\0')
        return 0;
    out->permit = strcmp(word, "deny") != 0;
    if (!out->permit || strcmp(word, "permit") == 0)
        word = next_word(&rest);
    if (ip_prefix_parse(word, &out->prefix) != 0 || *next_word(&rest) != '\0')
        return -EINVAL;
    return 1;
}

static int append(struct acl_rule **rules, size_t *n, const struct acl_rule *rule)
{
    if (*n == ACL_MOST_RULES)
        return -E2BIG;
    /* Doubled at each power of two. */
    if ((*n & (*n - 1)) == 0) {
        struct acl_rule *grown = realloc(*rules, (*n == 0 ? 1 : 2 * *n) * sizeof(*grown));

        if (grown == NULL)
            return -ENOMEM;
        *rules = grown;
    }
    (*rules)[(*n)++] = *rule;
    return 0;
}

int acl_read_rules(FILE *from, struct acl_rule **rules, size_t *n, size_t *line)
{
    char text[LINE_BYTES];

    for (*line = 1; fgets(text, sizeof(text), from) != NULL; ++*line) {
        struct acl_rule rule;
        int status;

        /* Longer lines, and bytes that end a text, are none of ours. */
        if (strchr(text, '\n') == NULL && !feof(from))
            return -EINVAL;
        status = acl_parse_rule(text, &rule);
        if (status > 0)
            status = append(rules, n, &rule);
        if (status < 0)
            return status;
    }
    return ferror(from) ? -EIO : 0;
}

static bool is_same_state(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int acl_read_file(const char *path, struct acl_rule **rules, size_t *n, size_t *line)
{
    struct stat before, after, named;
    FILE *file = fopen(path, "re");
    int error = 0;

    *line = 0;
    if (file == NULL)
        return -errno;
    if (fstat(fileno(file), &before) != 0)
        error = -errno;
    else if (S_ISDIR(before.st_mode))
        error = -EISDIR;
    if (error == 0)
        error = acl_read_rules(file, rules, n, line);
    /* Written over, or another one in its place: half of each would be nobody's list. */
    if (fstat(fileno(file), &after) != 0 || stat(path, &named) != 0 ||
        !is_same_state(&before, &after) || !is_same_state(&before, &named))
        error = error == 0 || error == -EINVAL ? -EAGAIN : error;
    fclose(file);
    return error;
}
