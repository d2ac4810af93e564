// Looks at every page of the console in both languages, light and dark, on a desk and on a phone: no serious finding of
// axe-core, nothing on the console, nothing wider than the screen, everything reachable by keyboard, fit to print.
//
// Usage: node pages.mjs BASE_URL FOLDER_FOR_PICTURES [PATH...]
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DESK, PHONE, drill, end, judge, launch, open, pictures, problems, step, watch } from "./lib.mjs";

const [base, folder, ...asked] = process.argv.slice(2);
const PATHS = {
  fleet: "/", "fleet-search": "/?q=nothing-is-called-so", machine: "/m/s01/m002", "machine-learning": "/m/s04/c2",
  "machine-silent": "/m/s04/c4", readings: "/m/s01/m002/readings", report: "/m/s01/m002/report", queue: "/queue",
  advisory: "/advisory/s01%2Fm002%2Fcooler_clogging%2F1", cases: "/cases", case: "/cases/103", "case-closed": "/cases/97",
  calendar: "/calendar", customers: "/customers", customer: "/customers/hengfeng", planning: "/planning",
  visits: "/visits", visit: "/visits/31", team: "/team", verdicts: "/verdicts", templates: "/templates",
  template: "/templates/fault.zh-CN.j2", search: "/search?q=hansa", ingest: "/ingest", quarantine: "/quarantine",
  users: "/users", record: "/record", missing: "/nowhere",
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
        // What was done is read without pushing a row to and fro, and on a phone so are all rows of figures.
        const rows = device === "phone" ? ".jobs, .stacks" : ".jobs";
        const cut = await page.evaluate((rows) => [...document.querySelectorAll(rows)].filter(({ parentElement: box }) => box.scrollWidth > box.clientWidth).length, rows);
        assert.equal(cut, 0, `${called}: a row is cut`);
        // Where one is can be seen in the navigation, however narrow.
        const away = await page.evaluate((width) => [...document.querySelectorAll(".top nav [aria-current]")].filter((here) => {
          const { left, right } = here.getBoundingClientRect();
          return left < 0 || right > width + 1;
        }).length, page.viewportSize().width);
        assert.equal(away, 0, `${called}: the navigation does not show where one is`);
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
  await search();
  await manyAtOnce();
  await leftOpen();
  await toTheBottom();
  await print();
  await reports();
  await smallPictures();
  await gloves();
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

// One search: it narrows the list as one types, says where the list has nothing, and looks everywhere on Enter.
async function search() {
  step("search");
  for (const [size, lang] of [[DESK, "en"], [PHONE, "zh"]]) {
    const page = await open(browser, size, { lang, who: "search" });
    for (const [path, known] of [["/", "k-01"], ["/customers", "hansa"]]) {
      await page.goto(`${base}${path}`);
      const fields = page.locator("input[type=search]");
      assert.equal(await fields.count(), 1, `${path} has two searches`);
      const shown = () => page.locator("[data-hay]:visible").count();
      const all = await shown();
      await fields.fill(known);
      const some = await shown();
      assert.ok(0 < some && some < all, `${path}: ${some} of ${all} are called ${known}`);
      await fields.fill("nothing-is-called-so");
      assert.equal(await shown(), 0);
      assert.ok(await page.locator("[data-filter-none]").isVisible(), `${path} is left blank`);
      await fields.fill("");
      assert.equal(await shown(), all);
      await fields.fill("hansa");
      await fields.press("Enter");
      await page.waitForURL("**/search?q=hansa");
      assert.ok(await page.locator(".hit").count() > 0);
      assert.equal(await fields.inputValue(), "hansa");
    }
    await page.context().close();
  }
}

// A browser opens six connections to a host at most: pages that nobody looks at leave them to the one that somebody does.
async function manyAtOnce() {
  step("many pages at once");
  const context = await browser.newContext({ ...DESK, locale: "en-GB" });
  const look = (page, away) => page.evaluate((away) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => away });
    document.dispatchEvent(new Event("visibilitychange"));
  }, away);
  for (let n = 0; n < 9; n += 1) {
    const page = await context.newPage();
    watch(page, "many");
    await page.goto(`${base}/`, { timeout: 15000 });
    await page.locator("[data-live-lamp]").waitFor({ timeout: 15000 });
    await look(page, true);
  }
  const [first] = context.pages();
  await Promise.all([first.waitForRequest("**/live", { timeout: 15000 }), look(first, false)]);
  await context.close();
}

