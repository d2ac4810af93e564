// Walks the console as an advisor and then as a customer: fleet -> machine -> advisory -> approve -> booking page ->
// booked -> calendar file. Keeps a picture of every stop, and fails on the first thing that is not as a person expects it.
//
// Usage: node walk.mjs BASE_URL FOLDER_FOR_PICTURES
import { chromium } from "playwright-core";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import assert from "node:assert/strict";
import { contactSheet } from "./lib.mjs";

const [base, folder] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  // No connections of the browser's own: the test talks to loopback only.
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

const problems = [];
// A page that breaks its own content security policy or throws says so on the console.
function watch(page, who) {
  page.on("console", (message) => { if (message.type() === "error" && !message.text().includes("409")) problems.push(`${who}: ${message.text()}`); });
  page.on("pageerror", (error) => problems.push(`${who}: ${error.message}`));
}
const picture = (page, name) => page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
const step = (text) => console.log(`- ${text}`);

// --- the advisor, at a desk ---
const desk = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-GB", colorScheme: "light" });
const advisor = await desk.newPage();
watch(advisor, "advisor");

step("the fleet shows its machines");
await advisor.goto(`${base}/`);
const machines = advisor.locator('main a[href^="/m/"]');
assert.ok(await machines.count() >= 12, `only ${await machines.count()} machines on the overview`);
await picture(advisor, "1-fleet");

step("the queue holds an advisory that can be approved");
await advisor.goto(`${base}/queue`);
const card = advisor.locator('article[id*="cooler_clogging"]').filter({ has: advisor.locator('form[action="/queue/approve"]') }).first();
await card.waitFor();
const machineName = (await card.locator("h2 a").innerText()).trim();
await picture(advisor, "2-queue");

step(`its machine's page shows curve, band, forecast and limit (${machineName})`);
const id = await card.locator('form[action="/queue/approve"] input[name="id"]').inputValue();
const [site, machine] = id.split("/");
await advisor.goto(`${base}/`);
await advisor.locator(`main a[href^="/m/${site}/${machine}"]`).first().click();
await advisor.waitForURL(`**/m/${site}/${machine}**`);
const chart = advisor.locator("svg").first();
await chart.waitFor();
assert.match(await advisor.locator("main").innerText(), /105/, "the limit is not named on the machine's page");
await picture(advisor, "3-machine");

step("from the machine to its advisory");
await advisor.locator('a[href*="/advisory/"], a[href^="/queue"]').filter({ visible: true }).last().click();
await advisor.goto(`${base}/advisory/${encodeURIComponent(id)}`);
await advisor.locator('form[action="/queue/approve"] button').waitFor();
await picture(advisor, "4-advisory");

step("one click approves");
// The simulated days go on: where the forecast moved between showing and clicking, a person is told, looks again and clicks.
for (let looks = 0; looks < 3; looks += 1) {
  const answer = advisor.waitForResponse((response) => response.request().method() === "POST");
  await advisor.locator('form[action="/queue/approve"] button').click();
  if ((await answer).status() !== 409) break;
  await advisor.goto(`${base}/advisory/${encodeURIComponent(id)}`);
}
await advisor.waitForLoadState();
await advisor.goto(`${base}/advisory/${encodeURIComponent(id)}`);
assert.equal(await advisor.locator('form[action="/queue/approve"]').count(), 0, "an approved advisory can be approved again");
const link = await advisor.locator('a[href*="/b/"]').first().getAttribute("href");
await picture(advisor, "5-approved");

// --- the customer, on a phone ---
const phone = await browser.newContext({
  viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, locale: "zh-CN", colorScheme: "light",
});
const customer = await phone.newPage();
watch(customer, "customer");

step("the customer opens the link");
await customer.goto(new URL(link, base).href);
assert.equal(await customer.locator("button.slot").count(), 2, "not exactly two times are offered");
const wide = await customer.evaluate((width) => document.documentElement.scrollWidth - width, customer.viewportSize().width);
assert.ok(wide <= 0, `the page is ${wide} px wider than the phone`);
await picture(customer, "6-booking");

step("one tap books");
await customer.locator("button.slot").first().tap();
const calendar = customer.locator('a[href$="visit.ics"]');
await calendar.waitFor();
await picture(customer, "7-booked");

step("the calendar file is one");
const answer = await customer.request.get(new URL(await calendar.getAttribute("href"), base).href);
assert.equal(answer.status(), 200);
assert.match(answer.headers()["content-type"], /^text\/calendar/);
const ics = await answer.text();
for (const line of [/^BEGIN:VCALENDAR\r$/m, /^BEGIN:VEVENT\r$/m, /^UID:\S+\r$/m, /^DTSTART(;[^:]*)?:\d{8}T\d{6}Z\r$/m, /^END:VCALENDAR\r$/m]) {
  assert.match(ics, line);
}

step("the link stays useful after booking");
await customer.reload();
await calendar.waitFor();

step("the advisor sees the booking");
await advisor.goto(`${base}/advisory/${encodeURIComponent(id)}`);
await picture(advisor, "8-booked-advisor");

step("dark mode and the other language");
const night = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "zh-CN", colorScheme: "dark" });
const dark = await night.newPage();
watch(dark, "dark");
await dark.goto(`${base}/m/${site}/${machine}`);
assert.equal(await dark.locator("html").getAttribute("lang"), "zh-CN");
await picture(dark, "9-machine-dark-zh");

await browser.close();
contactSheet(dirname(folder));
assert.deepEqual(problems, [], "the pages complained");
console.log("walked");
