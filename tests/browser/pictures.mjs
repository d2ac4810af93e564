// The pictures of the README, taken anew over the demo as soon as its first message waits for approval.
//
//     cargo run --release -- demo --listen 127.0.0.1:8099
//     node tests/browser/pictures.mjs http://127.0.0.1:8099 crates/console/pictures
import { launch, open, end, step } from "./lib.mjs";

const [base, folder] = process.argv.slice(2);
const DESK = { viewport: { width: 1120, height: 900 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const browser = await launch();

const take = async (page, name, height) => {
  step(name);
  const { width } = page.viewportSize();
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true, clip: { x: 0, y: 0, width, height } });
};

const desk = await open(browser, DESK, { who: "the advisor" });
const approve = 'form[action="/queue/approve"]';
await desk.goto(`${base}/queue`);
const card = desk.locator(`article:has(${approve})`).filter({ has: desk.locator(".bars") }).first();
await card.waitFor({ timeout: 120_000 });
const id = await card.locator(`${approve} input[name="id"]`).inputValue();
const machine = id.split("/").slice(0, 2).join("/");
const advisory = `${base}/advisory/${encodeURIComponent(id)}`;
await desk.goto(advisory);
await take(desk, "queue", 900);
await desk.goto(`${base}/m/${machine}`);
await take(desk, "machine", 960);
await desk.goto(`${base}/m/${machine}/report`);
await take(desk, "report", 960);

await desk.goto(advisory);
await desk.locator(`${approve} button`).first().click();
await desk.goto(advisory);
const link = await desk.locator('a.quiet[href^="/b/"]').first().getAttribute("href");
const phone = await open(browser, PHONE, { who: "the customer" });
await phone.goto(`${base}${link}`);
await take(phone, "booking", 1460);
await end(browser, "taken");
