// What is asked before something is done with alerts, and the doing: one form for every verb.
import { send } from "./fragments.js";
import { number } from "./format.js";
import { fill, gettext, ngettext } from "./words.js";

export class Asks {
  #form;
  #whom = () => ({});
  #done;

  // `whom` gives {ids, everything, count, name}; `done` is called with what was answered.
  constructor({ whom, done }) {
    this.#form = document.getElementById("act");
    this.#whom = whom;
    this.#done = done;
    for (const dialog of document.querySelectorAll("dialog.ask")) this.#listen(dialog);
  }

  get isOpen() {
    return Boolean(document.querySelector("dialog[open]"));
  }

  open(name) {
    const dialog = document.getElementById(`ask-${name}`);
    if (!dialog || dialog.open) return;
    const whom = this.#whom();
    const words = dialog.querySelector("[data-part=whom]");
    if (words) {
      if (!whom.count) return;
      words.textContent = whom.count === 1 && whom.name ? whom.name : fill(ngettext("%(count)s alert", "%(count)s alerts", whom.count), { count: number(whom.count) });
    }
    const form = dialog.querySelector("form");
    if (form.dataset.verb) {
      form.reset();
      form.whom = whom; // what was at hand when it was asked, whatever comes meanwhile
      say(dialog, "");
    }
    dialog.showModal();
    form.querySelector("input:not([type=radio]):not([type=checkbox]), select, [type=radio]:checked")?.focus();
  }

  // Do one thing without asking.
  async act(verb, whom, values = {}) {
    const answer = await send(this.#form.action, {
      csrfmiddlewaretoken: this.#form.elements.csrfmiddlewaretoken.value,
      verb,
      ids: whom.everything ? "" : whom.ids.join(","),
      ...(whom.everything ? { everything: "on", list: whom.everything } : {}),
      ...values,
    });
    this.#done(answer);
  }

  #listen(dialog) {
    const form = dialog.querySelector("form");
    dialog.querySelector("[data-part=cancel]")?.addEventListener("click", () => dialog.close());
    if (!form.dataset.verb) return;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("[type=submit]");
      button.disabled = true;
      try {
        await this.act(form.dataset.verb, form.whom, Object.fromEntries(new FormData(form)));
        dialog.close();
      } catch (error) {
        say(dialog, error.message || gettext("Nothing was done."));
      } finally {
        button.disabled = false;
      }
    });
  }
}

function say(dialog, words) {
  const error = dialog.querySelector("[data-part=error]");
  error.hidden = !words;
  error.textContent = words;
}
