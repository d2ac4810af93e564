// Over a made-up fleet in which everything has one awkward name - long without a blank, or written from the right - on a desk and
// on a phone: nothing is wider than the screen, the name stands there whole, and the reports can be typeset.
//
// Usage: node names.mjs BASE_URL NAME FOLDER_FOR_PICTURES
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { DESK, PHONE, end, judge, launch, open, pictures, step } from "./lib.mjs";

const [base, name, folder] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const PATHS = {
  fleet: "/", machine: "/m/s01/m002", readings: "/m/s01/m002/readings", report: "/m/s01/m002/report", queue: "/queue",
  cases: "/cases", case: "/cases/103", calendar: "/calendar", customers: "/customers", customer: "/customers/hengfeng",
  planning: "/planning", visits: "/visits", visit: "/visits/31", verdicts: "/verdicts", search: "/search?q=s01", booking: "/b/token-en",
  way: "/b/way-token-en", done: "/b/done-token-en", trouble: "/b/case-en",
};
const browser = await launch();
const picture = pictures(folder);
let named = 0;
for (const [size, device] of [[DESK, "desk"], [PHONE, "phone"]]) {
  step(device);
  const page = await open(browser, size, { who: `${device} names` });
  for (const [what, path] of Object.entries(PATHS)) {
    await page.goto(`${base}${path}`);
    await page.evaluate(() => { for (const details of document.querySelectorAll("details")) details.open = true; });
    await judge(page, `${what} on a ${device}`, null);
    named += (await page.content()).includes(name) ? 1 : 0;
    await picture(page, `${what}-${device}`);
  }
  await page.context().close();
}
assert.ok(named > 20, `the name stands on ${named} pages`);

step("reports");
const page = await open(browser, DESK, { who: "reports" });
for (const lang of ["en", "zh-CN"]) {
  const answer = await page.request.get(`${base}/m/s01/m002/report.pdf?lang=${lang}`);
  assert.equal(answer.status(), 200, await answer.text());
  writeFileSync(`${folder}/report-${lang}.pdf`, await answer.body());
  execFileSync("pdftoppm", ["-r", "70", "-png", `${folder}/report-${lang}.pdf`, `${folder}/report-${lang}`]);
  // As far right as any word reaches; the sheet is 595 points wide and has a margin.
  const words = execFileSync("pdftotext", ["-bbox", `${folder}/report-${lang}.pdf`, "-"], { encoding: "utf8" });
  const reaches = Math.max(...[...words.matchAll(/<word [^>]*xMax="([\d.]+)"/g)].map(([, right]) => Number(right)));
  assert.ok(reaches < 595 - 40, `a word of the report in ${lang} reaches ${reaches} points of 595`);
}
await end(browser, "looked at names");
