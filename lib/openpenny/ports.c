/* SPDX-License-Identifier: BSD-3-Clause */
#include "openpenny/ports.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/bounds.h"
#include "config/config.h"

#define MOST_CPU      1023
#define NO_DEVICE_YET "CHANGE_ME" /* as OpenPenny's own examples have it */

static json_int_t fitted(struct settings *s, enum setting setting, const char *name)
{
    struct config_bounds bounds = config_bounds_of_port(name);
    double value = s->at[setting].number;
    double fit = value < bounds.least ? bounds.least : value > bounds.most ? bounds.most : value;

    if (fit != value)
        setting_note(s, setting, "ports[].%s is %.0f, the %s that is possible here", name, fit,
                     fit > value ? "least" : "most");
    return (json_int_t)fit;
}

static json_int_t queues_of(struct settings *s)
{
    return setting_given(s, SET_QUEUE_COUNT) ? fitted(s, SET_QUEUE_COUNT, "queues") : 1;
}

static json_t *port_of(struct settings *s, const char *name, const char *device)
{
    json_t *port =
        json_pack("{s:s, s:s, s:I}", "name", name, "device", device, "queues", queues_of(s));

    if (port != NULL && setting_given(s, SET_RX_RING))
        json_object_set_new(port, "rx_descriptors",
                            json_integer(fitted(s, SET_RX_RING, "rx_descriptors")));
    return port;
}

static int check_device(struct settings *s, enum setting setting)
{
    if (!setting_given(s, setting) ||
        config_device_kind(s->at[setting].value->text) != PORT_DEVICE_INVALID)
        return 0;
    return setting_refuse(s, s->at[setting].key, s->at[setting].value,
                          "a kernel interface, a PCI address or a vdev");
}

/* The device where traffic leaves, or NULL when nothing says so. */
static const char *out_device(struct settings *s, const struct openpenny_options *options)
{
    const char *kind = setting_text(s, SET_EGRESS_KIND, "none");
    bool is_nic = strcmp(kind, "raw_nic") == 0;

    if (setting_given(s, SET_EGRESS_KIND) && !is_nic)
        setting_note(
            s, SET_EGRESS_KIND,
            strcmp(kind, "none") == 0
                ? "no counterpart: OpenPenny swallows what it has tested, pennyline "
                  "forwards it"
                : "no counterpart: traffic leaves by a port (--out DEVICE) or to next_hops");
    if (setting_given(s, SET_EGRESS_DEVICE) && (!is_nic || options->out_device != NULL))
        setting_note(s, SET_EGRESS_DEVICE, "%s",
                     options->out_device != NULL ? "--out says where traffic leaves"
                                                 : "no counterpart: it is no port of the box");
    if (options->out_device != NULL)
        return options->out_device;
    if (is_nic && !setting_given(s, SET_EGRESS_DEVICE))
        setting_note(s, SET_EGRESS_KIND, "no device is named for it");
    return is_nic ? setting_text(s, SET_EGRESS_DEVICE, NULL) : NULL;
}

static bool is_same_device(const char *a, const char *b)
{
    char one[CONFIG_PATH_BYTES], other[CONFIG_PATH_BYTES];

    if (strcmp(b, "same") == 0)
        return true;
    config_device_canonical(a, one);
    config_device_canonical(b, other);
    return strcmp(one, other) == 0;
}

/* A port that watches: it takes copies, which disturbs nobody. */
static json_t *mirror_of(struct settings *s, const char *in)
{
    json_t *port = port_of(s, "in", in);

    json_object_set_new(port, "role", json_string("mirror"));
    if (config_device_kind(in) == PORT_DEVICE_INTERFACE)
        json_object_set_new(port, "driver", json_string("af_packet"));
    note_absent(s->notes, s->file,
                "the port %s takes copies (role mirror): what comes in there is watched, and not "
                "forwarded by pennyline. In the path of the traffic, give --out",
                in);
    return json_pack("[o]", port);
}

static json_t *forwarding_ports(struct settings *s, const char *in, const char *out)
{
    json_t *there = port_of(s, "in", in), *back;

    if (out == NULL || is_same_device(in, out)) {
        json_object_set_new(there, "pair", json_string("in"));
        if (out == NULL)
            note_absent(s->notes, s->file,
                        "nothing says by which port traffic leaves: it leaves by %s, where it came "
                        "in, as it came. Give --out DEVICE, or next_hops in the result",
                        in);
        return json_pack("[o]", there);
    }
    back = port_of(s, "out", out);
    json_object_set_new(there, "pair", json_string("out"));
    json_object_set_new(back, "pair", json_string("in"));
    return json_pack("[o, o]", there, back);
}

