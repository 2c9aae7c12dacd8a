// The viewer: browses images and frames, and never shows an overlay on another image than its own.
"use strict";

const viewer = document.getElementById("viewer");
const picture = document.getElementById("picture");
const AHEAD = 4; // images fetched before they are asked for
const KEPT = 80; // images held in memory
const TYPED = "select, textarea, input:not(#slider)"; // what takes keys itself

let goTo = () => {}; // shows the image of that name: set below by the stack or by the light box
const keys = {}; // what a key does
let browse = () => false;

function toggle(button, part) {
  const off = viewer.dataset[part] === "on";
  viewer.dataset[part] = off ? "off" : "on";
  button?.setAttribute("aria-pressed", String(!off));
  return off;
}

function overlay() {
  const off = toggle(document.getElementById("toggle"), "overlay");
  document.cookie = `varde-overlay=${off ? "off" : "on"}; path=/; max-age=31536000; samesite=lax`;
}

// The row of a finding is the current one once its image was asked for.
let finding = null;
function choose(button) {
  finding = `${button.dataset.go} ${button.textContent}`;
  for (const one of document.querySelectorAll("#answers [data-go]")) {
    const here = one === button;
    one.closest("tbody").classList.toggle("current", here);
    if (here) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
  }
  goTo(button.dataset.go);
}

function next(step) {
  const all = [...document.querySelectorAll("#answers [data-go]")];
  if (!all.length) return;
  const here = all.findIndex((one) => `${one.dataset.go} ${one.textContent}` === finding);
  const at = here < 0 ? (step > 0 ? 0 : all.length - 1) : (here + step + all.length) % all.length;
  choose(all[at]);
  all[at].scrollIntoView({ block: "nearest" });
}

keys.o = overlay;
keys.n = () => next(1);
keys.p = () => next(-1);
document.getElementById("toggle")?.addEventListener("click", overlay);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-go]");
  if (button) choose(button);
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches(TYPED)) return;
  if (keys[event.key]) keys[event.key](event);
  else if (!browse(event.key)) return;
  event.preventDefault();
});

function stack() {
  const images = JSON.parse(document.getElementById("images").textContent);
  const places = images.flatMap((image, at) =>
    Array.from({ length: image.frames }, (_, frame) => ({ image, name: `${at + 1}.${frame + 1}`, frame: frame + 1 })),
  );
  const slider = document.getElementById("slider");
  const pixels = document.getElementById("pixels");
  const outlines = document.getElementById("outlines");
  const fault = document.getElementById("fault");
  const held = new Map();
  let wanted = places.findIndex((place) => place.name === picture.dataset.place);
  let loading = false;

  function url({ image, frame }) {
    const asked = viewer.dataset.window;
    return `${image.url}frames/${frame}.png?v=${image.stamp}${asked ? `&window=${asked}` : ""}`;
  }

  function load(place) {
    const address = url(place);
    const known = held.get(address);
    if (known) return known;
    const made = new Image();
    made.src = address;
    const ready = made.decode().then(() => made);
    ready.catch(() => held.delete(address));
    held.set(address, ready);
    if (held.size > KEPT) held.delete(held.keys().next().value);
    return ready;
  }

  async function why(place) {
    try {
      const response = await fetch(url(place));
      return response.ok ? "" : await response.text();
    } catch {
      return document.getElementById("offline").textContent;
    }
  }

  function marks() {
    for (const mark of document.querySelectorAll("#overlay .region")) {
      mark.toggleAttribute("hidden", mark.dataset.place !== picture.dataset.place);
    }
  }

  function segments(image) {
    const shown = Boolean(image.segments && viewer.dataset.outlines && viewer.dataset.segments === "on");
    outlines.toggleAttribute("hidden", !shown);
    if (!shown) return;
    outlines.setAttribute("href", `${image.url}segments.png?v=${image.stamp}${viewer.dataset.outlines}`);
    outlines.setAttribute("width", image.columns);
    outlines.setAttribute("height", image.height);
  }

  function put(place, told) {
    pixels.setAttribute("href", told ? "" : url(place));
    pixels.setAttribute("width", place.image.columns);
    pixels.setAttribute("height", place.image.height);
    pixels.toggleAttribute("hidden", Boolean(told));
    picture.setAttribute("viewBox", `0 0 ${place.image.columns} ${place.image.height}`);
    picture.dataset.place = place.name;
    document.getElementById("place").textContent = places.indexOf(place) + 1;
    document.getElementById("series").textContent = place.image.label;
    fault.textContent = told;
    fault.hidden = !told;
    segments(place.image);
    marks();
  }

  // One image at a time: what was asked for meanwhile and passed by is never fetched.
  async function follow() {
    if (loading) return;
    loading = true;
    for (let at = -1, asked = ""; at !== wanted || asked !== viewer.dataset.window; ) {
      at = wanted;
      asked = viewer.dataset.window;
      let told = "";
      try {
        await load(places[at]);
      } catch {
        told = await why(places[at]);
      }
      put(places[at], told);
    }
    loading = false;
    for (let step = 1; step <= AHEAD; step += 1) {
      for (const near of [wanted + step, wanted - step]) if (places[near]) load(places[near]).catch(() => {});
    }
  }

  function show(at) {
    wanted = Math.min(Math.max(at, 0), places.length - 1);
    slider.value = wanted + 1;
    follow();
  }

  function look(button) {
    viewer.dataset.window = button.dataset.window;
    for (const one of windows) one.setAttribute("aria-pressed", String(one === button));
    follow();
  }

  const windows = [...viewer.querySelectorAll("button[data-window]")];
  windows.forEach((button, at) => {
    keys[at + 1] = () => look(button);
    button.addEventListener("click", () => look(button));
  });
  const segmented = document.getElementById("segments");
  if (segmented) {
    keys.s = () => {
      toggle(segmented, "segments");
      segments(places[wanted].image);
    };
    segmented.addEventListener("click", keys.s);
  }
  slider.addEventListener("input", () => show(Number(slider.value) - 1));
  document.addEventListener("varde:fresh", marks);
  picture.addEventListener("wheel", (event) => {
    if (places.length === 1) return;
    event.preventDefault();
    show(wanted + Math.sign(event.deltaY));
  }, { passive: false });

  goTo = (name) => show(places.findIndex((place) => place.name === name));
  browse = (key) => {
    const step = {
      ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity,
    }[key];
    if (!step || places.length === 1) return false;
    show(wanted + step);
    return true;
  };
  show(wanted);
}

if (picture) stack();
