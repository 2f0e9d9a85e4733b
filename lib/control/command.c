/* SPDX-License-Identifier: BSD-3-Clause */
/* The table, and from a line to a call: everything is checked before a handler runs. */
#include "control/command.h"

#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "control/client.h"
#include "json/json.h"

#define COUNT_MOST 1000
/* Of each command that changes something: who asked the one that asks here. */
#define BEHALF "on_behalf_of"
/* A week. */
#define DRAIN_MOST_S 604800

static const struct command_argument no_arguments[] = {{0}};

static const struct command_argument aggregate_arguments[] = {
    {"aggregate", ARGUMENT_AGGREGATE, true, 0, "number, name of the slice, or prefix"},
    {0},
};

static const struct command_argument test_start_arguments[] = {
    {"aggregate", ARGUMENT_AGGREGATE, true, 0, "number, name of the slice, or prefix"},
    {"label", ARGUMENT_TEXT, false, 0,
     "what to call the test in events and reports: one line, at most 128 bytes"},
    {"watch", ARGUMENT_SWITCH, false, 0,
     "true: events follow the reply, as after \"watch\", so none of the test is missed"},
    {0},
};

#define FORCE                                                                                      \
    INITIALIZER("force", ARGUMENT_SWITCH, false, 0,                                                \
                "true: a test under way that has its packets ends, as \"reconfigured\"")
#define FOLLOW                                                                                     \
    INITIALIZER("watch", ARGUMENT_SWITCH, false, 0,                                                \
                "true: events follow the reply, as after \"watch\", so none is missed")

static const struct command_argument test_arguments[] = {
    {"source", ARGUMENT_TEXTS, true, 0, "the prefix, or a list of up to 64: a test each"},
    {"destination", ARGUMENT_TEXTS, false, 0, "only packets to these prefixes"},
    {"ingress", ARGUMENT_PLACE, false, 0, "only packets that came in there, as of a slice"},
    {"mode", ARGUMENT_TEXT, false, 0, "active (default), or passive: watch, and drop nothing"},
    {"set", ARGUMENT_OBJECT, false, 0,
     "parameters of the test, as of a slice; without max_duration_ms it ends after 60 s"},
    {"label", ARGUMENT_TEXT, false, 0,
     "what to call the test in events and reports: one line, at most 128 bytes"},
    FORCE,
    FOLLOW,
    {0},
};

static const struct command_argument asked_test_arguments[] = {
    {"test", ARGUMENT_COUNT, true, UINT32_MAX, "its number, as the reply to \"test\" says"},
    {0},
};

static const struct command_argument slice_arguments[] = {
    {"slice", ARGUMENT_OBJECT, true, 0, "the slice, as it would stand in the configuration"},
    FORCE,
    FOLLOW,
    {0},
};

static const struct command_argument slice_remove_arguments[] = {
    {"name", ARGUMENT_TEXT, true, 0, "of the slice"},
    FORCE,
    FOLLOW,
    {0},
};

static const struct command_argument slice_show_arguments[] = {
    {"name", ARGUMENT_TEXT, true, 0, "of the slice"},
    {0},
};

static const struct command_argument aggregates_arguments[] = {
    {"slice", ARGUMENT_TEXT, false, 0, "only of this slice"},
    {"verdict", ARGUMENT_TEXT, false, 0, "only with this verdict"},
    {"from", ARGUMENT_COUNT, false, UINT32_MAX, "only those with this number or a greater one"},
    {"offset", ARGUMENT_COUNT, false, UINT32_MAX, "leave out so many (default 0)"},
    {"count", ARGUMENT_COUNT, false, COUNT_MOST, "at most so many (default 100)"},
    {"drops", ARGUMENT_SWITCH, false, 0, "with every drop that is on record"},
    {"changed_within_ms", ARGUMENT_COUNT, false, UINT32_MAX,
     "only those with traffic, or a test running or told of, in so many ms"},
    {0},
};

static const struct command_argument slices_arguments[] = {
    {"offset", ARGUMENT_COUNT, false, UINT32_MAX, "leave out so many (default 0)"},
    {"count", ARGUMENT_COUNT, false, UINT32_MAX, "at most so many (default all)"},
    {0},
};

