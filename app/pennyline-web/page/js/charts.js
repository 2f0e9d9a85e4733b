// SPDX-License-Identifier: BSD-3-Clause
// uPlot (a script of its own, loaded before this one), in the colours of the page.
import { compact } from "./dom.js";

const { uPlot } = window;
const COLOURS = [["#1f5fbf", "#7fb0ff"], ["#b3541e", "#ffab76"], ["#0b7a4b", "#4cc38a"], ["#7a3fb0", "#c9a2ff"],
  ["#8a5a00", "#e7b455"], ["#00727a", "#5fd0d8"], ["#b3261e", "#ff8a80"], ["#566070", "#9aa5b4"]];
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const look = (name) => {
  // Colours are light-dark() functions, which only an element resolves.
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(${name})`;
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
};
export const colour = (i) => COLOURS[i % COLOURS.length][dark.matches ? 1 : 0];
export const onColours = (then) => dark.addEventListener("change", then);

/** A line chart in `box`. series: [{label, colour, width, dash}]; the first column of data is seconds. */
export function lineChart(box, series, data, { time = true, legend = true, format = compact } = {}) {
  const axis = { stroke: look("--soft"), grid: { stroke: look("--line"), width: 1 }, ticks: { stroke: look("--line") },
    font: "11px system-ui" };
  const room = () => ({ width: Math.max(box.clientWidth, 200), height: Math.max(box.clientHeight - (legend ? 30 : 0), 100) });
  const chart = new uPlot({
    ...room(),
    legend: { show: legend, live: false },
    cursor: { drag: { x: false, y: false } },
    scales: { x: { time }, y: { range: (u, low, high) => [Math.min(low, 0), Math.max(high, 1) * 1.08] } },
    axes: [{ ...axis, ...(time ? { values: "{HH}:{mm}:{ss}", space: 70, size: 32 } : { values: (u, v) => v.map((s) => `${+s.toFixed(2)} s`), space: 70, size: 32 }) },
      { ...axis, size: 52, space: 22, values: (u, values) => values.map(format) }],
    series: [{}, ...series.map((s) => ({ label: s.label, stroke: s.colour, width: s.width ?? 2, dash: s.dash,
      points: { show: s.points ?? false }, paths: s.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined }))],
  }, data, box);
  const watcher = new ResizeObserver(() => chart.setSize(room()));
  watcher.observe(box);
  return { set: (fresh) => chart.setData(fresh), destroy: () => { watcher.disconnect(); chart.destroy(); } };
}
