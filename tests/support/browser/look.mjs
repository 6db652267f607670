// Opens a page as people will, and tells on stdout what a browser made of it.
//   node look.mjs CHROMIUM FOLDER PAGE...
// For each page: what the console said, what was asked for, what axe-core finds, light and dark, and
// how wide it is on a telephone. Pictures go to FOLDER.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [program, folder, ...pages] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf-8");
const looks = [
  { name: "light", media: { colorScheme: "light" }, width: 1200 },
  { name: "dark", media: { colorScheme: "dark" }, width: 1200 },
  { name: "narrow", media: { colorScheme: "light" }, width: 360 },
  { name: "print", media: { media: "print" }, width: 800 },
];

async function seen(browser, path, look) {
  const context = await browser.newContext({ viewport: { width: look.width, height: 900 } });
  const page = await context.newPage();
  const said = [];
  const asked = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("dialog", (dialog) => said.push(dialog.message()));
  page.on("request", (request) => asked.push(request.url()));
  await page.emulateMedia(look.media);
  await page.goto(pathToFileURL(path).href);
  const told = { said: [...said], asked: [...asked] };
  await page.screenshot({ path: join(folder, `${basename(path, ".html")}-${look.name}.png`), fullPage: true });
  told.wide = await page.evaluate(() => document.documentElement.scrollWidth);
  told.opened = await page.evaluate(() =>
    [...document.querySelectorAll("details table")].every((each) => each.checkVisibility({ contentVisibilityAuto: true, contentVisibility: true })),
  );
  told.found = await page.evaluate(axe).then(() =>
    page.evaluate(() => axe.run().then((result) => result.violations.map((each) => `${each.id}: ${each.nodes[0].html.slice(0, 200)}`))),
  );
  await context.close();
  return told;
}

const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox"] });
const results = {};
for (const path of pages) {
  for (const look of looks) {
    results[`${basename(path, ".html")} ${look.name}`] = await seen(browser, path, look);
  }
}
await browser.close();
console.log(JSON.stringify(results));
