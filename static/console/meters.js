// The list of meters: ages go on, and the server's rows are asked for again while it is looked at.
import { startBar } from "./bar.js";
import { age } from "./format.js";
import { morph, readFragment } from "./fragments.js";
import { Panel } from "./panels.js";
import { fill, gettext } from "./words.js";

const RENEW_MS = 30_000;

const page = document.querySelector("[data-page]");
const panel = new Panel(page.querySelector("[data-panel=meters]"));
const body = page.querySelector("[data-swap=meters]");
let shownAt = Date.now();
panel.ready();

async function renew() {
  if (document.hidden) return;
  try {
    const fragment = await readFragment(location.href);
    morph(body, fragment.querySelector("[data-swap=meters]"));
  } catch (error) {
    panel.failed(error, renew);
    return;
  }
  shownAt = Date.now();
  panel.ready();
}

function tick(now) {
  for (const element of page.querySelectorAll("[data-since]")) {
    const text = age(now - Date.parse(element.dataset.since));
    if (element.textContent !== text) element.textContent = text;
  }
  const old = Date.now() - shownAt;
  if (old > 2 * RENEW_MS) panel.old(fill(gettext("This list is %(age)s old."), { age: age(old) }));
}

const bar = startBar(page, tick);
bar.feed.addEventListener("resync", renew);
document.addEventListener("visibilitychange", renew);
setInterval(renew, RENEW_MS);
