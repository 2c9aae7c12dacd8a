// Sends a reader's word without leaving the page: the image and the slice stay where they are.
"use strict";

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.closest(".feedback")) return; // the form works without this script, too
  event.preventDefault();
  const part = form.closest(".feedback");
  const refused = part.querySelector(".refused");
  const button = event.submitter;
  const fields = new URLSearchParams(new FormData(form));
  if (button?.name) fields.set(button.name, button.value);
  button?.setAttribute("disabled", "");
  try {
    const response = await fetch(form.action, { method: "POST", body: fields, signal: AbortSignal.timeout(10000) });
    refused.hidden = response.ok;
    if (response.ok) {
      for (const one of part.querySelectorAll("details")) one.removeAttribute("open");
      for (const one of part.querySelectorAll("form")) one.reset();
      document.dispatchEvent(new CustomEvent("varde:changed"));
    }
  } catch {
    document.getElementById("offline").hidden = false;
  }
  button?.removeAttribute("disabled");
});
