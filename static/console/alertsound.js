// A tone for an alarm that is new and bad. Off until somebody chooses it.
import { gettext } from "./words.js";

const KEPT = "segs-alert-sound";
const TONES_HZ = { high: [660], critical: [880, 660, 880] };
const TONE_S = 0.18;
const LOUDNESS = 0.15;
const PAUSE_MS = 3_000; // a flood is one tone, not a hundred

export class Sound {
  #button;
  #on = false;
  #context = null;
  #soundedAt = 0;

  constructor(button) {
    this.#button = button;
    this.#word = [...button.childNodes].find((node) => node.nodeType === Node.TEXT_NODE);
    button.addEventListener("click", () => this.toggle());
    try {
      this.#on = localStorage.getItem(KEPT) === "on";
    } catch {
      // off
    }
    this.#show();
  }

  #word;

  toggle() {
    this.#on = !this.#on;
    try {
      localStorage.setItem(KEPT, this.#on ? "on" : "off");
    } catch {
      // the choice lasts as long as the page
    }
    this.#show();
    if (this.#on) this.#play(TONES_HZ.high);
  }

  // Sound for an alert event of the feed.
  hear({ severity, status }) {
    if (!this.#on || status !== "active" || !TONES_HZ[severity]) return;
    if (Date.now() - this.#soundedAt < PAUSE_MS) return;
    this.#soundedAt = Date.now();
    this.#play(TONES_HZ[severity]);
  }

  #show() {
    this.#word.textContent = this.#on ? `${gettext("Sound on")} ` : `${gettext("Sound off")} `;
    this.#button.setAttribute("aria-pressed", String(this.#on));
  }

  #play(tones) {
    this.#context ??= new AudioContext();
    tones.forEach((hertz, place) => {
      const start = this.#context.currentTime + place * TONE_S;
      const tone = new OscillatorNode(this.#context, { frequency: hertz });
      const volume = new GainNode(this.#context, { gain: LOUDNESS });
      tone.connect(volume).connect(this.#context.destination);
      tone.start(start);
      tone.stop(start + TONE_S * 0.8);
    });
  }
}
