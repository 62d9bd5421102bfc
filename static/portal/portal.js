// Keeps a page of the portal fresh: read anew when the price ends, every ten minutes without one.
// What cannot be read stays, and says that it is old.
const USUAL_MS = 600_000;
const RETRY_MS = 30_000;
const AFTER_MS = 3_000; // behind the end of a price, for the next one to be there
const PATIENCE_MS = 10_000;
const LONGEST_MS = 3_600_000;

const region = () => document.querySelector("[data-fresh]");

function wait() {
  const ends = [...document.querySelectorAll("[data-until]")].map(
    (each) => Date.parse(each.dataset.until) - Date.now() + AFTER_MS,
  );
  return Math.min(LONGEST_MS, Math.max(AFTER_MS, Math.min(USUAL_MS, ...ends)));
}

function isBusy() {
  return region().contains(document.activeElement) && document.activeElement.matches("input");
}

async function refresh() {
  if (document.hidden || isBusy()) return RETRY_MS;
  try {
    const answer = await fetch(location.href, {
      credentials: "same-origin",
      headers: { "X-By-Itself": "1" },
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    put(page.querySelector("[data-fresh]"));
    return wait();
  } catch {
    region().classList.add("is-old");
    region().querySelector("[data-old]").hidden = false;
    return RETRY_MS;
  }
}

function put(fresh) {
  const held = document.activeElement?.id;
  const open = [...region().querySelectorAll("details")].map((each) => each.open);
  region().replaceWith(document.adoptNode(fresh));
  region().querySelectorAll("details").forEach((each, place) => (each.open = Boolean(open[place])));
  if (held) document.getElementById(held)?.focus({ preventScroll: true });
}

function later(ms) {
  setTimeout(async () => later(await refresh()), ms);
}

if (region()) later(wait());
