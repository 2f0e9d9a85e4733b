// SPDX-License-Identifier: BSD-3-Clause
// Talks to /api/v1, and keeps a copy of all aggregates.
import { find } from "./dom.js";

// Reading may ask for a token, too (--read-token-file).
const credentials = () => {
  const token = find("token").value.trim();
  return token === "" ? {} : { Authorization: `Bearer ${token}` };
};

async function ask(path, options = {}) {
  const reply = await fetch(`api/v1/${path}`, { cache: "no-store", headers: credentials(), ...options });
  const json = await reply.json();
  if (!reply.ok && json.error) throw new Error(json.error.message);
  return json;
}

const change = (path, method, body) => ask(path, {
  method,
  headers: { Authorization: `Bearer ${find("token").value.trim()}` },
  body: body === undefined ? undefined : JSON.stringify(body),
});

export const status = () => ask("status");
export const slices = () => ask("slices");
export const sources = async () => (await ask("sources")).sources;
export const machines = () => ask("machines");
export const aggregate = (number) => ask(`aggregates/${number}`);
export const events = (after) => ask(`events?after=${after}&count=200`);
export const startTest = (number) => change("tests", "POST", { aggregate: number });
export const stopTest = (number) => change(`tests/${number}`, "DELETE");
export const setKillSwitch = (on) => change("kill-switch", "PUT", { on });
export const health = async () => (await fetch("healthz", { cache: "no-store" })).json();

const PAGE = 5000;

/** All aggregates by number; refresh() asks only for what changed. */
export class Aggregates {
  rows = new Map();
  generation = 0;
  revision = 0;

  async refresh() {
    const since = this.revision;
    let offset = 0;
    let n = 0;
    let page;
    do {
      page = await ask(`aggregates?count=${PAGE}&offset=${offset}&changed_since=${since}`);
      if (page.generation !== this.generation) {
        this.rows.clear();
        this.generation = page.generation;
        if (since !== 0) {
          this.revision = 0;
          return this.refresh();
        }
      }
      // What changes while pages are fetched comes again with the next refresh.
      if (offset === 0) this.revision = page.revision;
      for (const row of page.aggregates) this.rows.set(row.aggregate, row);
      n += page.aggregates.length;
      offset += PAGE;
    } while (offset < page.total);
    return n;
  }
}
