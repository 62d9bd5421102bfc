// The overview: reads the state once, then follows the feed.
import { follow } from "./alertcount.js";
import { TopAlerts } from "./alerttop.js";
import { read } from "./api.js";
import { bandOf } from "./bands.js";
import { Board } from "./board.js";
import { Clock, showClock } from "./clock.js";
import { Feed } from "./feed.js";
import { Figures, OLD_MS } from "./figures.js";
import { age, isKnown, number, percent, times as timesOf } from "./format.js";
import { FrameError, decode } from "./frames.js";
import { listenToGestures } from "./gestures.js";
import { Inspector } from "./inspector.js";
import { Legend, Totals, offerRegions } from "./legend.js";
import { Lines } from "./lines.js";
import { LinkState, dataAge } from "./link.js";
import { MeterMap } from "./map.js";
import { Panel } from "./panels.js";
import { Regions } from "./regions.js";
import { Twin } from "./twin.js";
import { fill, gettext } from "./words.js";

const TICK_MS = 500;
const SETTLE_MS = 1_500; // the regions' minutes close together: one read for all of them
const ANEW_MS = 50;
const REREAD_MS = 300_000; // capacities and prices change without an event of their own
const TOPOLOGY_PAUSE_MS = 3_000;

const page = document.getElementById("overview");
const part = (name) => page.querySelector(`[data-part=${name}]`);
const { statusUrl, topologyUrl, loadUrl, socketPath, zone, readingIntervalS } = page.dataset;
const socketUrl = new URL(socketPath, location.href);
socketUrl.protocol = socketUrl.protocol.replace("http", "ws");

const clock = new Clock();
const times = { ...timesOf(zone), name: zone };
const panels = Object.fromEntries(
  [...page.querySelectorAll("[data-panel]")].map((element) => [
    element.dataset.panel,
    new Panel(element),
  ]),
);
const feed = new Feed(socketUrl);
const link = new LinkState(document.getElementById("link"), () => feed.retry());
const regions = new Regions();
const board = new Board();
const figures = new Figures(part("figures"), document.getElementById("region-figure"));
const stage = part("stage");
const map = new MeterMap(stage, board);
const moves = listenToGestures(stage, map);
const inspector = new Inspector({ stage, map, board, moves, card: part("card"), spoken: part("inspected") });
const twin = new Twin(page.querySelector("[data-panel=twin]"), board, (index) => inspector.open(index));
const legend = new Legend(part("map-legend"));
const totals = new Totals(part("totals"));
const topAlerts = new TopAlerts(page.querySelector("[data-panel=top]"), panels.top);
const lines = new Lines(page.querySelector("[data-panel=lines]"), times);

let heldFrame = null; // came before the topology it fits
let topologyAskedAt = 0;
let linesTimer = null;
let anewTimer = null;

async function readStatus() {
  try {
    regions.read(await read(statusUrl));
  } catch (error) {
    panels.figures.failed(error, readStatus);
    return;
  }
  if (regions.rows.size) panels.figures.ready();
  else panels.figures.empty(gettext("No regions yet."), gettext("An administrator adds the first one under Administration."));
  showRegions();
}

async function readTopology() {
  topologyAskedAt = Date.now();
  let topology;
  try {
    topology = await read(topologyUrl);
  } catch (error) {
    panels.map.failed(error, readTopology);
    panels.twin.failed(error, readTopology);
    return;
  }
  const inspected = board.topology?.meters.serial[map.focused];
  board.place(topology);
  twin.place(topology);
  offerRegions(part("region-choice"), topology.regions);
  if (!board.meters) {
    for (const panel of [panels.map, panels.twin]) {
      panel.empty(gettext("No meters yet."), gettext("Register meters, or start the simulator: manage.py simulate"));
    }
    return;
  }
  panels.map.ready();
  panels.twin.ready();
  map.focused = topology.meters.serial.indexOf(inspected);
  map.place(topology);
  part("map-size").textContent = fill(gettext("%(meters)s meters, %(regions)s regions"), {
    meters: number(board.meters),
    regions: number(topology.regions.length),
  });
  showUnplaced(topology);
  showRegions();
  twin.show();
  inspector.refresh();
  if (heldFrame) take(heldFrame);
  if (!board.states) feed.askSnapshot();
}

function showUnplaced(topology) {
  const count = topology.meters.longitude.filter((lon) => lon === null).length;
  part("unplaced").hidden = !count;
  part("unplaced").textContent = fill(gettext("%(count)s meters have no place on the map yet; the list has them."), { count: number(count) });
}

