// One card a region: the price now, how it arose, until when, and the next one.
import { age, isKnown, number, percent } from "./format.js";
import { fill, gettext } from "./words.js";

const FLAGS = {
  load_unknown: gettext("load unknown"),
  missed: gettext("decided late"),
};

export class PriceCards {
  #box;
  #template;
  #times;
  #cards = new Map();

  constructor(box, template, times) {
    this.#box = box;
    this.#template = template;
    this.#times = times;
  }

  show(regions, now) {
    const codes = new Set(regions.map(({ region }) => region));
    for (const code of this.#cards.keys()) if (!codes.has(code)) this.#remove(code);
    for (const tariff of regions) this.#fill(this.#card(tariff.region), tariff, now);
  }

  #card(code) {
    if (!this.#cards.has(code)) {
      const card = this.#template.content.firstElementChild.cloneNode(true);
      card.dataset.region = code;
      this.#cards.set(code, card);
      this.#box.append(card);
    }
    return this.#cards.get(code);
  }

  #remove(code) {
    this.#cards.get(code).remove();
    this.#cards.delete(code);
  }

  #fill(card, tariff, now) {
    const until = Date.parse(tariff.effective_until);
    write(card, "name", tariff.name);
    write(card, "price", price(tariff.price_per_kwh));
    write(card, "unit", fill(gettext("%(currency)s per kWh"), { currency: tariff.currency }));
    write(card, "until", this.#until(until, now));
    write(card, "arose", arose(tariff));
    write(card, "next", this.#next(tariff));
    card.classList.toggle("is-flagged", Boolean(tariff.flag));
    card.classList.toggle("is-over", now >= until);
  }

  #until(until, now) {
    const time = this.#times.minute(until);
    if (now >= until) return fill(gettext("was in force until %(time)s"), { time });
    return fill(gettext("until %(time)s, %(left)s left"), { time, left: age(until - now) });
  }

  #next({ next }) {
    if (!next) return gettext("The next price is not decided yet.");
    const values = { price: price(next.price_per_kwh), time: this.#times.minute(Date.parse(next.effective_from)) };
    return fill(gettext("Next: %(price)s from %(time)s"), values);
  }
}

// A decimal text as people read it: zeros that say nothing are left out, down to two places.
export function price(text) {
  const [whole, places = ""] = text.split(".");
  return `${whole}.${places.replace(/0+$/, "").padEnd(2, "0")}`;
}

// How a price arose: base × band and load, or the override's reason, and what is flagged.
export function arose(tariff) {
  const parts = [];
  if (tariff.triggered_by === "OVERRIDE") parts.push(fill(gettext("override: %(reason)s"), { reason: tariff.reason }));
  else parts.push(fill(gettext("%(base)s base × %(multiplier)s"), { base: price(tariff.base_price), multiplier: Number(tariff.multiplier) }));
  if (tariff.triggered_by === "HELD") parts.push(gettext("held"));
  if (isKnown(tariff.band_from_pct)) parts.push(fill(gettext("band from %(edge)s"), { edge: percent(tariff.band_from_pct) }));
  if (isKnown(tariff.load_pct)) parts.push(fill(gettext("load %(load)s %%"), { load: number(tariff.load_pct, 1) }).replace("%%", "%"));
  if (tariff.flag) parts.push(FLAGS[tariff.flag] ?? tariff.flag);
  return parts.join(" · ");
}

function write(card, part, text) {
  const element = card.querySelector(`[data-part=${part}]`);
  if (element.textContent !== text) element.textContent = text;
}
