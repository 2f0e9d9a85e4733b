// SPDX-License-Identifier: BSD-3-Clause
// Small helpers. Text goes into the page as text only, never as markup.

export const find = (id) => document.getElementById(id);

/** An element with attributes and children; strings become text. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

export function drawing(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
export const number = (n) => (Number.isFinite(n) ? whole.format(n) : "–");
export const compact = (n) => (Number.isFinite(n) ? short.format(n) : "–");
export const percent = (x) => `${Math.round(100 * x)} %`;

export function ago(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 129600 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86400)} d ago`;
}

export const duration = (s) => (s < 120 ? `${Math.round(s)} s` : s < 7200 ? `${Math.round(s / 60)} min`
  : s < 172800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} d`);

export const VERDICTS = { closed_loop: "closed loop", not_closed_loop: "not closed loop",
  inconclusive: "inconclusive", duplicates_exceeded: "duplicates exceeded", undecided: "undecided" };

let toastTimer;
export function toast(text) {
  const box = find("toast");
  // All but an open dialog is beyond the reach of a screen reader, and dimmed.
  (document.querySelector("dialog[open]") ?? document.body).append(box);
  box.textContent = text;
  box.classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => box.classList.remove("shown"), 6000);
}

/** Asks before something is done; resolves to true or false. */
export function confirmed(text, action) {
  const dialog = find("confirm");
  find("confirm-text").textContent = text;
  find("confirm-yes").textContent = action;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