static const struct command_argument config_show_arguments[] = {
    {"offset", ARGUMENT_COUNT, false, UINT32_MAX, "leave out so many slices (default 0)"},
    {"count", ARGUMENT_COUNT, false, CONFIG_SHOW_MOST, "at most so many slices (default 100)"},
    {0},
};

static const struct command_argument map_arguments[] = {
    {"ingress", ARGUMENT_TEXT, false, 0, "only what comes in there"},
    {"as", ARGUMENT_COUNT, false, UINT32_MAX, "only where the route begins with this AS"},
    {"prefix", ARGUMENT_TEXT, false, 0, "only what lies in it, and what it lies in"},
    {"unexpected", ARGUMENT_SWITCH, false, 0,
     "true: only where no route leads, and from where no packet may come"},
    {"reality", ARGUMENT_TEXT, false, 0,
     "only what a test found so: genuine, spoofed, untested..."},
    {"seen_within_s", ARGUMENT_COUNT, false, UINT32_MAX, "only what sent within so many seconds"},
    {"after", ARGUMENT_COUNT, false, UINT32_MAX,
     "go on here: \"next\" of the last reply (default: from the beginning)"},
    {"count", ARGUMENT_COUNT, false, MAP_COMMAND_MOST,
     "at most so many (default 100); there may be fewer, and still more to come"},
    {0},
};

static const struct command_argument map_why_arguments[] = {
    {"prefix", ARGUMENT_TEXT, true, 0, "a prefix or an address"},
    {"ingress", ARGUMENT_TEXT, true, 0, "the name of an ingress"},
    {0},
};

static const struct command_argument sources_arguments[] = {
    {"item", ARGUMENT_COUNT, false, UINT32_MAX, "only this one, counted from 0 (default: all)"},
    {"known", ARGUMENT_TEXT, false, 0, "do not tell a window again that ended then"},
    {0},
};

static const struct command_argument sources_list_arguments[] = {
    {"name", ARGUMENT_TEXT, true, 0, "of the item of \"sources\" in the configuration"},
    {"slice", ARGUMENT_TEXT, false, 0, "which of its slices (default: the first)"},
    {"offset", ARGUMENT_COUNT, false, UINT32_MAX, "leave out so many (default 0)"},
    {"count", ARGUMENT_COUNT, false, SOURCES_LIST_MOST, "at most so many (default 1000)"},
    {0},
};

static const struct command_argument verdicts_arguments[] = {
    {"count", ARGUMENT_COUNT, false, VERDICTS_MOST, "at most so many (default 20)"},
    {0},
};

static const struct command_argument kill_switch_arguments[] = {
    {"on", ARGUMENT_SWITCH, true, 0, "true: no deliberate drop until it is off again"},
    {0},
};

static const struct command_argument drain_arguments[] = {
    {"timeout_s", ARGUMENT_COUNT, false, DRAIN_MOST_S,
     "forward so many seconds at most (default: as long as packets come)"},
    {0},
};

static const struct command_argument member_arguments[] = {
    {"member", ARGUMENT_TEXT, true, 0, "its name: that of the next hop"},
    {"order", ARGUMENT_TEXT, true, 0,
     "enabled: as checks find; drained: no new flows; down: none at all"},
    {"service", ARGUMENT_TEXT, false, 0, "only there (default: in all that it is a member of)"},
    {0},
};

static const struct command_argument machine_arguments[] = {
    {"name", ARGUMENT_TEXT, true, 0, "of the machine"},
    {"key", ARGUMENT_TEXT, false, 0, "only this key: its fields, with commas between"},
    {"state", ARGUMENT_TEXT, false, 0, "only keys in this state"},
    {"count", ARGUMENT_COUNT, false, MACHINE_KEYS_MOST, "at most so many keys (default 100)"},
    {0},
};

static const struct command_argument machine_set_arguments[] = {
    {"name", ARGUMENT_TEXT, true, 0, "of the machine"},
    {"key", ARGUMENT_TEXT, true, 0, "its fields, with commas between"},
    {"state", ARGUMENT_TEXT, true, 0, "that it is put into; the initial one forgets it"},
    {0},
};

static const struct command_argument reload_arguments[] = {
    {"dry_run", ARGUMENT_SWITCH, false, 0, "true: only tell what would change"},
    {0},
};

static const struct command_argument map_alarm_arguments[] = {
    {"id", ARGUMENT_TEXT, true, 0, "of the alarm, as \"map alarms\" says"},
    {0},
};

