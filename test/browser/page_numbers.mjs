// SPDX-License-Identifier: BSD-3-Clause
// How long the page takes with many aggregates: node page_numbers.mjs URL AGGREGATES LOADS. One JSON line.
import { full, Harness } from "./harness.mjs";

const [url, aggregates, loads] = process.argv.slice(2);
const harness = new Harness(url, "", ".");
const times = { load: [], sort: [], filter: [], scroll: [], refresh: [] };

/** Milliseconds from an action until what it changed is on the screen. */
async function until_drawn(page, action, argument) {
  return page.evaluate(async ([name, value]) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const actions = {
      sort: () => [...document.querySelectorAll(".head button")].find((b) => b.innerText === value).click(),
      filter: () => {
        document.getElementById("search").value = value;
        document.getElementById("search").dispatchEvent(new Event("input"));
      },
      scroll: () => { document.getElementById("rows").scrollTop += value; },
    };
    await frame();
    const began = performance.now();
    actions[name]();
    await frame();
    await frame();
    return performance.now() - began;
  }, [action, argument]);
}

// The first one starts the browser.
await (await harness.open({})).close();
for (let i = 0; i < Number(loads); i++) {
  const began = performance.now();
  const page = await harness.open({});
  await page.locator("#count", { hasText: full(Number(aggregates)) }).waitFor();
  await page.locator("#answer-health.good").waitFor();
  times.load.push(performance.now() - began);
  await page.evaluate(() => {
    window.tasks = [];
    new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((e) => e.duration)))
      .observe({ type: "longtask" });
  });
  for (const column of ["packets", "aggregate", "evidence", "last seen"]) times.sort.push(await until_drawn(page, "sort", column));
  for (const text of ["1", "10.0.", "10.0.9", ""]) times.filter.push(await until_drawn(page, "filter", text));
  for (let n = 0; n < 60; n++) times.scroll.push(await until_drawn(page, "scroll", 1700));
  await page.waitForTimeout(5000);
  // Tasks of more than 50 ms: what holds up keys and pointer.
  times.refresh.push(Math.max(0, ...await page.evaluate(() => window.tasks)));
  await page.close();
}
await harness.browser.close();
console.log(JSON.stringify(times));
