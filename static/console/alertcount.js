// How many alerts wait for a person: in the navigation, the title and the icon of every page.
// A page that follows the feed hands it over; any other asks now and then.
import { read } from "./api.js";
import { number } from "./format.js";
import { speak } from "./speech.js";
import { lead } from "./title.js";
import { fill, gettext, ngettext } from "./words.js";

const SOON_MS = 200; // many events of one cause: one question
const POLL_MS = 30_000;

const badge = document.getElementById("waiting");
const icon = document.querySelector("link[rel=icon]");
let soon = null;
let critical = null;
let told = null;

// Ask again whenever the feed tells of an alert, or cannot say what was missed.
export function follow(feed) {
  if (!badge) return;
  for (const type of ["alert", "status_update", "resync"]) feed.addEventListener(type, askSoon);
  feed.addEventListener("link", ({ detail }) => detail === "live" && askSoon());
}

export function askSoon() {
  clearTimeout(soon);
  soon = setTimeout(ask, SOON_MS);
}

async function ask() {
  try {
    const { waiting, critical: worst } = await read(badge.dataset.url);
    show(waiting, worst);
  } catch {
    // the number stays as it was; the page's link tells why
  }
}

function show(waiting, worst) {
  const words = waiting
    ? fill(ngettext("%(count)s unacknowledged alert", "%(count)s unacknowledged alerts", waiting), { count: number(waiting) })
    : gettext("no unacknowledged alert");
  badge.textContent = waiting ? number(waiting) : "";
  badge.hidden = !waiting;
  badge.classList.toggle("is-critical", worst > 0);
  badge.setAttribute("aria-label", words);
  lead("alerts", waiting ? `(${number(waiting)})` : "");
  draw(waiting, worst);
  if (told !== null && told !== waiting) speak("spoken", words);
  if (critical !== null && worst > critical) speak("shouted", gettext("A critical alert has come."));
  told = waiting;
  critical = worst;
}

// The site's icon, with a mark and the number in its corner.
function draw(waiting, worst) {
  if (!waiting) {
    icon.href = icon.dataset.plain;
    return;
  }
  const text = waiting > 99 ? "99+" : String(waiting);
  const colour = worst ? "#c00d1a" : "#8a5a00";
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#3f4a56"/><path d="M6 22h5v-6H6zm7.5 0h5V11h-5z" fill="#f2f4f6"/><rect x="8" y="0" width="24" height="19" rx="6" fill="${colour}"/><text x="20" y="15" font-family="sans-serif" font-size="${text.length > 2 ? 12 : 16}" font-weight="700" text-anchor="middle" fill="#fff">${text}</text></svg>`;
  icon.href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

if (badge) {
  icon.dataset.plain = icon.getAttribute("href");
  show(Number(badge.dataset.count), Number(badge.dataset.critical));
  setInterval(ask, POLL_MS);
}
