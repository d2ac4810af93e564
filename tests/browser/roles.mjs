// The main paths of everybody who works with the console, and of a customer, over a real server and a real data directory:
// first start, users, tokens; the advisor's day; the technician's; ops; the customer's page. Every page seen is judged.
//
// Usage: node roles.mjs BASE_URL DEVICE(desk|phone) LANG(en|zh) WELCOME_PATH ADDRESSES_JSON FOLDER_FOR_PICTURES
import assert from "node:assert/strict";
import { DESK, PHONE, drill, end, judge, launch, open, pictures, step } from "./lib.mjs";

const [base, device, lang, welcome, addresses, folder] = process.argv.slice(2);
const at = JSON.parse(addresses);
const size = device === "phone" ? PHONE : DESK;
const picture = pictures(folder);
const browser = await launch();
const PASSWORD = "a long enough password";
let pages = 0;

async function see(page, name) {
  pages += 1;
  await judge(page, `${name} (${device}, ${lang})`, null);
  await picture(page, `${String(pages).padStart(2, "0")}-${name}`);
}

async function person(who) {
  const page = await open(browser, size, { lang, who: `${who} (${device}, ${lang})` });
  page.on("dialog", (dialog) => dialog.accept());
  return page;
}

// Submits the form that goes to an address, with what is typed into it, wherever the form is folded away.
async function submit(page, action, fields = {}, within = page) {
  const form = within.locator(`form[action="${action}"]`).first();
  const folded = form.locator("xpath=ancestor::details[not(@open)]/summary").first();
  if (await folded.count()) await folded.click();
  for (const [name, value] of Object.entries(fields)) {
    const field = form.locator(`[name="${name}"]`).first();
    const kind = await field.evaluate((element) => element.tagName === "SELECT" ? "select" : element.type);
    if (kind === "select") await field.selectOption(value);
    else if (kind === "radio") await form.locator(`[name="${name}"][value="${value}"]`).check();
    else if (kind === "checkbox") await field.check();
    else await field.fill(value);
  }
  const [answer] = await Promise.all([
    // A telephone under way sends its place of itself.
    page.waitForResponse((response) => response.request().method() === "POST" && !response.url().endsWith("/position")),
    form.locator('button[type="submit"]:not([formnovalidate])').first().click(),
  ]);
  await page.waitForLoadState();
  return answer.status();
}

// What an advisor decides about a case. The engine or service by hours may change the case between the look and the tap, which is
// told; then whoever decides looks again, as a person would. `fields` may be read from the page as it then stands.
async function decide(page, id, action, fields = async () => ({})) {
  for (let look = 1; ; look += 1) {
    await page.goto(pageOf(id));
    const status = await submit(page, action, await fields());
    if (status !== 409 || look === 3) return status;
  }
}

const done = (status) => assert.ok([200, 302, 303].includes(status), `refused with ${status}`);

async function choosePassword(page, link, name) {
  await page.goto(new URL(new URL(link, base).pathname, base).href);
  await see(page, `welcome-${name}`);
  done(await submit(page, new URL(page.url()).pathname, { name, password: PASSWORD, again: PASSWORD }));
}

async function signIn(page, login) {
  await page.goto(`${base}/sign-in`);
  await see(page, "sign-in");
  done(await submit(page, "/sign-in", { login, password: PASSWORD }));
  await page.goto(`${base}/`);
  assert.equal(await page.locator(".person").count(), 1, `${login} is not signed in`);
}

const refused = async (page, path) => assert.equal((await page.request.get(`${base}${path}`)).status(), 403, `${path} is not refused`);
const offers = (page, action) => page.locator(`form[action="${action}"]`).count();

// Sets out from the page of a visit or a case; the telephone's place is told without a hand.
async function setsOut(page, path) {
  const told = page.waitForResponse((response) => response.url().endsWith(`${path}/position`));
  done(await submit(page, `${path}/set-out`));
  assert.ok((await told).ok(), "the place was not taken");
  await page.locator('[data-way-line][data-state="on"]').waitFor();
}

