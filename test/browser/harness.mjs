// SPDX-License-Identifier: BSD-3-Clause
// A browser with a page in it, cases that run on it one after the other, and what must hold of every run.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const text = (page, selector) => page.locator(selector).first().innerText();
export const full = (n) => new Intl.NumberFormat("en").format(n);
export const rowOf = (page, number) => page.locator(`.body .line[data-aggregate="${number}"]`);

// Not page.waitForFunction(): it evaluates texts, which the page's policy forbids.
export async function until(condition, seconds = 10) {
  const end = performance.now() + 1e3 * seconds;
  while (performance.now() < end) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not within ${seconds} s: ${condition}`);
}

/** What a screen reader or a keyboard would stumble over, by axe-core's rules for WCAG 2.1 A and AA. */
export async function assertAccessible(page) {
  // By the debugger: the page's policy allows no foreign script.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document,
    { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], resultTypes: ["violations"] }));
  assert.deepEqual(violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")}`), []);
}

export class Harness {
  foreign = [];
  troubles = [];
  passed = 0;
  failed = 0;

  constructor(url, token, folder) {
    Object.assign(this, { url, token, folder });
  }

  async open(options) {
    this.browser ??= await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGUMENTS });
    const page = await this.browser.newPage({ viewport: { width: 1360, height: 1000 }, ...options });
    page.setDefaultTimeout(15000);
    page.on("request", (request) => {
      if (!request.url().startsWith(this.url) && !request.url().startsWith("data:")) this.foreign.push(request.url());
    });
    page.on("pageerror", (error) => this.troubles.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().includes("401")) this.troubles.push(message.text());
    });
    await page.goto(this.url);
    return page;
  }

  shoot = (page, name) => page.screenshot({ path: `${this.folder}/${name}.png` });

  async run(page, cases) {
    for (const [name, run] of Object.entries(cases)) {
      try {
        await run(page, this);
        this.passed += 1;
        console.log(`ok   page ${name}`);
      } catch (error) {
        this.failed += 1;
        console.log(`FAIL page ${name}\n${error.stack}`);
        await this.shoot(page, `failed-${name}`);
        await page.goto(this.url);
        await page.fill("#token", this.token);
      }
    }
  }

  /** Closes the browser, says the counts, and ends the process. */
  async finish() {
    await this.browser.close();
    for (const [what, list] of [["no request goes elsewhere", this.foreign], ["the page has no errors", this.troubles]]) {
      if (list.length === 0) this.passed += 1;
      else this.failed += 1;
      console.log(`${list.length === 0 ? "ok  " : "FAIL"} page ${what}${list.map((line) => `\n${line}`).join("")}`);
    }
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exit(this.failed > 0 ? 1 : 0);
  }
}
