// The viewer: browses images and frames, and never shows an overlay on another image than its own.
"use strict";

const viewer = document.getElementById("viewer");
const picture = document.getElementById("picture");
const AHEAD = 4; // images fetched before they are asked for
const KEPT = 80; // images held in memory

if (picture) {
  const images = JSON.parse(document.getElementById("images").textContent);
  const places = images.flatMap((image, at) =>
    Array.from({ length: image.frames }, (_, frame) => ({ image, name: `${at + 1}.${frame + 1}`, frame: frame + 1 })),
  );
  const slider = document.getElementById("slider");
  const pixels = document.getElementById("pixels");
  const fault = document.getElementById("fault");
  const held = new Map();
  let wanted = places.findIndex((place) => place.name === picture.dataset.place);
  let loading = false;

  const url = ({ image, frame }) => `${image.url}${frame}.png?v=${image.stamp}`;

  function load(place) {
    const known = held.get(place.name);
    if (known) return known;
    const made = new Image();
    made.src = url(place);
    const ready = made.decode().then(() => made);
    ready.catch(() => held.delete(place.name));
    held.set(place.name, ready);
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
    marks();
  }

  // One image at a time: what was asked for meanwhile and passed by is never fetched.
  async function follow() {
    if (loading) return;
    loading = true;
    for (let at = -1; at !== wanted; ) {
      at = wanted;
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

  function toggle() {
    const off = viewer.dataset.overlay === "on";
    viewer.dataset.overlay = off ? "off" : "on";
    document.getElementById("toggle").setAttribute("aria-pressed", String(!off));
    document.cookie = `varde-overlay=${off ? "off" : "on"}; path=/; max-age=31536000; samesite=lax`;
  }

  slider.addEventListener("input", () => show(Number(slider.value) - 1));
  document.getElementById("toggle").addEventListener("click", toggle);
  document.addEventListener("varde:fresh", marks);
  document.addEventListener("click", (event) => {
    const name = event.target.closest("[data-go]")?.dataset.go;
    if (name) show(places.findIndex((place) => place.name === name));
  });
  picture.addEventListener("wheel", (event) => {
    if (places.length === 1) return;
    event.preventDefault();
    show(wanted + Math.sign(event.deltaY));
  }, { passive: false });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "o") toggle();
    else if (step && places.length > 1) show(wanted + step);
    else return;
    event.preventDefault();
  });

  show(wanted);
}