async function keepsPhoto(page, path) {
  const form = page.locator(`form[action="${path}/photo"]`);
  await page.locator("details.add-photo > summary").click();
  await form.locator('input[type="file"]').setInputFiles({ name: "cooler.png", mimeType: "image/png", buffer: await page.screenshot() });
  done(await submit(page, `${path}/photo`, { caption: lang === "en" ? "before cleaning" : "清洗前" }));
  await page.goto(`${base}${path}`);
  const photo = page.locator("#photos img").first();
  await photo.scrollIntoViewIfNeeded();
  assert.ok(await photo.evaluate(async (image) => { await image.decode(); return image.naturalWidth > 0; }), "the photo cannot be seen");
}

// --- the administrator, at the first start ---
const admin = await person("admin");
step("nobody sees anything before signing in");
await admin.goto(`${base}/`);
assert.match(admin.url(), /sign-in/);
step("the first start's link makes an administrator");
await choosePassword(admin, welcome, "Ada");
if (/sign-in/.test(admin.url())) await signIn(admin, "admin");
await admin.goto(`${base}/users`);
await see(admin, "users-empty");
step("three colleagues are added, each with a link of their own");
const links = {};
for (const [login, name, role] of [["anna", "Anna", "advisor"], ["t000", "Tom", "technician"], ["otto", "Otto", "ops"]]) {
  done(await submit(admin, "/users/add", { login, name, role }));
  links[login] = (await admin.locator("code.secret").innerText()).trim();
  assert.match(links[login], /\/welcome\//);
}
await see(admin, "users");
step("a token for a program works, and no longer once it is revoked");
done(await submit(admin, "/users/token", { name: "CMMS", role: "advisor" }));
const token = (await admin.locator("code.secret").innerText()).trim();
const asProgram = async () => (await fetch(`${base}/api/v1/advisories`, { headers: { authorization: `Bearer ${token}` } })).status;
assert.equal(await asProgram(), 200);
await see(admin, "token");
done(await submit(admin, "/users/token/revoke"));
assert.equal(await asProgram(), 401);
await admin.goto(`${base}/account`);
await see(admin, "account");

// --- the advisor's day ---
const advisor = await person("advisor");
step("the advisor chooses a password and signs in");
await choosePassword(advisor, links.anna, "Anna");
await signIn(advisor, "anna");
await see(advisor, "fleet");
await refused(advisor, "/users");
step("the queue, in the order of what waiting costs");
await advisor.goto(`${base}/queue`);
await see(advisor, "queue");
const drafts = () => advisor.locator('article:has(form[action="/queue/approve"])');
const idOf = (card) => card.locator('input[name="id"]').first().inputValue();
const pageOf = (id) => `${base}/advisory/${encodeURIComponent(id)}`;
assert.ok(await drafts().count() >= 1, "no draft waits");
step("a look at the evidence: from the advisory to raw readings in four clicks");
const first = await idOf(drafts().first());
await advisor.goto(pageOf(first));
await drill(advisor, device === "phone" ? "tap" : "click");
await see(advisor, "machine");
await advisor.locator('a[href$="/readings"]').first().click();
await advisor.waitForURL("**/readings");
await see(advisor, "readings");
step("a text is edited: without the customer's link it is refused and kept, then it is saved");
assert.equal(await decide(advisor, first, "/queue/edit", async () => ({ body: "Dear customer, please call." })), 422);
assert.equal(await advisor.locator('textarea[name="body"]').first().inputValue(), "Dear customer, please call.");
await see(advisor, "edit-refused");
done(await decide(advisor, first, "/queue/edit", async () => ({
  subject: lang === "en" ? "A word about your compressor" : "关于您的空压机",
  body: await advisor.locator('textarea[name="body"]').first().inputValue(),
})));
step("one click approves");
done(await decide(advisor, first, "/queue/approve"));
await advisor.goto(pageOf(first));
assert.equal(await offers(advisor, "/queue/approve"), 0);
await see(advisor, "approved");
step("another is postponed with a reason, a third called instead");
await advisor.goto(`${base}/queue`);
const second = await idOf(drafts().first());
done(await decide(advisor, second, "/queue/postpone", async () => ({ days: "3", reason: "the plant is closed" })));
await see(advisor, "postponed");
await advisor.goto(`${base}/queue`);
const third = await idOf(drafts().first());
done(await decide(advisor, third, "/queue/call"));
done(await decide(advisor, third, "/queue/called", async () => ({ remark: "nobody answered", then: "again" })));
await see(advisor, "called");
step("what changed meanwhile is told, not overwritten");
const colleague = await person("a colleague");
await signIn(colleague, "anna");
await advisor.goto(`${base}/queue`);
assert.ok(await drafts().count() >= 1, "nothing is left that two could decide about");
const contested = await idOf(drafts().first());
// News would take the form off the page within a moment, so this page hears none.
await advisor.route("**/live*", (route) => route.fulfill({ contentType: "text/event-stream", body: "retry: 3600000\n\n" }));
await advisor.goto(pageOf(contested));
done(await decide(colleague, contested, "/queue/approve"));
assert.equal(await submit(advisor, "/queue/approve"), 409);
await see(advisor, "conflict");
await advisor.unroute("**/live*");
const template = `/templates/fault.${lang === "en" ? "en" : "zh-CN"}.j2`;
step("whoever comes back to a page when the session is over signs in before typing");
for (const path of ["/customers", template]) {
  if (path === template) await signIn(colleague, "anna");
  await colleague.goto(`${base}${path}`);
  await colleague.context().clearCookies({ name: /foretell(?!_lang)/ });
  await colleague.evaluate(() => {
    for (const away of [true, false]) {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => away });
      document.dispatchEvent(new Event("visibilitychange"));
    }
  });
  await colleague.waitForURL((url) => url.pathname === "/sign-in" && url.searchParams.get("next") === path);
}
await colleague.context().close();
step("the customer's file, the calendar, the plan, the search");
await advisor.goto(`${base}${at.customer}`);
done(await submit(advisor, `${at.customer}/stage`, { stage: "2", why: "asked twice for a call back" }));
await see(advisor, "customer");
for (const [name, path] of [["customers", "/customers"], ["calendar", "/calendar"], ["planning", "/planning"], ["verdicts", "/verdicts"], ["search", "/search?q=leeds"]]) {
  await advisor.goto(`${base}${path}`);
  await see(advisor, name);
}
step("a letter's template: the preview follows what is typed, and says what is wrong with it");
await advisor.goto(`${base}${template}`);
const source = advisor.locator('textarea[name="source"]');
const asShipped = await source.inputValue();
await source.fill(asShipped.replace(/\n\n/, "\n\nTyped in the browser.\n\n"));
await advisor.locator("#preview .letter", { hasText: "Typed in the browser." }).first().waitFor();
await see(advisor, "template-preview");
await source.fill(`${asShipped}\n{{ nobody_knows }}`);
await advisor.locator("#preview .notice", { hasText: "nobody_knows" }).waitFor();
await see(advisor, "template-faults");
await source.fill(asShipped);
step("a verdict on what was found");
await advisor.goto(`${base}${at.over}`);
done(await submit(advisor, "/queue/verdict", { found: "confirmed", note: "as forecast" }));
await see(advisor, "verdict");
step("a call comes in: a case is opened and called back");
await advisor.goto(`${base}/cases`);
done(await submit(advisor, "/cases", { machine: at.machine.slice(3), what: lang === "en" ? "It tripped" : "跳机了" }));
if (!/\/cases\/\d+/.test(advisor.url())) await advisor.locator(".case .cover").first().click();
await advisor.waitForURL("**/cases/*");
const trouble = new URL(advisor.url()).pathname;
done(await submit(advisor, `${trouble}/called`, { remark: "we are coming" }));
await advisor.goto(`${base}${trouble}`);
done(await submit(advisor, `${trouble}/send`, {}));
await advisor.goto(`${base}${trouble}`);
// One step is the next one, and stands out: setting out before arriving.
const next = await advisor.locator("main .button.primary:visible").allInnerTexts();
assert.equal(next.length, 1, `the case stresses ${next.join(", ")}`);
await see(advisor, "case");

