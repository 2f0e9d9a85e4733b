// SPDX-License-Identifier: BSD-3-Clause
// The page in a real browser, over a pennyline that forwards real traffic: node live.mjs URL TOKEN FOLDER.
// There are slices "genuine" and "spoofed", with start "manual", and both send.
import assert from "node:assert/strict";
import { assertAccessible, Harness, text, until } from "./harness.mjs";

const [url, token, folder] = process.argv.slice(2);
const ask = async (path) => (await fetch(`${url}api/v1/${path}`)).json();

async function openDetail(page, slice) {
  await page.fill("#search", slice);
  await page.locator(".body .line", { hasText: slice }).first().click();
  await page.locator("#detail[open] #detail-title").waitFor();
}

async function test(page, slice) {
  await openDetail(page, slice);
  await page.getByRole("button", { name: "Start a test" }).click();
  await page.click("#confirm-yes");
}

async function leave(page) {
  await page.click("#detail-close");
  await page.fill("#search", "");
}

const drawn = (page, state) => page.locator(`#detail .timeline g.drop-${state}`).count();

async function packets(page, slice) {
  await page.fill("#search", slice);
  return page.locator(".body .line", { hasText: slice }).first().locator("> :nth-child(7)").innerText();
}

const cases = {
  async it_says_that_the_box_forwards(page) {
    await page.locator("#answer-health.good").waitFor();
    assert.equal(await text(page, "#connection"), "live");
    assert.deepEqual(await page.locator("#ports tbody td:first-child").allInnerTexts(), ["left", "right"]);
  },

  async numbers_move_with_the_traffic(page) {
    await until(async () => /[1-9]/.test(await text(page, "#ports tbody td:nth-child(3)")));
    const before = await packets(page, "genuine");
    await until(async () => await packets(page, "genuine") !== before, 20);
    assert.ok(await page.locator("#chart-ports canvas").count() > 0, "traffic is drawn");
    const lcore = () => page.locator("#lcores tbody tr").first().locator("td").allInnerTexts();
    await until(async () => /[1-9]/.test((await lcore())[2]));
    assert.match((await lcore())[1], /^\d+ %$/);
  },

  async a_test_of_real_senders_ends_closed_loop(page) {
    await page.fill("#token", token);
    await test(page, "genuine");
    await page.locator("#detail-verdict.closed_loop").waitFor({ timeout: 60000 });
    const { aggregates: [row] } = await ask("aggregates?slice=genuine");
    await until(async () => (await drawn(page, "retransmitted")) === row.retransmitted && row.retransmitted > 0);
    assert.match(await text(page, "#detail-drops tbody"), /came back after \d+\.\d ms/);
    assert.match(await text(page, "#detail .why"), new RegExp(`${row.retransmitted} of ${row.dropped} tested segments came back`));
    assert.match(await text(page, "#chart-evidence"), /enough: 6\.0[^]*enough: 4\.0/);
    await assertAccessible(page);
    await leave(page);
  },

  async a_test_of_blind_senders_shows_what_did_not_come_back(page) {
    await test(page, "spoofed");
    await page.locator("#detail-verdict.not_closed_loop").waitFor({ timeout: 60000 });
    await page.locator("#detail .state-done").waitFor({ timeout: 30000 });
    const { aggregates: [row] } = await ask("aggregates?slice=spoofed");
    assert.equal(await drawn(page, "expired"), row.expired);
    assert.match(await text(page, "#detail-drops tbody"), /did not come back/);
    await leave(page);
    await page.locator("#answer-found.bad").waitFor();
    await page.locator("#events li", { hasText: "not closed loop" }).first().waitFor();
  },

  async after_a_reload_all_of_it_is_still_there(page, harness) {
    const { aggregates: [{ aggregate, dropped }] } = await ask("aggregates?slice=spoofed");
    const { history } = await ask(`aggregates/${aggregate}`);
    assert.ok(history.length > 2, "the evidence went there step by step");
    await page.goto(url);
    await openDetail(page, "spoofed");
    assert.equal(await page.locator("#detail .timeline g").count(), dropped);
    assert.ok(await page.locator("#chart-evidence canvas").count() > 0);
    await page.waitForTimeout(500);
    await harness.shoot(page, "live-spoofed");
    await leave(page);
    await openDetail(page, "genuine");
    await page.waitForTimeout(500);
    await harness.shoot(page, "live-genuine");
    await leave(page);
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.locator("#toast.shown").waitFor({ state: "detached" });
    await page.locator("#answer-tests", { hasText: "Nothing" }).waitFor({ timeout: 60000 });
    await page.waitForTimeout(8000);
    await harness.shoot(page, "live-light");
    await harness.shoot(dark, "live-dark");
  },

  async the_kill_switch_asks_first_and_stops_all_drops(page) {
    await page.click("#kill-switch");
    await page.getByRole("button", { name: "Cancel" }).click();
    assert.deepEqual(await ask("kill-switch"), { kill_switch: false });
    await page.click("#kill-switch");
    await page.click("#confirm-yes");
    await page.locator('#kill-switch[aria-pressed="true"]').waitFor();
    assert.deepEqual(await ask("kill-switch"), { kill_switch: true });
    const dropped = async () => (await ask("slices")).slices.reduce((n, s) => n + s.total.dropped, 0);
    await test(page, "genuine");
    await page.locator("#detail .state-pooled").waitFor();
    const before = await dropped();
    await page.waitForTimeout(2000);
    assert.equal(await dropped(), before, "a test waits while the switch is on");
    await page.getByRole("button", { name: "Stop the test" }).click();
    await page.click("#confirm-yes");
    await page.locator("#detail .state-done").waitFor();
    await leave(page);
    await page.click("#kill-switch");
    await page.click("#confirm-yes");
    await page.locator('#kill-switch[aria-pressed="false"]').waitFor();
  },
};

const harness = new Harness(url, token, folder);
const page = await harness.open({ colorScheme: "light" });
const dark = await harness.open({ colorScheme: "dark" });
await harness.run(page, cases);
await harness.finish();
