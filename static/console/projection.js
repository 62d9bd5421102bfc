// From longitude and latitude to the plane, and from the plane to the screen.

const PADDING = 28; // room at the rim for a dot's full shape and its region's name
const DEEPEST = 64;

// Equirectangular, true at the grid's middle: good enough for a utility's area, and cheap.
export function project(topology) {
  const { longitude, latitude } = topology.meters;
  const middle = middleLatitude(latitude, topology.regions);
  const narrow = Math.cos((middle * Math.PI) / 180);
  const toPlane = ([lon, lat]) => [lon * narrow, -lat];
  const x = Float64Array.from(longitude, (lon) => (lon === null ? NaN : lon * narrow));
  const y = Float64Array.from(latitude, (lat) => (lat === null ? NaN : -lat));
  return { x, y, toPlane, box: boxOf(x, y, topology.regions.flatMap((r) => corners(r, toPlane))) };
}

export function rings(geometry) {
  if (geometry?.type === "Polygon") return geometry.coordinates;
  if (geometry?.type === "MultiPolygon") return geometry.coordinates.flat();
  return [];
}

function corners(region, toPlane) {
  return rings(region.outline).flat().map(toPlane);
}

function middleLatitude(latitudes, regions) {
  const outlined = regions.flatMap((r) => rings(r.outline).flat().map(([, lat]) => lat));
  const known = [...latitudes.filter((lat) => lat !== null), ...outlined];
  if (!known.length) return 0;
  const [least, most] = known.reduce(
    ([low, high], lat) => [Math.min(low, lat), Math.max(high, lat)],
    [90, -90],
  );
  return (least + most) / 2;
}

// The smallest box around all points: {left, top, right, bottom}; null when there are none.
function boxOf(x, y, points) {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  const widen = (px, py) => {
    if (Number.isNaN(px) || Number.isNaN(py)) return;
    box.left = Math.min(box.left, px);
    box.right = Math.max(box.right, px);
    box.top = Math.min(box.top, py);
    box.bottom = Math.max(box.bottom, py);
  };
  for (let index = 0; index < x.length; index += 1) widen(x[index], y[index]);
  for (const [px, py] of points) widen(px, py);
  return box.left <= box.right ? box : null;
}

// What part of the plane the screen shows: screen = plane × scale + shift.
export class View {
  width = 1;
  height = 1;
  scale = 1;
  shiftX = 0;
  shiftY = 0;
  #box = null;
  #fitted = 1;

  get zoom() {
    return this.scale / this.#fitted;
  }

  get isFitted() {
    return this.zoom < 1.01;
  }

  // Show all of `box`, now and after each resize, unless somebody has zoomed in.
  show(box) {
    const keeps = this.#box !== null && !this.isFitted;
    this.#box = box;
    if (keeps) this.#fitted = this.#scaleFor(box);
    else this.fit();
  }

  resize(width, height) {
    const wasFitted = this.isFitted;
    this.width = width;
    this.height = height;
    if (wasFitted || !this.#box) this.fit();
    else this.#fitted = this.#scaleFor(this.#box);
  }

  fit() {
    if (!this.#box) return;
    this.#fitted = this.#scaleFor(this.#box);
    this.look(this.#box);
  }

  // Bring `box` to the middle, as large as it goes.
  look(box) {
    this.scale = Math.min(this.#scaleFor(box), this.#fitted * DEEPEST);
    this.shiftX = this.width / 2 - ((box.left + box.right) / 2) * this.scale;
    this.shiftY = this.height / 2 - ((box.top + box.bottom) / 2) * this.scale;
  }

  // Zoom by `factor` and keep the plane's point under (x, y) where it is.
  zoomAt(factor, x, y) {
    const scale = Math.min(Math.max(this.scale * factor, this.#fitted), this.#fitted * DEEPEST);
    const applied = scale / this.scale;
    this.scale = scale;
    this.shiftX = x - (x - this.shiftX) * applied;
    this.shiftY = y - (y - this.shiftY) * applied;
    if (this.isFitted) this.fit();
  }

  move(dx, dy) {
    if (this.isFitted) return;
    this.shiftX += dx;
    this.shiftY += dy;
    this.#keepInSight();
  }

  // Move until the plane's point (x, y) is well inside the screen.
  reveal(x, y) {
    const [sx, sy] = [x * this.scale + this.shiftX, y * this.scale + this.shiftY];
    const inside = sx > 24 && sx < this.width - 24 && sy > 24 && sy < this.height - 24;
    if (inside) return;
    this.shiftX += this.width / 2 - sx;
    this.shiftY += this.height / 2 - sy;
  }

  #scaleFor(box) {
    const wide = Math.max(box.right - box.left, 1e-6);
    const high = Math.max(box.bottom - box.top, 1e-6);
    const room = (length) => Math.max(length - 2 * PADDING, 20);
    return Math.min(room(this.width) / wide, room(this.height) / high);
  }

  #keepInSight() {
    const { left, right, top, bottom } = this.#box;
    const [halfX, halfY] = [this.width / 2, this.height / 2];
    this.shiftX = Math.min(Math.max(this.shiftX, halfX - right * this.scale), halfX - left * this.scale);
    this.shiftY = Math.min(Math.max(this.shiftY, halfY - bottom * this.scale), halfY - top * this.scale);
  }
}
