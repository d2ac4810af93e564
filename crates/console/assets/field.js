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

// A picture that was chosen shows its name. It goes out hardly larger than it is kept, which over the weak network of a plant is
// seconds in place of minutes; and what the phone wrote into it, its place too, never leaves the phone.
const SIDE_MAX = 2000;
const SMALL_BYTES = 400000;
const smaller = async (file) => {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, SIDE_MAX / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
  const pen = canvas.getContext("2d");
  pen.fillStyle = "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const jpeg = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.88));
  return jpeg && jpeg.size < file.size ? new File([jpeg], "photo.jpg", { type: "image/jpeg" }) : file;
};
for (const field of document.querySelectorAll("input[type=file]")) {
  field.addEventListener("change", async () => {
    field.closest("form").classList.toggle("chosen", field.files.length > 0);
    const [file] = field.files;
    if (!file || file.size <= SMALL_BYTES) return;
    try {
      const files = new DataTransfer();
      files.items.add(await smaller(file));
      if (field.files[0] === file) field.files = files.files;
    } catch { /* The server makes it smaller, or says what is wrong with it. */ }
  });
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
