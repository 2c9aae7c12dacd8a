// The worklist by keyboard: j and k move, Enter opens (the browser's own), s goes to the sites.
"use strict";

const select = document.getElementById("site");
select.addEventListener("change", () => select.form.requestSubmit());

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("select, input")) return;
  const links = [...document.querySelectorAll(".worklist .who a")];
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  if (event.key === "s") {
    select.focus();
    event.preventDefault();
  } else if (step && links.length) {
    const here = links.indexOf(document.activeElement);
    const next = here < 0 ? 0 : Math.min(Math.max(here + step, 0), links.length - 1);
    links[next].focus();
    links[next].scrollIntoView({ block: "nearest" });
    event.preventDefault();
  }
});
