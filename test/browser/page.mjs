// SPDX-License-Identifier: BSD-3-Clause
// The page in a real browser: node page.mjs URL TOKEN FOLDER. Screenshots go to FOLDER.
import assert from "node:assert/strict";
import { assertAccessible, full, Harness, rowOf, text, until } from "./harness.mjs";

const [url, token, folder] = process.argv.slice(2);
const N_AGGREGATES = Number(process.env.N_AGGREGATES ?? 10000);

const cases = {
  async ten_thousand_aggregates_are_known_and_few_are_in_the_page(page) {
    await page.locator("#count", { hasText: full(N_AGGREGATES) }).waitFor();
    assert.ok(await page.locator(".body .line").count() < 100, "only rows in view are in the page");
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

  async lcores_say_how_busy_they_are_and_with_what(page) {
    const cells = page.locator("#lcores tbody tr").first().locator("td");
    assert.deepEqual((await cells.allInnerTexts()).slice(0, 5), ["1", "25 %", "8K", "4", "120.5"]);
    assert.equal(await cells.locator("svg").getAttribute("aria-label"),
      "cycles per packet: receive 10; parse, classify 23; lookup, engine 50; transmit 18");
    assert.equal(await page.locator("#lcores tbody tr").count(), 2);
  },

  async machines_say_what_they_do(page) {
    const cells = page.locator("#machines tbody tr").first().locator("td");
    await until(async () => /\d/.test((await cells.allInnerTexts())[1]));
    const words = await cells.allInnerTexts();
    assert.deepEqual([words[0], ...words.slice(4, 6)], ["knock", "12 of 65.5K", "open 10, one 2"]);
    assert.match(words[6], /^otherwise \d+(\.\d)?\/s, rule (0|2) \d+(\.\d)?\/s, rule (0|2) \d+(\.\d)?\/s$/);
    assert.match(await text(page, "#machines tbody tr:nth-child(2)"), /many \(forwards all\).*and 249 more/s);
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
    // The table is drawn anew below the dialog, and yet who leaves it is where he was.
    await page.waitForTimeout(1500);
    await page.keyboard.press("Escape");
    await page.locator("#detail[open]").waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-rowindex")), "3");
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
    await page.locator("#detail #toast.shown", { hasText: "The test began" }).waitFor();
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

  async the_page_is_accessible(page) {
    await assertAccessible(page);
  },

  async a_detail_is_accessible(page) {
    // The table is sorted by what grows: who is in view depends on when.
    await page.fill("#search", "10.0.4.0/24");
    await rowOf(page, 4).click();
    await page.locator("#detail[open] #detail-title").waitFor();
    await assertAccessible(page);
    await page.keyboard.press("Escape");
    await page.fill("#search", "");
  },

  async a_confirmation_is_accessible_and_cancels_by_itself(page) {
    await page.click("#kill-switch");
    await assertAccessible(page);
    assert.equal(await page.evaluate(() => document.activeElement.value), "no", "Enter does nothing");
    await page.keyboard.press("Escape");
    assert.equal(await page.getAttribute("#kill-switch", "aria-pressed"), "false");
  },

  async tab_walks_in_the_order_of_the_page(page) {
    await page.goto(url);
    await page.locator("#count", { hasText: full(N_AGGREGATES) }).waitFor();
    await page.evaluate(() => { document.getElementById("rows").scrollTop = 5000; });
    const seen = [];
    for (let i = 0; i < 40 && seen.at(-1) !== "row"; i++) {
      await page.keyboard.press("Tab");
      seen.push(await page.evaluate(() => {
        const e = document.activeElement;
        return e.dataset.aggregate ? "row" : e.id || e.closest("[role=columnheader]")?.innerText || e.className;
      }));
    }
    assert.deepEqual(seen, ["skip", "token", "kill-switch", "sources-item", "wide", "search", "filter-slice", "filter-verdict", "filter-state",
      "aggregate", "verdict", "test", "evidence", "came back", "packets", "first seen", "last seen", "row"]);
  },
};

const harness = new Harness(url, token, folder);
const page = await harness.open({ colorScheme: "light" });
await harness.run(page, cases);
// For eyes: both schemes, when the charts have something to show.
await page.waitForTimeout(3000);
await page.evaluate(() => window.scrollTo(0, 0));
await harness.shoot(page, "light");
for (const [name, options] of [["dark", { colorScheme: "dark" }], ["high-contrast", { forcedColors: "active", contrast: "more" }],
  ["narrow", { viewport: { width: 400, height: 1600 } }]]) {
  const other = await harness.open(options);
  await other.locator("#count", { hasText: /\d/ }).waitFor();
  await harness.run(other, {
    [`${name}_is_accessible`]: assertAccessible,
    [`${name}_scrolls_down_only`]: async () => {
      const wide = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
      assert.equal(await other.evaluate(wide), 0);
    },
  });
  await other.waitForTimeout(4000);
  await harness.shoot(other, name);
  await other.close();
}
await harness.finish();
