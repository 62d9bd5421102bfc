// A region's forecast: load and price of the coming hours, and the past ones beside what came.
import { BAND_EDGES_PCT } from "./bands.js";
import { ForecastPlot } from "./forecastplot.js";
import { cheapest, judged, spans } from "./forecastwords.js";
import { isKnown, kilowatts, number, percent } from "./format.js";
import { price } from "./pricecards.js";
import { fill, gettext } from "./words.js";

const HOUR_S = 3600;

export class Forecast {
  #part;
  #rows;
  #times;
  #plots;
  #hours = []; // the past ones, then the coming ones
  #past = 0; // how many of them are past
  #cheapest = [];
  #capacityKw = null; // in force now; null shows loads in kW
  #currency = "";
  #now = 0; // epoch s

  constructor(element, times) {
    this.#part = (name) => element.querySelector(`[data-part=${name}]`);
    this.#rows = element.querySelector("tbody");
    this.#times = times;
    const shared = {
      now: () => this.#now,
      span: () => [seconds(this.#hours[0]), seconds(this.#hours.at(-1)) + HOUR_S],
      tell: (moment) => this.#tell(moment),
    };
    this.#plots = {
      load: new ForecastPlot(this.#part("load-plot"), times, { ...shared, ...this.#loadAxis(), marked: () => [] }),
      price: new ForecastPlot(this.#part("price-plot"), times, {
        ...shared,
        stepped: true,
        marked: () => this.#cheapest.map((hour) => seconds(hour) + HOUR_S / 2),
        range: (low, high) => [Math.min(0, low ?? 0), Math.max(0, high ?? 0) * 1.25 || 1],
        values: (value) => number(value, 2),
      }),
    };
  }

  show(answer, { capacityKw, currency, now }) {
    this.#hours = [...answer.past, ...answer.hours];
    this.#past = answer.past.length;
    this.#cheapest = cheapest(answer.hours);
    this.#capacityKw = capacityKw;
    this.#currency = currency;
    this.#now = now / 1000;
    this.#say(answer); // first: a chart draws itself where it is shown
    this.#plots.load.show(this.#loads());
    this.#plots.price.show(this.#prices());
    this.#tell(null);
    const rows = this.#hours.map((hour, place) => this.#row(hour, place));
    this.#rows.replaceChildren(...rows);
  }

  // In % the grid lines are the edges of the price bands and the capacity itself.
  #loadAxis() {
    return {
      range: (low, high) => {
        const most = this.#capacityKw ? Math.max(100, high ?? 0) * 1.02 : (high || 1) * 1.08;
        return [Math.min(0, low ?? 0), most];
      },
      splits: (plot, ...facts) => (this.#capacityKw ? [0, ...BAND_EDGES_PCT, 100] : evenly(plot, ...facts)),
      values: (value) => (this.#capacityKw ? percent(value) : kilowatts(value)),
    };
  }

  // A mean of an hour stands in its middle.
  #loads() {
    const line = (name) => this.#hours.map((hour) => this.#measure(hour[name]));
    const moments = this.#hours.map((hour) => seconds(hour) + HOUR_S / 2);
    return [moments, line("p90_kw"), line("p10_kw"), line("p50_kw"), line("load_kw")];
  }

  // Prices are steps: the last one is repeated where its hour ends.
  #prices() {
    const ends = this.#hours.map((hour) => [hour.p10_price, hour.p50_price, hour.p90_price].filter(Boolean).map(Number));
    const lines = [
      ends.map((prices) => (prices.length ? Math.max(...prices) : null)),
      ends.map((prices) => (prices.length ? Math.min(...prices) : null)),
      this.#hours.map((hour) => (hour.p50_price === null ? null : Number(hour.p50_price))),
    ];
    const moments = this.#hours.map(seconds);
    return [[...moments, moments.at(-1) + HOUR_S], ...lines.map((line) => [...line, line.at(-1)])];
  }

