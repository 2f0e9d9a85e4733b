// SPDX-License-Identifier: BSD-3-Clause
// The table of aggregates. Only the rows in view are in the page, so that thousands scroll smoothly.
import { ago, compact, drawing, find, make, number, percent, VERDICTS } from "./dom.js";

const ROW_PIXELS = 34;
const MARGIN_ROWS = 8;
const RUNNING = new Set(["pooled", "flows", "settling"]);
const VERDICT_ORDER = ["not_closed_loop", "closed_loop", "inconclusive", "duplicates_exceeded", "undecided"];

const byText = (key) => (a, b) => (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : 0);
const byNumber = (value) => (a, b) => value(a) - value(b);

/** How far each evidence is on its way to its threshold, 0 to 1. */
export function progress(row, thresholds) {
  const { alpha = 1e-6, beta = 1e-4 } = thresholds.get(row.slice) ?? {};
  const part = (value, bound) => Math.min(1, Math.max(0, value / -Math.log10(bound)));
  return { for: part(row.log10_e, alpha), against: part(row.log10_f, beta) };
}

export class Table {
  constructor(aggregates, thresholds, open) {
    Object.assign(this, { aggregates, thresholds, open, sort: "verdict", descending: false, shown: [], focus: 0, uptime: 0 });
    const evidence = (row) => progress(row, thresholds).for - progress(row, thresholds).against;
    this.columns = [
      { key: "name", title: "aggregate", compare: byText("name"), cell: (r) => r.name },
      { key: "verdict", title: "verdict", compare: byNumber((r) => VERDICT_ORDER.indexOf(r.verdict)), cell: (r) => this.verdict(r) },
      { key: "state", title: "test", compare: byText("state"), cell: (r) => make("span", { class: `state-${r.state}` }, r.state) },
      { key: "evidence", title: "evidence", compare: byNumber(evidence), cell: (r) => this.bar(r) },
      { key: "dropped", title: "came back", compare: byNumber((r) => r.dropped), cell: (r) => (r.dropped ? `${r.retransmitted} of ${r.dropped}` : "–") },
      { key: "packets", title: "packets", compare: byNumber((r) => r.packets), cell: (r) => compact(r.packets) },
      { key: "first", title: "first seen", compare: byNumber((r) => r.first_seen_s ?? -1), cell: (r) => this.ago(r.first_seen_s) },
      { key: "last", title: "last seen", compare: byNumber((r) => r.last_seen_s ?? -1), cell: (r) => this.ago(r.last_seen_s) },
    ];
    this.build();
  }

  build() {
    this.box = find("rows");
    this.head = make("div", { class: "line head", role: "row" });
    this.body = make("div", { class: "body", role: "rowgroup" });
    for (const column of this.columns) {
      const button = make("button", { type: "button" }, column.title);
      button.addEventListener("click", () => this.sortBy(column.key));
      this.head.append(make("div", { role: "columnheader", "aria-sort": "none" }, button));
    }
    this.box.append(this.head, this.body);
    this.box.addEventListener("scroll", () => this.draw(), { passive: true });
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.body.addEventListener("click", (event) => {
      const line = event.target.closest(".line");
      if (!line) return;
      this.focus = Number(line.getAttribute("aria-rowindex")) - 2;
      this.open(Number(line.dataset.aggregate));
    });
    new ResizeObserver(() => this.draw()).observe(this.box);
    for (const id of ["search", "filter-slice", "filter-verdict", "filter-state"])
      find(id).addEventListener("input", () => { this.box.scrollTop = 0; this.focus = 0; this.update(); });
    find("filters").addEventListener("submit", (event) => event.preventDefault());
  }

  verdict(row) {
    const extra = row.provisional ? " (provisional)" : row.mixed ? " (mixed)" : "";
    return make("span", { class: `verdict ${row.verdict}` }, VERDICTS[row.verdict] + extra);
  }

  ago(seconds) {
    return seconds === null ? "–" : ago(this.uptime - seconds);
  }

