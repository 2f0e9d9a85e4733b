// SPDX-License-Identifier: BSD-3-Clause
// Sources that are counted: how many sent to which port, over the windows.
import { colour, lineChart, onColours } from "./charts.js";
import { compact, find, make, number } from "./dom.js";

const MOST_LINES = 8;
const MOST_ROWS = 12;
const nameOf = (item) => (item.slice === null ? item.name : `${item.name}, ${item.slice}`);
const rowName = (c) => `${c.network} ${c.transport} ${c.port ?? "other"}`;
let shown = "", items = [], chart, drawn;

/** The ports with most sources in the latest window, each with its numbers over time. */
function lines(item) {
  const latest = item.history.at(-1)?.counts ?? [];
  const names = latest.slice(0, MOST_LINES).map(rowName);
  const at = (w, name) => w.counts.find((c) => rowName(c) === name)?.sources ?? 0;
  const fresh = item.history.map((w) => w.counts.reduce((sum, c) => sum + (c.new ?? 0), 0));
  return { names: [...names, "new ones"], data: [item.history.map((w) => w.ended_unix_s),
    ...names.map((name) => item.history.map((w) => at(w, name))), fresh] };
}

function draw() {
  const item = items.find((i) => nameOf(i) === shown) ?? items[0];
  if (!item) return;
  const { names, data } = lines(item);
  const key = JSON.stringify([shown, names]);
  if (!chart || key !== drawn) {
    chart?.destroy();
    drawn = key;
    const last = names.length - 1;
    chart = lineChart(find("chart-sources"), names.map((label, i) => ({ label, colour: colour(i),
      dash: i === last ? [4, 4] : undefined, points: data[0].length < 3 })), data, { format: compact });
  } else {
    chart.set(data);
  }
  showTable(item);
}

function showTable(item) {
  const { window } = item;
  const sure = window?.estimate ? "~" : "";
  const counts = [...(window?.counts ?? [])].sort((a, b) => b.sources - a.sources);
  find("sources-counts").tBodies[0].replaceChildren(...counts.slice(0, MOST_ROWS).map((c) =>
    make("tr", {}, make("td", {}, rowName(c)), make("td", {}, sure + number(c.sources)),
      make("td", {}, c.new === null ? "–" : number(c.new)), make("td", {}, number(c.packets)))));
  const more = counts.length > MOST_ROWS ? ` ${counts.length - MOST_ROWS} more ports are in the API.` : "";
  const all = window?.sources_of_all_ports ?? 0;
  const ports = all > 0 ? ` About ${number(all)} sources in all, that sent to ${(window.pairs_of_source_and_port / all).toFixed(2)} ports each.` : "";
  const estimate = window?.estimate ? ` Numbers of sources are estimates, standard error ${(100 * window.standard_error).toFixed(1)} %.` : "";
  find("sources-words").textContent = window
    ? `Window of ${item.window_s} s that ended at ${new Date(window.ended).toLocaleTimeString()}.${ports}${estimate}${more}`
    : `No window of ${item.window_s} s has ended yet.`;
}

export function showSources(list) {
  items = list;
  find("sources").hidden = items.length === 0;
  if (items.length === 0) return;
  const select = find("sources-item");
  const names = items.map(nameOf);
  if ([...select.options].map((o) => o.value).join("\n") !== names.join("\n")) {
    select.replaceChildren(...names.map((name) => make("option", { value: name }, name)));
    shown = names.includes(shown) ? shown : names[0];
    select.value = shown;
  }
  draw();
}

export function setUpSources() {
  find("sources-item").addEventListener("change", (event) => { shown = event.target.value; draw(); });
  onColours(() => { drawn = ""; draw(); });
}
