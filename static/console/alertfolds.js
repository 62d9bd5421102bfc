// The alerts that another explains, unfolded below it when somebody asks.
import { morph, readFragment } from "./fragments.js";

// Show (or, with `toggle`, hide again) what the button's alert explains; `from` adds a page.
export async function unfold(button, { toggle = false, from = null } = {}) {
  const body = button.closest("tbody");
  if (toggle && button.getAttribute("aria-expanded") === "true") {
    button.setAttribute("aria-expanded", "false");
    for (const row of [...body.querySelectorAll(".child")]) row.remove();
    return;
  }
  button.setAttribute("aria-expanded", "true");
  if (!body.querySelector(".child")) body.append(wait());
  let fragment;
  try {
    const shown = body.querySelectorAll(".child:not(.child-note, .child-more)").length;
    fragment = await readFragment(from ?? `${button.dataset.fold}?shown=${shown}`, { byItself: !toggle });
  } catch (error) {
    fail(body, button, error);
    return;
  }
  if (button.getAttribute("aria-expanded") !== "true") return;
  const next = [...fragment.querySelectorAll("[data-swap=children] > tr")];
  if (from) {
    body.querySelector(".child-more")?.remove();
    body.append(...next);
    return;
  }
  replace(body, next);
}

function replace(body, next) {
  const old = [...body.querySelectorAll(".child")];
  next.forEach((row, place) => {
    if (old[place]) morph(old[place], row);
    else body.append(row);
  });
  for (const row of old.slice(next.length)) row.remove();
}

function wait() {
  return note(document.createTextNode("…"));
}

function fail(body, button, error) {
  const again = document.createElement("button");
  again.type = "button";
  again.className = "btn btn-quiet";
  again.textContent = error.message;
  again.addEventListener("click", () => unfold(button));
  for (const row of [...body.querySelectorAll(".child-note")]) row.remove();
  body.append(note(again));
}

function note(content) {
  const row = document.createElement("tr");
  row.className = "child child-note";
  const cell = row.insertCell();
  cell.colSpan = 10;
  cell.append(content);
  return row;
}
