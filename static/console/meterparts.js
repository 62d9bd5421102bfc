// A panel whose content the server draws at an address of its own: it alone fails, or is old.
import { morph, readFragment } from "./fragments.js";
import { Panel } from "./panels.js";

export class Part {
  #name;
  #body;
  #panel;
  #shown;
  #asked = 0;

  // `shown` is called with the content when there is a new one.
  constructor(element, shown = () => {}) {
    this.#name = element.dataset.panel;
    this.#body = element.querySelector(`[data-swap=${this.#name}]`);
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
    let next;
    try {
      const fragment = await readFragment(url, { byItself });
      next = fragment.querySelector(`[data-swap=${this.#name}]`);
    } catch (error) {
      if (asked === this.#asked) this.#panel.failed(error, () => this.read(url));
      return false;
    }
    if (asked !== this.#asked) return false;
    morph(this.#body, next);
    this.#panel.ready(); // before it is drawn: a chart has the width of what is visible
    this.#shown(this.#body);
    return true;
  }
}
