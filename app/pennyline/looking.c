/* SPDX-License-Identifier: BSD-3-Clause */
#include "looking.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "options_sources.h"
#include "say.h"

#define GATEWAY     "pennyline-web"
#define NOBODY      "nobody"
#define TOKEN_BYTES 16
#define TOKEN_CHARS 256

static const char *base_directory(void)
{
    return access("/run", W_OK) == 0 ? "/run" : "/tmp";
}

static void path_in(const struct looking *l, const char *name, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%s", l->directory, name);
}

/* Others find the socket in it, and nothing else. */
int looking_prepare(struct looking *l, struct options *o)
{
    const struct passwd *nobody = geteuid() == 0 ? getpwnam(NOBODY) : NULL;
    const struct group *readers = nobody != NULL ? getgrgid(nobody->pw_gid) : NULL;

    *l = (struct looking){.options = o};
    snprintf(l->directory, sizeof(l->directory), "%s/pennyline-sources-XXXXXX", base_directory());
    if (mkdtemp(l->directory) == NULL || chmod(l->directory, 0711) != 0) {
        say_error("%s: %s", l->directory, strerror(errno));
        return -errno;
    }
    snprintf(o->control_path, sizeof(o->control_path), "%s/control.sock", l->directory);
    if (readers != NULL && o->server_port != 0)
        snprintf(o->read_group, sizeof(o->read_group), "%s", readers->gr_name);
    return 0;
}

/* Beside this program as it is installed, or as it is built. */
static bool find_gateway(char out[PATH_MAX])
{
    static const char *const places[] = {GATEWAY, "../" GATEWAY "/" GATEWAY};
    char own[PATH_MAX];
    const ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
    char *slash;

    own[n > 0 ? n : 0] = '\0';
    slash = strrchr(own, '/');
    for (size_t i = 0; slash != NULL && i < sizeof(places) / sizeof(places[0]); i++) {
        const int length = snprintf(out, PATH_MAX, "%.*s/%s", (int)(slash - own), own, places[i]);

        if (length < PATH_MAX && access(out, X_OK) == 0)
            return true;
    }
    return false;
}

static bool make_token(char token[TOKEN_CHARS])
{
    unsigned char random[TOKEN_BYTES];

    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return false;
    for (unsigned int i = 0; i < TOKEN_BYTES; i++)
        snprintf(token + (size_t)i * 2, 3, "%02x", random[i]);
    return true;
}

static bool read_token(const char *path, char token[TOKEN_CHARS])
{
    FILE *in = fopen(path, "re");
    const bool ok = in != NULL && fgets(token, TOKEN_CHARS, in) != NULL;

    if (!ok)
        say_error("--token-file %s: %s", path,
                  in == NULL ? strerror(errno) : "its first line is empty");
    if (in != NULL)
        fclose(in);
    token[ok ? strcspn(token, "\n") : 0] = '\0';
    return ok;
}

/* A copy that whoever serves may read, and nobody else. */
static bool write_token(const struct looking *l, const char *token)
{
    const struct passwd *nobody = geteuid() == 0 ? getpwnam(NOBODY) : NULL;
    char path[PATH_MAX];
    FILE *out;
    bool ok;

    path_in(l, "token", path);
    umask(077);
    out = fopen(path, "wxe");
    ok = out != NULL && fprintf(out, "%s\n", token) > 0 &&
         (nobody == NULL || fchown(fileno(out), nobody->pw_uid, nobody->pw_gid) == 0);
    if (out != NULL && fclose(out) != 0)
        ok = false;
    if (!ok)
        say_error("%s: %s", path, strerror(errno));
    return ok;
}

static const char *host_of(const struct options *o)
{
    return o->listen != NULL ? o->listen : "127.0.0.1";
}

/* "192.0.2.1:3031", "[2001:db8::1]:3031" */
static void place_of(const struct options *o, char out[128])
{
    const char *host = host_of(o);

    snprintf(out, 128, strchr(host, ':') != NULL ? "[%.90s]:%u" : "%.90s:%u", host,
             (unsigned int)o->server_port);
}

