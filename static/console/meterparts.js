// A panel whose content the server draws at an address of its own: it alone fails, or is old.
// What it draws goes where the panel has a place of that name.
import { morph, readFragment } from "./fragments.js";
import { Panel } from "./panels.js";

export class Part {
  #body;
  #panel;
  #shown;
  #asked = 0;

  // `shown` is called with the content when there is a new one.
  constructor(element, shown = () => {}) {
    this.#body = element.querySelector(".panel-body");
    this.#panel = new Panel(element);
    this.#shown = shown;
  }

  get body() {
    return this.#body;
  }

  old(sentence) {
    this.#panel.old(sentence);
  }

  ready() {
    this.#panel.ready();
  }

  // Read `url` and show it; what is asked for later wins. Tells whether it came.
  async read(url, { byItself = false } = {}) {
    const asked = (this.#asked += 1);
    let fragment;
    try {
      fragment = await readFragment(url, { byItself });
    } catch (error) {
      if (asked === this.#asked) this.#panel.failed(error, () => this.read(url));
      return false;
    }
    if (asked !== this.#asked) return false;
    for (const place of this.#places()) {
      morph(place, fragment.querySelector(`[data-swap=${place.dataset.swap}]`));
    }
    this.#panel.ready(); // before it is drawn: a chart has the width of what is visible
    this.#shown(this.#body);
    return true;
  }

  #places() {
    return this.#body.matches("[data-swap]") ? [this.#body] : this.#body.querySelectorAll("[data-swap]");
  }
}