static const struct command_argument map_accept_arguments[] = {
    {"id", ARGUMENT_TEXT, false, 0, "an alarm that is up; else what follows"},
    {"prefix", ARGUMENT_TEXT, false, 0, "this prefix and all in it"},
    {"ingress", ARGUMENT_TEXT, false, 0, "only at this ingress"},
    {"hours", ARGUMENT_COUNT, false, 87600, "for so long (default: without end)"},
    {"remove", ARGUMENT_SWITCH, false, 0, "true: it is accepted no more"},
    {0},
};

static const struct command_argument map_restore_arguments[] = {
    {"alarms", ARGUMENT_EVENTS, true, 0, "events of alarms that were up before the restart"},
    {"more", ARGUMENT_SWITCH, false, 0, "true: more follow; else it begins with this"},
    {0},
};

static json_t *run_help(struct command_call *call);

static const struct command commands[] = {
    {"status", "the box: workers, ports, tests running, memory", no_arguments, command_run_status,
     true, NULL},
    {"slices", "what the configuration names, with the parameters of their tests", slices_arguments,
     command_run_slices, true, NULL},
    {"aggregates", "a page of the list of aggregates, with verdicts and counters",
     aggregates_arguments, command_run_aggregates, true, NULL},
    {"verdicts", "the latest verdicts, latest first", verdicts_arguments, command_run_verdicts,
     true, NULL},
    {"aggregate", "one aggregate, with all its evidence and drops", aggregate_arguments,
     command_run_aggregate, true, NULL},
    {"test", "test any prefix whose packets pass, whether a slice names it or not", test_arguments,
     command_run_test, false, NULL},
    {"test show", "how far such a test is, and what it found", asked_test_arguments,
     command_run_test_show, true, NULL},
    {"test end", "end such a test", asked_test_arguments, command_run_test_end, false,
     command_state_asked_test},
    {"slice add", "one more slice, until it is removed", slice_arguments, command_run_slice_add,
     false, NULL},
    {"slice set", "another description for one that was added", slice_arguments,
     command_run_slice_set, false, command_state_slice},
    {"slice remove", "take away one that was added", slice_remove_arguments,
     command_run_slice_remove, false, command_state_slice},
    {"slice show", "one slice, whole, and where it came from", slice_show_arguments,
     command_run_slice_show, true, NULL},
    {"test start", "begin a test of an aggregate", test_start_arguments, command_run_test_start,
     false, command_state_test},
    {"test stop", "end the test of an aggregate", aggregate_arguments, command_run_test_stop, false,
     command_state_test},
    {"kill-switch", "stop every deliberate drop at once, or allow them again",
     kill_switch_arguments, command_run_kill_switch, false, command_state_kill_switch},
    {"services", "the services, and how many packets each of their members got", no_arguments,
     command_run_services, true, NULL},
    {"responders", "what responders answered, and which sources answered back", no_arguments,
     command_run_responders, true, NULL},
    {"member", "let a member of services have flows, or drain it", member_arguments,
     command_run_member, false, command_state_services},
    {"machines", "the state machines, what their rules did, and how many keys are in which state",
     no_arguments, command_run_machines, true, NULL},
    {"machine", "one of them, with its keys", machine_arguments, command_run_machine, true, NULL},
    {"machine set", "put a key of one into a state", machine_set_arguments, command_run_machine_set,
     false, command_state_machine},
    {"reload", "read the configuration file anew, and put it in force while packets go through",
     reload_arguments, command_run_reload, false, NULL},
    {"config show", "the configuration in force, a page of its slices, and where they came from",
     config_show_arguments, command_run_config_show, true, NULL},
    {"config diff", "by what the configuration file differs from what is in force", no_arguments,
     command_run_config_diff, false, NULL},
    {"sources", "how many sources sent to which port in the last window", sources_arguments,
     command_run_sources, true, NULL},
    {"sources list", "a page of these sources, where the configuration lets them be named",
     sources_list_arguments, command_run_sources_list, true, NULL},
    {"drain", "leave the path: end all tests, forward until no packet comes, then end",
     drain_arguments, command_run_drain, false, command_state_drain},
    {"map", "entries of the map: who enters where", map_arguments, command_run_map, true, NULL},
    {"map summary", "ingresses of the map, its counters, and what is expected", no_arguments,
     command_run_map_summary, true, NULL},
    {"map why", "how well a source fits to an ingress, and which route says so", map_why_arguments,
     command_run_map_why, true, NULL},
    {"map alarms", "alarms of the map that are up, and what is accepted", no_arguments,
     command_run_map_decision, true, NULL},
    {"map queue", "entries that wait for a test, and why they do", no_arguments,
     command_run_map_decision, true, NULL},
    {"map acknowledge", "somebody looks after an alarm", map_alarm_arguments,
     command_run_map_decision, false, NULL},
    {"map accept", "an alarm, or a prefix at an ingress, is all right", map_accept_arguments,
     command_run_map_decision, false, NULL},
    {"map restore", "alarms that were up before a restart: for pennyline-map",
     map_restore_arguments, command_run_map_decision, false, NULL},
    {"watch", "events as lines, until the client leaves", no_arguments, command_run_watch, true,
     NULL},
    {"version", "of the server", no_arguments, command_run_version, true, NULL},
    {"help", "this table", no_arguments, run_help, true, NULL},
};

