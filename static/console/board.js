// The state of every meter, kept from frames, with its counts by region.
import { SNAPSHOT } from "./frames.js";
import { STATES } from "./states.js";

export class Board {
  topology = null;
  states = null; // null until a snapshot fits the topology
  frame = null; // the newest frame's header: counts and moments
  #seq = 0;

  get meters() {
    return this.topology?.meters.serial.length ?? 0;
  }

  // Take a topology in. The states stay when its meters are the ones we know, in their order.
  place(topology) {
    const known = this.topology?.meters.serial ?? [];
    const { serial } = topology.meters;
    const same = serial.length === known.length && serial.every((its, at) => its === known[at]);
    this.topology = topology;
    this.counts = topology.regions.map(() => new Uint32Array(STATES.length));
    if (!same) this.states = null;
    if (this.states) this.#recount();
  }

  // Take a frame in. Returns "applied", "snapshot" (ask for one: this delta follows another
  // state than ours) or "topology" (the frame counts other meters than we know).
  apply(frame) {
    if (!this.topology || frame.topology !== this.topology.version || frame.count !== this.meters) {
      return "topology";
    }
    if (frame.kind === SNAPSHOT) {
      this.states = frame.states;
      this.#recount();
    } else {
      if (!this.states || frame.seq !== this.#seq + 1) return "snapshot";
      this.#change(frame.changes);
    }
    this.#seq = frame.seq;
    this.frame = frame;
    return "applied";
  }

  total(state) {
    return this.counts.reduce((sum, counts) => sum + counts[state], 0);
  }

  // Indexes of the meters in `state`, at most `limit`.
  inState(state, limit) {
    const found = [];
    for (let index = 0; index < this.meters && found.length < limit; index += 1) {
      if (this.states[index] === state) found.push(index);
    }
    return found;
  }

  #recount() {
    const { region } = this.topology.meters;
    for (const counts of this.counts) counts.fill(0);
    for (let index = 0; index < this.states.length; index += 1) {
      this.counts[region[index]][this.states[index]] += 1;
    }
  }

  #change(changes) {
    const { region } = this.topology.meters;
    for (const change of changes) {
      const index = change >>> 2;
      const state = change & 3;
      const counts = this.counts[region[index]];
      counts[this.states[index]] -= 1;
      counts[state] += 1;
      this.states[index] = state;
    }
  }
}
