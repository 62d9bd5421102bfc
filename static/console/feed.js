// The socket to the live feed. It retries for ever, asks for what it missed, and says what the
// link is worth: "connecting", "live", "stale" (no heartbeat for 5 s), "disconnected" or
// "refused" (signed out or not allowed; a new session in another tab mends that).
//
// Events: "link" (the state changed), "heartbeat" and every type of the feed (`detail` is the
// message), "frame" (`detail` is an ArrayBuffer), "resync" (read the state anew: the feed cannot
// say what was missed).

const STALE_MS = 5_000;
const GIVE_UP_MS = 20_000; // so quiet a socket is dead, whatever the network says
const CONNECT_MS = 8_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
const WATCH_MS = 250;
const REFUSALS = [4401, 4403];

// How long to wait before attempt n (0 first): doubling, and spread so that a thousand consoles
// do not come back in the same second.
export function backoff(attempt, random = Math.random) {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
  return longest / 2 + (random() * longest) / 2;
}

export class Feed extends EventTarget {
  state = "connecting";
  #address;
  #socket = null;
  #startedAt = 0;
  #openedAt = 0;
  #heartbeatAt = Date.now();
  #retryAt = 0;
  #attempt = 0;
  #seen = null;
  #newest = new Map(); // by group: the id of the last event, which the next one must follow

  constructor(address) {
    super();
    this.#address = address;
  }

  // Milliseconds since the last heartbeat.
  get quiet() {
    return Date.now() - this.#heartbeatAt;
  }

  // Milliseconds until the next attempt; 0 while one runs.
  get wait() {
    return this.#socket ? 0 : Math.max(0, this.#retryAt - Date.now());
  }

  start() {
    this.#connect();
    setInterval(() => this.#watch(), WATCH_MS);
    addEventListener("online", () => this.retry());
  }

  // Try now instead of waiting.
  retry() {
    if (!this.#socket) this.#connect();
  }

  askSnapshot() {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify({ type: "snapshot" }));
    }
  }

  #connect() {
    const address = new URL(this.#address);
    if (this.#seen !== null) address.searchParams.set("since", this.#seen);
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#startedAt = Date.now();
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = ({ data }) => this.#received(socket, data);
    socket.onclose = ({ code }) => this.#dropped(socket, code);
  }

  #opened(socket) {
    if (socket !== this.#socket) return;
    this.#openedAt = Date.now();
    if (this.#seen === null) this.#tell("resync");
  }

  #dropped(socket, code) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#retryAt = Date.now() + backoff(this.#attempt);
    this.#attempt += 1;
    this.#become(REFUSALS.includes(code) ? "refused" : "disconnected");
  }

  // Leave a socket that says nothing: its own close event may take minutes.
  #abandon(socket) {
    this.#socket = null;
    socket.close();
  }

  #watch() {
    const socket = this.#socket;
    if (!socket) {
      if (Date.now() >= this.#retryAt) this.#connect();
      return;
    }
    if (socket.readyState === WebSocket.CONNECTING) {
      if (Date.now() - this.#startedAt < CONNECT_MS) return;
      this.#dropped(socket);
      socket.close();
    } else if (Date.now() - Math.max(this.#openedAt, this.#heartbeatAt) > GIVE_UP_MS) {
      this.#abandon(socket);
      this.#connect();
    } else if (this.#isQuiet()) {
      this.#become("stale");
    }
  }

  // A socket just opened is owed its first heartbeat; a stale link is live again only with one.
  #isQuiet() {
    const since = this.state === "stale" ? this.#heartbeatAt : Math.max(this.#openedAt, this.#heartbeatAt);
    return Date.now() - since > STALE_MS;
  }

  #received(socket, data) {
    if (socket !== this.#socket) return;
    if (typeof data !== "string") {
      this.#tell("frame", data);
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "heartbeat") this.#beat(message);
    else if (message.type === "resync") this.#forget();
    else if (this.#isNew(message)) this.#tell(message.type, message);
  }

  #beat(message) {
    this.#heartbeatAt = Date.now();
    this.#attempt = 0;
    this.#become("live");
    this.#tell("heartbeat", message);
  }

  #forget() {
    this.#seen = null;
    this.#newest.clear();
    this.#tell("resync");
  }

  #isNew({ id, prev, group }) {
    const known = this.#newest.get(group);
    if (known !== undefined && id <= known) return false;
    this.#newest.set(group, id);
    this.#seen = Math.max(this.#seen ?? 0, id);
    if (known !== undefined && prev !== known) this.#tell("resync");
    return true;
  }

  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.#tell("link", state);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
