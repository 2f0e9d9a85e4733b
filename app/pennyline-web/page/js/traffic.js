// SPDX-License-Identifier: BSD-3-Clause
// What goes through, per port and per lcore: rates of the last five minutes.
import { colour, lineChart, onColours } from "./charts.js";
import { compact, drawing, find, make, number, percent } from "./dom.js";

const MOST_POINTS = 300;

/** Counts to rates per second, between one call and the next. */
class Rates {
  names = [];
  rates = [];
  last = null;

  /** counts: [[name, count]...] at `seconds` of pennyline's clock. Returns "new", "same" or "next". */
  add(counts, seconds) {
    const names = counts.map(([name]) => name);
    const values = counts.map(([, count]) => count);
    if (!this.last || names.join("\n") !== this.names.join("\n") || seconds < this.last.seconds) {
      this.names = names;
      this.rates = [];
      this.last = { seconds, values };
      return "new";
    }
    const passed = seconds - this.last.seconds;
    if (passed < 0.4) return "same";
    this.rates = values.map((value, i) => (value - this.last.values[i]) / passed);
    this.last = { seconds, values };
    return "next";
  }
}

class RateChart extends Rates {
  constructor(box) {
    super();
    this.box = box;
    onColours(() => this.draw());
  }

  show(counts, seconds, wall) {
    const what = this.add(counts, seconds);
    if (what === "new") {
      this.data = [[], ...this.names.map(() => [])];
      this.draw();
    } else if (what === "next") {
      [wall, ...this.rates].forEach((value, i) => this.data[i].push(value));
      if (this.data[0].length > MOST_POINTS) this.data.forEach((column) => column.shift());
      this.chart.set(this.data);
    }
  }

  draw() {
    this.chart?.destroy();
    this.chart = lineChart(this.box, this.names.map((label, i) => ({ label, colour: colour(i) })), this.data,
      { format: (n) => (n === null ? "" : `${compact(n)}/s`) });
  }
}

const into = new Rates();
let ports, lcores;

function showPorts(status) {
  const rows = status.ports.map((port, i) => {
    const device = port.device_counters ?? {};
    const lost = [port.lost_tx_full, port.lost_no_headroom, port.lost_cut, device.missed, device.no_buffer]
      .reduce((sum, n) => sum + (n ?? 0), 0);
    const up = port.link_up === undefined ? "–" : port.link_up ? "up" : "down";
    return make("tr", {}, make("td", {}, port.name), make("td", {}, up), make("td", {}, compact(into.rates[i])),
      make("td", {}, compact(ports.rates[i])), make("td", {}, number(port.dropped)), make("td", {}, number(lost)));
  });
  find("ports").tBodies[0].replaceChildren(...rows);
}

/** What the stages of a burst take of a packet's cycles, side by side. */
function stageBar(stages) {
  // What is off takes none.
  const measured = Object.entries(stages).map(([stage, cycles], i) => [stage, cycles, colour(i)]).filter(([, cycles]) => cycles !== null && cycles > 0);
  const all = measured.reduce((sum, [, cycles]) => sum + cycles, 0);
  if (all === 0) return "–";
  const words = measured.map(([stage, cycles]) => `${stage.replace("_", ", ")} ${Math.round(cycles)}`).join("; ");
  const bar = drawing("svg", { class: "bar", viewBox: "0 0 100 12", preserveAspectRatio: "none", role: "img",
    "aria-label": `cycles per packet: ${words}` }, drawing("title", {}, words));
  let x = 0;
  measured.forEach(([, cycles, fill]) => {
    bar.append(drawing("rect", { x, y: 1, width: (100 * cycles) / all, height: 10, fill }));
    x += (100 * cycles) / all;
  });
  return bar;
}

function showLcores(status) {
  const rows = status.workers.map((worker) => {
    const recent = worker.load?.recent;
    const cells = recent ? [percent(recent.busy_share), compact(recent.packets_per_second), compact(recent.packets_per_burst),
      compact(recent.cycles_per_packet), stageBar(recent.stage_cycles_per_packet)] : ["–", "–", "–", "–", "–"];
    const row = make("tr", {}, make("td", {}, worker.lcore), ...cells.map((cell) => make("td", {}, cell)));
    // Above that, a burst of traffic may fill the queue.
    if (recent?.busy_share > 0.9) row.children[1].className = "unsure";
    return row;
  });
  find("lcores").tBodies[0].replaceChildren(...rows);
}

export function showTraffic(reply) {
  const { status } = reply;
  if (!status) return;
  ports ??= new RateChart(find("chart-ports"));
  lcores ??= new RateChart(find("chart-lcores"));
  const wall = Date.now() / 1e3 - reply.age_s;
  const each = (key) => status.ports.map((port) => [port.name, port[key] ?? 0]);
  into.add(each("rx_packets"), status.uptime_s);
  ports.show(each("tx_packets"), status.uptime_s, wall);
  lcores.show(status.workers.map((w) => [`lcore ${w.lcore}`, w.counters?.rx_packets ?? 0]), status.uptime_s, wall);
  showPorts(status);
  showLcores(status);
}
