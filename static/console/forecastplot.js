// A line inside its band over hours, the present marked, and shapes on the hours that matter.
import { gettext } from "./words.js";

const HEIGHT = 220;
const SYNC = "forecast"; // one pointer over both charts of the panel
const FONT = "12px system-ui, sans-serif";

export class ForecastPlot {
  #box;
  #times;
  #look;
  #data = null;
  #plot = null;

  // `look`: the y axis' values, splits and range, `stepped`, and functions: `span` (first and last
  // moment, s), `marked` (moments of shapes, s), `now` (s), `tell` (takes the moment under the
  // pointer, s, or null).
  constructor(box, times, look) {
    this.#box = box;
    this.#times = times;
    this.#look = look;
    new ResizeObserver(() => this.#resize()).observe(box);
    document.documentElement.addEventListener("segs:theme", () => this.#draw());
  }

  // Moments (s) and the lines high, low, expected and, where there is one, came.
  show(data) {
    this.#data = data;
    this.#draw();
  }

  #draw() {
    if (!this.#data || !this.#box.clientWidth) return;
    this.#plot?.destroy();
    this.#plot = new globalThis.uPlot(this.#options(), this.#data, this.#box);
  }

  #options() {
    const tokens = getComputedStyle(this.#box);
    const token = (name) => tokens.getPropertyValue(name).trim();
    const grid = { stroke: token("--line"), width: 1 };
    const axis = { stroke: token("--muted"), grid, ticks: grid, font: FONT };
    const { values, splits, range, span, tell } = this.#look;
    return {
      width: this.#box.clientWidth,
      height: HEIGHT,
      tzDate: (seconds) => globalThis.uPlot.tzDate(new Date(seconds * 1000), this.#times.name),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 }, sync: { key: SYNC } },
      scales: { x: { range: () => span() }, y: { range: (_, low, high) => range(low, high) } },
      axes: [
        { ...axis, size: 46, space: 60, values: (_, ticks) => ticks.map((at, place) => this.#tick(at * 1000, place)) },
        { ...axis, size: 58, values: (_, ticks) => ticks.map(values), ...(splits && { splits }) },
      ],
      series: [{}, ...this.#series(token)],
      bands: [{ series: [1, 2], fill: token("--band") }],
      hooks: { draw: [(plot) => this.#mark(plot, token)], setCursor: [(plot) => tell(under(plot))] },
    };
  }

  // A clock time, and under the first one and each midnight the day.
  #tick(moment, place) {
    const time = this.#times.minute(moment);
    return place === 0 || time === "00:00" ? `${time}\n${this.#times.weekday(moment)}` : time;
  }

  #series(token) {
    const paths = this.#look.stepped ? { paths: globalThis.uPlot.paths.stepped({ align: 1 }) } : {};
    const edge = { ...paths, stroke: token("--series-b"), width: 1, points: { show: false } };
    const expected = { ...paths, stroke: token("--series-a"), width: 2, dash: [7, 4], points: { show: false } };
    const came = { ...paths, stroke: token("--series-a"), width: 2.5, points: { show: false } };
    return [edge, edge, expected, came].slice(0, this.#data.length - 1);
  }

  // The present as a line with its word, the marked hours as triangles.
  #mark(plot, token) {
    const { ctx, bbox } = plot;
    const ratio = globalThis.devicePixelRatio || 1;
    const { now, marked } = this.#look;
    ctx.save();
    ctx.fillStyle = ctx.strokeStyle = token("--text");
    ctx.font = `${12 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = "left";
    ctx.textBaseline = "top";
    ctx.setLineDash([]);
    const present = plot.valToPos(now(), "x", true);
    if (present > bbox.left && present < bbox.left + bbox.width) {
      ctx.fillText(gettext("now"), present + 4 * ratio, bbox.top);
      ctx.lineWidth = ratio;
      ctx.beginPath();
      ctx.moveTo(present, bbox.top);
      ctx.lineTo(present, bbox.top + bbox.height);
      ctx.stroke();
    }
    for (const moment of marked()) triangle(ctx, plot.valToPos(moment, "x", true), bbox.top + 16 * ratio, 4 * ratio);
    ctx.restore();
  }

  #resize() {
    const width = this.#box.clientWidth;
    if (!this.#plot) this.#draw();
    else if (width && width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT });
  }
}

function under({ cursor, posToVal }) {
  return cursor.left >= 0 ? posToVal(cursor.left, "x") : null;
}

function triangle(ctx, x, y, reach) {
  ctx.beginPath();
  ctx.moveTo(x - reach, y);
  ctx.lineTo(x + reach, y);
  ctx.lineTo(x, y + 1.6 * reach);
  ctx.fill();
}
