// Counts: of each state under the map, of reporting meters and of the data's age above it.
import { isKnown, number } from "./format.js";
import { speak } from "./speech.js";
import { STATES, glyph } from "./states.js";
import { fill, gettext } from "./words.js";

export class Legend {
  #counts;

  constructor(element) {
    this.#counts = STATES.map(({ code, word }, state) => {
      const item = document.createElement("li");
      const count = document.createElement("b");
      item.className = `legend-${code}`;
      count.textContent = "–";
      item.append(glyph(state), `${word} `, count);
      element.append(item);
      return count;
    });
  }

  show(board) {
    this.#counts.forEach((count, state) => {
      count.textContent = number(board.total(state));
    });
  }
}

const SPEAK_MS = 10_000; // a screen reader is told of counts no more often

export class Totals {
  #element;
  #spokenAt = 0;
  #silent = null;

  constructor(element) {
    this.#element = element;
  }

  #part(name) {
    return this.#element.querySelector(`[data-part=${name}]`);
  }

  show({ count, reporting, silent }) {
    this.#part("reporting").textContent = number(reporting);
    this.#part("reporting").classList.remove("is-word");
    this.#part("expected").textContent = fill(gettext("of %(count)s"), { count: number(count) });
    const share = count ? (reporting / count) * 100 : 0;
    this.#part("reporting-bar").style.setProperty("--fill", `${share}%`);
    const words = silent ? [glyph(3), fill(gettext("%(count)s silent"), { count: number(silent) })] : [gettext("none silent")];
    this.#part("silent").replaceChildren(...words);
    this.#speak(reporting, silent);
  }

  showAge({ text, isOld }, frame, times) {
    const value = this.#part("age");
    if (value.textContent !== text) value.textContent = text;
    value.classList.toggle("is-word", !isKnown(frame?.newest));
    value.closest("article").classList.toggle("is-old", isOld);
    const newest = frame?.newest;
    this.#part("newest").textContent = isKnown(newest)
      ? fill(gettext("newest reading %(time)s"), { time: times.time(newest) })
      : gettext("no reading yet");
  }

  #speak(reporting, silent) {
    const now = Date.now();
    if (silent === this.#silent || now - this.#spokenAt < SPEAK_MS) return;
    if (this.#silent !== null) {
      const values = { reporting: number(reporting), silent: number(silent) };
      speak("spoken", fill(gettext("%(reporting)s meters report, %(silent)s are silent."), values));
      this.#spokenAt = now;
    }
    this.#silent = silent;
  }
}

// Fill the choice of what the map shows; the first option, the whole grid, stays.
export function offerRegions(select, regions) {
  const options = regions.map(({ name }, index) => new Option(name, index));
  select.replaceChildren(select.options[0], ...options);
}