  bar(row) {
    const part = progress(row, this.thresholds);
    const label = `${percent(part.for)} for, ${percent(part.against)} against`;
    return drawing("svg", { class: "bar", viewBox: "-50 0 100 12", preserveAspectRatio: "none", role: "img", "aria-label": label },
      drawing("rect", { class: "ground", x: -50, y: 3, width: 100, height: 6 }),
      drawing("rect", { class: "for", x: 0, y: 1, width: 50 * part.for, height: 10 }),
      drawing("rect", { class: "against", x: -50 * part.against, y: 1, width: 50 * part.against, height: 10 }),
      drawing("line", { x1: 0, x2: 0, y1: 0, y2: 12, "vector-effect": "non-scaling-stroke" }));
  }

  sortBy(key) {
    this.descending = this.sort === key ? !this.descending : !["name", "verdict", "state"].includes(key);
    this.sort = key;
    this.update();
  }

  matches() {
    const search = find("search").value.trim().toLowerCase();
    const slice = find("filter-slice").value;
    const verdict = find("filter-verdict").value;
    const state = find("filter-state").value;
    return (row) => (!slice || row.slice === slice) && (!verdict || row.verdict === verdict)
      && (!state || row.state === state || (state === "running" && RUNNING.has(row.state)))
      && (!search || row.name.toLowerCase().includes(search));
  }

  /** Filters and sorts anew. What is under test comes first among equals. */
  update(uptime = this.uptime) {
    this.uptime = uptime;
    const { compare } = this.columns.find((column) => column.key === this.sort);
    const sign = this.descending ? -1 : 1;
    const running = (row) => (RUNNING.has(row.state) ? 0 : 1);
    this.shown = [...this.aggregates.rows.values()].filter(this.matches());
    this.shown.sort((a, b) => sign * compare(a, b) || running(a) - running(b) || a.aggregate - b.aggregate);
    this.focus = Math.min(this.focus, Math.max(0, this.shown.length - 1));
    const all = this.aggregates.rows.size;
    find("count").textContent = this.shown.length === all ? number(all) : `${number(this.shown.length)} of ${number(all)}`;
    this.box.setAttribute("aria-rowcount", this.shown.length + 1);
    this.body.style.height = `${this.shown.length * ROW_PIXELS}px`;
    this.columns.forEach((column, i) => this.head.children[i].setAttribute("aria-sort",
      column.key !== this.sort ? "none" : this.descending ? "descending" : "ascending"));
    this.draw();
  }

  draw() {
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW_PIXELS) - MARGIN_ROWS);
    const last = Math.min(this.shown.length, first + Math.ceil(this.box.clientHeight / ROW_PIXELS) + 2 * MARGIN_ROWS);
    const hadFocus = this.body.contains(document.activeElement);
    // Tab leads to a row in view, wherever the table was scrolled to.
    if (!hadFocus) this.focus = Math.min(Math.max(this.focus, first), Math.max(last - 1, 0));
    const lines = [];
    for (let i = first; i < last; i++) lines.push(this.line(this.shown[i], i));
    this.body.replaceChildren(...lines);
    if (hadFocus) this.focusRow();
  }

  /** For who comes back from a detail: rows are drawn anew all the time, so the old one is gone. */
  focusRow() {
    this.body.querySelector('[tabindex="0"]')?.focus({ preventScroll: true });
  }

  line(row, i) {
    const line = make("div", { class: "line", role: "row", "aria-rowindex": i + 2, tabindex: i === this.focus ? 0 : -1,
      "data-aggregate": row.aggregate, style: `transform: translateY(${i * ROW_PIXELS}px)` });
    for (const column of this.columns) line.append(make("div", { role: "gridcell" }, column.cell(row)));
    line.firstChild.title = row.name;
    return line;
  }

  key(event) {
    const page = Math.floor(this.box.clientHeight / ROW_PIXELS) - 2;
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (!event.target.closest(".body")) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.open(this.shown[this.focus].aggregate);
    } else if (event.key in moves) {
      event.preventDefault();
      this.focus = Math.max(0, Math.min(this.shown.length - 1, this.focus + moves[event.key]));
      const top = this.focus * ROW_PIXELS;
      const room = this.box.clientHeight - 2 * ROW_PIXELS;
      if (top < this.box.scrollTop) this.box.scrollTop = top;
      else if (top > this.box.scrollTop + room) this.box.scrollTop = top - room;
      this.draw();
    }
  }
}
