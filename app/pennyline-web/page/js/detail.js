// SPDX-License-Identifier: BSD-3-Clause
// One aggregate: why its verdict, the evidence over time, its drops, its single flows.
import { colour, lineChart, onColours } from "./charts.js";
import { confirmed, drawing, find, make, number, toast, VERDICTS } from "./dom.js";
import * as api from "./api.js";

const RUNNING = new Set(["pooled", "flows", "settling"]);
let current = null;
let chart = null;
let timer = null;
let thresholds = new Map();
let shown = "";

const flowText = (f) => (f.source.includes(":") ? `[${f.source}]:${f.source_port} → [${f.destination}]:${f.destination_port}`
  : `${f.source}:${f.source_port} → ${f.destination}:${f.destination_port}`);

function facts(pairs) {
  return make("dl", {}, ...pairs.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

function table(id, caption, heads, rows) {
  return make("div", { class: "scroll", id, tabindex: 0, role: "region", "aria-label": caption },
    make("table", {}, make("caption", {}, caption),
      make("thead", {}, make("tr", {}, ...heads.map((h) => make("th", { scope: "col" }, h)))),
      make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, cell)))))));
}

function outcome(drop) {
  if (drop.state === "retransmitted") return `came back after ${drop.latency_ms.toFixed(1)} ms`;
  if (drop.state === "void") return `void: ${drop.void_reason}`;
  return drop.state === "pending" ? "pending" : "did not come back";
}

/** Each drop a line: from when it was dropped until it came back, or until the timeout. */
function timeline(drops, began, timeout) {
  const width = 1000;
  const height = Math.min(24, Math.max(9, 220 / drops.length));
  const ends = drops.map((d) => d.seconds + (d.latency_ms === null ? (d.state === "expired" ? timeout : 0) : d.latency_ms / 1e3));
  const last = Math.max(...ends, began + 1);
  const x = (seconds) => 70 + ((width - 90) * (seconds - began)) / (last - began);
  const picture = drawing("svg", { class: "timeline", viewBox: `0 0 ${width} ${drops.length * height + 26}`, role: "img",
    "aria-label": `${drops.length} drops; the table below has them in words` });
  for (let i = 0; i <= 4; i++) {
    const at = began + ((last - began) * i) / 4;
    picture.append(drawing("line", { class: "axis", x1: x(at), x2: x(at), y1: 0, y2: drops.length * height + 6 }),
      drawing("text", { x: x(at) - 14, y: drops.length * height + 20 }, `${(at - began).toFixed(last - began < 4 ? 2 : 1)} s`));
  }
  drops.forEach((drop, i) => {
    const y = (i + 0.5) * height + 3;
    const group = drawing("g", { class: `drop-${drop.state}` }, drawing("title", {}, `${flowText(drop.flow)}: ${outcome(drop)}`),
      drawing("circle", { cx: x(drop.seconds), cy: y, r: 4, fill: "none", "stroke-width": 1.5 }),
      drawing("line", { x1: x(drop.seconds) + 4, x2: x(ends[i]), y1: y, y2: y, "stroke-width": 2,
        "stroke-dasharray": drop.state === "retransmitted" ? "none" : "3 4" }));
    if (drop.state === "retransmitted") group.append(drawing("circle", { cx: x(ends[i]), cy: y, r: 4 }));
    else if (drop.state !== "pending") group.append(drawing("text", { x: x(ends[i]) - 3, y: y + 4 }, "×"));
    picture.append(group);
  });
  return picture;
}

