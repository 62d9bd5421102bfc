// The top bar's clock and link, and the feed behind them, for pages that follow it.
import { follow } from "./alertcount.js";
import { Clock, showClock } from "./clock.js";
import { Feed } from "./feed.js";
import { times as timesOf } from "./format.js";
import { LinkState } from "./link.js";

const TICK_MS = 500;

// Start the feed of `page` (its `data-socket-path`, `data-zone`); `onTick` is called with the
// server's time. Returns {feed, clock, times}.
export function startBar(page, onTick) {
  const { socketPath, zone } = page.dataset;
  const address = new URL(socketPath, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const feed = new Feed(address);
  const clock = new Clock();
  const times = { ...timesOf(zone), name: zone };
  const link = new LinkState(document.getElementById("link"), () => feed.retry());

  function tick() {
    showClock(clock, times, document.getElementById("clock"), document.getElementById("clock-zone"));
    link.show(feed);
    onTick(clock.now());
  }

  feed.addEventListener("link", tick);
  feed.addEventListener("heartbeat", ({ detail }) => clock.heard(Date.parse(detail.timestamp)));
  setInterval(tick, TICK_MS);
  follow(feed);
  feed.start();
  tick();
  return { feed, clock, times };
}
