// Comforts only: every page works without this file.
"use strict";

// A chart's figures under the pointer or the finger, in the line above it.
const readoutOf = (hit) => hit.closest("figure")?.querySelector("[data-readout]");
let lit = null;
const unlight = () => {
  if (!lit) return;
  lit.classList.remove("on");
  const line = readoutOf(lit);
  if (line) line.textContent = line.dataset.readout;
  lit = null;
};
// The longest of them has room before it is asked for: a line that grew would push the chart from under the pointer, shrink
// again, and so on with every frame.
const makeRoom = () => {
  for (const line of document.querySelectorAll("[data-readout]")) {
    const titles = [...line.closest("figure")?.querySelectorAll(".c-hit title") ?? []].map((title) => title.textContent);
    const said = line.textContent;
    line.textContent = titles.reduce((longest, title) => title.length > longest.length ? title : longest, said);
    line.style.minHeight = "";
    line.style.minHeight = `${line.getBoundingClientRect().height}px`;
    line.textContent = said;
  }
};
makeRoom();
// Where one is stands in view, also where the navigation is wider than the screen.
for (const here of document.querySelectorAll(".top nav [aria-current]")) here.parentElement.scrollLeft = here.offsetLeft - (here.parentElement.clientWidth - here.offsetWidth) / 2;
window.addEventListener("resize", makeRoom);
document.addEventListener("pointerover", (event) => {
  const hit = event.target instanceof Element ? event.target.closest(".c-hit") : null;
  unlight();
  const line = hit && readoutOf(hit);
  if (!line) return;
  line.textContent = hit.querySelector("title")?.textContent ?? "";
  hit.classList.add("on");
  lit = hit;
});

// The one search narrows what is on the page already as it is typed; Enter looks everywhere.
const filter = () => {
  const field = document.querySelector("[data-filter]");
  const list = field && document.getElementById(field.dataset.filter);
  if (!list) return;
  const needle = field.value.trim().toLowerCase();
  const items = [...list.querySelectorAll("[data-hay]")];
  for (const item of items) item.hidden = !item.dataset.hay.includes(needle);
  for (const section of list.querySelectorAll("section")) section.hidden = needle !== "" && !section.querySelector("[data-hay]:not([hidden])");
  const none = document.querySelector("[data-filter-none]");
  if (none) none.hidden = needle === "" || items.some((item) => !item.hidden);
};
document.addEventListener("input", (event) => { if (event.target.matches("[data-filter]")) filter(); });

// The answer to a tap that came too late stands at the tap's own address: loading it again must ask for the page.
const { home } = document.body.dataset;
if (home && location.pathname !== home) history.replaceState(null, "", home);

// A second tap on a form's button must not send it twice.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });

// Promises keep counting between two answers of the server. What was left may be over, which colours the page anew.
const seen = new WeakMap();
const span = (ms) => {
  const zh = document.documentElement.lang.startsWith("zh");
  const minutes = Math.floor(Math.abs(ms) / 60000);
  const [h, m] = [Math.floor(minutes / 60), minutes % 60];
  if (h >= 48) {
    const [days, rest] = [Math.floor(h / 24), h % 24];
    const said = zh ? `${days}天` : `${days} days`;
    return rest === 0 ? said : said + (zh ? `${rest}小时` : ` ${rest} h`);
  }
  const [hour, minute] = zh ? ["小时", "分钟"] : [" h", " min"];
  if (h < 2 && minutes !== 60) return `${minutes}${minute}`;
  return m === 0 ? `${h}${hour}` : `${h}${hour}${zh ? "" : " "}${m}${minute}`;
};
const count = () => {
  for (const clock of document.querySelectorAll("[data-due]")) {
    if (!seen.has(clock)) seen.set(clock, Date.now());
    const was = clock.dataset.due - clock.dataset.now;
    const left = was - (Date.now() - seen.get(clock));
    const text = clock.querySelector("span");
    if (text) text.textContent = (left >= 0 ? clock.dataset.left : clock.dataset.over).replace("%", span(left));
    if (was >= 0 && left < 0) refresh();
  }
};
setInterval(count, 15000);

// Live: when something changed, the page asks for itself again and swaps its regions. A region in which somebody is
// writing, has opened a form or selected text is left alone.
const busy = (region) => region.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")
  || region.querySelector("details[open]") !== null
  || (!getSelection().isCollapsed && region.contains(getSelection().anchorNode));
