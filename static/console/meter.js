// One meter: the last reading renews itself, the other panels come by themselves, a day at a time.
import { startBar } from "./bar.js";
import { age } from "./format.js";
import { Part } from "./meterparts.js";
import { DayPlot } from "./meterday.js";

const LEAST_MS = 5_000;
const DAY_MS = 60_000; // a quarter-hour that is over is summed within a minute

const page = document.getElementById("meter");
const panel = (name) => page.querySelector(`[data-panel=${name}]`);
const bar = startBar(page, tick);
const plot = new DayPlot(panel("day"), bar.times);
const parts = {
  now: new Part(panel("now")),
  day: new Part(panel("day"), (body) => plot.show(body)),
  alerts: new Part(panel("alerts")),
  readings: new Part(panel("readings")),
};
parts.now.ready();

function address(name) {
  const day = new URLSearchParams(location.search).get("day");
  const url = new URL(panel(name).dataset.url, location.href);
  if (day && name !== "alerts") url.searchParams.set("day", day);
  return url.href;
}

function showDay() {
  parts.day.read(address("day"));
  parts.readings.read(address("readings"));
}

// Another day, and a step back to the one before.
function go(url) {
  history.pushState(null, "", url);
  showDay();
}

panel("day").addEventListener("click", (event) => {
  const link = event.target.closest("a[data-day]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(link.href);
});
panel("day").addEventListener("submit", (event) => {
  event.preventDefault();
  go(`?${new URLSearchParams(new FormData(event.target))}`);
});
addEventListener("popstate", showDay);

// Older rows of one panel.
page.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-page-of]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const part = parts[link.dataset.pageOf];
  if (await part.read(link.href)) part.body.querySelector(".table-scroll")?.focus();
});

function tick(now) {
  for (const element of page.querySelectorAll("[data-since]")) {
    const text = age(now - Date.parse(element.dataset.since));
    if (element.textContent !== text) element.textContent = text;
  }
}

function renewNow() {
  if (!document.hidden) parts.now.read(location.href, { byItself: true });
}

// Today grows; a day that is chosen stands.
function renewDay() {
  const stands = new URLSearchParams(location.search).has("day");
  const isInUse = parts.day.body.contains(document.activeElement);
  if (!document.hidden && !stands && !isInUse) parts.day.read(address("day"), { byItself: true });
}

showDay();
parts.alerts.read(address("alerts"));
bar.feed.addEventListener("resync", () => [renewNow(), renewDay()]);
setInterval(renewNow, Math.max(LEAST_MS, Number(page.dataset.interval) * 1000));
setInterval(renewDay, DAY_MS);