  #measure(kw) {
    if (!isKnown(kw)) return null;
    return this.#capacityKw ? (kw / this.#capacityKw) * 100 : kw;
  }

  #load(kw) {
    const value = this.#measure(kw);
    if (value === null) return gettext("unknown");
    return this.#capacityKw ? `${number(value, 1)}\u00a0%` : `${kilowatts(value)}\u00a0kW`;
  }

  #say({ made_at: madeAt, measured }) {
    const unit = this.#capacityKw
      ? fill(gettext("Load in %% of the capacity of now, %(capacity)s kW"), { capacity: kilowatts(this.#capacityKw) }).replace("%%", "%")
      : gettext("Load in kW: the capacity is unknown");
    this.#part("load-unit").textContent = unit;
    this.#part("price-unit").textContent = fill(gettext("Expected price, %(currency)s per kWh"), { currency: this.#currency });
    this.#part("made").textContent = fill(gettext("Made from the loads up to %(time)s."), { time: this.#moment(Date.parse(madeAt)) });
    this.#part("cheapest").textContent = this.#cheapestWords();
    this.#part("price-plot").closest("figure").hidden = this.#hours.every((hour) => hour.p50_price === null);
    this.#part("judged").replaceChildren(...judged(measured).map(fact));
  }

  #cheapestWords() {
    const coming = this.#hours.slice(this.#past);
    if (coming.every((hour) => hour.p50_price === null)) {
      return gettext("No price can be expected: no pricing policy or no capacity was in force when this was made.");
    }
    if (!this.#cheapest.length) return gettext("Every coming hour is expected to cost the same.");
    const windows = spans(this.#cheapest).map(([start, end]) => `${this.#moment(start)}–${this.#times.minute(end)}`);
    return fill(gettext("▼ Cheapest hours: %(windows)s, %(price)s %(currency)s per kWh expected"), {
      windows: windows.join(", "),
      price: price(this.#cheapest[0].p50_price),
      currency: this.#currency,
    });
  }

  // The legend carries the values under the pointer, or those of the hour that runs.
  #tell(moment) {
    const at = moment ?? this.#now;
    const hour = this.#hours.find((each) => at >= seconds(each) && at < seconds(each) + HOUR_S);
    if (!hour) return;
    const write = (part, text) => { this.#part(part).textContent = text; };
    write("at", this.#span(hour));
    write("expected", this.#load(hour.p50_kw));
    write("band", `${this.#load(hour.p10_kw)} – ${this.#load(hour.p90_kw)}`);
    write("came", "load_kw" in hour ? this.#load(hour.load_kw) : gettext("not yet"));
    write("price", this.#priceOf(hour));
  }

  #priceOf(hour) {
    if (hour.p50_price === null) return gettext("unknown");
    const [low, high] = ends(hour);
    return low === high ? price(hour.p50_price) : `${price(hour.p50_price)} (${low} – ${high})`;
  }

  #moment(at) {
    return `${this.#times.weekday(at)} ${this.#times.minute(at)}`;
  }

  #span(hour) {
    const start = Date.parse(hour.start);
    return `${this.#moment(start)}–${this.#times.minute(start + HOUR_S * 1000)}`;
  }

  #row(hour, place) {
    const row = document.createElement("tr");
    const texts = [
      this.#span(hour),
      this.#load(hour.p50_kw),
      `${this.#load(hour.p10_kw)} – ${this.#load(hour.p90_kw)}`,
      place < this.#past ? this.#load(hour.load_kw) : gettext("not yet"),
      this.#priceOf(hour),
      this.#note(hour),
    ];
    texts.forEach((text, column) => {
      const cell = document.createElement(column ? "td" : "th");
      if (!column) cell.scope = "row";
      cell.textContent = text;
      row.append(cell);
    });
    row.classList.toggle("is-now", place === this.#past);
    return row;
  }

  #note(hour) {
    if (this.#cheapest.includes(hour)) return gettext("▼ cheapest");
    const known = [hour.load_kw, hour.p10_kw, hour.p90_kw].every(isKnown);
    if (!known) return "";
    if (hour.load_kw > hour.p90_kw) return gettext("above the band");
    return hour.load_kw < hour.p10_kw ? gettext("below the band") : "";
  }
}

function seconds(hour) {
  return Date.parse(hour.start) / 1000;
}

// The lower and the higher price of the band: a multiplier may fall with the load.
function ends({ p10_price: low, p90_price: high }) {
  return [low, high].sort((one, other) => one - other).map(price);
}

function evenly(_plot, _axis, low, high, step) {
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) found.push(value);
  return found;
}

function fact({ met, text }) {
  const item = document.createElement("li");
  const shape = document.createElement("span");
  shape.ariaHidden = "true";
  shape.textContent = met === null ? "–" : met ? "✓" : "△";
  item.classList.toggle("is-missed", met === false);
  item.append(shape, text);
  return item;
}
