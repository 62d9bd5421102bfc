// The tariff page: prices and their history, read anew whenever the feed tells of a price.
import { follow } from "./alertcount.js";
import { read } from "./api.js";
import { Clock, showClock } from "./clock.js";
import { Feed } from "./feed.js";
import { Forecast } from "./forecast.js";
import { isLate, without } from "./forecastwords.js";
import { age, times as timesOf } from "./format.js";
import { LinkState } from "./link.js";
import { Panel } from "./panels.js";
import { PriceCards } from "./pricecards.js";
import { PriceSteps } from "./pricesteps.js";
import { gettext } from "./words.js";

const TICK_MS = 500;
const SETTLE_MS = 200; // the regions' prices come together: one read for all of them
const FORECAST_MS = 300_000; // one is made an hour; what came and its error move as slowly
const DAY_MS = 86_400_000;
const MOST_SLOTS = 1500; // a day of one-minute slots

const page = document.getElementById("tariffs");
const { currentUrl, forecastUrl, historyUrl, socketPath, statusUrl, zone } = page.dataset;
const socketUrl = new URL(socketPath, location.href);
socketUrl.protocol = socketUrl.protocol.replace("http", "ws");

const clock = new Clock();
const weekdays = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: zone, weekday: "short" });
const times = { ...timesOf(zone), name: zone, weekday: (moment) => weekdays.format(moment) };
const section = (name) => page.querySelector(`[data-panel=${name}]`);
const panels = Object.fromEntries(
  ["prices", "forecast", "history"].map((name) => [name, new Panel(section(name))]),
);
const feed = new Feed(socketUrl);
const link = new LinkState(document.getElementById("link"), () => feed.retry());
const cards = new PriceCards(page.querySelector("[data-part=cards]"), document.getElementById("price-card"), times);
const steps = new PriceSteps(section("history"), times);
const forecast = new Forecast(section("forecast"), times);
const forecastChoice = document.getElementById("forecast-region");
const choice = document.getElementById("history-region");

let regions = [];
let soon = null;
let overAt = Infinity; // when the first of the shown prices ends, epoch ms

async function readPrices() {
  try {
    ({ regions } = await read(currentUrl));
  } catch (error) {
    panels.prices.failed(error, readPrices);
    return;
  }
  overAt = Math.min(Infinity, ...regions.map((tariff) => Date.parse(tariff.effective_until)));
  if (regions.length) panels.prices.ready();
  else panels.prices.empty(gettext("No price yet."), gettext("The first one comes with the next full minute once a pricing policy is in force."));
  cards.show(regions, clock.now());
}

async function readHistory() {
  if (!choice.value) {
    panels.history.empty(gettext("No regions yet."));
    return;
  }
  const start = new Date(clock.now() - DAY_MS).toISOString();
  const query = new URLSearchParams({ region: choice.value, start, limit: MOST_SLOTS });
  let answer;
  try {
    answer = await read(`${historyUrl}?${query}`);
  } catch (error) {
    panels.history.failed(error, readHistory);
    return;
  }
  if (answer.results.length) panels.history.ready();
  else panels.history.empty(gettext("No price in this time."));
  steps.show(answer.results);
}

async function readForecast() {
  const code = forecastChoice.value;
  if (!code) {
    panels.forecast.empty(gettext("No regions yet."));
    return;
  }
  let answers;
  try {
    const query = new URLSearchParams({ region: code });
    answers = await Promise.all([`${forecastUrl}?${query}`, statusUrl, currentUrl].map(read));
  } catch (error) {
    panels.forecast.failed(error, readForecast);
    return;
  }
  if (code === forecastChoice.value) showForecast(code, ...answers); // else another was chosen
}

function showForecast(code, answer, status, current) {
  if (answer.missing) {
    panels.forecast.empty(...without(answer));
    return;
  }
  const now = clock.now();
  const { capacity_kw: capacityKw } = status.regions.find((region) => region.code === code) ?? {};
  const { currency } = current.regions.find(({ region }) => region === code) ?? {};
  panels.forecast.ready();
  if (isLate(answer, now)) panels.forecast.old(gettext("This forecast is late: a newer one should have come by now."));
  forecast.show(answer, { capacityKw: capacityKw ?? null, currency: currency ?? "", now });
}

function readSoon() {
  clearTimeout(soon);
  soon = setTimeout(() => {
    readPrices();
    readHistory();
  }, SETTLE_MS);
}

function tick() {
  const now = clock.now();
  showClock(clock, times, document.getElementById("clock"), document.getElementById("clock-zone"));
  link.show(feed);
  cards.show(regions, now);
  for (const element of page.querySelectorAll("[data-until]")) {
    element.textContent = age(Date.parse(element.dataset.until) - now);
  }
  if (now >= overAt) {
    overAt = Infinity;
    readSoon();
  }
}

feed.addEventListener("link", ({ detail }) => {
  if (detail === "live") readSoon();
  tick();
});
feed.addEventListener("heartbeat", ({ detail }) => clock.heard(Date.parse(detail.timestamp)));
feed.addEventListener("resync", readSoon);
feed.addEventListener("tariff", readSoon);
choice.addEventListener("change", readHistory);
forecastChoice.addEventListener("change", readForecast);
setInterval(readForecast, FORECAST_MS);
setInterval(tick, TICK_MS);
readSoon();
readForecast();
follow(feed);
feed.start();
tick();
