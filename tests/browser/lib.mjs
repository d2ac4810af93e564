// What the walks share: a browser, how a page looks on a desk and on a phone, and the judgement of every page that is seen.
import axe from "axe-core";
import { chromium } from "playwright-core";
import { mkdirSync } from "node:fs";
import assert from "node:assert/strict";

export const DESK = { viewport: { width: 1280, height: 900 } };
export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

// No connections of the browser's own: the tests talk to loopback only.
export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

export const step = (text) => console.log(`- ${text}`);

// Everything that any page complained of or was blamed for.
export const problems = [];

// Answers that a walk provokes on purpose and that the browser reports as failed loads.
const PROVOKED = /status of (401|403|404|409|410|422|429)/;

// A page that breaks its own content security policy or throws says so on the console.
export function watch(page, who) {
  page.on("console", (message) => {
    if (message.type() === "error" && !PROVOKED.test(message.text())) problems.push(`${who}: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`${who}: ${error.message}`));
}

export async function open(browser, size, { lang = "en", scheme = "light", who = "somebody" } = {}) {
  const context = await browser.newContext({ ...size, locale: lang === "en" ? "en-GB" : "zh-CN", colorScheme: scheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  watch(page, who);
  return page;
}

// Judges what is on the screen: no serious finding of axe, the right language, nothing wider than the screen.
export async function judge(page, name, lang) {
  const said = await page.evaluate(`(() => { ${axe.source}; return axe.run(document, { resultTypes: ["violations"] }); })()`);
  const serious = said.violations.filter((found) => ["serious", "critical"].includes(found.impact));
  for (const found of serious) {
    const node = found.nodes[0];
    const why = (node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? "";
    problems.push(`${name}: ${found.id} (${found.impact}, ${found.nodes.length} times) ${node.target.join(" ")} ${why}`);
  }
  const { tag, wide, culprit } = await page.evaluate(() => {
    const width = window.innerWidth;
    const root = document.documentElement;
    const sticks = (element) => element.getBoundingClientRect().right > width + 1 && getComputedStyle(element).position !== "absolute";
    const first = root.scrollWidth > width ? [...document.querySelectorAll("main *, header *")].find(sticks) : null;
    return { tag: root.lang, wide: root.scrollWidth - width, culprit: first ? `${first.tagName}.${first.className?.baseVal ?? first.className}` : "" };
  });
  if (wide > 0) problems.push(`${name}: ${wide} px wider than the screen (${culprit})`);
  if (lang && tag !== (lang === "en" ? "en" : "zh-CN")) problems.push(`${name}: lang="${tag}"`);
}

export function pictures(folder) {
  mkdirSync(folder, { recursive: true });
  return (page, name) => page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

// Ends a walk: whatever was found fails it.
export async function end(browser, what) {
  await browser.close();
  assert.deepEqual(problems, [], `${problems.length} problems:\n${problems.join("\n")}`);
  console.log(what);
}