function drawEvidence(box, history, { slice, started_s: started }) {
  const { alpha = 1e-6, beta = 1e-4 } = thresholds.get(slice) ?? {};
  const began = started ?? history[0].seconds;
  const none = { seconds: began, log10_e: 0, log10_f: 0 };
  const points = began + 5 < history[0].seconds ? [...history] : [none, ...history];
  // One point is no line: the last one lasts a while.
  if (points.length === 1) points.push({ ...points[0], seconds: points[0].seconds + 1 });
  const level = (value) => points.map(() => value);
  chart?.destroy();
  chart = lineChart(box, [
    { label: "for real senders", colour: colour(2), stepped: true, points: true },
    { label: `enough: ${(-Math.log10(alpha)).toFixed(1)}`, colour: colour(2), dash: [6, 5], width: 1 },
    { label: "against", colour: colour(6), stepped: true, points: true },
    { label: `enough: ${(-Math.log10(beta)).toFixed(1)}`, colour: colour(6), dash: [6, 5], width: 1 },
  ], [points.map((p) => p.seconds - began), points.map((p) => p.log10_e), level(-Math.log10(alpha)),
    points.map((p) => p.log10_f), level(-Math.log10(beta))], { time: false, format: (n) => (n === null ? "" : +n.toFixed(1)) });
}

function why(report) {
  const n = report.retransmitted + report.expired;
  const parts = [`${report.retransmitted} of ${n} tested segments came back; ${report.duplicates} other repeats were seen.`];
  if (report.mixed) parts.push("Real senders are there, and not only they, or repairs that take another way.");
  return n === 0 && report.pending === 0 ? "Nothing was dropped yet." : `${report.reason_text}. ${parts.join(" ")}`.replace("..", ".");
}

function testButton(report) {
  const running = RUNNING.has(report.state);
  const button = make("button", { type: "button", id: "test-button" }, running ? "Stop the test" : "Start a test");
  button.addEventListener("click", async () => {
    const question = running ? `End the test of ${report.name} without a verdict?`
      : `Start a test of ${report.name}? A few of its TCP segments will be dropped.`;
    if (!(await confirmed(question, running ? "Stop it" : "Start it"))) return;
    try {
      await (running ? api.stopTest(report.aggregate) : api.startTest(report.aggregate));
      toast(running ? "The test ends" : "The test began");
    } catch (error) {
      toast(error.message);
    }
    refresh();
  });
  return button;
}

function header(report) {
  const close = make("button", { type: "button", id: "detail-close" }, "Close");
  close.addEventListener("click", () => find("detail").close());
  const verdict = `${VERDICTS[report.verdict]}${report.provisional ? " (provisional)" : ""}${report.mixed ? " (mixed)" : ""}`;
  return make("header", {}, make("h2", { id: "detail-title" }, report.name),
    make("span", { class: `verdict ${report.verdict}`, id: "detail-verdict" }, verdict),
    make("span", { class: `state-${report.state}` }, `test: ${report.state}`), testButton(report), close);
}

function counts(report) {
  const keys = ["packets", "bytes", "segments", "droppable", "dropped", "retransmitted", "expired", "void", "pending",
    "duplicates", "ambiguous", "pure_acks", "out_of_order", "coins_refused", "spared", "not_tcp", "fragments", "unreadable"];
  return facts(keys.filter((key) => key in report).map((key) => [key.replaceAll("_", " "), number(report[key])]));
}

function rules(report) {
  const log = (x) => `10^${x.toFixed(2)}`;
  const { anytime, penny } = report;
  return facts([["rule that decides", report.rule], ["via", report.via], ["tests so far", number(report.n_tests)],
    ["anytime: for (E)", log(anytime.log10_e)],
    ["E of all / of chosen flows", `${log(anytime.log10_e_pooled)} / ${log(anytime.log10_e_joint)}`],
    ["anytime: against (F)", log(anytime.log10_f)],
    ["anytime says", VERDICTS[anytime.outcome]], ["penny: duplicate ratio", penny.f_dup.toFixed(4)],
    ["penny: posterior", penny.posterior.toFixed(4)], ["penny says", VERDICTS[penny.outcome]],
    ["flows seen / tested / repaired", `${report.total?.flows_seen ?? report.flows.seen} / ${report.flows.tested} / ${report.flows.repaired}`]]);
}

