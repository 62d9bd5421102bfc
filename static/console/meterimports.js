// Imports: while a worker is at a file, what the server draws of it is asked for every second.
import { startBar } from "./bar.js";
import { morph, readFragment } from "./fragments.js";
import { Panel } from "./panels.js";

const RENEW_MS = 1_000;

const page = document.getElementById("imports");
startBar(page, () => {});

const element = page.querySelector("[data-panel=state]");
const panel = element && new Panel(element);

async function renew() {
  let fragment;
  try {
    fragment = await readFragment(location.href);
  } catch (error) {
    panel.failed(error, renew);
    if (!error.signedOut) renewLater();
    return;
  }
  panel.ready();
  for (const old of page.querySelectorAll("[data-swap]")) {
    const next = fragment.querySelector(`[data-swap=${old.dataset.swap}]`);
    if (next) morph(old, next);
  }
  renewLater();
}

function renewLater() {
  if (page.querySelector("[data-busy]")) setTimeout(renew, RENEW_MS);
}

if (panel) {
  panel.ready();
  renewLater();
}