// A customer's page left open in another tab: its forms belong to the visit as it was. It loads itself again when that has changed,
// and keeps what is being typed.
async function leftOpen() {
  step("a page left open");
  const context = await browser.newContext({ ...PHONE, locale: "en-GB" });
  const page = await context.newPage();
  watch(page, "left open");
  // What the server would answer after a move by somebody else: another time, above and in the forms.
  const move = async (route) => {
    const answer = await route.fetch();
    const body = (await answer.text()).replace(/(data-shown="booked )\d+/, "$11").replace(/(name="seen" value=")\d+/g, "$11");
    await route.fulfill({ response: answer, body });
  };
  const told = () => page.evaluate(() => refresh());
  const seen = page.locator('form[action$="/cancel"] input[name=seen]');
  const path = "/b/way-token-en";
  await page.goto(`${base}${path}`);
  const before = await seen.inputValue();
  await told();
  assert.equal(await seen.inputValue(), before, "nothing has changed");
  await page.locator('details:has(form[action$="/cancel"]) summary').click();
  await page.route(`**${path}`, move);
  await Promise.all([page.waitForEvent("load", { timeout: 15000 }), told().catch(() => {})]);
  assert.equal(await seen.inputValue(), "1", "the forms are of the visit as it was");
  assert.ok(await page.locator("[data-changed]").isHidden());
  await page.unroute(`**${path}`);
  await page.goto(`${base}${path}`);
  const words = page.locator('form[action$="/trouble"] textarea');
  await page.locator('details:has(form[action$="/trouble"]) summary').click();
  await words.fill("It hisses");
  await page.route(`**${path}`, move);
  await told();
  assert.equal(await words.inputValue(), "It hisses", "what was typed is lost");
  assert.ok(await page.locator("[data-changed]").isVisible(), "nothing says that the page is old");
  await Promise.all([page.waitForEvent("load", { timeout: 15000 }), page.locator("[data-changed] a").click()]);
  assert.equal(await seen.inputValue(), "1");
  await context.close();
}

// Whoever doubts an advisory follows it to the bottom.
async function toTheBottom() {
  step("from the advisory to the readings");
  for (const [size, act] of [[DESK, "click"], [PHONE, "tap"]]) {
    for (const lang of ["en", "zh"]) {
      const page = await open(browser, size, { lang, who: "drill" });
      await page.goto(`${base}${PATHS.advisory}`);
      await drill(page, act);
      assert.ok(await page.locator("#readings table tbody tr").count() >= 20, "no readings at the bottom");
      await page.context().close();
    }
  }
}