static json_t *arguments_json(const struct command *command)
{
    json_t *out = json_array();

    for (const struct command_argument *a = command->arguments; a->name != NULL; a++)
        json_array_append_new(out, json_pack("{s:s, s:b, s:s}", "name", a->name, "required",
                                             (int)a->required, "help", a->help));
    return out;
}

static json_t *run_help(struct command_call *call)
{
    json_t *out = json_array();

    (void)call;
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        json_array_append_new(out, json_pack("{s:s, s:s, s:o}", "command", commands[i].name, "help",
                                             commands[i].help, "arguments",
                                             arguments_json(&commands[i])));
    return out;
}

static bool is_count(json_t *value, uint32_t most)
{
    return json_is_integer(value) && json_integer_value(value) >= 0 &&
           json_integer_value(value) <= most;
}

static bool is_allowed(const struct command_argument *argument, json_t *value)
{
    switch (argument->kind) {
    case ARGUMENT_TEXT:
        return json_is_string(value);
    case ARGUMENT_COUNT:
        return is_count(value, argument->most);
    case ARGUMENT_SWITCH:
        return json_is_boolean(value);
    case ARGUMENT_AGGREGATE:
        return json_is_string(value) || is_count(value, UINT32_MAX - 1);
    case ARGUMENT_TEXTS:
        return json_is_string(value) || json_is_array(value);
    case ARGUMENT_OBJECT:
        return json_is_object(value);
    case ARGUMENT_PLACE:
        return json_is_object(value) || json_is_string(value);
    case ARGUMENT_EVENTS:
        return json_is_array(value);
    }
    return false;
}

static void describe(const struct command_argument *argument, char *out, size_t n)
{
    if (argument->kind == ARGUMENT_COUNT)
        snprintf(out, n, "a whole number from 0 to %u", argument->most);
    else
        snprintf(out, n, "%s",
                 argument->kind == ARGUMENT_TEXT     ? "a text"
                 : argument->kind == ARGUMENT_TEXTS  ? "a text or a list of texts"
                 : argument->kind == ARGUMENT_OBJECT ? "an object"
                 : argument->kind == ARGUMENT_PLACE  ? "a text or an object"
                 : argument->kind == ARGUMENT_EVENTS ? "a list of events"
                 : argument->kind == ARGUMENT_SWITCH ? "true or false"
                                                     : "a number or a text");
}

static bool check_argument(struct command_call *call, const struct command_argument *argument)
{
    json_t *value = json_object_get(call->request, argument->name);
    char allowed[64];

    if (value == NULL ? !argument->required : is_allowed(argument, value))
        return true;
    describe(argument, allowed, sizeof(allowed));
    command_refuse(call, "%s: \"%s\" %s; give %s: %s", call->command->name, argument->name,
                   value == NULL ? "is missing" : "is of the wrong kind or out of bounds", allowed,
                   argument->help);
    return false;
}

static bool is_known(const struct command *command, const char *key)
{
    if (strcmp(key, "command") == 0 || (!command->only_reads && strcmp(key, BEHALF) == 0))
        return true;
    for (const struct command_argument *a = command->arguments; a->name != NULL; a++)
        if (strcmp(a->name, key) == 0)
            return true;
    return false;
}

