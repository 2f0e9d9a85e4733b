/* SPDX-License-Identifier: BSD-3-Clause */
#include "service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "config_calls.h"
#include "health.pb-c.h"
#include "reflection.h"

#define SERVICE     "/openpenny.api.PennyService/"
#define HEALTH      "/grpc.health.v1.Health/"
#define NOT_BY_GRPC "error: not possible by this call: "

static void fail(struct service_answer *out, enum grpc_status status, const char *words)
{
    out->status = status;
    out->words = words;
}

static void start(struct service *s, enum job_kind kind, struct start_test *test, void *owner,
                  struct service_answer *out)
{
    out->job = jobs_begin(s->jobs, kind, test, owner);
    if (out->job == NULL)
        fail(out, GRPC_RESOURCE_EXHAUSTED, "too many calls are under way; try again later");
}

static void start_test(struct service *s, const uint8_t *message, size_t n, void *owner,
                       struct service_answer *out)
{
    struct start_test test;
    int status = start_test_read(message, n, &s->options, &test);

    if (status == -EBADMSG)
        fail(out, GRPC_INVALID_ARGUMENT, "no StartTestRequest");
    else if (status != 0)
        fail(out, GRPC_RESOURCE_EXHAUSTED, "not enough memory");
    else if (test.error[0] == '\0')
        start(s, JOB_START_TEST, &test, owner, out);
    else
        out->message = start_test_answer(&test, NULL, test.error, &out->n);
    start_test_free(&test);
}

/* Those of 1.1.0, and why not. */
static const struct {
    const char *name, *refusal;
    enum job_kind kind;
} calls[] = {
    {"ApplyConfig",
     NOT_BY_GRPC "pennyline's configuration is a file; change it, and call ReloadConfig", 0},
    {"SetTrafficPolicy",
     NOT_BY_GRPC "slices are in pennyline's configuration, or added by \"pennylinectl slice add\"",
     0},
    {"SetRuntimePolicy",
     NOT_BY_GRPC
     "parameters are in pennyline's configuration, or in config_override_json of a test",
     0},
    {"SetMode", NOT_BY_GRPC "a test has the mode that its call names", 0},
    {"GetDesiredConfig", NOT_BY_GRPC "there is one configuration; GetEffectiveConfig shows it", 0},
    {"Stop", NOT_BY_GRPC "a test ends when its client goes away, or by \"pennylinectl test end\"",
     0},
    {"GetEffectiveConfig", NULL, JOB_EFFECTIVE_CONFIG},
    {"ReloadConfig", NULL, JOB_RELOAD},
    {"GetRuntimeStatus", NULL, JOB_STATUS},
};

static void other_call(struct service *s, const char *name, void *owner, struct service_answer *out)
{
    for (size_t i = 0; i < ARRAY_LENGTH(calls); i++) {
        if (strcmp(calls[i].name, name) != 0)
            continue;
        if (calls[i].refusal != NULL)
            out->message = config_answer(calls[i].refusal, NULL, &out->n);
        else
            start(s, calls[i].kind, NULL, owner, out);
        return;
    }
    fail(out, GRPC_UNIMPLEMENTED, "PennyService has no such call");
}

/* The one service that has a health, and the program as a whole, whose name is empty: both are as
 * pennyline is. */
static bool has_health(const char *name)
{
    return name[0] == '\0' || strcmp(name, "openpenny.api.PennyService") == 0;
}

static void check_health(struct service *s, const uint8_t *message, size_t n, void *owner,
                         struct service_answer *out)
{
    Grpc__Health__V1__HealthCheckRequest *request =
        grpc__health__v1__health_check_request__unpack(NULL, n, message);

    if (request == NULL)
        fail(out, GRPC_INVALID_ARGUMENT, "no HealthCheckRequest");
    else if (!has_health(request->service))
        fail(out, GRPC_NOT_FOUND, "no such service");
    else
        start(s, JOB_HEALTH, NULL, owner, out);
    if (request != NULL)
        grpc__health__v1__health_check_request__free_unpacked(request, NULL);
}

bool service_allows(const struct service *s, const char *path, const char *authorization)
{
    return s->token->n == 0 || strncmp(path, HEALTH, strlen(HEALTH)) == 0 ||
           token_is_in(s->token, authorization);
}

bool service_is_streaming(const char *path)
{
    return strcmp(path, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo") == 0 ||
           strcmp(path, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo") == 0;
}

void service_stream_call(const uint8_t *message, size_t n, struct service_answer *out)
{
    int error;

    *out = (struct service_answer){0};
    error = reflection_answer(message, n, &out->message, &out->n);
    if (error == -EBADMSG)
        fail(out, GRPC_INVALID_ARGUMENT, "no ServerReflectionRequest");
    else if (error != 0)
        fail(out, GRPC_RESOURCE_EXHAUSTED, "not enough memory");
}

void service_call(struct service *s, const char *path, const uint8_t *message, size_t n,
                  void *owner, struct service_answer *out)
{
    *out = (struct service_answer){0};
    if (strcmp(path, HEALTH "Check") == 0)
        check_health(s, message, n, owner, out);
    else if (strcmp(path, SERVICE "StartTest") == 0)
        start_test(s, message, n, owner, out);
    else if (strncmp(path, SERVICE, strlen(SERVICE)) == 0)
        other_call(s, path + strlen(SERVICE), owner, out);
    else
        fail(out, GRPC_UNIMPLEMENTED, "no such service");
    if (out->status == GRPC_OK && out->job == NULL && out->message == NULL)
        fail(out, GRPC_RESOURCE_EXHAUSTED, "not enough memory");
}