// From the address bar on: the first stop skips to the content, every stop is seen, and the way through a card's buttons works
// without a mouse.
async function keyboard() {
  step("keyboard");
  const page = await open(browser, DESK, { who: "keyboard" });
  const paths = ["/", "/queue", "/calendar", "/customers/hengfeng", "/cases/103", PATHS.machine, PATHS.report, PATHS.visit, "/planning", "/verdicts",
    "/users", "/ingest", "/quarantine", PATHS.template, "/b/token-en", "/b/case-en"];
  for (const [place, path] of paths.entries()) {
    // The ring is seen by night as by day.
    await page.emulateMedia({ colorScheme: place % 2 === 0 ? "light" : "dark" });
    await page.goto(`${base}${path}`);
    // The order is that of the page: nobody pushes in.
    assert.equal(await page.locator("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").count(), 0, `${path} has an order of its own`);
    const stops = await page.evaluate(() => {
      const all = document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']");
      return [...all].filter((element) => element.checkVisibility({ visibilityProperty: true })).length;
    });
    // A field of a date has a stop for each of its parts.
    const dates = await page.locator("input[type=datetime-local]").count();
    const reached = new Set();
    for (let n = 0; n < stops + 5 + 8 * dates; n += 1) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const element = document.activeElement;
        if (!element || element === document.body) return null;
        const style = getComputedStyle(element);
        const after = getComputedStyle(element, "::after");
        const ring = (s) => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2;
        const all = [...document.querySelectorAll("*")];
        // What stays at the top of the page must not lie over what has the focus.
        const box = element.getBoundingClientRect();
        const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
        const covered = !!hit && !element.contains(hit) && !hit.contains(element) && !!hit.closest(".top, .drill-steps");
        return { place: all.indexOf(element), what: element.outerHTML.slice(0, 90), seen: ring(style) || ring(after), covered, first: element.className === "skip" };
      });
      if (!at) continue;
      if (reached.size === 0 && !path.startsWith("/b/")) assert.ok(at.first, `${path}: the first stop is ${at.what}`);
      if (!at.seen) problems.push(`${path}: the focus cannot be seen on ${at.what}`);
      if (at.covered) problems.push(`${path}: the focus is covered on ${at.what}`);
      reached.add(at.place);
    }
    if (reached.size < stops * 0.95) problems.push(`${path}: ${reached.size} of ${stops} things can be reached by keyboard`);
  }
  await page.goto(`${base}/`);
  await page.keyboard.press("Tab");
  await page.locator(".skip:focus").waitFor();
  await page.keyboard.press("Enter");
  // The browser goes there in its own time, which is long beside other work.
  await page.waitForURL((url) => url.hash === "#main").catch(() => assert.fail("the skip link leads nowhere"));
  await page.context().close();
}

// On paper: no navigation, no buttons, dark schemes turned to ink on white.
async function print() {
  step("print");
  const page = await open(browser, DESK, { scheme: "dark", who: "print" });
  const papers = { machine: PATHS.machine, queue: "/queue", report: PATHS.report, planning: "/planning", calendar: "/calendar", case: PATHS.case, visit: PATHS.visit };
  for (const [name, path] of Object.entries(papers)) {
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
    await paper(page, name);
  }
  await page.context().close();
}

// What really comes out of the printer: every sheet says something and is numbered, nothing runs off its edge.
async function paper(page, name) {
  const into = `${dirname(folder)}/paper`;
  mkdirSync(into, { recursive: true });
  const file = `${into}/${name}`;
  await page.pdf({ path: `${file}.pdf`, format: "A4", preferCSSPageSize: true });
  execFileSync("pdftoppm", ["-r", "70", "-png", `${file}.pdf`, file]);
  const sheets = execFileSync("pdftotext", ["-layout", `${file}.pdf`, "-"], { encoding: "utf8" }).split("\f").slice(0, -1);
  for (const [place, sheet] of sheets.entries()) {
    assert.match(sheet, new RegExp(`\\b${place + 1}\\s*/\\s*${sheets.length}\\s*$`), `${name}: sheet ${place + 1} has no number`);
    assert.ok(sheet.trim().split("\n").length > 4, `${name}: sheet ${place + 1} of ${sheets.length} is wasted`);
  }
  assert.ok(sheets.length <= 3, `${name} takes ${sheets.length} sheets`);
  // As wide as the sheet without its margins; a calendar lies on its side.
  const desk = page.viewportSize();
  await page.setViewportSize({ width: name === "calendar" ? 1031 : 702, height: desk.height });
  await page.emulateMedia({ media: "print" });
  const cut = await page.evaluate(() => [...document.querySelectorAll("main *")].filter((element) =>
    element.checkVisibility() && !element.closest(".vh, thead, svg") && element.getBoundingClientRect().right > window.innerWidth + 1).map((element) => element.outerHTML.slice(0, 80)));
  assert.deepEqual(cut, [], `${name}: runs off the sheet`);
  await page.emulateMedia({ media: null });
  await page.setViewportSize(desk);
}

