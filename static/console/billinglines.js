// The intervals of an invoice's line, read when somebody opens them, a day at a time.
import { readFragment } from "./fragments.js";

for (const fold of document.querySelectorAll("details[data-lines]")) {
  const place = fold.querySelector("[data-part=intervals]");
  fold.addEventListener("toggle", () => {
    if (fold.open && !place.dataset.day) read(place, fold.dataset.lines);
  });
  place.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-day]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    read(place, link.href);
  });
}

async function read(place, url) {
  let fragment;
  try {
    fragment = await readFragment(url, { byItself: false });
  } catch (error) {
    fail(place, url, error);
    return;
  }
  const hadFocus = place.contains(document.activeElement);
  place.replaceChildren(...fragment.querySelector("[data-swap=intervals]").children);
  const chosen = place.querySelector("a[data-day][aria-current]");
  place.dataset.day = chosen.href;
  if (hadFocus) chosen.focus({ preventScroll: true });
}

function fail(place, url, error) {
  const again = document.createElement("button");
  again.type = "button";
  again.className = "btn btn-quiet";
  again.textContent = error.message;
  again.addEventListener("click", () => read(place, url));
  delete place.dataset.day;
  place.replaceChildren(again);
}
