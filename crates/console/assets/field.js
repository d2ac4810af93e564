// On the way: the technician's telephone tells where it is, until it is told to stop. The page works without this file.
"use strict";
const way = document.querySelector("[data-way]");
const line = way?.querySelector("[data-way-line]");
const say = (what) => { if (line) { line.textContent = way.dataset[what]; line.dataset.state = what; } };
const EVERY_MS = 15000;
let sent = 0;
let watching = null;
const stop = () => { if (watching !== null) navigator.geolocation.clearWatch(watching); watching = null; };
const tell = async ({ coords }) => {
  const now = Date.now();
  if (now - sent < EVERY_MS) return;
  sent = now;
  const csrf = document.querySelector("input[name=csrf]")?.value ?? "";
  try {
    const answer = await fetch(way.dataset.way, {
      method: "POST",
      headers: { "content-type": "application/json", "x-csrf-token": csrf },
      body: JSON.stringify({ lat: coords.latitude, lon: coords.longitude }),
    });
    if (answer.ok) say("on"); else { say("off"); stop(); }
  } catch { /* No net in the tunnel: the next place is told when there is one. */ }
};
if (way && "geolocation" in navigator) {
  say("wait");
  watching = navigator.geolocation.watchPosition(tell, () => { if (!sent) say("off"); },
    { enableHighAccuracy: true, maximumAge: 10000, timeout: 60000 });
  // A screen that sleeps tells nothing.
  if ("wakeLock" in navigator) {
    const stay = () => { if (!document.hidden && watching !== null) navigator.wakeLock.request("screen").catch(() => {}); };
    stay();
    document.addEventListener("visibilitychange", stay);
  }
}

// A picture that was chosen shows its name; sending takes a while over a mobile network.
for (const field of document.querySelectorAll("input[type=file]")) {
  field.addEventListener("change", () => field.closest("form").classList.toggle("chosen", field.files.length > 0));
}

// As soon as the last line of parts is used there is another one; without this file a button asks for more.
const PART_LINES_MAX = 30;
for (const more of document.querySelectorAll("button[name=more]")) {
  const box = more.parentElement;
  more.remove();
  box.addEventListener("change", () => {
    const rows = [...box.querySelectorAll(".part-row")];
    const last = rows.at(-1);
    if (rows.length >= PART_LINES_MAX || !last.querySelector("select").value) return;
    const next = last.cloneNode(true);
    for (const [field, name] of [["select", "part"], ["input", "n"]]) {
      const id = `${name}_${rows.length + 1}`;
      const [input, label] = [next.querySelector(field), next.querySelector(`label[for=${last.querySelector(field).id}]`)];
      [input.id, input.name, label.htmlFor] = [id, id, id];
      input.value = field === "select" ? "" : "1";
    }
    last.after(next);
  });
}
