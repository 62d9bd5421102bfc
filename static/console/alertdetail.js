// One alert beside the list: what is known of it, and its life.
import { morph, readFragment } from "./fragments.js";
import { Panel } from "./panels.js";

export class Detail {
  key = null;
  #element;
  #body;
  #panel;
  #url = null;
  #closed;

  // `closed` is called when it is closed, to put the focus back.
  constructor(element, closed) {
    this.#element = element;
    this.#body = element.querySelector("[data-part=detail]");
    this.#panel = new Panel(element);
    this.#closed = closed;
    element.querySelector("[data-part=close]").addEventListener("click", () => this.close());
  }

  get isOpen() {
    return !this.#element.hidden;
  }

  get hasFocus() {
    return this.isOpen && this.#element.contains(document.activeElement);
  }

  get name() {
    return this.#body.querySelector(".one-title")?.textContent ?? "";
  }

  open(key, url) {
    const isOther = key !== this.key;
    this.key = key;
    this.#url = url;
    if (isOther) this.#body.replaceChildren();
    this.#element.hidden = false;
    this.#element.focus({ preventScroll: true });
    this.#read(false);
  }

  close() {
    this.#element.hidden = true;
    this.key = null;
    this.#closed();
  }

  renew() {
    if (this.isOpen) this.#read(true);
  }

  async #read(byItself) {
    const url = this.#url;
    try {
      const fragment = await readFragment(url, { byItself });
      if (url !== this.#url) return;
      this.#show(fragment.querySelector("[data-swap=one]"));
    } catch (error) {
      this.#panel.failed(error, () => this.#read(false));
    }
  }

  #show(next) {
    const old = this.#body.querySelector("[data-swap=one]");
    if (old) morph(old, next);
    else this.#body.replaceChildren(next);
    this.#panel.ready();
  }
}