// --- the technician ---
const technician = await person("technician");
step("the technician sees the work and no letters to approve");
await choosePassword(technician, links.t000, "Tom");
await signIn(technician, "t000");
await refused(technician, "/ingest");
await technician.goto(`${base}/queue`);
for (const action of ["/queue/approve", "/queue/edit", "/queue/postpone", "/queue/call"]) assert.equal(await offers(technician, action), 0, action);
await see(technician, "technician-queue");
await technician.goto(`${base}/visits`);
await see(technician, "technician-visits");
await technician.goto(`${base}/calendar`);
await see(technician, "technician-calendar");
step("sets out, and the telephone tells where it is");
const telephone = technician.context();
await telephone.grantPermissions(["geolocation"], { origin: base });
await telephone.setGeolocation({ latitude: 31.3, longitude: 120.6 });
await technician.goto(`${base}${trouble}`);
await setsOut(technician, trouble);
await see(technician, "technician-under-way");
step("on site, and closed with the checklist");
await technician.goto(`${base}${trouble}`);
assert.equal(await offers(technician, `${trouble}/called`), 0, "a technician is offered the advisor's call");
done(await submit(technician, `${trouble}/arrived`));
await technician.goto(`${base}${trouble}`);
await see(technician, "technician-case");
step("and keeps a photo with the case");
await keepsPhoto(technician, trouble);
done(await submit(technician, `${trouble}/close`, { test_run: "", tidy: "", old_parts: "", report: "", courtesy: "", note: "relay replaced" }));
await technician.goto(`${base}${trouble}`);
await see(technician, "technician-closed");
step("a visit of another day: what to bring and whom to call, and no setting out yet");
await technician.goto(`${base}/visits`);
const visit = new URL(await technician.locator('main a[href^="/visits/"]').last().evaluate((link) => link.href)).pathname;
await technician.goto(`${base}${visit}`);
await see(technician, "visit");
assert.equal(await submit(technician, `${visit}/set-out`), 409);
assert.notEqual((await technician.locator('.notice[role="alert"]').innerText()).trim(), "", "nobody says why not");
await see(technician, "visit-too-early");
step("the visit of today: sets out, arrives, keeps a photo, reports the work and what was found");
await technician.goto(`${base}${at.visit}`);
await setsOut(technician, at.visit);
await technician.goto(`${base}${at.visit}`);
done(await submit(technician, `${at.visit}/arrived`));
await technician.goto(`${base}${at.visit}`);
await see(technician, "visit-on-site");
await keepsPhoto(technician, at.visit);
await technician.goto(`${base}${at.visit}`);
assert.equal(await submit(technician, `${at.visit}/done`, { found: "confirmed", minutes: "80", test_run: "", tidy: "" }), 422, "a point of the list was passed over in silence");
await see(technician, "visit-incomplete");
const minutes = technician.locator(`form[action="${at.visit}/done"] [name="minutes"]`);
assert.equal(await minutes.inputValue(), "80", "what was typed is lost");
done(await submit(technician, `${at.visit}/done`, { found: "confirmed", old_parts: "", report: "", courtesy: "", note: lang === "en" ? "new intake filter" : "已换进气滤芯" }));
await technician.goto(`${base}${at.visit}`);
assert.equal(await offers(technician, `${at.visit}/done`), 0, "a visit is reported twice");
await see(technician, "visit-reported");

