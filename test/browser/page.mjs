// SPDX-License-Identifier: BSD-3-Clause
// The page in a real browser: node page.mjs URL TOKEN FOLDER. Screenshots go to FOLDER.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [url, token, folder] = process.argv.slice(2);
const ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const N_AGGREGATES = Number(process.env.N_AGGREGATES ?? 10000);

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGUMENTS });
const foreign = [];
const troubles = [];

async function open(colorScheme) {
  const page = await browser.newPage({ viewport: { width: 1360, height: 1000 }, colorScheme });
  page.setDefaultTimeout(15000);
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith("data:")) foreign.push(request.url());
  });
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("401")) troubles.push(message.text());
  });
  await page.goto(url);
  return page;
}

const text = (page, selector) => page.locator(selector).first().innerText();
const full = (n) => new Intl.NumberFormat("en").format(n);
// Not page.waitForFunction(): it evaluates texts, which the page's policy forbids.
async function until(condition) {
  for (let i = 0; i < 100; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not within 10 s: ${condition}`);
}
const rowOf = (page, number) => page.locator(`.body .line[data-aggregate="${number}"]`);

const cases = {
  async ten_thousand_aggregates_are_there_soon(page) {
    const began = performance.now();
    await page.goto(url);
    await page.locator("#count", { hasText: full(N_AGGREGATES) }).waitFor();
    const seconds = (performance.now() - began) / 1e3;
    console.log(`     all ${full(N_AGGREGATES)} rows known after ${seconds.toFixed(2)} s`);
    assert.ok(seconds < 4, "2 s on a quiet machine");
    assert.ok(await page.locator(".body .line").count() < 100, "only rows in view are in the page");
  },

  async it_stays_responsive_while_numbers_move(page) {
    // The longest time that the page was deaf, over three refreshes, while it scrolls.
    const longest = await page.evaluate(async () => {
      let worst = 0;
      let last = performance.now();
      const end = last + 3000;
      const box = document.getElementById("rows");
      while (last < end) {
        box.scrollTop += 400;
        await new Promise((resolve) => setTimeout(resolve, 10));
        const now = performance.now();
        worst = Math.max(worst, now - last);
        last = now;
      }
      box.scrollTop = 0;
      return worst;
    });
    console.log(`     longest pause ${longest.toFixed(0)} ms`);
    assert.ok(longest < 500);
  },

  async the_first_questions_are_answered_at_the_top(page) {
    await page.locator("#answer-health.good").waitFor();
    assert.equal(await text(page, "#answer-health .big"), "Yes");
    assert.match(await text(page, "#answer-found .big"), /[\d,]+ closed loop, [\d,]+ not/);
    assert.equal(await text(page, "#connection"), "live");
  },

  async numbers_move_by_themselves(page) {
    const row = () => page.locator("#ports tbody tr").first().innerText();
    const before = await row();
    await until(async () => (await row()) !== before);
    await until(async () => /[1-9]/.test(await text(page, "#ports tbody td:nth-child(3)")));
  },

  async the_table_filters_and_sorts(page) {
    await page.fill("#search", "10.0.9.");
    await page.locator("#count", { hasText: "1 of" }).waitFor();
    await page.fill("#search", "");
    await page.selectOption("#filter-verdict", "closed_loop");
    const verdicts = await page.locator(".body .line .verdict").allInnerTexts();
    assert.deepEqual([...new Set(verdicts)], ["closed loop"]);
    await page.selectOption("#filter-verdict", "");
    await page.getByRole("button", { name: "packets" }).click();
    assert.equal(await page.locator('[aria-sort="descending"]').innerText(), "packets");
  },

  async names_are_text_and_never_markup(page) {
    await page.fill("#search", "edge");
    assert.match(await text(page, ".body .line"), /edge <b>&"quoted"/);
    assert.equal(await page.locator("#rows b").count(), 0);
    await page.fill("#search", "");
  },

  async keys_alone_reach_a_detail_and_leave_it(page) {
    await page.locator('.body .line[tabindex="0"]').focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("End");
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-rowindex")), "3");
    await page.keyboard.press("Enter");
    await page.locator("#detail[open] #detail-title").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("#detail[open]").waitFor({ state: "detached" });
  },

  async a_change_without_the_token_is_refused_in_words(page) {
    await page.fill("#token", "wrong-token-of-some-length");
    await page.click("#kill-switch");
    await page.click("#confirm-yes");
    await page.locator("#toast.shown", { hasText: "the token is wrong" }).waitFor();
    await page.fill("#token", token);
  },

  async a_test_is_started_watched_and_ends_in_a_verdict(page) {
    await page.fill("#search", "10.0.4.0/24");
    await rowOf(page, 4).click();
    await page.getByRole("button", { name: "Start a test" }).click();
    await page.click("#confirm-yes");
    await page.locator("#detail .state-pooled").waitFor();
    await page.screenshot({ path: `${folder}/test-running.png` });
    await page.locator("#detail-verdict.closed_loop").waitFor();
    assert.match(await text(page, "#detail .why"), /6 of 6 tested segments came back/);
    assert.equal(await page.locator("#detail .timeline g.drop-retransmitted").count(), 6);
    assert.ok(await page.locator("#chart-evidence canvas").count() > 0, "the evidence is drawn");
    await page.waitForTimeout(1200);
    await page.screenshot({ path: `${folder}/detail.png` });
    await page.click("#detail-close");
    await page.locator("#events li", { hasText: "10.0.4.0/24: closed loop" }).waitFor();
    await page.fill("#search", "");
  },

  async the_kill_switch_asks_first_and_shows_its_state(page) {
    await page.click("#kill-switch");
    await page.getByRole("button", { name: "Cancel" }).click();
    assert.equal(await page.getAttribute("#kill-switch", "aria-pressed"), "false");
    await page.click("#kill-switch");
    await page.click("#confirm-yes");
    await page.locator('#kill-switch[aria-pressed="true"]').waitFor();
    await page.locator("#answer-tests", { hasText: "Kill switch is on" }).waitFor();
    await page.click("#kill-switch");
    await page.click("#confirm-yes");
    await page.locator('#kill-switch[aria-pressed="false"]').waitFor();
  },

  async all_that_can_be_used_has_a_name(page) {
    const nameless = await page.evaluate(() => [...document.querySelectorAll("button, input, select, [role=img], [role=grid]")]
      .filter((e) => e.checkVisibility?.() && !(e.getAttribute("aria-label") || e.getAttribute("aria-labelledby")
        || e.innerText?.trim() || e.labels?.length)).map((e) => e.outerHTML));
    assert.deepEqual(nameless, []);
  },
};

let failed = 0;
const page = await open("light");
for (const [name, run] of Object.entries(cases)) {
  try {
    await run(page);
    console.log(`ok   page ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL page ${name}\n${error.stack}`);
    await page.screenshot({ path: `${folder}/failed-${name}.png` });
    await page.goto(url);
    await page.fill("#token", token);
  }
}
// For eyes: both schemes, when the charts have something to show.
await page.waitForTimeout(3000);
await page.evaluate(() => window.scrollTo(0, 0));
await page.screenshot({ path: `${folder}/light.png` });
const dark = await open("dark");
await dark.locator("#count", { hasText: /\d/ }).waitFor();
await dark.waitForTimeout(5000);
await dark.screenshot({ path: `${folder}/dark.png` });
await browser.close();
for (const [what, list] of [["requests went elsewhere", foreign], ["the page had errors", troubles]])
  if (list.length > 0) {
    failed += 1;
    console.log(`FAIL page ${what}\n${list.join("\n")}`);
  }
const n = Object.keys(cases).length + 2;
console.log(`${n - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
