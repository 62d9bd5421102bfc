// A day of a meter as two charts over one clock: power against the typical day, and voltage.
// The table that the server draws holds the values.
import { isKnown, number } from "./format.js";
import { gettext } from "./words.js";

const POWER_HEIGHT = 240;
const VOLTAGE_HEIGHT = 130;
const QUARTER_S = 900;
const SYNC = "meter-day"; // one pointer over both
const FONT = "12px system-ui, sans-serif";
const SIGNS = { missing: "✕", partly: "◇" };

export class DayPlot {
  #boxes;
  #legend;
  #times;
  #rows = [];
  #plots = [];

  constructor(element, times) {
    const part = (name) => element.querySelector(`[data-part=${name}]`);
    this.#boxes = [part("power"), part("voltage")];
    this.#legend = part("legend");
    this.#times = times;
    new ResizeObserver(() => this.#resize()).observe(this.#boxes[0]);
    document.documentElement.addEventListener("segs:theme", () => this.#draw());
  }

  // Take in the rows of the table.
  show(body) {
    this.#rows = [...body.querySelectorAll("tr[data-at]")].map(read);
    this.#draw();
  }

  #draw() {
    if (!this.#rows.length || !this.#boxes[0].clientWidth) return;
    for (const plot of this.#plots) plot.destroy();
    const column = (name) => this.#rows.map((row) => row[name]);
    const moments = column("at");
    const lines = [moments, column("high"), column("low"), column("typical"), column("kw")];
    this.#plots = [
      new globalThis.uPlot(this.#power(), lines, this.#boxes[0]),
      new globalThis.uPlot(this.#voltage(), [moments, column("v")], this.#boxes[1]),
    ];
    this.#tell(null);
  }

  #power() {
    const token = this.#tokens();
    const stepped = this.#stepped();
    const edge = { ...stepped, stroke: token("--series-b"), width: 1 };
    return {
      ...this.#both(this.#boxes[0], POWER_HEIGHT, (low, high) => [Math.min(0, low), Math.max(0, high) * 1.12 || 1]),
      series: [
        {},
        edge,
        edge,
        { ...stepped, stroke: token("--series-b"), width: 2, dash: [7, 4] },
        { ...stepped, stroke: token("--series-a"), width: 2.5 },
      ],
      bands: [{ series: [1, 2], fill: token("--band") }],
      hooks: {
        draw: [(plot) => this.#mark(plot, token)],
        setCursor: [(plot) => this.#tell(plot.cursor.idx)],
      },
    };
  }

  #voltage() {
    const room = (low, high) => [low - 2, high + 2];
    return {
      ...this.#both(this.#boxes[1], VOLTAGE_HEIGHT, room),
      series: [{}, { ...this.#stepped(), stroke: this.#tokens()("--series-a"), width: 2 }],
    };
  }

  #both(box, height, range) {
    const token = this.#tokens();
    const grid = { stroke: token("--line"), width: 1 };
    const axis = { stroke: token("--muted"), grid, ticks: grid, font: FONT };
    const first = this.#rows[0].at;
    const end = this.#rows.at(-1).at + QUARTER_S;
    return {
      width: box.clientWidth,
      height,
      tzDate: (seconds) => globalThis.uPlot.tzDate(new Date(seconds * 1000), this.#times.name),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 }, sync: { key: SYNC } },
      scales: {
        x: { range: () => [first, end] },
        y: { range: (_, low, high) => (isKnown(low) ? range(low, high) : [0, 1]) },
      },
      axes: [
        { ...axis, size: 32, space: 60, values: (_, ticks) => ticks.map((at) => this.#times.minute(at * 1000)) },
        { ...axis, size: 58, values: (_, ticks) => ticks.map(String) },
      ],
    };
  }

  #stepped() {
    return { paths: globalThis.uPlot.paths.stepped({ align: 1 }), points: { show: false }, spanGaps: false };
  }

  #tokens() {
    const tokens = getComputedStyle(this.#boxes[0]);
    return (name) => tokens.getPropertyValue(name).trim();
  }

  // A band over what is not known, hatched, and a sign over each stretch that lacks something.
  #mark(plot, token) {
    const { ctx, bbox } = plot;
    const ratio = globalThis.devicePixelRatio || 1;
    ctx.save();
    ctx.font = `${13 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    for (const { found, from, until } of stretches(this.#rows)) {
      const [left, right] = [from, until].map((at) => plot.valToPos(at, "x", true));
      if (found === "missing") hatch(ctx, { left, right, top: bbox.top, bottom: bbox.top + bbox.height }, ratio, token("--line-strong"));
      ctx.fillStyle = token("--text");
      ctx.fillText(SIGNS[found], (left + right) / 2, bbox.top + 2 * ratio);
    }
    ctx.restore();
  }

  // The legend carries the values under the pointer, or the newest that are known.
  #tell(place) {
    const newest = this.#rows.findLastIndex((row) => isKnown(row.kw));
    const row = this.#rows[place ?? (newest < 0 ? 0 : newest)];
    const kilowatts = (value) => (isKnown(value) ? `${number(value, 3)}\u00a0kW` : gettext("unknown"));
    const texts = {
      at: this.#times.minute(row.at * 1000),
      kw: kilowatts(row.kw),
      typical: kilowatts(row.typical),
      half: isKnown(row.low) ? `${number(row.low, 3)}–${number(row.high, 3)}\u00a0kW` : gettext("unknown"),
      v: isKnown(row.v) ? `${number(row.v, 1)}\u00a0V` : gettext("unknown"),
      found: row.words,
    };
    for (const [name, text] of Object.entries(texts)) {
      this.#legend.querySelector(`[data-part=${name}]`).textContent = text;
    }
  }

  #resize() {
    const width = this.#boxes[0].clientWidth;
    if (!this.#plots.length) this.#draw();
    else if (width && width !== this.#plots[0].width) {
      for (const plot of this.#plots) plot.setSize({ width, height: plot.height });
    }
  }
}

function read(row) {
  const value = (name) => (row.dataset[name] === "" ? null : Number(row.dataset[name]));
  const [at, kw, v, low, typical, high] = ["at", "kw", "v", "low", "typical", "high"].map(value);
  return { at, kw, v, low, typical, high, found: row.dataset.found, words: row.cells[4].textContent.trim() };
}

function stretches(rows) {
  const found = [];
  for (const row of rows) {
    const last = found.at(-1);
    if (!(row.found in SIGNS)) continue;
    if (last?.found === row.found && last.until === row.at) last.until += QUARTER_S;
    else found.push({ found: row.found, from: row.at, until: row.at + QUARTER_S });
  }
  return found;
}

function hatch(ctx, { left, right, top, bottom }, ratio, colour) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, right - left, bottom - top);
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.lineWidth = ratio;
  ctx.globalAlpha = 0.6;
  ctx.beginPath();
  for (let x = left - (bottom - top); x < right; x += 8 * ratio) {
    ctx.moveTo(x, bottom);
    ctx.lineTo(x + bottom - top, top);
  }
  ctx.stroke();
  ctx.restore();
}
