// The server's clock, told from the stamps of its heartbeats: a wrong clock on the desk must
// not make fresh data look old.

const REMEMBERED = 10;

export class Clock {
  #leads = [];

  // Note that a message stamped `sentAt` (epoch ms) has just arrived.
  heard(sentAt) {
    if (!Number.isFinite(sentAt)) return;
    this.#leads.push(sentAt - Date.now());
    if (this.#leads.length > REMEMBERED) this.#leads.shift();
  }

  // Epoch ms by the server. Travel makes every stamp look late, so the largest lead is nearest.
  now() {
    return Date.now() + (this.#leads.length ? Math.max(...this.#leads) : 0);
  }
}

// Keep `element` showing the time and `zoneElement` the zone's name, changed once a second.
export function showClock(clock, format, element, zoneElement) {
  const moment = clock.now();
  element.textContent = format.time(moment);
  element.dateTime = new Date(moment).toISOString();
  zoneElement.textContent = format.zone(moment);
}
