// SPDX-License-Identifier: BSD-3-Clause
// Starts the page, and refreshes it once a second while somebody looks.
import { find, make } from "./dom.js";
import * as api from "./api.js";
import { openDetail, setUpDetail } from "./detail.js";
import { showEvents } from "./events.js";
import { showMachines } from "./machines.js";
import { setUpSources, showSources } from "./sources.js";
import { setUpKillSwitch, showStatus } from "./status.js";
import { Table } from "./table.js";
import { showTraffic } from "./traffic.js";

const INTERVAL_MS = 1000;
const SLICES_INTERVAL_MS = 15000;
const SOURCES_INTERVAL_MS = 5000; // half of the shortest window
const aggregates = new api.Aggregates();
const thresholds = new Map();
const table = new Table(aggregates, thresholds, openDetail);
let slicesAt = -Infinity;
let sourcesAt = -Infinity;

async function refreshSlices() {
  if (performance.now() - slicesAt < SLICES_INTERVAL_MS && thresholds.size > 0) return;
  const { slices } = await api.slices();
  const select = find("filter-slice");
  for (const slice of slices) {
    if (!thresholds.has(slice.slice)) select.append(make("option", { value: slice.slice }, slice.slice));
    thresholds.set(slice.slice, { ...slice.parameters, parameters: slice.parameters });
  }
  slicesAt = performance.now();
}

async function refreshSources() {
  if (performance.now() - sourcesAt < SOURCES_INTERVAL_MS) return;
  showSources(await api.sources());
  sourcesAt = performance.now();
}

async function refresh() {
  const [reply, health] = await Promise.all([api.status(), api.health(), refreshSlices()]);
  await aggregates.refresh();
  showStatus(reply, health, aggregates);
  showTraffic(reply);
  await showMachines();
  table.update((reply.status?.uptime_s ?? 0) + reply.age_s);
  await refreshSources();
  await showEvents();
}

function lost(error) {
  find("connection").classList.add("bad");
  find("connection").textContent = `pennyline-web does not answer: ${error.message}`;
}

async function run() {
  if (!document.hidden) await refresh().catch(lost);
  setTimeout(run, INTERVAL_MS);
}

find("access").addEventListener("submit", (event) => event.preventDefault());
find("token").value = sessionStorage.getItem("token") ?? "";
find("token").addEventListener("input", () => sessionStorage.setItem("token", find("token").value));
setUpDetail(thresholds, () => table.focusRow());
setUpSources();
setUpKillSwitch(() => refresh().catch(lost));
run();
