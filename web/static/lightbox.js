// The light box: several images side by side; one of them alone, and back. Needs viewer.js before it.
"use strict";

function lightBox(box) {
  const panels = [...box.querySelectorAll(".panel[data-place]")];

  // One panel alone, or all of them again.
  function enlarge(panel) {
    const again = !panel || panel.classList.contains("alone");
    box.classList.toggle("one", !again);
    for (const one of panels) one.classList.toggle("alone", !again && one === panel);
  }

  panels.forEach((panel, at) => {
    keys[at + 1] = () => enlarge(panel);
    panel.addEventListener("click", () => enlarge(panel));
    const image = panel.querySelector("image");
    const shown = new Image();
    shown.onerror = () => {
      image.remove();
      panel.querySelector(".fault").hidden = false;
    };
    shown.src = image.getAttribute("href");
  });
  keys.Escape = () => enlarge(null);
  keys.Enter = (event) => {
    if (event.target.matches(".panel")) enlarge(event.target);
    else event.target.click?.();
  };
  goTo = (name) => {
    for (const one of panels) {
      const here = one.dataset.place === name;
      one.classList.toggle("pointed", here);
      if (here && box.classList.contains("one") && !one.classList.contains("alone")) enlarge(one);
    }
  };
}

const box = viewer.querySelector(".box");
if (box) lightBox(box);