async function readLines() {
  const minutes = page.querySelector("[name=minutes]:checked").value;
  let answer;
  try {
    answer = await read(`${loadUrl}?minutes=${minutes}`);
  } catch (error) {
    panels.lines.failed(error, readLines);
    return;
  }
  panels.lines.ready();
  lines.show(answer, new Map([...regions.rows].map(([code, row]) => [code, row.name])));
  if (lines.isEmpty) {
    panels.lines.empty(gettext("No closed minute in this time."), gettext("The first load comes about a minute after the first reading."));
  }
}

function readLinesSoon() {
  clearTimeout(linesTimer);
  linesTimer = setTimeout(readLines, SETTLE_MS);
}

// Several causes may ask within one moment: read once. The topology is read when a frame does
// not fit it, or when it could not be read before.
function readAnew() {
  clearTimeout(anewTimer);
  anewTimer = setTimeout(() => {
    readStatus().then(readLines);
    if (!board.topology) readTopology();
  }, ANEW_MS);
}

function take(frame) {
  const outcome = board.apply(frame);
  if (outcome === "snapshot") feed.askSnapshot();
  if (outcome === "topology") {
    heldFrame = frame;
    if (Date.now() - topologyAskedAt > TOPOLOGY_PAUSE_MS) readTopology();
  }
  if (outcome !== "applied") return;
  heldFrame = null;
  map.refresh();
  twin.show();
  legend.show(board);
  inspector.refresh();
  totals.show(frame);
  tick();
}

function showRegions() {
  const now = clock.now();
  figures.show(regions.rows, now, times);
  board.topology?.regions.forEach(({ code }, index) => {
    const row = regions.rows.get(code);
    if (row) map.mark(index, isKnown(row.load_pct) ? percent(row.load_pct) : "", bandOf(row.load_pct)?.code ?? "");
  });
}

function tick() {
  const now = clock.now();
  showClock(clock, times, document.getElementById("clock"), document.getElementById("clock-zone"));
  link.show(feed);
  figures.show(regions.rows, now, times);
  const fresh = dataAge(board.frame?.newest, now, readingIntervalS * 1000);
  totals.showAge(fresh, board.frame, times);
  document.getElementById("data-age").textContent = fresh.text;
  document.getElementById("data-age").parentElement.classList.toggle("is-old", fresh.isOld);
  tellStale(now, fresh.isOld);
  tellOldLines(now);
}

function tellStale(now, isOld) {
  if (!board.frame) return;
  const stale = isOld || feed.state !== "live";
  stage.classList.toggle("is-old", stale);
  if (!stale) {
    panels.map.ready();
    panels.twin.ready();
    return;
  }
  const values = { time: times.time(board.frame.asOf), age: age(now - board.frame.asOf) };
  const words =
    feed.state === "live"
      ? gettext("No new readings: the meters' states are old.")
      : fill(gettext("Not live: states as of %(time)s, %(age)s ago."), values);
  panels.map.old(words);
  panels.twin.old(words);
}

function tellOldLines(now) {
  const newest = lines.newest;
  if (!isKnown(newest) || now - newest < OLD_MS) return;
  const values = { time: times.minute(newest), age: age(now - newest) };
  panels.lines.old(fill(gettext("The newest known load is of %(time)s, %(age)s ago."), values));
}

feed.addEventListener("link", ({ detail }) => {
  if (detail === "live") readAnew();
  tick();
});
feed.addEventListener("heartbeat", ({ detail }) => clock.heard(Date.parse(detail.timestamp)));
feed.addEventListener("resync", readAnew);
feed.addEventListener("frame", ({ detail }) => {
  try {
    take(decode(detail));
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    panels.map.failed(new Error(gettext("The server has changed: load this page again.")), () => location.reload());
  }
});
feed.addEventListener("load", ({ detail }) => {
  if (regions.hear(detail.data)) showRegions();
  readLinesSoon();
});
part("zoom-in").addEventListener("click", () => moves.zoom(1));
part("zoom-out").addEventListener("click", () => moves.zoom(-1));
part("fit").addEventListener("click", () => moves.fit());
part("region-choice").addEventListener("change", ({ target }) => {
  const box = target.value === "" ? null : map.boxOf(Number(target.value));
  if (box) moves.look(box);
  else moves.fit();
});
for (const choice of page.querySelectorAll("[name=minutes]")) choice.addEventListener("change", readLines);
for (const choice of page.querySelectorAll("[name=unit]")) {
  choice.addEventListener("change", () => lines.measure(choice.value));
}
document.addEventListener("visibilitychange", tick);
setInterval(tick, TICK_MS);
setInterval(readStatus, REREAD_MS);
readAnew();
follow(feed);
topAlerts.follow(feed);
feed.start();
tick();
