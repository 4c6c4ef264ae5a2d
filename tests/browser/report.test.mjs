// report.html in a real browser: what a person does with it, what it must never do, and how it looks.
// Needs Chromium or Chrome (CHROME names another one) and the built program (G_GREMLIN_PROFILE, debug by default).
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { launch } from "./browser.mjs";
import { largeWorld, newestRun, reportOf, smallWorld } from "./runs.mjs";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "report-page-"));
let browser;

before(async () => {
  browser = await launch();
});
after(async () => {
  await browser?.close();
  fs.rmSync(folder, { recursive: true });
});

/** Opens a page, watched: `seen` fills with every request but the file itself, and with all that is wrong. */
async function open(file, { theme = "light" } = {}) {
  const page = await browser.newPage();
  const seen = [];
  page.on("console", (message) => seen.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => seen.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => (seen.push(`dialog: ${dialog.message()}`), dialog.dismiss()));
  const url = pathToFileURL(file).href;
  page.on("request", (request) => request.url() !== url && seen.push(`request: ${request.url()}`));
  await page.setViewport({ width: 1280, height: 1400 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
  await page.goto(url);
  return { page, seen };
}

const accounts = (page) => page.$$eval("#accounts tr:not(.detail) td:first-child", (cells) => cells.map((cell) => cell.textContent));
const count = (page) => page.$eval("#count", (element) => element.textContent);
/** Waits until the table says something else than it did. */
async function whenChanged(page, action) {
  const earlier = await count(page);
  await action();
  await page.waitForFunction((earlier) => document.getElementById("count").textContent !== earlier, {}, earlier);
}

describe("report.html of a small world", () => {
  let file;
  before(() => {
    file = reportOf(smallWorld(path.join(folder, "small")));
  });

  test("nothing is requested, and nothing is wrong", async () => {
    for (const theme of ["light", "dark"]) {
      const { page, seen } = await open(file, { theme });
      assert.equal(await page.$eval("#interactive", (element) => element.hidden), false);
      assert.ok((await accounts(page)).length > 3);
      assert.deepEqual(seen, []);
      await page.close();
    }
  });

  test("a search keeps the accounts and findings with the text, and is undone", async () => {
    const { page } = await open(file);
    const all = await accounts(page);
    await whenChanged(page, () => page.type("#search", "beta.example"));
    assert.deepEqual(await accounts(page), ["001000000000002AAA"]);
    await whenChanged(page, () => page.click("#reset"));
    assert.deepEqual(await accounts(page), all);
    assert.equal(await page.$eval("#search", (input) => input.value), "");
    await page.close();
  });

  test("each filter keeps exactly what it names", async () => {
    const { page } = await open(file);
    const data = await page.$eval("#data", (element) => JSON.parse(element.textContent));
    const matching = {
      code: (issue, value) => issue.c === value,
      risk: (issue, value) => data.codes[issue.c].risk === value,
      status: (issue, value) => issue.s === value,
      reason: (issue, value) => issue.b === value,
    };
    for (const [id, matches] of Object.entries(matching)) {
      const values = await page.$$eval(`#${id} option`, (options) => options.map((option) => option.value).filter(Boolean));
      const used = values.filter((value) => data.issues.some((issue) => matches(issue, value)));
      assert.ok(used.length > 1, `${id}: ${used}`);
      for (const value of values) {
        const found = data.issues.filter((issue) => matches(issue, value));
        const ids = new Set(found.map((issue) => data.accounts[issue.a][0]));
        await page.select(`#${id}`, value);
        await page.waitForFunction((start) => document.getElementById("count").textContent.startsWith(start), {}, `${found.length} findings in ${ids.size} accounts`);
        assert.deepEqual(new Set(await accounts(page)), ids, `${id} ${value}`);
      }
      await page.select(`#${id}`, "");
    }
    await page.close();
  });

  test("a click on a heading sorts, the next one turns the order, and a screen reader is told", async () => {
    const { page } = await open(file);
    const sorted = async (key) => {
      await page.click(`[data-sort="${key}"]`);
      return [await accounts(page), await page.$eval(`[data-sort="${key}"]`, (button) => button.closest("th").getAttribute("aria-sort"))];
    };
    const [up, first] = await sorted("id");
    assert.deepEqual(up, [...up].sort());
    const [down, second] = await sorted("id");
    assert.deepEqual(down, [...up].reverse());
    assert.deepEqual([first, second], ["ascending", "descending"]);
    await page.close();
  });

  test("the keyboard opens an account, with its evidence and links into Zendesk and Salesforce", async () => {
    const { page, seen } = await open(file);
    await page.focus("#accounts button");
    await page.keyboard.press("Enter");
    assert.equal(await page.$eval("#accounts button", (button) => button.getAttribute("aria-expanded")), "true");
    const detail = await page.$eval("#accounts tr.detail", (row) => ({ hidden: row.hidden, text: row.textContent, links: [...row.querySelectorAll("a")].map((link) => link.href) }));
    assert.equal(detail.hidden, false);
    assert.match(detail.text, /org_/);
    assert.ok(detail.links.some((link) => /^https:\/\/acme\.zendesk\.com\/agent\/organizations\/\d+$/.test(link)), detail.links.join());
    assert.ok(detail.links.some((link) => link.startsWith("https://acme.my.salesforce.com/")), detail.links.join());
    await page.keyboard.press("Enter");
    assert.equal(await page.$eval("#accounts tr.detail", (row) => row.hidden), true);
    assert.deepEqual(seen, []);
    await page.close();
  });

  test("the runs are drawn, what is new stands above the accounts, and the plan has its cards", async () => {
    const { page } = await open(file);
    const points = await page.$eval("svg.trend polyline.all", (line) => line.getAttribute("points").trim().split(" ").length);
    assert.equal(points, 3);
    assert.match(await page.$eval("main", (main) => main.textContent), /New issues: 1/);
    const plan = JSON.parse(fs.readFileSync(path.join(newestRun(path.dirname(file)), "fix_plan.json"), "utf8"));
    assert.equal((await page.$$(".cards > li")).length, plan.plan.actions.length);
    await page.close();
  });

  test("hostile names are text: nothing runs, nothing is added, nothing is fetched", async () => {
    const { page, seen } = await open(file);
    for (const button of await page.$$("#accounts button")) await button.click();
    assert.equal(await page.evaluate(() => window.hit), undefined);
    assert.deepEqual(await page.evaluate(() => ["img", "iframe", "object", "embed", "base", "b > i"].filter((name) => document.querySelector(name))), []);
    assert.equal((await page.$$("script")).length, 2);
    const shown = await page.$eval("#accounts", (body) => body.textContent);
    assert.ok(shown.includes("<img src=x onerror=hit=1>"), shown);
    assert.ok(shown.includes("</script><script>hit=1</script>"), shown);
    assert.deepEqual(seen, []);
    await page.close();
  });

  test("the policy of the page stops a script that is added to it", async () => {
    const { page, seen } = await open(file);
    await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "window.hit = 1";
      document.body.append(script);
      const image = document.createElement("img");
      image.src = "https://tracker.example/x.png";
      document.body.append(image);
    });
    assert.equal(await page.evaluate(() => window.hit), undefined);
    // The browser reports what it stopped.
    const stopped = seen.filter((line) => line.includes("Content Security Policy") && line.includes("has been blocked"));
    assert.equal(stopped.length, 2, seen.join("\n"));
    await page.close();
  });

  test("every text has the contrast that WCAG AA asks for, in both themes", async () => {
    for (const theme of ["light", "dark"]) {
      const { page } = await open(file, { theme });
      for (const button of await page.$$("#accounts button")) await button.click();
      await page.$$eval("details", (all) => all.forEach((details) => (details.open = true)));
      const low = await page.evaluate(lowContrast);
      assert.deepEqual(low, [], theme);
      await page.screenshot({ path: path.join(folder, `${theme}.png`), fullPage: true });
      await page.close();
    }
    const [light, dark] = ["light", "dark"].map((theme) => fs.readFileSync(path.join(folder, `${theme}.png`)));
    assert.notDeepEqual(light, dark);
    if (process.env.G_GREMLIN_SCREENSHOTS) fs.cpSync(folder, process.env.G_GREMLIN_SCREENSHOTS, { recursive: true, filter: (name) => fs.statSync(name).isDirectory() || name.endsWith(".png") });
  });

  test("on paper the controls are left out, and without JavaScript the page says where the findings are", async () => {
    const { page } = await open(file);
    await page.emulateMediaType("print");
    assert.equal(await page.$eval("#filters", (form) => getComputedStyle(form).display), "none");
    await page.close();
    const plain = await browser.newPage();
    await plain.setJavaScriptEnabled(false);
    await plain.goto(pathToFileURL(file).href);
    const text = (await plain.content()).replace(/<script[\s\S]*?<\/script>/g, "");
    assert.match(text, /all_exceptions\.csv/);
    await plain.close();
  });

  test("at the width of a phone nothing is wider than the window", async () => {
    const { page } = await open(file);
    await page.setViewport({ width: 380, height: 800 });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
    await page.close();
  });
});

