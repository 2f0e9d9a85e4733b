// SPDX-License-Identifier: BSD-3-Clause
// The three answers at the top, and the kill switch.
import { confirmed, duration, find, number, toast } from "./dom.js";
import * as api from "./api.js";

function answer(id, mood, big, small) {
  const box = find(id);
  box.className = mood;
  box.querySelector(".big").textContent = big;
  box.querySelector(".small").textContent = small;
}

function showHealth(reply, health) {
  const { status } = reply;
  const failed = health.checks.filter((check) => !check.ok);
  const down = status?.ports.filter((port) => port.link_up === false).map((port) => port.name) ?? [];
  if (!health.healthy)
    return answer("answer-health", "bad", "No", failed.map((c) => `${c.check}: ${c.detail}`).join("; "));
  const n = status.workers.length;
  const up = `up ${duration(status.uptime_s)}, ${n} worker${n === 1 ? "" : "s"}, ${status.ports.length} ports`;
  if (down.length > 0) return answer("answer-health", "unsure", `Link down: ${down.join(", ")}`, up);
  return answer("answer-health", "good", "Yes", up);
}

function showTests(status) {
  const { pooled = 0, flows = 0, settling = 0 } = status?.tests ?? {};
  const running = pooled + flows + settling;
  if (status?.kill_switch)
    return answer("answer-tests", "bad", "Kill switch is on", "Nothing is dropped. Traffic is forwarded.");
  if (status?.draining)
    return answer("answer-tests", "unsure", "Draining", "No test begins. Traffic is forwarded until none comes.");
  if (status?.suspended) return answer("answer-tests", "unsure", "Suspended", status.suspended);
  const phases = [[pooled, "dropping"], [flows, "testing single flows"], [settling, "waiting for the last drops"]];
  return answer("answer-tests", "", running === 0 ? "Nothing" : `${number(running)} aggregate${running > 1 ? "s" : ""}`,
    phases.filter(([n]) => n > 0).map(([n, what]) => `${n} ${what}`).join(", ") || "drops are allowed");
}

function showFound(aggregates) {
  const n = { closed_loop: 0, not_closed_loop: 0, inconclusive: 0, duplicates_exceeded: 0, undecided: 0 };
  for (const row of aggregates.rows.values()) n[row.verdict] += 1;
  const unsure = n.inconclusive + n.duplicates_exceeded;
  answer("answer-found", n.not_closed_loop > 0 ? "bad" : n.closed_loop > 0 ? "good" : "",
    n.closed_loop + n.not_closed_loop + unsure === 0 ? "Nothing yet"
      : `${number(n.closed_loop)} closed loop, ${number(n.not_closed_loop)} not`,
    `${number(unsure)} could not be told, ${number(n.undecided)} undecided`);
}

function showKillSwitch(on) {
  const button = find("kill-switch");
  button.classList.toggle("on", on);
  button.setAttribute("aria-pressed", String(on));
  button.textContent = on ? "Allow drops again" : "Stop all drops";
}

export function showStatus(reply, health, aggregates) {
  const line = find("connection");
  line.classList.toggle("bad", !reply.connected);
  const reading = reply.left_out ? `live, without ${reply.left_out} aggregates too many` : "reading aggregates";
  line.textContent = reply.connected ? (reply.complete ? "live" : reading)
    : `pennyline does not answer: ${reply.trouble}`;
  find("instance").textContent = reply.status?.instance ?? "";
  showHealth(reply, health);
  showTests(reply.status);
  showFound(aggregates);
  showKillSwitch(Boolean(reply.status?.kill_switch));
}

export function setUpKillSwitch(refresh) {
  find("kill-switch").addEventListener("click", async () => {
    const on = !find("kill-switch").classList.contains("on");
    const question = on ? "Stop every deliberate drop at once? Traffic is forwarded; tests wait."
      : "Allow deliberate drops again? Tests go on.";
    if (!(await confirmed(question, on ? "Stop all drops" : "Allow drops"))) return;
    try {
      await api.setKillSwitch(on);
      toast(on ? "The kill switch is on" : "The kill switch is off");
    } catch (error) {
      toast(error.message);
    }
    refresh();
  });
}
