// SPDX-License-Identifier: BSD-3-Clause
// What happened, newest first.
import { find, make, VERDICTS } from "./dom.js";
import * as api from "./api.js";

const MOST = 200;
let stream = "";
let cursor = 0;

function words(event) {
  switch (event.event) {
    case "verdict": case "provisional":
      return `${event.name}: ${VERDICTS[event.report.verdict]}${event.event === "provisional" ? " (provisional)" : ""}`;
    case "provisional_withdrawn": return `${event.name}: ${VERDICTS.not_closed_loop} (provisional) is withdrawn`;
    case "nothing_tested": return `${event.name}: nothing to test: ${event.report.reason_text}`;
    case "test_started": return `${event.name}: a test began`;
    case "test_ended": return `${event.name}: the test ended`;
    case "suspended": return `drops are suspended: ${event.reason}`;
    case "stall": return `${event.thread} stood still for ${event.stalled_s.toFixed(1)} s`;
    case "thread_stale": return `${event.thread} on lcore ${event.lcore} hangs: its thread is ${event.doing}`;
    case "thread_recovered": return `${event.thread} on lcore ${event.lcore} goes on again`;
    case "resumed": return "drops are allowed again";
    case "kill_switch": return `the kill switch is ${event.switch}`;
    case "tracking_shed": return "the box cannot keep up: flows are not tracked";
    case "tracking_resumed": return "flows are tracked again";
    case "draining": return "the box is being taken out of the path";
    case "finding": return `${event.name}: ${event.finding.finding} (${event.finding.severity})`;
    case "escalation":
      return `${event.name}: test of ${event.escalation.test} ${event.escalation.step}, for ${event.escalation.cause}`
        + (event.escalation.reason ? ` (${event.escalation.reason})` : "");
    case "events_lost": return `${event.count} events were lost`;
    case "link_up": case "link_down": return `port ${event.port}: the link is ${event.event.slice(5)}`;
    case "port_trouble": return `port ${event.port} brings no packets: ${event.trouble}`;
    case "sources_clock_set": return `sources "${event.sources}": the clock was set; a window is shorter`;
    case "sources_window_late": return `sources "${event.sources}": a window lasted too long`;
    case "sources_rise":
      return `sources "${event.sources}": ${event.n_sources} of ${event.network} at ${event.transport} port `
        + `${event.destination_port}, ${Math.round(event.average_before)} before on average`;
    case "machine_event": return `machine ${event.machine}: ${event.name}, ${event.key} is ${event.state}`;
    case "machine_state": return `machine ${event.machine}: ${event.key} is ${event.state}, ${event.before} before`;
    case "port_recovered": return `port ${event.port} brings packets again`;
    default: return event.name ? `${event.event.replaceAll("_", " ")}: ${event.name}` : event.event.replaceAll("_", " ");
  }
}

const isOfInterest = (event) => !["drop_made", "drop_ended", "aggregate_added"].includes(event.event);

export async function showEvents() {
  let page;
  do {
    page = await api.events(cursor);
    if (page.stream !== stream) {
      stream = page.stream;
      if (cursor !== 0) {
        cursor = 0;
        continue;
      }
    }
    cursor = page.next;
    const items = page.events.filter(isOfInterest).map((event) => make("li", {},
      make("time", { datetime: event.time ?? "" }, event.time ? new Date(event.time).toLocaleTimeString() : ""), words(event)));
    find("events").prepend(...items.reverse());
  } while (page.events.length > 0);
  const list = find("events");
  while (list.childElementCount > MOST) list.lastChild.remove();
}