/* An argument that is misspelt must not pass for one that was left out. */
static bool check_arguments(struct command_call *call)
{
    const char *key;
    json_t *value;

    json_object_foreach (call->request, key, value)
        if (!is_known(call->command, key)) {
            command_refuse(call,
                           "%s: it knows no \"%.64s\"; {\"command\": \"help\"} lists what it takes",
                           call->command->name, key);
            return false;
        }
    for (const struct command_argument *a = call->command->arguments; a->name != NULL; a++)
        if (!check_argument(call, a))
            return false;
    return true;
}

static bool find_command(struct command_call *call)
{
    const char *name = command_text(call, "command");

    for (size_t i = 0; name != NULL && i < ARRAY_LENGTH(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            call->command = &commands[i];
    if (call->command != NULL)
        return true;
    if (name == NULL)
        command_refuse(call, "the request names no command; send {\"command\": \"help\"}");
    else
        command_refuse(call, "\"%.64s\": no such command; {\"command\": \"help\"} lists them",
                       name);
    return false;
}

bool command_is_safe(const char *request, size_t n)
{
    json_t *parsed = json_parse(request, n, JSON_REJECT_DUPLICATES, NULL);
    const char *name = json_string_value(json_object_get(parsed, "command"));
    bool is_safe = name != NULL && strcmp(name, "kill-switch") == 0 &&
                   json_is_true(json_object_get(parsed, "on"));

    json_decref(parsed);
    return is_safe;
}

static json_t *state_of(struct command_call *call)
{
    json_t *state = call->command->state != NULL ? call->command->state(call) : NULL;

    call->error[0] = '\0';
    return state != NULL ? state : json_null();
}

static json_t *arguments_of(const json_t *request)
{
    json_t *arguments = json_copy((json_t *)request);

    json_object_del(arguments, "command");
    json_object_del(arguments, BEHALF);
    return arguments;
}

/* Takes `before`. */
static void tell_change(struct command_call *call, json_t *before)
{
    const struct control_operations *o = call->operations;
    const struct control_peer *peer = call->peer;
    json_t *members =
        json_pack("{s:s, s:o, s:s, s:I, s:I, s:s?, s:o, s:o}", "command", call->command->name,
                  "arguments", arguments_of(call->request), "way", peer->way, "user",
                  (json_int_t)peer->user, "process", (json_int_t)peer->process, BEHALF,
                  command_text(call, BEHALF), "before", before, "after", state_of(call));

    if (o->on_command != NULL && members != NULL)
        o->on_command(o->context, members, call->now_ns);
    json_decref(members);
}

static json_t *run_change(struct command_call *call)
{
    const char *behalf = command_text(call, BEHALF);
    const char *trouble = behalf != NULL ? test_label_trouble(behalf) : NULL;
    json_t *before, *result;

    if (!call->peer->may_operate)
        return command_refuse(call,
                              "%s: who may only read may not do this; ask root, or a member of the "
                              "group that instance.control_group names",
                              call->command->name);
    if (trouble != NULL)
        return command_refuse(call, "%s: " BEHALF " \"%.64s\" %s", call->command->name, behalf,
                              trouble);
    before = state_of(call);
    result = call->command->run(call);
    if (result != NULL)
        tell_change(call, before);
    else
        json_decref(before);
    return result;
}

json_t *control_execute(const struct control_operations *operations, const char *request, size_t n,
                        const struct control_peer *peer, uint64_t now_ns, bool *watch)
{
    struct command_call call = {.operations = operations, .peer = peer, .now_ns = now_ns};
    json_error_t error;
    json_t *result = NULL, *reply;

    call.request = json_parse(request, n, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(call.request))
        command_refuse(&call, "the request is no JSON object (%s); send one per line",
                       call.request == NULL ? error.text : "it is a list");
    else if (find_command(&call) && check_arguments(&call))
        result = call.command->only_reads ? call.command->run(&call) : run_change(&call);
    reply = result != NULL       ? json_pack("{s:b, s:o}", "ok", 1, "result", result)
            : call.error[0] != 0 ? client_error(call.error)
                                 : client_error("not enough memory for the reply; ask for less");
    *watch = *watch || call.watch;
    json_decref(call.request);
    if (call.waits) {
        *peer->waits = true;
        json_decref(reply);
        return NULL;
    }
    return reply;
}
