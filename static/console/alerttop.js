// The worst alerts that nobody has acknowledged, on the overview.
import { askSoon } from "./alertcount.js";
import { send, morph, readFragment } from "./fragments.js";
import { speak } from "./speech.js";
import { gettext } from "./words.js";

const SOON_MS = 100; // the events of one cause come together
const PAUSE_MS = 400; // between two reads in a flood
const RENEW_MS = 60_000; // shelves end without an event

export class TopAlerts {
  #element;
  #panel;
  #body;
  #timer = null;
  #readAt = 0;

  constructor(element, panel) {
    this.#element = element;
    this.#panel = panel;
    this.#body = element.querySelector("[data-part=top]");
    element.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-acknowledge]");
      if (button) this.#acknowledge(button);
    });
  }

  follow(feed) {
    for (const type of ["alert", "status_update", "resync"]) feed.addEventListener(type, () => this.#readSoon());
    feed.addEventListener("link", ({ detail }) => (detail === "live" ? this.#readSoon() : this.#tellStale()));
    setInterval(() => this.#readSoon(), RENEW_MS);
    this.#readSoon();
  }

  #readSoon() {
    if (this.#timer) return;
    this.#timer = setTimeout(() => this.#read(), Math.max(SOON_MS, this.#readAt + PAUSE_MS - Date.now()));
  }

  async #read() {
    this.#timer = null;
    this.#readAt = Date.now();
    let fragment;
    try {
      fragment = await readFragment(this.#element.dataset.url);
    } catch (error) {
      this.#panel.failed(error, () => this.#read());
      return;
    }
    this.#show(fragment);
  }

  // Rows keep their elements by key: a button that has the focus keeps it.
  #show(fragment) {
    const next = fragment.querySelector("[data-swap=top]");
    const old = this.#body.querySelector("[data-swap=top]");
    if (old) merge(old, next);
    else this.#body.prepend(next);
    const rest = this.#body.querySelector("[data-part=rest]");
    const words = fragment.querySelector("[data-swap=rest]")?.textContent ?? "";
    rest.hidden = !words;
    rest.textContent = words;
    if (next.dataset.total === "0") this.#panel.empty(gettext("Nothing waits for you."), gettext("A new alert appears here by itself."));
    else this.#panel.ready();
  }

  #tellStale() {
    this.#panel.old(gettext("Not live: there may be newer alerts."));
  }

  async #acknowledge(button) {
    const form = this.#element.querySelector("form");
    button.disabled = true;
    try {
      const { message } = await send(form.action, {
        csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value,
        verb: "acknowledge",
        ids: button.dataset.acknowledge,
      });
      speak("spoken", message);
      askSoon();
      await this.#read();
    } catch (error) {
      this.#panel.failed(error, () => this.#read());
    } finally {
      button.disabled = false;
    }
  }
}

function merge(old, next) {
  old.dataset.total = next.dataset.total;
  const kept = new Map([...old.children].map((item) => [item.dataset.key, item]));
  [...next.children].forEach((item, place) => {
    const known = kept.get(item.dataset.key);
    kept.delete(item.dataset.key);
    if (known) morph(known, item);
    const row = known ?? item;
    if (old.children[place] !== row) old.insertBefore(row, old.children[place] ?? null);
  });
  for (const item of kept.values()) item.remove();
}
