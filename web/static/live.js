// Keeps the marked parts of a page fresh: fetches the page again, and replaces only what differs.
"use strict";

document.documentElement.classList.add("scripted");

const main = document.getElementById("main");
const every = Number(main.dataset.every) * 1000;
let timer;

/** What a reader has opened, and where the focus is: a fresh part gets it back. */
function kept(part) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  return {
    open: [...part.querySelectorAll("details[open]")].map((one) => one.id),
    fields: [...part.querySelectorAll("input[id], select[id]")].filter(touched).map((one) => [one.id, one.value]),
    href: focused?.getAttribute("href"),
    go: focused?.dataset?.go,
    id: focused?.id,
  };
}

/** Whether a reader has chosen something else in a field than what the server sent. */
function touched(field) {
  if (field.type === "radio" || field.type === "checkbox") return field.checked && !field.defaultChecked;
  if (field.options) return field.selectedIndex !== Math.max([...field.options].findIndex((one) => one.defaultSelected), 0);
  return field.type !== "hidden" && field.value !== field.defaultValue;
}

function fill([id, value]) {
  const field = document.getElementById(id);
  if (field?.type === "radio" || field?.type === "checkbox") field.checked = true;
  else if (field) field.value = value;
}

function giveBack(part, was) {
  for (const id of was.open) document.getElementById(id)?.setAttribute("open", "");
  was.fields.forEach(fill);
  const again = was.id && document.getElementById(was.id);
  if (again) {
    again.focus({ preventScroll: true });
    return;
  }
  for (const one of part.querySelectorAll("a[href], [data-go]")) {
    const same = was.href ? one.getAttribute("href") === was.href : was.go && one.dataset.go === was.go;
    if (same) {
      one.focus({ preventScroll: true });
      return;
    }
  }
}

// Each part as the server sent it last, not as scripts have changed it since.
const sent = new Map([...document.querySelectorAll("[data-live]")].map((part) => [part, part.innerHTML]));

function replace(part, fresh) {
  if (sent.get(part) === fresh.innerHTML) return;
  sent.set(part, fresh.innerHTML);
  const was = kept(part);
  part.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
  giveBack(part, was);
  document.dispatchEvent(new CustomEvent("varde:fresh"));
}

async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    const response = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10000) });
    if (!response.ok) throw new Error(String(response.status));
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const part of document.querySelectorAll("[data-reload]")) {
      if (page.getElementById(part.id)?.textContent !== part.textContent) return location.reload();
    }
    for (const part of sent.keys()) {
      const fresh = page.getElementById(part.id);
      if (fresh) replace(part, fresh);
    }
    main.dataset.every = page.getElementById("main").dataset.every;
    document.getElementById("offline").hidden = true;
  } catch {
    document.getElementById("offline").hidden = false;
  }
  timer = setTimeout(refresh, Number(main.dataset.every) * 1000);
}

if (every) {
  timer = setTimeout(refresh, every);
  document.addEventListener("visibilitychange", refresh);
  document.addEventListener("varde:changed", refresh);
}