test("50,000 findings stay usable: a window of them is in the document, and all can be searched", async () => {
  const { page, seen } = await open(reportOf(largeWorld(path.join(folder, "large"), 50_000)));
  assert.match(await count(page), /^50,000 findings in 50,000 accounts/);
  assert.equal((await accounts(page)).length, 200);
  await page.click("#more");
  assert.equal((await accounts(page)).length, 400);
  await whenChanged(page, () => page.type("#search", "Customer 49999"));
  assert.equal((await accounts(page)).length, 1);
  await whenChanged(page, () => page.click("#reset"));
  await page.click('[data-sort="name"]');
  assert.equal((await accounts(page)).length, 200);
  assert.deepEqual(seen, []);
  await page.close();
});

/** In the page: each text whose contrast with what is behind it is below 4.5 (3 where it is large). */
function lowContrast() {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const [r, g, b, a = 1] = channels(getComputedStyle(element).backgroundColor);
      if (a > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const low = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.checkVisibility() || element.closest("script, svg, noscript")) continue;
    const style = getComputedStyle(element);
    const [a, b] = [luminance(channels(style.color)), luminance(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(style.fontSize) >= 24;
    if (ratio < (large ? 3 : 4.5)) low.add(`${element.tagName}.${element.className}: ${ratio.toFixed(2)}`);
  }
  return [...low];
}
