/* SPDX-License-Identifier: BSD-3-Clause */
/* attacks: for each attack and rule, the parameters that come nearest to fooling the rule
 * (attack_search.h), and how often they do: the winner is tried anew with another seed, so that the
 * luck of the search does not count.
 *
 * At alpha 1e-6 rule anytime leaves nothing to see; what is shown beside is how often its evidence
 * reaches 1e2 and 1e3, which may happen once in 1e2 and 1e3 trials at most. */
#include "pennyline-sim/attack_search.h"
#include "pennyline-sim/commands.h"
#include "pennyline-sim/rows.h"
#include "json/json.h"

/* Trials of one set of parameters in the search, for each of the winner's. */
#define SEARCHED_SHARE 100
/* The winner's seed is so far from those of the search. */
#define FRESH_SEED 1000

static json_t *labels_of(const struct attack_space *space, enum test_rule rule,
                         const struct attack_found *found)
{
    const struct blind_options *b = &found->blind;
    const struct attack *a = b->attack;
    json_t *labels =
        json_pack("{sssssfsfsisisisi}", "attack", space->attack, "rule", rows_rule_name(rule),
                  "duplicates", b->duplicate_ratio < 0 ? a->duplicate_ratio : b->duplicate_ratio,
                  "delay_ms", b->delay_ms < 0 ? (double)a->delay_ms : b->delay_ms, "flows",
                  (int)b->n_flows, "flood", (int)(b->n_flood < 0 ? a->n_flood : b->n_flood),
                  "covered", (int)b->n_covered, "sets_tried", (int)found->n_sets);

    json_object_update_new(labels, json_pack("{sfsisssfssss}", "rate", b->segments_per_second,
                                             "between", (int)b->n_between, "between_kind",
                                             sender_between_name(b->between), "period_ms",
                                             b->period_ms, "plays", a->name, "also",
                                             b->also != NULL ? b->also->name : ""));
    json_object_set_new(labels, "score", json_real_or_null(found->score));
    return labels;
}

static int run_attack(struct print_table *table, const struct attack_space *space,
                      const struct options *o, enum test_rule rule)
{
    struct scenario s = attack_scenario(space, rule);
    struct study_options few = o->study, fresh = o->study;
    struct attack_found found;

    if (rows_skip(table))
        return 0;
    few.n_runs = o->study.n_runs / SEARCHED_SHARE + 1;
    fresh.seed += FRESH_SEED;
    if (attack_search(space, &s, &few, &found) != 0)
        return 1;
    s.blind = found.blind;
    return rows_study(table, labels_of(space, rule, &found), &s, &fresh);
}

int command_attacks(int argc, char **argv)
{
    const struct attack_space *space;
    struct print_table table;
    struct options o;
    int error = 0;

    rows_parse(argc, argv,
               "For each attack and rule, the parameters that come nearest to fooling the rule, "
               "and how often they do: closed_loop is wrong in every row.",
               500, &o);
    table = (struct print_table){.output = o.output, .n_skipped = o.n_skipped};
    for (unsigned int i = 0; (space = attack_space_by_index(i)) != NULL; i++)
        for (int rule = (int)o.first_rule; rule <= (int)o.last_rule && error == 0; rule++)
            error = run_attack(&table, space, &o, (enum test_rule)rule);
    print_table_end(&table);
    return error;
}
