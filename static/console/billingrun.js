// A bill run: while workers are at it, what the server draws is asked for every two seconds.
import { morph, readFragment } from "./fragments.js";
import { Panel } from "./panels.js";

const RENEW_MS = 2_000;

const page = document.getElementById("run");
const panel = new Panel(page.querySelector("[data-panel=progress]"));
let owed = false; // something was left as it was, for a reason was being typed there
panel.ready();

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
  owed = false;
  for (const old of page.querySelectorAll("[data-swap]")) {
    if (isInUse(old)) owed = true;
    else show(old, fragment.querySelector(`[data-swap=${old.dataset.swap}]`));
  }
  renewLater();
}

// Rows move while accounts come in: a reason must not end up beside another account.
function isInUse(part) {
  const fields = [...part.querySelectorAll("input:not([type=hidden])")];
  return fields.some((field) => field.value || field === document.activeElement);
}

function show(old, next) {
  if (next) morph(old, next);
}

let timer;
function renewLater() {
  clearTimeout(timer);
  if (owed || page.querySelector("[data-busy]")) timer = setTimeout(renew, RENEW_MS);
}

renewLater();
