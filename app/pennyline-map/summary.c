/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-map/summary.h"

#include "config/named_ingress.h"
#include "expect/why.h"

static const char *const kinds[] = {
    [EXPECT_FILE_ROUTES] = "routes",
    [EXPECT_FILE_ACCEPT] = "accept",
    [EXPECT_FILE_VRPS] = "vrps",
};

static const char *problem_of(const struct expect_ingress *ingress)
{
    if (ingress->relation == INGRESS_TRANSIT || ingress->n_routes > 0)
        return "";
    return ingress->n_neighbors == 0 ? "no neighbors: grade unknown"
                                     : "no route of its neighbors: grade unknown";
}

static void print_files(FILE *out, const struct expectation *e, uint64_t now_s)
{
    char time[32];

    fprintf(out, "%-8s %10s %20s %9s  %s\n", "kind", "rows", "written", "age s", "file");
    for (uint32_t i = 0; i < e->n_files; i++) {
        const struct expect_file *f = &e->files[i];

        fprintf(out, "%-8s %10llu %20s %9llu  %s\n", kinds[f->kind], (unsigned long long)f->n_rows,
                expect_time(f->written_s != 0 ? f->written_s : f->changed_s, time),
                (unsigned long long)expect_age_s(f, now_s), f->path);
    }
}

void summary_print(FILE *out, const struct expectation *e, uint64_t now_s)
{
    char time[32];

    fprintf(out, "built %s: %u prefixes, %u senders in %u sets, %u accepted, %u VRPs, %zu bytes\n",
            expect_time(e->header->built_s, time), e->n_routes, e->n_senders, e->n_set_starts - 1,
            e->n_accepts + e->n_accept_ases, e->n_vrps, e->n_bytes);
    print_files(out, e, now_s);
    fprintf(out, "%-20s %-8s %9s %10s\n", "ingress", "relation", "neighbors", "prefixes");
    for (uint32_t i = 0; i < e->n_ingresses; i++) {
        const struct expect_ingress *g = &e->ingresses[i];

        fprintf(out, "%-20s %-8s %9u %10u  %s\n", g->name, ingress_relation_name(g->relation),
                g->n_neighbors, g->n_routes, problem_of(g));
    }
}

json_t *summary_json(const struct expectation *e, uint64_t now_s)
{
    json_t *files = json_array(), *ingresses = json_array();
    char time[32];

    for (uint32_t i = 0; i < e->n_files; i++)
        json_array_append_new(
            files,
            json_pack("{s:o, s:s, s:I, s:s, s:I}", "file", expect_text(e->files[i].path), "kind",
                      kinds[e->files[i].kind], "rows", (json_int_t)e->files[i].n_rows, "written",
                      expect_time(e->files[i].written_s != 0 ? e->files[i].written_s
                                                             : e->files[i].changed_s,
                                  time),
                      "age_s", (json_int_t)expect_age_s(&e->files[i], now_s)));
    for (uint32_t i = 0; i < e->n_ingresses; i++)
        json_array_append_new(ingresses,
                              json_pack("{s:s, s:s, s:I, s:I}", "name", e->ingresses[i].name,
                                        "relation", ingress_relation_name(e->ingresses[i].relation),
                                        "neighbors", (json_int_t)e->ingresses[i].n_neighbors,
                                        "prefixes", (json_int_t)e->ingresses[i].n_routes));
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "built",
                     expect_time(e->header->built_s, time), "bytes", (json_int_t)e->n_bytes,
                     "prefixes", (json_int_t)e->n_routes, "senders", (json_int_t)e->n_senders,
                     "sets", (json_int_t)e->n_set_starts - 1, "accepted",
                     (json_int_t)e->n_accepts + e->n_accept_ases, "vrps", (json_int_t)e->n_vrps,
                     "files", files, "ingresses", ingresses);
}
