// The performance page: drawn by the server, renewed now and then.
import { startBar } from "./bar.js";
import { morph, readFragment } from "./fragments.js";
import { Panel } from "./panels.js";

const RENEW_MS = 60_000;

const page = document.getElementById("performance");
const panel = new Panel(page.querySelector("[data-panel=performance]"));
const filters = page.querySelector("[data-part=filters]");
panel.ready();

async function renew() {
  let fragment;
  try {
    fragment = await readFragment(location.href);
  } catch (error) {
    panel.failed(error, renew);
    return;
  }
  panel.ready();
  for (const old of page.querySelectorAll("[data-swap]")) {
    const next = fragment.querySelector(`[data-swap=${old.dataset.swap}]`);
    if (next) morph(old, next);
  }
}

filters.querySelector("select").addEventListener("change", () => filters.requestSubmit());
const bar = startBar(page, () => {});
bar.feed.addEventListener("resync", renew);
setInterval(renew, RENEW_MS);
