// Region outlines under the dots and their names above them, as SVG.
import { rings } from "./projection.js";

const NAMESPACE = "http://www.w3.org/2000/svg";

function make(name, attributes = {}) {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

export class Outlines {
  #under;
  #above;
  #group = make("g");
  #labels = [];
  #shapes = [];

  constructor(under, above) {
    this.#under = under;
    this.#above = above;
    this.#under.replaceChildren(this.#group);
  }

  place(topology, plane) {
    // Small offsets from the box's corner: SVG works in single precision.
    this.origin = plane.box ? [plane.box.left, plane.box.top] : [0, 0];
    this.#shapes = topology.regions.map((region) => this.#shape(region, plane));
    this.#labels = topology.regions.map((region) => this.#label(region, plane));
    this.#group.replaceChildren(...this.#shapes);
    this.#above.replaceChildren(...this.#labels.map((label) => label.text));
  }

  draw(view) {
    const [left, top] = this.origin;
    const shift = `${left * view.scale + view.shiftX} ${top * view.scale + view.shiftY}`;
    this.#group.setAttribute("transform", `translate(${shift}) scale(${view.scale})`);
    for (const { text, x, y } of this.#labels) {
      text.setAttribute("x", x * view.scale + view.shiftX);
      text.setAttribute("y", y * view.scale + view.shiftY);
    }
  }

  // Write what is known of a region's load beside its name; `band` is "normal", "high", "alarm".
  mark(index, words, band) {
    const label = this.#labels[index];
    if (!label) return;
    label.load.textContent = words;
    if (label.text.dataset.band === band) return;
    label.text.dataset.band = this.#shapes[index].dataset.band = band;
    if (band && band !== "normal") this.#group.append(this.#shapes[index]); // above its neighbours
  }

  #shape(region, plane) {
    const [left, top] = this.origin;
    const draw = (ring) =>
      `M${ring.map(plane.toPlane).map(([x, y]) => `${x - left} ${y - top}`).join("L")}Z`;
    const d = rings(region.outline).map(draw).join("");
    return make("path", { d, class: "region-outline", "vector-effect": "non-scaling-stroke" });
  }

  #label(region, plane) {
    const { x, y } = anchor(region, plane);
    const text = make("text", { class: "region-label" });
    const name = make("tspan");
    const load = make("tspan", { class: "region-label-load", dx: 6 });
    name.textContent = region.name;
    text.append(name, load);
    if (Number.isNaN(x)) text.setAttribute("visibility", "hidden");
    return { text, load, x: Number.isNaN(x) ? 0 : x, y: Number.isNaN(y) ? 0 : y };
  }
}

// Just inside the top of a region's outline, in its middle: clear of most dots, and on no border.
function anchor(region, plane) {
  const shapes = rings(region.outline).map((ring) => ring.map(plane.toPlane));
  const xs = shapes.flat().map(([x]) => x);
  if (!xs.length) return { x: NaN, y: NaN };
  const [west, east] = [Math.min(...xs), Math.max(...xs)];
  const x = (west + east) / 2;
  const tops = [-0.2, 0, 0.2].map((aside) => topAt(shapes, x + aside * (east - west)));
  return { x, y: Math.max(...tops.filter(Number.isFinite)) }; // the name is wide: below all three
}

function topAt(shapes, x) {
  return Math.min(...shapes.flatMap((shape) => crossings(shape, x)));
}

// Where a ring crosses the upright line at `x`.
function crossings(ring, x) {
  return ring.flatMap(([ax, ay], place) => {
    const [bx, by] = ring[(place + 1) % ring.length];
    if ((ax - x) * (bx - x) > 0 || ax === bx) return [];
    return [ay + ((x - ax) / (bx - ax)) * (by - ay)];
  });
}
