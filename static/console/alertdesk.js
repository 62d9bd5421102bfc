// The alarm desk: one list, renewed whenever the feed tells of an alert.
import { askSoon } from "./alertcount.js";
import { Asks } from "./alertasks.js";
import { Detail } from "./alertdetail.js";
import { listenToKeys } from "./alertkeys.js";
import { Rows, newWords } from "./alertrows.js";
import { Sound } from "./alertsound.js";
import { startBar } from "./bar.js";
import { unfold } from "./alertfolds.js";
import { age, number } from "./format.js";
import { morph, readFragment } from "./fragments.js";
import { Panel } from "./panels.js";
import { speak } from "./speech.js";
import { fill, gettext } from "./words.js";

const SOON_MS = 80; // the events of one cause come together
const PAUSE_MS = 400; // between two reads in a flood
const RENEW_MS = 60_000; // shelves end and rates fall without an event
const NOT_LIVE = ["stale", "disconnected", "refused"];

const page = document.getElementById("alerts");
const part = (name) => page.querySelector(`[data-part=${name}]`);
const panel = new Panel(page.querySelector("[data-panel=board]"));
panel.ready();
const rows = new Rows(page.querySelector("[data-swap=rows]"), page.querySelector("[data-panel=board]"));
const detail = new Detail(page.querySelector("[data-panel=detail]"), () => rows.focus(lastRow()));
const sound = new Sound(part("sound"));
const asks = new Asks({ whom, done });
let everything = false; // the whole list is chosen, also what is not shown
let timer = null;
let readAt = 0;
let reading = null;
let openedFrom = null;
let shownAt = Date.now(); // by the server's clock, once that is known

function lastRow() {
  return rows.all.find((row) => row.dataset.key === openedFrom) ?? rows.all[0];
}

function whom() {
  return detail.hasFocus ? { ids: [detail.key], count: 1, name: detail.name } : whomInList();
}

function whomInList() {
  if (everything) return { everything: location.search.slice(1) || "tab=active", count: rows.total };
  const { chosen, current } = rows;
  const link = chosen.length ? null : current?.querySelector("[data-open]");
  const ids = link ? [link.dataset.open] : chosen;
  return { ids, count: ids.length, name: link?.textContent };
}

async function done({ message }) {
  everything = false;
  rows.chooseAll(false);
  speak("spoken", message);
  part("chosen").textContent = message;
  askSoon();
  await renew();
  rows.takeIn();
  part("chosen").textContent = message;
}

// Read this page again; the newest read wins.
async function renew() {
  clearTimeout(timer);
  timer = null;
  readAt = Date.now();
  const mine = {};
  reading = mine;
  let fragment;
  try {
    fragment = await readFragment(location.href);
  } catch (error) {
    if (reading !== mine) return;
    panel.failed(error, renew);
    return;
  }
  if (reading !== mine) return;
  panel.ready();
  take(fragment);
}

function take(fragment) {
  for (const name of ["tabs", "rate", "notes", "work"]) {
    const next = fragment.querySelector(`[data-swap=${name}]`);
    const old = page.querySelector(`[data-swap=${name}]`);
    if (next && old && !old.contains(document.activeElement)) morph(old, next);
  }
  shownAt = bar.clock.now();
  rows.show(fragment.querySelector("[data-swap=rows]"));
  for (const button of page.querySelectorAll("[data-fold][aria-expanded=true]")) unfold(button);
  detail.renew();
  tick(bar.clock.now());
}

function renewSoon() {
  if (timer) return;
  const pause = Math.max(SOON_MS, readAt + PAUSE_MS - Date.now());
  timer = setTimeout(renew, pause);
}

function showChoice() {
  const { waiting, chosen } = rows;
  const count = everything ? rows.total : chosen.length;
  const bar = part("new");
  bar.hidden = !waiting;
  bar.textContent = waiting ? newWords(waiting) : "";
  if (!part("chosen")) return;
  part("chosen").textContent = count ? fill(gettext("%(count)s chosen"), { count: number(count) }) : gettext("none chosen");
  const all = part("everything");
  all.hidden = everything || !chosen.length || chosen.length < rows.all.length || rows.total <= rows.all.length;
  all.textContent = fill(gettext("Choose all %(count)s of this list"), { count: number(rows.total) });
}

function tick(now) {
  for (const element of page.querySelectorAll("[data-since]")) {
    const text = age(now - Date.parse(element.dataset.since));
    if (element.textContent !== text) element.textContent = text;
  }
  if (NOT_LIVE.includes(document.body.dataset.link)) tellStale(now);
}

function tellStale(now) {
  const values = { time: bar.times.time(shownAt), age: age(now - shownAt) };
  panel.old(fill(gettext("Not live: this list is of %(time)s, %(age)s ago."), values));
}

function open(link) {
  openedFrom = link.closest("tbody[data-key]")?.dataset.key ?? openedFrom;
  detail.open(link.dataset.open, link.href);
}

page.addEventListener("click", (event) => {
  const { target } = event;
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = target.closest("[data-open]");
  const fold = target.closest("[data-fold]");
  const more = target.closest("[data-more]");
  const ask = target.closest("[data-dialog]");
  if (link) {
    event.preventDefault();
    open(link);
  } else if (fold) unfold(fold, { toggle: true });
  else if (more) {
    event.preventDefault();
    unfold(more.closest("tbody").querySelector("[data-fold]"), { from: more.href });
  } else if (ask) asks.open(ask.dataset.dialog);
});
part("new").addEventListener("click", () => rows.takeIn());
part("everything")?.addEventListener("click", () => {
  everything = true;
  showChoice();
});
rows.addEventListener("change", () => {
  if (!rows.chosen.length) everything = false;
  showChoice();
});
for (const field of part("filters").querySelectorAll("select, [type=checkbox], [type=datetime-local]")) {
  field.addEventListener("change", () => part("filters").requestSubmit());
}
part("filters").addEventListener("formdata", ({ formData }) => {
  for (const [name, value] of [...formData]) if (!value) formData.delete(name);
});

listenToKeys(
  {
    j: () => rows.move(1),
    k: () => rows.move(-1),
    x: () => rows.current && rows.toggle(rows.current),
    a: () => asks.open("acknowledge"),
    s: () => asks.open(page.dataset.tab === "shelved" ? "unshelve" : "shelve"),
    m: () => sound.toggle(),
    n: () => rows.takeIn(),
    "/": () => part("filters").querySelector("[name=q]").focus(),
    "?": () => asks.open("help"),
  },
  document.querySelector("[data-part=keys]"),
);
document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape" || asks.isOpen) return;
  if (detail.isOpen) detail.close();
  else rows.letGo();
});

const bar = startBar(page, tick);
bar.feed.addEventListener("alert", ({ detail: { data } }) => {
  sound.hear(data);
  renewSoon();
});
bar.feed.addEventListener("status_update", renewSoon);
bar.feed.addEventListener("resync", renewSoon);
bar.feed.addEventListener("link", ({ detail: state }) => state === "live" && renewSoon());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && renewSoon());
setInterval(renewSoon, RENEW_MS);
showChoice();