// --- ops ---
const ops = await person("ops");
step("ops sees intake, quarantine and metrics, and no customers");
await choosePassword(ops, links.otto, "Otto");
await signIn(ops, "otto");
await ops.goto(`${base}/ingest`);
await see(ops, "ingest");
await ops.goto(`${base}/quarantine`);
assert.match(await ops.locator("main").innerText(), /garbage/, "what was refused is not in the quarantine");
await see(ops, "quarantine");
assert.match(await (await ops.request.get(`${base}/metrics`)).text(), /foretell_log_rows_total/);
await refused(ops, at.customer);
await refused(ops, "/queue");
await refused(ops, "/calendar");
assert.equal(await ops.locator('nav a[href="/customers"]').count(), 0, "the navigation offers what is refused");

// --- the customer ---
const customer = await person("customer");
step("the customer opens the link and taps a time");
await customer.goto(`${base}${at.booking}`);
await see(customer, "booking");
assert.equal(await customer.locator("button.slot").count(), 2, "not exactly two times are offered");
// A tap is over when the page that answers it stands there: the answer itself comes while the old page still does.
const tap = async (locator) => {
  await customer.evaluate(() => { document.documentElement.dataset.tapped = "yes"; });
  await locator.click();
  await customer.locator("html:not([data-tapped])").waitFor({ state: "attached" });
  await customer.waitForLoadState();
};
await tap(customer.locator("button.slot").first());
await customer.locator('a[href$="visit.ics"]').waitFor();
await see(customer, "booked");
step("chooses how to be written to");
await customer.goto(`${base}${at.booking}/preferences`);
await see(customer, "preferences");
const other = await customer.locator('input[name="language"]:not(:checked)').inputValue();
done(await submit(customer, `${at.booking}/preferences`, { language: other, from: "10:00", until: "18:00" }));
await customer.goto(`${base}${at.booking}/preferences`);
assert.equal(await customer.locator('input[name="language"]:checked').inputValue(), other, "the language was not kept");
assert.equal(await customer.locator('select[name="from"]').inputValue(), "10:00", "the hours were not kept");
await see(customer, "preferences-kept");
await customer.goto(`${base}${at.booking}`);
step("moves the visit, then cancels it");
await customer.locator("details:has(button.slot) summary").first().click();
const before = await customer.locator(".booked h1").innerText();
await tap(customer.locator("details button.slot").first());
assert.notEqual(await customer.locator(".booked h1").innerText(), before, "the visit was not moved");
await see(customer, "moved");
step("rings, and the advisor moves it: an odd hour is asked back, the page and the technician's day follow");
const rung = decodeURIComponent(at.booked.split("/advisory/")[1]);
await advisor.goto(`${base}${at.booked}`);
await see(advisor, "booked-card");
const machineOf = rung.split("/").slice(0, 2).join("/");
await advisor.goto(`${base}/m/${machineOf}`);
await advisor.locator('.visit-line a[href*="open=move"]').click();
await advisor.waitForURL("**/advisory/**");
assert.ok(await advisor.locator('form[action="/queue/move"] input[name="when"]').isVisible(), "the form of the move is folded away");
await see(advisor, "move-form");
const monday = new Date(Date.now() + 21 * 86_400_000);
monday.setUTCDate(monday.getUTCDate() + (8 - monday.getUTCDay()) % 7);
const typed = (hour) => ({ from: "typed", when: `${monday.toISOString().slice(0, 10)}T${hour}`, reason: lang === "en" ? "the customer rang" : "客户来电" });
assert.equal(await decide(advisor, rung, "/queue/move", async () => typed("03:00")), 409);
assert.equal(await advisor.locator('form[action="/queue/move"] input[name="when"]').inputValue(), typed("03:00").when);
assert.equal(await advisor.locator('form[action="/queue/move"] input[name="agreed"]').count(), 1, "nobody asks whether it was agreed");
await see(advisor, "odd-hour");
done(await decide(advisor, rung, "/queue/move", async () => ({ ...typed("14:00"), told: "" })));
await see(advisor, "moved-for");
await customer.goto(`${base}${at.booking}`);
assert.match(await customer.locator(".booked h1").innerText(), /14:00/, "the customer's page has another time");
await see(customer, "moved-for-customer");
await advisor.goto(`${base}/calendar?from=${monday.toISOString().slice(0, 10)}`);
await advisor.locator(`.week-table a[href*="open=move"]`).first().waitFor();
await see(advisor, "calendar-moved");
step("and cancels it on the telephone, to find another time later");
done(await decide(advisor, rung, "/queue/cancel", async () => ({ reason: lang === "en" ? "stocktaking" : "那周盘点", then: "call", told: "" })));
await see(advisor, "cancelled-for");
await customer.goto(`${base}${at.booking}`);
assert.ok(await customer.locator("button.slot").count() >= 1, "no other time is offered after the call");
await see(customer, "cancelled-for-customer");
await tap(customer.locator("button.slot").first());
done(await submit(customer, `${at.booking}/cancel`));
await see(customer, "cancelled");
step("and wants no more of it");
done(await submit(customer, `${at.booking}/stop`));
await see(customer, "stopped");
const slotsAfter = await customer.locator("button.slot").count();
assert.ok(slotsAfter >= 1, "whoever stops messages can no longer book");
step("tells of a machine that stands still, and sees who will call");
await customer.goto(`${base}${at.booking}`);
const which = customer.locator(`form[action="${at.booking}/trouble"] input[name="which"]`);
const named = await which.count() ? { which: await which.first().inputValue() } : {};
done(await submit(customer, `${at.booking}/trouble`, { ...named, what: lang === "en" ? "It stopped with E23" : "停机了，报E23" }));
await see(customer, "trouble");
step("the advisor sees what the customer did");
await advisor.goto(`${base}${at.booked}`);
await see(advisor, "after-the-customer");

await end(browser, `walked ${pages} pages`);