// The answer to a refused form stands at the form's own address, which cannot be asked for again.
const refused = performance.getEntriesByType("navigation")[0]?.responseStatus >= 400;
// A field that holds what somebody has typed or chosen.
const typed = () => [...document.querySelectorAll("textarea, input:not([type=hidden])")].find((field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked);
// A session that is over leads to the sign-in page, unless that would cost what somebody has typed.
const isOver = (answer) => {
  if (!answer.redirected || new URL(answer.url).pathname !== "/sign-in") return false;
  if (!typed()) location.assign(answer.url);
  return true;
};
// The forms of a customer's page belong to the state that it shows: with another one the whole page is loaded again, unless that
// would cost what somebody has typed. A line beside it says so then.
const isAnother = (fresh) => {
  if (fresh.body.dataset.shown === document.body.dataset.shown) return false;
  const field = typed();
  if (!field) { location.replace(home ?? location.href); return true; }
  const line = document.querySelector("[data-changed]");
  if (line?.hidden) { (field.form ?? field).before(line); line.hidden = false; }
  return false;
};
let pending = false;
let asking = false;
const refresh = async () => {
  pending = true;
  if (refused || asking || document.hidden) return;
  asking = true;
  try {
    while (pending) {
      pending = false;
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (!answer.ok || isOver(answer)) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      // What was just sent answers for itself.
      if ([...document.forms].some((form) => form.dataset.sent) || isAnother(fresh)) return;
      for (const region of document.querySelectorAll("[data-region]")) {
        const next = fresh.getElementById(region.id);
        if (!next || busy(region) || next.innerHTML === region.innerHTML) continue;
        const focused = region.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
        unlight();
        region.innerHTML = next.innerHTML;
        makeRoom();
        if (focused) region.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
      }
      filter();
    }
  } catch { /* The stream's own state tells that the server is away. */ } finally { asking = false; }
};
const address = document.body.dataset.live;
if (address && "EventSource" in window) {
  const lamp = document.querySelector("[data-live-lamp]");
  const say = (on) => {
    if (!lamp) return;
    lamp.hidden = false;
    lamp.textContent = on ? lamp.dataset.on : lamp.dataset.off;
    lamp.classList.toggle("off", !on);
  };
  // A browser opens no more than six connections to one host, and each stream holds one for good: six pages left open in the
  // background would leave none for the seventh. So whatever nobody looks at lets go, and catches up when it is looked at again.
  const RETRY_MS = 30000;
  let stream = null;
  let first = true;
  const letGo = () => { stream?.close(); stream = null; };
  const listen = () => {
    if (stream || document.hidden) return;
    stream = new EventSource(address);
    stream.addEventListener("open", () => say(true));
    stream.addEventListener("error", () => {
      say(false);
      // Turned away - too many listen, or the session is over - a browser does not try again by itself.
      if (stream?.readyState !== EventSource.CLOSED) return;
      letGo();
      refresh();
      setTimeout(listen, RETRY_MS);
    });
    // Each stream begins with one event, which is news to every page but the one that was loaded just now.
    stream.addEventListener("changed", () => { if (first) { first = false; return; } refresh(); });
  };
  listen();
  document.addEventListener("visibilitychange", () => { if (document.hidden) letGo(); else { listen(); if (pending) refresh(); } });
  window.addEventListener("pagehide", letGo);
  window.addEventListener("pageshow", listen);
} else {
  // Whoever comes back to such a page signs in before typing, not after.
  document.addEventListener("visibilitychange", async () => {
    if (document.hidden || refused || !document.querySelector(".person")) return;
    try { isOver(await fetch(location.href, { method: "HEAD" })); } catch { /* Nothing is lost yet. */ }
  });
}

// The editor of letters: the preview follows what is typed, a moment after the last key.
for (const form of document.querySelectorAll("form[data-preview]")) {
  let wait = 0;
  let latest = 0;
  const show = async () => {
    const mine = ++latest;
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      if (!answer.ok || mine !== latest) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("preview");
      const region = document.getElementById("preview");
      if (fresh && region && region.innerHTML !== fresh.innerHTML) region.innerHTML = fresh.innerHTML;
    } catch { /* The button still asks for it. */ }
  };
  form.addEventListener("input", (event) => {
    if (event.target.name === "why") return;
    clearTimeout(wait);
    wait = setTimeout(show, 400);
  });
}
