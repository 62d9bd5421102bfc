// The rows of the desk. A row that a person is at does not move: while one is focused or chosen,
// new rows wait and rows that left stay greyed, until they are taken in.
import { morph } from "./fragments.js";
import { number } from "./format.js";
import { fill, gettext, ngettext } from "./words.js";

export class Rows extends EventTarget {
  #box;
  #held = null; // the newest list, some of which is not shown yet
  #chosen = new Set();
  #hand = null; // the key of the row a person is at

  // What happens inside `board`, the panel around the list, leaves the row at hand.
  constructor(box, board) {
    super();
    this.#box = box;
    box.addEventListener("change", ({ target }) => this.#ticked(target));
    box.addEventListener("focusin", ({ target }) => this.#takeInHand(target.closest("tbody[data-key]")));
    document.addEventListener("pointerdown", ({ target }) => {
      if (!board.contains(target) && !target.closest("dialog, aside")) this.letGo();
    });
  }

  get all() {
    return [...this.#box.querySelectorAll("tbody[data-key]")];
  }

  // The row at hand.
  get current() {
    return this.#hand === null ? null : (this.all.find((row) => keyOf(row) === this.#hand) ?? null);
  }

  get chosen() {
    return [...this.#chosen];
  }

  get total() {
    return Number(this.#box.dataset.total);
  }

  // How many rows wait to be shown.
  get waiting() {
    const shown = new Set(this.all.map(keyOf));
    return this.#held ? [...this.#held.querySelectorAll("tbody[data-key]")].filter((row) => !shown.has(keyOf(row))).length : 0;
  }

  get isAtRest() {
    return !this.#chosen.size && !this.current;
  }

  // Take the list `box` as the server drew it.
  show(box) {
    this.#held = box;
    if (this.isAtRest) this.takeIn();
    else this.#update();
    this.#tell();
  }

  // Show what waits, and drop what left; the focus stays at its row, or goes to the next.
  takeIn() {
    if (!this.#held) return;
    const place = this.current ? this.all.indexOf(this.current) : -1;
    this.#merge(this.#held);
    this.#held = null;
    this.#forgetGone();
    if (place >= 0 && !this.current) this.focus(this.all[Math.min(place, this.all.length - 1)]);
    this.#tell();
  }

  move(step) {
    const rows = this.all;
    const place = this.current ? rows.indexOf(this.current) + step : step > 0 ? 0 : rows.length - 1;
    this.focus(rows[Math.max(0, Math.min(place, rows.length - 1))]);
  }

  // Be at no row any more: what waits is shown.
  letGo() {
    if (this.#hand === null) return;
    this.#takeInHand(null);
    if (this.#box.contains(document.activeElement)) document.activeElement.blur();
    if (this.isAtRest) this.takeIn();
  }

  focus(row) {
    const link = row?.querySelector("[data-open]");
    link?.focus();
    row?.scrollIntoView({ block: "nearest" });
  }

  choose(row, isChosen = !this.#chosen.has(keyOf(row))) {
    const tick = row.querySelector(".pick input");
    if (!tick || row.classList.contains("is-gone")) return;
    tick.checked = isChosen;
    if (isChosen) this.#chosen.add(keyOf(row));
    else this.#chosen.delete(keyOf(row));
    row.classList.toggle("is-chosen", isChosen);
  }

  chooseAll(isChosen) {
    for (const row of this.all) this.choose(row, isChosen);
    this.#tell();
  }

  toggle(row) {
    this.choose(row);
    this.#tell();
  }

  #takeInHand(row) {
    this.#hand = row ? keyOf(row) : null;
    for (const each of this.all) each.classList.toggle("is-at-hand", each === row);
  }

  // Everything but what would move a row.
  #update() {
    const wanted = new Map([...this.#held.querySelectorAll("tbody[data-key]")].map((row) => [keyOf(row), row]));
    if (!this.all.length) return;
    for (const row of this.all) {
      const next = wanted.get(keyOf(row));
      if (next) renew(row, next);
      else this.#leave(row);
    }
  }

  #leave(row) {
    if (row.classList.contains("is-gone")) return;
    this.choose(row, false);
    row.classList.add("is-gone");
    row.querySelector(".pick input")?.setAttribute("disabled", "");
    const state = row.querySelector(":scope > tr > [data-part=state]");
    if (state) state.textContent = gettext("no longer in this list");
  }

  #merge(box) {
    this.#box.dataset.total = box.dataset.total;
    const table = this.#box.querySelector("table");
    const next = box.querySelector("table");
    if (!table || !next) {
      this.#box.replaceChildren(...box.childNodes);
      return;
    }
    const old = new Map(this.all.map((row) => [keyOf(row), row]));
    const rows = [...next.tBodies].map((row) => {
      const kept = old.get(keyOf(row));
      old.delete(keyOf(row));
      if (!kept) return row;
      kept.classList.remove("is-gone");
      renew(kept, row);
      return kept;
    });
    for (const row of old.values()) row.remove();
    rows.forEach((row, place) => {
      if (table.tBodies[place] !== row) table.insertBefore(row, table.tBodies[place] ?? null);
    });
    const rest = this.#box.querySelector(".rest");
    const nextRest = box.querySelector(".rest");
    if (rest && nextRest) morph(rest, nextRest);
    else if (rest) rest.remove();
    else if (nextRest) this.#box.append(nextRest);
  }

  #forgetGone() {
    const left = new Set(this.all.map(keyOf));
    for (const key of this.chosen) if (!left.has(key)) this.#chosen.delete(key);
    for (const row of this.all) row.classList.toggle("is-chosen", this.#chosen.has(keyOf(row)));
    const all = this.#box.querySelector("[data-part=all]");
    if (all && !this.#chosen.size) all.checked = false;
  }

  #ticked(target) {
    if (target.matches("[data-part=all]")) this.chooseAll(target.checked);
    else if (target.matches(".pick input")) {
      const row = target.closest("tbody[data-key]");
      if (target.closest(".child")) return;
      this.choose(row, target.checked);
      this.#tell();
    }
  }

  #tell() {
    this.dispatchEvent(new CustomEvent("change"));
  }
}

export function keyOf(row) {
  return row.dataset.key;
}

// What waits, as the bar says it.
export function newWords(count) {
  return fill(ngettext("%(count)s new", "%(count)s new", count), { count: number(count) });
}

// Renew an alert's own row; those unfolded below it stay.
function renew(row, next) {
  const ours = ["is-chosen", "is-at-hand"].filter((name) => row.classList.contains(name));
  for (const name of ["state", "severity"]) {
    if (next.dataset[name] !== undefined) row.dataset[name] = next.dataset[name];
  }
  const isGone = row.classList.contains("is-gone");
  row.className = next.className;
  row.classList.add(...ours);
  if (isGone) row.querySelector(".pick input")?.removeAttribute("disabled");
  morph(row.rows[0], next.rows[0].cloneNode(true));
}
