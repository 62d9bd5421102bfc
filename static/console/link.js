// The top bar's word on the link and on the age of the data.
import { age, isKnown, number } from "./format.js";
import { speak } from "./speech.js";
import { lead } from "./title.js";
import { fill, gettext, ngettext } from "./words.js";

const WORDS = {
  connecting: gettext("Connecting"),
  live: gettext("Live"),
  stale: gettext("Stale"),
  disconnected: gettext("Disconnected, retrying"),
  refused: gettext("Signed out"),
};

export class LinkState {
  #element;
  #word;
  #detail;
  #retry;
  #signIn;

  constructor(element, retry) {
    this.#element = element;
    this.#word = element.querySelector("[data-part=word]");
    this.#detail = element.querySelector("[data-part=detail]");
    this.#retry = element.querySelector("[data-part=retry]");
    this.#signIn = element.querySelector("[data-part=sign-in]");
    this.#retry.addEventListener("click", retry);
  }

  // Say the state; only a change is spoken, the seconds are for the eye.
  show(feed) {
    if (this.#element.dataset.link !== feed.state) {
      const first = !this.#element.dataset.link;
      this.#element.dataset.link = document.body.dataset.link = feed.state;
      this.#word.textContent = WORDS[feed.state];
      this.#retry.hidden = feed.state !== "disconnected";
      this.#signIn.hidden = feed.state !== "refused";
      lead("link", feed.state === "live" || first ? "" : `${WORDS[feed.state]} ·`);
      if (!first) speak("spoken", fill(gettext("Link: %(state)s"), { state: WORDS[feed.state] }));
    }
    this.#detail.textContent = detail(feed);
  }
}

function detail(feed) {
  if (feed.state === "stale") return fill(gettext("no heartbeat for %(age)s"), { age: age(feed.quiet) });
  if (feed.state !== "disconnected") return "";
  const seconds = Math.ceil(feed.wait / 1000);
  if (!seconds) return gettext("trying now");
  return fill(ngettext("in %(count)s second", "in %(count)s seconds", seconds), { count: number(seconds) });
}

// The age of the newest reading: {text, isOld}; older than two reading intervals is old.
export function dataAge(newest, now, intervalMs) {
  if (!isKnown(newest)) return { text: gettext("unknown"), isOld: true };
  return { text: age(now - newest), isOld: now - newest > 2 * intervalMs };
}