static bool prepare_token(const struct looking *l, char token[TOKEN_CHARS])
{
    const struct options *o = l->options;

    if (!o->serve_ip_list)
        return true;
    if (o->token_file != NULL ? !read_token(o->token_file, token) : !make_token(token))
        return false;
    return write_token(l, token);
}

/* Whom a request cannot harm. It ends when this process does, whoever ended that. */
static void become_gateway(const char *path, char *const *arguments)
{
    const struct passwd *nobody = geteuid() == 0 ? getpwnam(NOBODY) : NULL;
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    syscall(SYS_close_range, 3U, ~0U, 0U);
    if (nobody != NULL &&
        (setgroups(0, NULL) != 0 || setgid(nobody->pw_gid) != 0 || setuid(nobody->pw_uid) != 0))
        _exit(EXIT_FAILURE);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != 1)
        execv(path, arguments);
    _exit(EXIT_FAILURE);
}

static void tell_places(const struct options *o, const char *place, const char *token)
{
    say_info("metrics: curl http://%s/metrics", place);
    if (o->serve_ip_list && o->token_file == NULL)
        say_info("list: curl -H 'Authorization: Bearer %s' http://%s/list", token, place);
    else if (o->serve_ip_list)
        say_info("list: curl -H \"Authorization: Bearer $(cat %s)\" http://%s/list", o->token_file,
                 place);
}

static bool start_gateway(struct looking *l)
{
    const struct options *o = l->options;
    char path[PATH_MAX], place[128], token[TOKEN_CHARS] = "", token_path[PATH_MAX];
    char *arguments[] = {(char *)(uintptr_t)GATEWAY,
                         (char *)(uintptr_t) "--socket",
                         (char *)(uintptr_t)o->control_path,
                         (char *)(uintptr_t) "--listen",
                         place,
                         (char *)(uintptr_t) "--active-users",
                         (char *)(uintptr_t)OPTIONS_SOURCES_NAME,
                         o->serve_ip_list ? (char *)(uintptr_t) "--serve-ip-list" : NULL,
                         (char *)(uintptr_t) "--token-file",
                         token_path,
                         NULL};

    if (!find_gateway(path)) {
        say_error("--server-port: there is no " GATEWAY
                  " beside this program: install it, or build "
                  "with libmicrohttpd and libcurl");
        return false;
    }
    if (!prepare_token(l, token))
        return false;
    path_in(l, "token", token_path);
    place_of(o, place);
    l->gateway = fork();
    if (l->gateway == 0)
        become_gateway(path, arguments);
    if (l->gateway < 0) {
        say_error(GATEWAY " cannot be started: %s", strerror(errno));
        return false;
    }
    l->is_watched = true;
    tell_places(o, place, token);
    return true;
}

bool looking_begin(struct looking *l)
{
    l->is_deserted = l->options->server_port != 0 && !start_gateway(l);
    return !l->is_deserted;
}

bool looking_goes_on(struct looking *l)
{
    int status;

    if (!l->is_watched || waitpid(l->gateway, &status, WNOHANG) != l->gateway)
        return true;
    l->is_watched = false;
    l->is_deserted = true;
    say_error(GATEWAY " has ended, and said why");
    return false;
}

void looking_show(const struct looking *l, const struct report_sources *r,
                  const struct sources_keeper *k)
{
    const bool is_named = l->options->list && r->result == sources_keeper_result(k);

    report_sources_print(stdout, r, is_named ? k : NULL, l->options->json);
    if (!l->options->json)
        printf("\n");
    fflush(stdout);
}

void looking_end(struct looking *l)
{
    char path[PATH_MAX];

    if (l->is_watched && kill(l->gateway, SIGTERM) == 0)
        waitpid(l->gateway, NULL, 0);
    l->is_watched = false;
    path_in(l, "token", path);
    unlink(path);
    rmdir(l->directory);
}
