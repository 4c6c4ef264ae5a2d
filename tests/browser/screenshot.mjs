// Makes the picture of report.html in docs/images: the first screen of a small world's page, in the light theme.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { launch } from "./browser.mjs";
import { reportOf, smallWorld } from "./runs.mjs";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "report-page-"));
const file = reportOf(smallWorld(path.join(folder, "small"), { hostile: false }));
const browser = await launch();
const page = await browser.newPage();
await page.setViewport({ width: 1200, height: 1300 });
await page.goto(pathToFileURL(file).href);
await page.click("#accounts button");
await page.evaluate(() => scrollTo(0, 0));
await page.screenshot({ path: new URL("../../docs/images/report.png", import.meta.url).pathname });
await browser.close();
fs.rmSync(folder, { recursive: true });