static void note_backend(struct settings *s, const char *in, bool is_passive)
{
    bool is_dpdk = strcmp(setting_text(s, SET_BACKEND, ""), "dpdk") == 0;

    if (is_dpdk && config_device_kind(in) == PORT_DEVICE_INTERFACE)
        setting_note(s, SET_BACKEND,
                     "%s is a kernel interface; for a driver of DPDK's own, bind it "
                     "and name its PCI address in ports[].device",
                     in);
    if (setting_given(s, SET_DPDK) && s->at[SET_DPDK].number != 0 &&
        config_device_kind(in) == PORT_DEVICE_INTERFACE)
        setting_note(s, SET_DPDK,
                     "%s is a kernel interface; for a driver of DPDK's own, bind it "
                     "and name its PCI address in ports[].device",
                     in);
    if (!is_passive && strcmp(setting_text(s, SET_BACKEND, ""), "af_packet_mirror") == 0)
        setting_note(s, SET_BACKEND,
                     "no counterpart in mode active, which needs the packets "
                     "themselves");
    if (strcmp(setting_text(s, SET_INGRESS_MODE, "auto"), is_passive ? "redirect" : "copy") == 0)
        setting_note(s, SET_INGRESS_MODE,
                     "no counterpart: OpenPenny 1.1.0 does not read it; mode %s "
                     "takes %s",
                     is_passive ? "passive" : "active", is_passive ? "copies" : "the packets");
    if (setting_given(s, SET_QUEUE) && s->at[SET_QUEUE].number != 0)
        setting_note(s, SET_QUEUE,
                     "no counterpart: queues are counted from 0; another first one "
                     "takes a whole vdev as ports[].device, like "
                     "net_af_xdp0,iface=%s,start_queue=%.0f,queue_count=1",
                     in, s->at[SET_QUEUE].number);
}

/* The CPUs of workers, once each. 0, or -EINVAL. */
static int read_cpus(struct settings *s, bool taken[MOST_CPU + 1], unsigned int *n)
{
    const struct setting_value *at = &s->at[SET_WORKER_CPUS];

    *n = 0;
    for (const struct tree_member *m = at->key != NULL ? at->value->first : NULL; m != NULL;
         m = m->next) {
        double cpu;

        if (setting_parse(m->value, SETTING_WHOLE, &cpu) != 0 || cpu < 0 || cpu > MOST_CPU)
            return setting_refuse(s, at->key, m->value, "whole numbers from 0 to 1023");
        if (taken[(unsigned int)cpu])
            setting_note(s, SET_WORKER_CPUS, "CPU %.0f is named twice; a worker has one of its own",
                         cpu);
        *n += !taken[(unsigned int)cpu];
        taken[(unsigned int)cpu] = true;
    }
    return 0;
}

/* The manager's CPU is the first that no worker has. */
static int list_lcores(struct settings *s, char out[CONFIG_PATH_BYTES], unsigned int *main_lcore)
{
    bool taken[MOST_CPU + 1] = {false};
    unsigned int n;
    size_t length;

    if (read_cpus(s, taken, &n) != 0)
        return -EINVAL;
    *main_lcore = 0;
    if (n == 0) {
        snprintf(out, CONFIG_PATH_BYTES, "0-%lld", (long long)queues_of(s));
        return 0;
    }
    while (*main_lcore < MOST_CPU && taken[*main_lcore])
        ++*main_lcore;
    length = (size_t)snprintf(out, CONFIG_PATH_BYTES, "%u", *main_lcore);
    for (unsigned int cpu = 0; cpu <= MOST_CPU; cpu++)
        if (taken[cpu] && length < CONFIG_PATH_BYTES)
            length += (size_t)snprintf(out + length, CONFIG_PATH_BYTES - length, ",%u", cpu);
    if (length >= CONFIG_PATH_BYTES)
        return setting_refuse(s, s->at[SET_WORKER_CPUS].key, s->at[SET_WORKER_CPUS].value,
                              "fewer CPUs: the list has 255 bytes here");
    setting_note(s, SET_WORKER_CPUS, "CPU %u is added, for the manager (eal.main_lcore)",
                 *main_lcore);
    return 0;
}

static int put_eal(struct settings *s, json_t *to)
{
    char lcores[CONFIG_PATH_BYTES];
    unsigned int main_lcore;
    int error = list_lcores(s, lcores, &main_lcore);

    if (error == 0)
        json_object_set_new(
            to, "eal", json_pack("{s:s, s:i}", "lcores", lcores, "main_lcore", (int)main_lcore));
    return error;
}

int ports_compose(struct settings *s, const struct openpenny_options *options, bool is_passive,
                  json_t *to)
{
    const char *in = setting_text(s, SET_INTERFACE, NO_DEVICE_YET), *out;
    json_t *ports;

    if (check_device(s, SET_INTERFACE) != 0 || check_device(s, SET_EGRESS_DEVICE) != 0)
        return -EINVAL;
    if (strcmp(in, NO_DEVICE_YET) == 0)
        note_absent(s->notes, s->file,
                    "no interface is named (OpenPenny's --iface): put it into ports[].device, "
                    "where " NO_DEVICE_YET " stands");
    out = out_device(s, options);
    note_backend(s, in, is_passive);
    ports = is_passive && out == NULL ? mirror_of(s, in) : forwarding_ports(s, in, out);
    if (ports == NULL)
        return -ENOMEM;
    json_object_set_new(to, "ports", ports);
    return put_eal(s, to);
}
