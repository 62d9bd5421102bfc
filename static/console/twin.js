// The map in words: how many meters of each region are in which state, and which are not normal.
import { number } from "./format.js";
import { ALARM, HIGH, NORMAL, SILENT, STATES, WORST_FIRST, glyph } from "./states.js";
import { fill, gettext } from "./words.js";

const LISTED = 100; // more names than that nobody reads
const COLUMNS = [NORMAL, HIGH, ALARM, SILENT];

export class Twin {
  #body;
  #list;
  #rest;
  #none;
  #board;
  #open;
  #items = new Map();

  // `open` is called with the index of a meter that was chosen in the list.
  constructor(element, board, open) {
    this.#body = element.querySelector("tbody");
    this.#list = element.querySelector("[data-part=abnormal]");
    this.#rest = element.querySelector("[data-part=rest]");
    this.#none = element.querySelector("[data-part=none]");
    this.#board = board;
    this.#open = open;
  }

  place(topology) {
    this.#items.clear();
    this.#list.replaceChildren();
    this.#body.replaceChildren(...topology.regions.map((region) => row(region.name)));
  }

  show() {
    if (!this.#board.states) return;
    this.#board.counts.forEach((counts, region) => {
      const cells = this.#body.rows[region].querySelectorAll("td");
      COLUMNS.forEach((state, place) => {
        const text = number(counts[state]);
        if (cells[place].textContent !== text) cells[place].textContent = text;
        cells[place].classList.toggle("is-some", state !== NORMAL && counts[state] > 0);
      });
    });
    this.#showAbnormal();
  }

  // Rows that stay keep their element, and with it the focus.
  #showAbnormal() {
    const wanted = WORST_FIRST.flatMap((state) => this.#board.inState(state, LISTED));
    const listed = wanted.slice(0, LISTED);
    const keep = new Set(listed);
    for (const [index, item] of this.#items) {
      if (!keep.has(index)) {
        item.remove();
        this.#items.delete(index);
      }
    }
    listed.forEach((index, place) => {
      const item = this.#item(index);
      if (this.#list.children[place] !== item) this.#list.insertBefore(item, this.#list.children[place] ?? null);
    });
    const total = WORST_FIRST.reduce((sum, state) => sum + this.#board.total(state), 0);
    const more = total - listed.length;
    this.#rest.hidden = more <= 0;
    this.#rest.textContent = fill(gettext("and %(count)s more"), { count: number(more) });
    this.#none.hidden = total > 0;
  }

  #item(index) {
    const { meters, regions } = this.#board.topology;
    const state = this.#board.states[index];
    if (!this.#items.has(index)) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "meter-row";
      button.addEventListener("click", () => this.#open(index));
      const made = document.createElement("li");
      made.append(button);
      this.#items.set(index, made);
    }
    const item = this.#items.get(index);
    if (item.dataset.state !== String(state)) {
      item.dataset.state = state;
      const place = [regions[meters.region[index]]?.name, meters.transformer[index]];
      item.firstChild.replaceChildren(
        glyph(state),
        span("meter-row-serial", meters.serial[index]),
        span("meter-row-state", STATES[state].word),
        span("meter-row-place", place.filter(Boolean).join(" · ")),
      );
    }
    return item;
  }
}

function row(name) {
  const element = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name;
  element.append(head, ...COLUMNS.map(() => document.createElement("td")));
  for (const cell of element.querySelectorAll("td")) cell.textContent = "–";
  return element;
}

function span(className, text) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}
