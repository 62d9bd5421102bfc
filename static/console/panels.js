// What a panel says about itself: loading, ready, empty, old (values stay, greyed) or failed.
// A failure after the first success leaves the values standing.
import { fill, gettext } from "./words.js";

export class Panel {
  #element;
  #note;
  #filled = false;

  constructor(element) {
    this.#element = element;
    this.#note = element.querySelector("[data-note]");
  }

  ready() {
    this.#filled = true;
    this.#say("ready");
  }

  // Why there is nothing, and the next step.
  empty(...sentences) {
    this.#filled = false;
    this.#say("empty", ...sentences.map(paragraph));
  }

  old(sentence) {
    if (this.#filled) this.#say("old", paragraph(sentence));
  }

  // Cause, retry and request id; whoever is signed out gets the way back in.
  failed(error, retry) {
    const words = [paragraph(error.message)];
    if (error.requestId) {
      words.push(paragraph(fill(gettext("Request %(id)s"), { id: error.requestId })));
    }
    this.#say(this.#filled ? "old" : "failed", ...words, error.signedOut ? signIn() : button(retry));
  }

  #say(state, ...content) {
    this.#element.dataset.state = state;
    const words = content.map((node) => node.textContent).join();
    if (this.#note.dataset.words === words) return; // unchanged: keep focus and say nothing
    this.#note.dataset.words = words;
    // Ages change every second and must not be read out; a failure is, once.
    this.#note.role = state === "failed" ? "alert" : null;
    this.#note.replaceChildren(...content);
  }
}

function paragraph(text) {
  const element = document.createElement("p");
  element.textContent = text;
  return element;
}

function button(retry) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "btn btn-quiet";
  element.textContent = gettext("Try again");
  element.addEventListener("click", retry);
  return element;
}

function signIn() {
  const element = document.createElement("a");
  element.className = "btn btn-quiet";
  element.href = location.href;
  element.textContent = gettext("Sign in again");
  return element;
}
