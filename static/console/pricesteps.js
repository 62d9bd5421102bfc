// A region's prices over time: steps, with the same values as a table.
import { isKnown, number } from "./format.js";
import { arose, price } from "./pricecards.js";
import { gettext } from "./words.js";

const HEIGHT = 240;

export class PriceSteps {
  #box;
  #rows;
  #times;
  #plot = null;
  #slots = [];

  constructor(element, times) {
    this.#box = element.querySelector("[data-part=plot]");
    this.#rows = element.querySelector("tbody");
    this.#times = times;
    new ResizeObserver(() => this.#resize()).observe(this.#box);
    document.documentElement.addEventListener("segs:theme", () => this.#draw());
  }

  // Take in slots as the API answers them, newest first.
  show(newestFirst) {
    this.#slots = [...newestFirst].reverse();
    this.#draw();
    this.#rows.replaceChildren(...newestFirst.map((slot) => this.#row(slot)));
  }

  #draw() {
    if (!this.#slots.length || !this.#box.clientWidth) return;
    const moments = this.#slots.map((slot) => Date.parse(slot.effective_from) / 1000);
    const prices = this.#slots.map((slot) => Number(slot.price_per_kwh));
    const last = this.#slots.at(-1);
    const data = [[...moments, Date.parse(last.effective_until) / 1000], [...prices, prices.at(-1)]];
    this.#plot?.destroy();
    this.#plot = new globalThis.uPlot(this.#options(), data, this.#box);
  }

  #options() {
    const tokens = getComputedStyle(document.documentElement);
    const token = (name) => tokens.getPropertyValue(name).trim();
    const grid = { stroke: token("--line"), width: 1 };
    const axis = { stroke: token("--muted"), grid, ticks: grid, font: "12px system-ui, sans-serif" };
    return {
      width: this.#box.clientWidth,
      height: HEIGHT,
      tzDate: (seconds) => globalThis.uPlot.tzDate(new Date(seconds * 1000), this.#times.name),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: { y: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(0, high ?? 0) * 1.08 || 1] } },
      axes: [
        { ...axis, size: 32, space: 60, values: (_, ticks) => ticks.map((at) => this.#times.minute(at * 1000)) },
        { ...axis, size: 58, values: (_, ticks) => ticks.map((value) => number(value, 2)) },
      ],
      series: [
        {},
        {
          label: gettext("Price per kWh"),
          stroke: token("--series-a"),
          width: 2,
          paths: globalThis.uPlot.paths.stepped({ align: 1 }),
          points: { show: false },
        },
      ],
    };
  }

  #resize() {
    const width = this.#box.clientWidth;
    if (!this.#plot) this.#draw();
    else if (width && width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT });
  }

  #row(slot) {
    const row = document.createElement("tr");
    const load = isKnown(slot.load_pct) ? `${number(slot.load_pct, 1)}\u00a0%` : gettext("unknown");
    const texts = [
      this.#times.minute(Date.parse(slot.effective_from)),
      this.#times.minute(Date.parse(slot.effective_until)),
      price(slot.price_per_kwh),
      load,
      arose(slot),
    ];
    for (const text of texts) {
      const cell = document.createElement("td");
      cell.textContent = text;
      row.append(cell);
    }
    if (slot.flag) row.lastElementChild.className = "is-flagged";
    return row;
  }
}
