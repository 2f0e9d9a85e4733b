// SPDX-License-Identifier: BSD-3-Clause
// State machines: what they do now, and in which states keys are. Hidden where there are none.
import { compact, find, make, number } from "./dom.js";
import * as api from "./api.js";

const MOST_SHOWN = 6;
let last = new Map();
let lastS = -1;

/** "name n, name n", greatest first, and how many there are besides. */
function shares(pairs, format) {
  const some = pairs.filter(([, n]) => n > 0).sort(([, a], [, b]) => b - a);
  const words = some.slice(0, MOST_SHOWN).map(([name, n]) => `${name} ${format(n)}`);
  if (some.length > MOST_SHOWN) words.push(`and ${some.length - MOST_SHOWN} more`);
  return words.join(", ") || "–";
}

const ruleName = (i, n) => (i + 1 === n ? "otherwise" : `rule ${i}`);

function row(machine, before, seconds) {
  // Counts that fell are of another machine of that name.
  const rate = (now, then) => (before && now >= then ? (now - then) / seconds : NaN);
  const counted = (key) => compact(rate(machine.counters[key], before?.counters[key]));
  const rules = machine.rules.map((n, i) => [ruleName(i, machine.rules.length), rate(n, before?.rules[i])]);
  const name = machine.forwards_all ? `${machine.name} (forwards all)` : machine.name;
  const full = machine.keys >= machine.max_keys ? { class: "unsure" } : {};
  return make("tr", {}, make("td", {}, name), make("td", {}, counted("packets")), make("td", {}, counted("dropped")),
    make("td", {}, counted("changes")), make("td", full, `${compact(machine.keys)} of ${compact(machine.max_keys)}`),
    make("td", { class: "words" }, shares(Object.entries(machine.states), number)),
    make("td", { class: "words" }, shares(rules, (n) => `${compact(n)}/s`)));
}

export async function showMachines() {
  const { uptime_s: now, machines } = (await api.machines()) ?? { uptime_s: 0, machines: [] };
  find("machines-section").hidden = machines.length === 0;
  if (now === lastS) return;
  if (now < lastS) last = new Map();
  find("machines").tBodies[0].replaceChildren(...machines.map((m) => row(m, last.get(m.name), now - lastS)));
  last = new Map(machines.map((m) => [m.name, m]));
  lastS = now;
}
