// What the walks share: a browser, how a page looks on a desk and on a phone, and the judgement of every page that is seen.
import axe from "axe-core";
import { chromium } from "playwright-core";
import { mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
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
  // A phone's own width: what it shows grows with whatever is too wide.
  const { tag, wide, culprit } = await page.evaluate((width) => {
    const root = document.documentElement;
    const sticks = (element) => element.getBoundingClientRect().right > width + 1 && getComputedStyle(element).position !== "absolute";
    const first = root.scrollWidth > width ? [...document.querySelectorAll("main *, header *")].find(sticks) : null;
    return { tag: root.lang, wide: root.scrollWidth - width, culprit: first ? `${first.tagName}.${first.className?.baseVal ?? first.className}` : "" };
  }, page.viewportSize().width);
  if (wide > 0) problems.push(`${name}: ${wide} px wider than the screen (${culprit})`);
  if (lang && tag !== (lang === "en" ? "en" : "zh-CN")) problems.push(`${name}: lang="${tag}"`);
}

// ISO 13374's wish: from the advisory on the screen to the raw readings in four clicks, each of which shows the next block below.
export async function drill(page, act = "click") {
  const ways = [["a.to-machine", "forecast"], ["nav.drill-steps a[href='#health']", "health"], ["nav.drill-steps a[href='#features']", "features"], ["nav.drill-steps a[href='#readings']", "readings"]];
  for (const [link, block] of ways) {
    await page.locator(link).first()[act]();
    await page.waitForURL(new RegExp(`/m/[^/]+/[^/]+#${block}$`));
    const head = page.locator(`#${block} > h3`);
    const { top, covered } = await head.evaluate((element) => {
      const { top, left, height } = element.getBoundingClientRect();
      const hit = document.elementFromPoint(left + 4, top + height / 2);
      return { top, covered: !(element.contains(hit) || hit?.contains(element)) };
    });
    const height = page.viewportSize().height;
    assert.ok(top >= 0 && top < height * 0.6 && !covered, `${block} is at ${top} of ${height} px${covered ? ", covered" : ""}`);
  }
}

const kept = new Set();

export function pictures(folder) {
  mkdirSync(folder, { recursive: true });
  kept.add(dirname(folder));
  return (page, name) => page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

// All pictures below a folder on one page: index.html, each as high as a thumb, the whole one a click away.
export function contactSheet(root) {
  const text = (words) => words.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
  const section = (folder) => {
    const names = readdirSync(`${root}/${folder}`).filter((name) => name.endsWith(".png")).sort();
    const shot = (name) => `<a href="${encodeURI(`${folder}/${name}`)}"><img loading="lazy" src="${encodeURI(`${folder}/${name}`)}" alt=""><span>${text(name.slice(0, -4))}</span></a>`;
    return names.length === 0 ? "" : `<h2 id="${text(folder)}">${text(folder)} <small>${names.length}</small></h2><div>${names.map(shot).join("\n")}</div>`;
  };
  const style = "body{font:14px system-ui;margin:2rem;background:#777;color:#fff}a{color:inherit}div{display:flex;flex-wrap:wrap;gap:1rem}"
    + "div a{width:11rem;text-decoration:none;overflow-wrap:anywhere}img{display:block;width:100%;height:15rem;object-fit:cover;object-position:top;background:#fff}";
  const jump = folders.map((folder) => `<a href="#${text(folder)}">${text(folder)}</a>`).join(" · ");
  writeFileSync(`${root}/index.html.${process.pid}`, `<!doctype html><html lang="en"><meta charset="utf-8"><title>What the browser saw</title><style>${style}</style><h1>What the browser saw</h1><p>${jump}</p>${folders.map(section).join("\n")}</html>`);
  renameSync(`${root}/index.html.${process.pid}`, `${root}/index.html`);
}

// Ends a walk: whatever was found fails it.
export async function end(browser, what) {
  await browser.close();
  kept.forEach(contactSheet);
  assert.deepEqual(problems, [], `${problems.length} problems:\n${problems.join("\n")}`);
  console.log(what);
}