// Units beside data segments: a row for each kind that is on.
function units(report) {
  const keys = ["seen", "dropped", "dropped_packets", "retransmitted", "expired", "void", "pending", "duplicates"];
  return table("detail-units", "Units beside data segments", ["kind", ...keys.map((key) => key.replaceAll("_", " ")), "log10 E"],
    Object.entries(report.units).map(([kind, u]) => [kind, ...keys.map((key) => number(u[key])), u.log10_e.toFixed(2)]));
}

function build({ report, history }) {
  const { parameters } = thresholds.get(report.slice) ?? {};
  const began = report.started_s ?? report.drops[0]?.seconds ?? 0;
  const parts = [header(report), make("p", { class: "why" }, why(report))];
  const evidence = make("div", { class: "chart", id: "chart-evidence", role: "img", "aria-label": "Evidence over time" });
  if (history.length > 0) {
    // pennyline-web keeps what it saw: when it was started later than the test, the beginning is missing.
    const missed = history[0].seconds - began;
    const since = missed > 5 ? `; pennyline-web saw it from ${missed.toFixed(0)} s on` : "";
    parts.push(make("figure", {}, make("figcaption", {},
      `Evidence since the test began (powers of ten), and what is enough${since}`), evidence));
  }
  if (report.drops.length > 0)
    parts.push(make("figure", {}, make("figcaption", {}, "Drops: ring dropped, dot came back, cross did not"),
      timeline(report.drops, began, (parameters?.retransmission_timeout_ms ?? 3000) / 1e3)));
  parts.push(make("div", { class: "grid" }, rules(report), counts(report)));
  if (report.units) parts.push(units(report));
  parts.push(table("detail-drops", "Drops", ["flow", "bytes", "dropped at", "what became of it"], report.drops.map((d) =>
    [flowText(d.flow), number(d.len), `${(d.seconds - began).toFixed(3)} s`, outcome(d)])));
  if (report.flows.individual.length > 0)
    parts.push(table("detail-flows", "Flows tested by themselves", ["flow", "dropped", "came back", "duplicates", "log10 E"],
      report.flows.individual.map((f) => [flowText(f.flow), f.counts.dropped, f.counts.retransmitted, f.counts.duplicates,
        f.log10_e.toFixed(2)])));
  return { parts, evidence };
}

async function refresh() {
  const dialog = find("detail");
  if (current === null) return;
  try {
    const detail = await api.aggregate(current);
    if (current !== detail.report.aggregate) return;
    const now = JSON.stringify(detail);
    if (now === shown) return;
    shown = now;
    const focused = dialog.contains(document.activeElement) ? document.activeElement.id : "";
    const tops = [dialog, ...dialog.querySelectorAll(".scroll")].map((box) => [box.id, box.scrollTop]);
    const { parts, evidence } = build(detail);
    find("detail-content").replaceChildren(...parts);
    if (detail.history.length > 0) drawEvidence(evidence, detail.history, detail.report);
    for (const [id, top] of tops) if (find(id)) find(id).scrollTop = top;
    if (focused) find(focused)?.focus();
  } catch (error) {
    toast(error.message);
  }
}

export async function openDetail(aggregate) {
  current = aggregate;
  await refresh();
  if (!find("detail").open && find("detail-content").childElementCount > 0) find("detail").showModal();
  clearInterval(timer);
  // A dialog over this one asks something: nothing is redrawn below it.
  timer = setInterval(() => { if (!find("confirm").open) refresh(); }, 1000);
}

export function setUpDetail(ofSlices, onClose) {
  thresholds = ofSlices;
  onColours(() => { shown = ""; refresh(); });
  find("detail").addEventListener("close", () => {
    current = null;
    clearInterval(timer);
    chart?.destroy();
    chart = null;
    shown = "";
    find("detail-content").replaceChildren();
    document.body.append(find("toast"));
    onClose();
  });
}
