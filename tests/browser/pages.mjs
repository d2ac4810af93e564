// Looks at every page of the console in both languages, light and dark, on a desk and on a phone: no serious finding of
// axe-core, nothing on the console, nothing wider than the screen, everything reachable by keyboard, fit to print.
//
// Usage: node pages.mjs BASE_URL FOLDER_FOR_PICTURES [PATH...]
import assert from "node:assert/strict";
import { DESK, PHONE, end, judge, launch, open, pictures, problems, step } from "./lib.mjs";

const [base, folder, ...asked] = process.argv.slice(2);
const PATHS = {
  fleet: "/", "fleet-search": "/?q=nothing-is-called-so", machine: "/m/s01/m002", "machine-learning": "/m/s04/c2",
  "machine-silent": "/m/s04/c4", readings: "/m/s01/m002/readings", report: "/m/s01/m002/report", queue: "/queue",
  advisory: "/advisory/s01%2Fm002%2Fcooler_clogging%2F1", cases: "/cases", case: "/cases/103", "case-closed": "/cases/97",
  calendar: "/calendar", customers: "/customers", customer: "/customers/hengfeng", planning: "/planning",
  visits: "/visits", visit: "/visits/31", team: "/team", verdicts: "/verdicts", templates: "/templates",
  template: "/templates/fault.zh-CN.j2", search: "/search?q=hansa", ingest: "/ingest", quarantine: "/quarantine",
  record: "/record", missing: "/nowhere",
};
// A customer's page speaks the customer's language, whoever looks.
const CUSTOMERS = {
  "booking-zh": ["/b/token-zh", "zh"], "booking-en": ["/b/token-en", "en"], "booking-expired": ["/b/expired", null],
  "way-en": ["/b/way-token-en", "en"], "way-zh": ["/b/way-token-zh", "zh"], "done-en": ["/b/done-token-en", "en"],
  "done-zh": ["/b/done-token-zh", "zh"], "trouble-en": ["/b/case-en", "en"], "trouble-zh": ["/b/case-early-zh", "zh"],
  "preferences-zh": ["/b/token-zh/preferences", "zh"],
};

const browser = await launch();
const picture = pictures(folder);
const wanted = Object.entries(PATHS).filter(([name, path]) => asked.length === 0 || asked.includes(name) || asked.includes(path));

for (const [size, device] of [[DESK, "desk"], [PHONE, "phone"]]) {
  for (const lang of ["en", "zh"]) {
    for (const scheme of ["light", "dark"]) {
      step(`${device}, ${lang}, ${scheme}`);
      const page = await open(browser, size, { lang, scheme, who: `${device} ${lang} ${scheme}` });
      const see = async (name, path, expected) => {
        await page.goto(`${base}${path}`);
        // What is folded away is read too.
        await page.evaluate(() => { for (const details of document.querySelectorAll("details")) details.open = true; });
        const called = `${name}-${device}-${lang}-${scheme}`;
        await judge(page, called, expected);
        // What was done is read on a phone without pushing a row to and fro.
        const cut = await page.evaluate(() => [...document.querySelectorAll(".jobs")].filter(({ parentElement: box }) => box.scrollWidth > box.clientWidth).length);
        assert.equal(cut, 0, `${called}: a row of work is cut`);
        await picture(page, called);
      };
      for (const [name, path] of wanted) await see(name, path, lang);
      for (const [name, [path, speaks]] of Object.entries(CUSTOMERS)) {
        if (asked.length === 0 || asked.includes(name)) await see(name, path, speaks);
      }
      await page.context().close();
    }
  }
}

if (asked.length === 0) {
  await keyboard();
  await pointer();
  await print();
}
await end(browser, "looked at");

// A chart stays where it is while the pointer goes over it: its figures have room in the line above.
async function pointer() {
  step("pointer");
  for (const [size, lang] of [[DESK, "en"], [PHONE, "zh"], [PHONE, "en"]]) {
    const page = await open(browser, size, { lang, who: "pointer" });
    for (const path of [PATHS.advisory, PATHS.machine]) {
      await page.goto(`${base}${path}`);
      const days = page.locator("figure:has([data-readout]) .c-hit:visible");
      assert.ok(await days.count() > 0, `${path} has no chart with figures`);
      const top = () => days.first().evaluate((day) => Math.round(day.getBoundingClientRect().top + scrollY));
      const before = await top();
      const titles = await days.evaluateAll((all) => all.map((hit) => hit.querySelector("title").textContent.length));
      for (const day of [days.nth(titles.indexOf(Math.max(...titles))), days.first(), days.last()]) {
        await day.hover();
        const [said, meant] = await day.evaluate((hit) => [hit.closest("figure").querySelector("[data-readout]").textContent, hit.querySelector("title").textContent]);
        assert.equal(said, meant);
        assert.equal(await top(), before, `${path} (${lang}, ${size.viewport.width} px): the chart moves under the pointer`);
      }
    }
    await page.context().close();
  }
}

// From the address bar on: the first stop skips to the content, every stop is seen, and the way through a card's buttons works
// without a mouse.
async function keyboard() {
  step("keyboard");
  const page = await open(browser, DESK, { who: "keyboard" });
  for (const path of ["/", "/queue", "/calendar", "/customers/hengfeng", "/cases/103", "/b/token-en"]) {
    await page.goto(`${base}${path}`);
    const stops = await page.evaluate(() => {
      const all = document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']");
      return [...all].filter((element) => element.checkVisibility({ visibilityProperty: true })).length;
    });
    const reached = new Set();
    for (let n = 0; n < stops + 5; n += 1) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const element = document.activeElement;
        if (!element || element === document.body) return null;
        const style = getComputedStyle(element);
        const after = getComputedStyle(element, "::after");
        const ring = (s) => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2;
        const all = [...document.querySelectorAll("*")];
        return { place: all.indexOf(element), what: element.outerHTML.slice(0, 90), seen: ring(style) || ring(after), first: element.className === "skip" };
      });
      if (!at) continue;
      if (reached.size === 0 && !path.startsWith("/b/")) assert.ok(at.first, `${path}: the first stop is ${at.what}`);
      if (!at.seen) problems.push(`${path}: the focus cannot be seen on ${at.what}`);
      reached.add(at.place);
    }
    if (reached.size < stops * 0.95) problems.push(`${path}: ${reached.size} of ${stops} things can be reached by keyboard`);
  }
  await page.goto(`${base}/`);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(new URL(page.url()).hash, "#main", "the skip link leads nowhere");
  await page.context().close();
}

// On paper: no navigation, no buttons, dark schemes turned to ink on white.
async function print() {
  step("print");
  const page = await open(browser, DESK, { scheme: "dark", who: "print" });
  for (const [name, path] of [["machine", "/m/s01/m002"], ["queue", "/queue"], ["report", "/m/s01/m002/report"], ["planning", "/planning"]]) {
    await page.goto(`${base}${path}`);
    await page.emulateMedia({ media: "print" });
    const said = await page.evaluate(() => ({
      paper: getComputedStyle(document.body).backgroundColor,
      shown: [...document.querySelectorAll(".top, .decide, .pager, nav, button")].filter((e) => e.checkVisibility()).map((e) => e.className || e.tagName),
    }));
    assert.equal(said.paper, "rgb(255, 255, 255)", `${path} is printed on ${said.paper}`);
    assert.deepEqual(said.shown, [], `${path} prints what can only be clicked`);
    await picture(page, `${name}-print`);
    await page.emulateMedia({ media: null });
  }
  await page.context().close();
}
