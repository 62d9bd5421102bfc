// One card a region: load against capacity, where it stands in the price bands, how sure it is.
import { BAND_EDGES_PCT, bandOf } from "./bands.js";
import { age, isKnown, kilowatts, percent } from "./format.js";
import { NORMAL, glyph } from "./states.js";
import { fill, gettext } from "./words.js";

export const OLD_MS = 180_000; // a load older than three minutes decides no price either

export class Figures {
  #box;
  #template;
  #cards = new Map();

  constructor(box, template) {
    this.#box = box;
    this.#template = template;
  }

  show(rows, now, times) {
    for (const code of this.#cards.keys()) if (!rows.has(code)) this.#remove(code);
    for (const [code, row] of rows) this.#fill(this.#card(code), row, now, times);
  }

  #card(code) {
    if (!this.#cards.has(code)) {
      const card = this.#template.content.firstElementChild.cloneNode(true);
      card.querySelector(".bullet").append(...BAND_EDGES_PCT.map(tick));
      this.#cards.set(code, card);
      this.#box.append(card);
    }
    return this.#cards.get(code);
  }

  #remove(code) {
    this.#cards.get(code).remove();
    this.#cards.delete(code);
  }

  #fill(card, row, now, times) {
    const known = isKnown(row.load_kw);
    const shown = row.last;
    const isOld = !known || now - row.asOf > OLD_MS;
    const band = known ? bandOf(row.load_pct) : null;
    card.classList.toggle("is-old", Boolean(shown) && isOld);
    card.dataset.band = isOld ? "" : (band?.code ?? "");
    write(card, "name", row.name);
    write(card, "load", shown ? kilowatts(shown.kw) : gettext("unknown"));
    card.querySelector("[data-part=load]").classList.toggle("is-word", !shown);
    write(card, "capacity", capacityWords(row, Boolean(shown)));
    fillBullet(card.querySelector(".bullet"), row.name, shown?.pct);
    share(card.querySelector("[data-part=share]"), row, band, shown);
    write(card, "coverage", coverageWords(row));
    write(card, "moment", momentWords(row, now, times));
    const price = priceWords(row, times);
    write(card, "price", price);
    card.querySelector("[data-part=price]").hidden = !price;
  }
}

function write(card, part, text) {
  const element = card.querySelector(`[data-part=${part}]`);
  if (element.textContent !== text) element.textContent = text;
}

function tick(edge) {
  const mark = document.createElement("span");
  mark.className = "bullet-tick";
  mark.style.setProperty("--at", `${edge}%`);
  return mark;
}

function capacityWords(row, hasLoad) {
  if (!isKnown(row.capacity_kw)) return hasLoad ? gettext("kW, capacity unknown") : "";
  return fill(gettext("kW of %(capacity)s"), { capacity: kilowatts(row.capacity_kw) });
}

function fillBullet(bullet, name, pct) {
  const known = isKnown(pct);
  bullet.style.setProperty("--fill", `${known ? Math.min(Math.max(pct, 0), 100) : 0}%`);
  bullet.classList.toggle("is-unknown", !known);
  const words = known ? gettext("%(name)s: %(share)s of capacity") : gettext("%(name)s: load unknown");
  bullet.setAttribute("aria-label", fill(words, { name, share: percent(pct) }));
}

function share(element, row, band, shown) {
  const words = shareWords(row, band, shown);
  if (element.dataset.words === words) return;
  element.dataset.words = words;
  element.replaceChildren(...(band && band.state !== NORMAL ? [glyph(band.state)] : []), words);
}

function shareWords(row, band, shown) {
  if (band) return fill(gettext("%(share)s of capacity · %(band)s"), { share: percent(row.load_pct), band: band.word });
  if (isKnown(row.load_kw)) return gettext("share of capacity unknown");
  if (!shown) return gettext("no closed minute yet");
  return gettext("load unknown now: too few meters report");
}

function coverageWords({ coverage_pct: coverage }) {
  if (!isKnown(coverage)) return "";
  return fill(gettext("coverage %(share)s"), { share: percent(coverage) });
}

function momentWords(row, now, times) {
  const moment = row.last?.asOf ?? row.asOf;
  if (!isKnown(moment)) return "";
  const values = { time: times.minute(moment), age: age(now - moment) };
  return fill(gettext("as of %(time)s, %(age)s ago"), values);
}

function priceWords(row, times) {
  if (row.price === null || row.price === undefined) return "";
  const until = row.price_until ? times.minute(Date.parse(row.price_until)) : "";
  const words = until ? gettext("price %(price)s until %(until)s") : gettext("price %(price)s");
  return fill(words, { price: row.price, until });
}
