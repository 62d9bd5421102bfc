// One meter under the pointer or the keyboard: what it is and how it does.
import { ALARM, HIGH, SILENT, STATES, glyph } from "./states.js";
import { fill, gettext } from "./words.js";

const REACH = 14; // px from the pointer to a dot that is still meant
const PAN = 80;
const DIRECTIONS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export class Inspector {
  #stage;
  #map;
  #board;
  #moves;
  #card;
  #spoken;
  #pinned = false; // chosen by key or from a list: stays when the pointer leaves

  constructor({ stage, map, board, moves, card, spoken }) {
    this.#stage = stage;
    this.#map = map;
    this.#board = board;
    this.#moves = moves;
    this.#card = card;
    this.#spoken = spoken;
    stage.addEventListener("pointermove", (event) => this.#hover(event));
    stage.addEventListener("pointerleave", () => this.#pinned || this.close());
    stage.addEventListener("keydown", (event) => this.#key(event));
    stage.addEventListener("moved", () => this.refresh());
  }

  // Inspect a meter wherever it is, and bring it into sight.
  open(index) {
    this.#pinned = true;
    this.#map.focused = index;
    if (this.#hasPlace(index)) this.#moves.reveal(index);
    this.refresh();
    this.#spoken.textContent = this.#sentence(index);
  }

  close() {
    this.#pinned = false;
    this.#map.focused = -1;
    this.refresh();
  }

  // Show the inspected meter as it is now.
  refresh() {
    const index = this.#map.focused;
    this.#card.hidden = index < 0;
    this.#map.refresh();
    if (index < 0) return;
    const facts = this.#facts(index);
    this.#showWay(facts.serial);
    const [title, state, ...rows] = this.#card.querySelectorAll("[data-fact]");
    title.textContent = facts.serial;
    state.replaceChildren(...(facts.state === null ? [] : [glyph(facts.state)]), facts.word);
    rows.forEach((row) => (row.textContent = facts[row.dataset.fact]));
    this.#put(index);
  }

  #showWay(serial) {
    const link = this.#card.querySelector("[data-part=page]");
    link.href = `${link.dataset.url}?${new URLSearchParams({ serial })}`;
  }

  #put(index) {
    const [x, y] = this.#hasPlace(index) ? this.#map.screen(index) : [0, 0];
    const { offsetWidth: wide, offsetHeight: high } = this.#card;
    const { width, height } = this.#map.view;
    const left = x + 16 + wide > width ? x - 16 - wide : x + 16;
    const top = Math.min(Math.max(y - high / 2, 4), height - high - 4);
    this.#card.style.translate = `${Math.max(left, 4)}px ${top}px`;
  }

  #facts(index) {
    const { meters, regions } = this.#board.topology;
    const state = this.#board.states?.[index] ?? null;
    return {
      serial: meters.serial[index],
      state,
      word: state === null ? gettext("State unknown") : STATES[state].word,
      region: regions[meters.region[index]]?.name ?? gettext("unknown"),
      transformer: meters.transformer[index] ?? gettext("not assigned"),
    };
  }

  #sentence(index) {
    const text = gettext("Meter %(serial)s, %(word)s, region %(region)s, transformer %(transformer)s");
    return fill(text, this.#facts(index));
  }

  #hasPlace(index) {
    return !Number.isNaN(this.#map.plane.x[index]);
  }

  #hover(event) {
    if (!this.#map.plane || event.pointerType === "touch" || event.buttons) return;
    const { left, top } = this.#stage.getBoundingClientRect();
    const found = this.#nearest(event.clientX - left, event.clientY - top);
    if (found < 0 && this.#pinned) return;
    if (found === this.#map.focused) return;
    this.#pinned = false;
    this.#map.focused = found;
    this.refresh();
  }

  #nearest(px, py) {
    let [best, found] = [REACH * REACH, -1];
    for (let index = 0; index < this.#board.meters; index += 1) {
      const [x, y] = this.#map.screen(index);
      const far = (x - px) ** 2 + (y - py) ** 2;
      if (far < best) [best, found] = [far, index];
    }
    return found;
  }

  #key(event) {
    if (!this.#map.plane || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("a")) return; // a link answers its own keys
    const direction = DIRECTIONS[event.key];
    if (direction && event.shiftKey) this.#moves.pan(-direction[0] * PAN, -direction[1] * PAN);
    else if (direction) this.#step(direction);
    else if (event.key === "+" || event.key === "=") this.#moves.zoom(1);
    else if (event.key === "-") this.#moves.zoom(-1);
    else if (event.key === "0") this.#moves.fit();
    else if (event.key === "n") this.#nextAbnormal();
    else if (event.key === "Escape") this.close();
    else if (event.key === "Enter" && this.#map.focused >= 0) this.#card.querySelector("[data-part=page]").click();
    else return;
    event.preventDefault();
  }

  // The nearest meter that lies more ahead than aside.
  #step([dx, dy]) {
    const { width, height } = this.#map.view;
    const from = this.#map.focused;
    const [fx, fy] = from >= 0 && this.#hasPlace(from) ? this.#map.screen(from) : [width / 2, height / 2];
    let [best, found] = [Infinity, -1];
    for (let index = 0; index < this.#board.meters; index += 1) {
      const [x, y] = this.#map.screen(index);
      const ahead = (x - fx) * dx + (y - fy) * dy;
      const aside = Math.abs((x - fx) * dy) + Math.abs((y - fy) * dx);
      if (index !== from && (from < 0 || (ahead > 0 && ahead >= aside)) && ahead ** 2 + aside ** 2 * 3 < best) {
        [best, found] = [ahead ** 2 + aside ** 2 * 3, index];
      }
    }
    if (found >= 0) this.open(found);
  }

  #nextAbnormal() {
    const { meters, states } = this.#board;
    for (let step = 1; step <= meters; step += 1) {
      const index = (this.#map.focused + step) % meters;
      if ([HIGH, ALARM, SILENT].includes(states?.[index])) {
        this.open(index);
        return;
      }
    }
    this.#spoken.textContent = gettext("No meter is high, in alarm or silent.");
  }
}