// Every kind of health report as a PDF and as pictures of its pages: much to say, nothing to say, still learning, never heard of.
async function reports() {
  step("reports");
  const into = `${dirname(folder)}/reports`;
  mkdirSync(into, { recursive: true });
  const page = await open(browser, DESK, { who: "reports" });
  for (const [name, machine] of [["much", "s01/m002"], ["nothing-to-do", "s03/k-02"], ["watched", "s03/k-03"], ["learning", "s04/c2"], ["never-heard", "s04/c4"]]) {
    for (const lang of ["en", "zh-CN"]) {
      const answer = await page.request.get(`${base}/m/${machine}/report.pdf?lang=${lang}`);
      assert.equal(answer.status(), 200, `${name}: ${await answer.text()}`);
      const file = `${into}/${name}-${lang}`;
      writeFileSync(`${file}.pdf`, await answer.body());
      execFileSync("pdftoppm", ["-r", "70", "-png", `${file}.pdf`, file]);
      const said = execFileSync("pdftotext", ["-layout", `${file}.pdf`, "-"], { encoding: "utf8" });
      assert.match(said, lang === "en" ? /The state of each part/ : /各系统状况/, `${name} in ${lang} says nothing`);
      for (const line of said.split("\n")) assert.doesNotMatch(line, /^\s*(°C|K|kW|h|weeks?|days?|%)(?=[.,;)]|\s+\S)/, `${name} in ${lang}: a unit begins a line: ${line}`);
    }
  }
  await page.context().close();
}

// A phone's picture is made smaller before it goes out.
async function smallPictures() {
  step("pictures");
  const page = await open(browser, PHONE, { who: "pictures" });
  await page.goto(`${base}${PATHS.visit}`);
  const before = await page.evaluate(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 3000, height: 4000 });
    const pen = canvas.getContext("2d");
    const noise = pen.createImageData(3000, 4000);
    for (let n = 0; n < noise.data.length; n += 1) noise.data[n] = n % 4 === 3 ? 255 : (n * 7919) % 251;
    pen.putImageData(noise, 0, 0);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.95));
    const files = new DataTransfer();
    files.items.add(new File([blob], "IMG_0001.jpg", { type: "image/jpeg" }));
    const field = document.querySelector("input[type=file]");
    field.files = files.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    return blob.size;
  });
  await page.waitForFunction((before) => {
    const [file] = document.querySelector("input[type=file]").files;
    return file.name === "photo.jpg" && file.type === "image/jpeg" && file.size < before;
  }, before);
  const side = await page.evaluate(async () => {
    const { width, height } = await createImageBitmap(document.querySelector("input[type=file]").files[0]);
    return [width, height];
  });
  assert.deepEqual(side, [1500, 2000]);
  await page.context().close();
}

// A technician's pages are worked with a thumb, or in gloves: nothing to press is lower than 44 px, and no field is too narrow
// to show what was chosen.
async function gloves() {
  step("gloves");
  const page = await open(browser, PHONE, { who: "gloves" });
  for (const path of [PATHS.visits, PATHS.visit, PATHS.case, PATHS["case-closed"], PATHS.cases]) {
    await page.goto(`${base}${path}`);
    await page.evaluate(() => { for (const details of document.querySelectorAll("details")) details.open = true; });
    const low = await page.evaluate(() => {
      const all = document.querySelectorAll("main .button, main input:not([type=hidden], [type=checkbox], [type=radio]), main select, main label.check");
      return [...all].filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 44).map((element) => element.outerHTML.slice(0, 80));
    });
    for (const what of low) problems.push(`${path}: too low for a glove: ${what}`);
    const narrow = await page.evaluate(() => {
      const all = document.querySelectorAll("main input:not([type=hidden], [type=checkbox], [type=radio]), main select, main textarea");
      return [...all].filter((element) => element.checkVisibility() && element.getBoundingClientRect().width < 80).map((element) => element.outerHTML.slice(0, 80));
    });
    for (const what of narrow) problems.push(`${path}: too narrow to read: ${what}`);
  }
  await page.context().close();
}
