// Every meter as a dot on a canvas, over the outlines of the regions.
import { Outlines } from "./outlines.js";
import { View, project } from "./projection.js";
import { DRAWING_ORDER, NORMAL, STATES } from "./states.js";

const RIM = 12; // a dot this far outside still shows a part of itself
const MARKED_SIZE = 2.2; // what is not normal is seen from across the room

export class MeterMap {
  view = new View();
  plane = null;
  #stage;
  #canvas;
  #context;
  #outlines;
  #board;
  #colours = [];
  #asked = false;
  focused = -1; // index of the inspected meter

  constructor(stage, board) {
    this.#stage = stage;
    this.#board = board;
    this.#canvas = stage.querySelector("canvas");
    this.#context = this.#canvas.getContext("2d");
    this.#outlines = new Outlines(...stage.querySelectorAll("svg[data-layer]"));
    new ResizeObserver(() => this.#resize()).observe(stage);
    document.documentElement.addEventListener("segs:theme", () => this.#recolour());
    this.#recolour();
  }

  place(topology) {
    this.plane = project(topology);
    this.#outlines.place(topology, this.plane);
    if (this.plane.box) this.view.show(this.plane.box);
    this.#resize();
  }

  mark(index, words, band) {
    this.#outlines.mark(index, words, band);
  }

  // The box around the meters and the outline of a region.
  boxOf(region) {
    const { x, y } = this.plane;
    const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
    this.#board.topology.meters.region.forEach((its, index) => {
      if (its !== region || Number.isNaN(x[index])) return;
      box.left = Math.min(box.left, x[index]);
      box.right = Math.max(box.right, x[index]);
      box.top = Math.min(box.top, y[index]);
      box.bottom = Math.max(box.bottom, y[index]);
    });
    return box.left <= box.right ? box : null;
  }

  // Draw at the next frame, once, however often it is asked.
  refresh() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.draw();
    });
  }

  screen(index) {
    const { scale, shiftX, shiftY } = this.view;
    return [this.plane.x[index] * scale + shiftX, this.plane.y[index] * scale + shiftY];
  }

  // One path a state, so that 5,000 meters cost a handful of canvas calls. Returns the time it
  // took in ms.
  draw() {
    if (!this.plane) return 0;
    const began = performance.now();
    const { width, height } = this.view;
    this.#context.clearRect(0, 0, width, height);
    this.#outlines.draw(this.view);
    const paths = this.#paths();
    for (const state of DRAWING_ORDER) this.#paint(paths[state], state);
    if (this.focused >= 0) this.#ringFocused();
    return performance.now() - began;
  }

  #paths() {
    const { x, y } = this.plane;
    const { scale, shiftX, shiftY, width, height } = this.view;
    const states = this.#board.states;
    const size = this.#size();
    const marked = Math.max(size, MARKED_SIZE);
    const paths = STATES.map(() => new Path2D());
    for (let index = 0; index < x.length; index += 1) {
      const sx = x[index] * scale + shiftX;
      const sy = y[index] * scale + shiftY;
      // A meter without a place is NaN, which no comparison lets through.
      if (!(sx > -RIM && sx < width + RIM && sy > -RIM && sy < height + RIM)) continue;
      const state = states ? states[index] : NORMAL;
      STATES[state].trace(paths[state], sx, sy, state === NORMAL ? size : marked);
    }
    return paths;
  }

  #paint(path, state) {
    const context = this.#context;
    const known = this.#board.states !== null;
    context.fillStyle = context.strokeStyle = known ? this.#colours[state] : this.#colours.at(-1);
    if (STATES[state].hollow) {
      context.lineWidth = 1.5;
      context.stroke(path);
    } else {
      context.fill(path);
    }
  }

  #ringFocused() {
    const [x, y] = this.screen(this.focused);
    const context = this.#context;
    context.strokeStyle = this.#colours.at(-2);
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, this.#size() * 2.4 + 4, 0, 2 * Math.PI);
    context.stroke();
  }

  // Dots grow with the zoom, more slowly than the map.
  #size() {
    const roomy = Math.sqrt((this.view.width * this.view.height) / (this.#board.meters + 1));
    return Math.min(Math.max(roomy / 7, 1), 3) * Math.min(this.view.zoom ** 0.35, 2.6);
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.#stage;
    if (!width || !height) return;
    const sharpness = Math.min(devicePixelRatio || 1, 2);
    this.#canvas.width = Math.round(width * sharpness);
    this.#canvas.height = Math.round(height * sharpness);
    this.#context.setTransform(sharpness, 0, 0, sharpness, 0, 0);
    this.view.resize(width, height);
    this.draw();
  }

  #recolour() {
    const tokens = getComputedStyle(document.documentElement);
    const token = (name) => tokens.getPropertyValue(name).trim();
    this.#colours = STATES.map(({ code }) => token(`--state-${code}`));
    this.#colours.push(token("--text"), token("--line-strong"));
    this.refresh();
  }
}
