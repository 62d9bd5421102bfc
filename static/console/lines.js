// Load by region over time: lines told apart by dash and grey, with their values in words.
import { BAND_EDGES_PCT } from "./bands.js";
import { isKnown, kilowatts, percent } from "./format.js";
import { gettext } from "./words.js";

const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]];
const HEIGHT = 240;
const MINUTE_MS = 60_000;

export class Lines {
  #box;
  #legend;
  #table;
  #times;
  #plot = null;
  #answer = null;
  #names = new Map();
  unit = "pct"; // or "kw"

  constructor(element, times) {
    this.#box = element.querySelector("[data-part=plot]");
    this.#legend = element.querySelector("[data-part=legend]");
    this.#table = element.querySelector("table");
    this.#times = times;
    new ResizeObserver(() => this.#resize()).observe(this.#box);
    document.documentElement.addEventListener("segs:theme", () => this.#draw());
  }

  // Take in the answer of grid/load and the regions' names.
  show(answer, names) {
    this.#answer = answer;
    this.#names = names;
    this.#draw();
    this.#tabulate();
  }

  measure(unit) {
    this.unit = unit;
    this.#draw();
    this.#tabulate();
  }

  get isEmpty() {
    return this.newest === null;
  }

  // The end of the newest minute with a known load, epoch ms; null when there is none.
  get newest() {
    const { minutes, load_kw: loads } = this.#answer ?? { minutes: [] };
    const place = minutes.findLastIndex((_, at) => loads.some((line) => isKnown(line[at])));
    return place < 0 ? null : Date.parse(minutes[place]) + MINUTE_MS;
  }

  #series() {
    const { load_kw: loads, capacity_kw: capacities } = this.#answer;
    if (this.unit === "kw") return loads;
    return loads.map((line, region) => line.map((kw, at) => share(kw, capacities[region][at])));
  }

  #value(value) {
    return this.unit === "kw" ? `${kilowatts(value)}${isKnown(value) ? "\u00a0kW" : ""}` : percent(value);
  }

  #draw() {
    if (!this.#answer || !this.#box.clientWidth) return;
    const moments = this.#answer.minutes.map((minute) => Date.parse(minute) / 1000);
    const data = [moments, ...this.#series()];
    this.#plot?.destroy();
    this.#plot = new globalThis.uPlot(this.#options(moments.length), data, this.#box);
    this.#tell(null);
  }

  #options(points) {
    const tokens = getComputedStyle(document.documentElement);
    const token = (name) => tokens.getPropertyValue(name).trim();
    const grid = { stroke: token("--line"), width: 1 };
    const axis = { stroke: token("--muted"), grid, ticks: grid, font: "12px system-ui, sans-serif" };
    const strokes = [token("--series-a"), token("--series-b")];
    const zone = this.#times.name;
    return {
      width: this.#box.clientWidth,
      height: HEIGHT,
      tzDate: (seconds) => globalThis.uPlot.tzDate(new Date(seconds * 1000), zone),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: { y: { range: (_, low, high) => this.#range(low, high) } },
      axes: [
        { ...axis, size: 32, space: 60, values: (_, ticks) => ticks.map((at) => this.#times.minute(at * 1000)) },
        { ...axis, size: 58, ...this.#levels() },
      ],
      series: [
        {},
        ...this.#answer.regions.map((code, place) => ({
          label: this.#names.get(code) ?? code,
          stroke: strokes[Math.floor(place / DASHES.length) % strokes.length],
          dash: DASHES[place % DASHES.length],
          width: 2,
          points: { show: points < 3 },
        })),
      ],
      hooks: { setCursor: [(plot) => this.#tell(plot.cursor.idx)] },
    };
  }

  // In % the grid lines are the edges of the price bands and the capacity itself.
  #levels() {
    if (this.unit === "kw") return { values: (_, ticks) => ticks.map((kw) => kilowatts(kw)) };
    return {
      splits: () => [0, ...BAND_EDGES_PCT, 100],
      values: (_, ticks) => ticks.map((pct) => percent(pct)),
    };
  }

  #range(low, high) {
    if (this.unit === "pct") return [0, Math.max(100, high ?? 0) * 1.02];
    return [Math.min(0, low ?? 0), (high || 1) * 1.08];
  }

  // The legend carries the values under the pointer, or the newest ones.
  #tell(place) {
    const series = this.#series();
    const at = place ?? this.#answer.minutes.length - 1;
    this.#legend.replaceChildren(
      ...this.#answer.regions.map((code, region) => {
        const item = document.createElement("li");
        const value = document.createElement("b");
        value.textContent = this.#value(series[region][at]);
        item.append(sample(region), `${this.#names.get(code) ?? code} `, value);
        return item;
      }),
    );
  }

  #resize() {
    const width = this.#box.clientWidth;
    if (!this.#plot) this.#draw();
    else if (width && width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT });
  }

  #tabulate() {
    const { regions, minutes } = this.#answer;
    const series = this.#series();
    const names = [gettext("Minute of"), ...regions.map((code) => this.#names.get(code) ?? code)];
    this.#table.tHead.replaceChildren(tableRow("th", names));
    const newestFirst = minutes.map((minute, place) =>
      tableRow("td", [
        this.#times.minute(Date.parse(minute)),
        ...series.map((line) => this.#value(line[place])),
      ]),
    );
    this.#table.tBodies[0].replaceChildren(...newestFirst.reverse());
  }
}

function share(kw, capacity) {
  return isKnown(kw) && isKnown(capacity) && capacity > 0 ? (kw / capacity) * 100 : null;
}

function sample(place) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 30 6");
  svg.setAttribute("class", `dash dash-${Math.floor(place / DASHES.length) % 2}`);
  svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", "M0 3h30");
  line.setAttribute("stroke-dasharray", DASHES[place % DASHES.length].join(" "));
  svg.append(line);
  return svg;
}

function tableRow(kind, texts) {
  const row = document.createElement("tr");
  texts.forEach((text, place) => {
    const cell = document.createElement(kind);
    if (kind === "th") cell.scope = "col";
    else if (place === 0) cell.className = "table-time";
    cell.textContent = text;
    row.append(cell);
  });
  return row;
}
