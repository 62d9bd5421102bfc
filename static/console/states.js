// What a meter's dot can say. The order is the code of the map frames; code, word, shape and
// colour (the CSS token --state-<code>) are defined together, here.
import { gettext } from "./words.js";

export const NORMAL = 0;
export const HIGH = 1;
export const ALARM = 2;
export const SILENT = 3;

export const STATES = [
  { code: "normal", word: gettext("Normal"), hollow: false, trace: dot },
  { code: "high", word: gettext("High load"), hollow: false, trace: triangle },
  { code: "alarm", word: gettext("Alarm"), hollow: false, trace: square },
  { code: "silent", word: gettext("Silent"), hollow: true, trace: ring },
];

// The worst is drawn last and listed first.
export const DRAWING_ORDER = [NORMAL, SILENT, HIGH, ALARM];
export const WORST_FIRST = [ALARM, HIGH, SILENT];

function dot(path, x, y, size) {
  path.moveTo(x + size, y);
  path.arc(x, y, size, 0, 2 * Math.PI);
}

function ring(path, x, y, size) {
  dot(path, x, y, size * 1.6);
}

function triangle(path, x, y, size) {
  const reach = size * 2.4;
  path.moveTo(x, y - reach);
  path.lineTo(x + reach, y + reach * 0.8);
  path.lineTo(x - reach, y + reach * 0.8);
  path.closePath();
}

function square(path, x, y, size) {
  const reach = size * 2;
  path.rect(x - reach, y - reach, 2 * reach, 2 * reach);
}

// The same shape as an inline SVG, for legends, lists and cards.
export function glyph(state) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 12 12");
  svg.setAttribute("class", `glyph glyph-${STATES[state].code}`);
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
  shape.setAttribute("d", OUTLINES[state]);
  svg.append(shape);
  return svg;
}

const OUTLINES = [
  "M3 6a3 3 0 1 0 6 0a3 3 0 1 0-6 0z",
  "M6 1l5 9.5H1z",
  "M2 2h8v8H2z",
  "M2 6a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
];
