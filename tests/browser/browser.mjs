// The browser of this machine: Chromium or Chrome; CHROME names another one.
import fs from "node:fs";
import path from "node:path";
import puppeteer from "puppeteer-core";

const NAMES = ["chromium", "google-chrome", "google-chrome-stable", "chromium-browser"];

function program() {
  if (process.env.CHROME) return process.env.CHROME;
  for (const folder of process.env.PATH.split(path.delimiter)) {
    for (const name of NAMES) if (fs.existsSync(path.join(folder, name))) return path.join(folder, name);
  }
  throw new Error(`none of ${NAMES.join(", ")} is on the path; install one or set CHROME`);
}

export const launch = () => puppeteer.launch({ executablePath: program(), args: ["--no-sandbox", "--disable-gpu"] });
