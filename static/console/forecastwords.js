// What a forecast says in words: its cheapest hours, how right it was, why there is none.
import { isKnown, number, percent } from "./format.js";
import { fill, gettext, ngettext } from "./words.js";

const HOUR_MS = 3_600_000;
const LATE_MS = 2 * HOUR_MS; // a forecast is due each hour
// Two weeks are needed for a first forecast: two weeks of judged ones make a region of four.
// What fewer hours say of it hangs on their weather (docs/forecast.md).
const YOUNG_HOURS = 14 * 24;
const GOALS = { better: 0.25, insideLeast: 0.75, insideMost: 0.85, price: 0.85 };

// The coming hours that the lowest expected price holds in; none where all cost the same.
export function cheapest(hours) {
  const priced = hours.filter((hour) => hour.p50_price !== null);
  const prices = priced.map((hour) => Number(hour.p50_price));
  const lowest = Math.min(...prices);
  if (!priced.length || lowest === Math.max(...prices)) return [];
  return priced.filter((_, place) => prices[place] === lowest);
}

// Hours that follow on one another as spans [start, end), epoch ms.
export function spans(hours) {
  const found = [];
  for (const hour of hours) {
    const start = Date.parse(hour.start);
    if (found.at(-1)?.[1] === start) found.at(-1)[1] = start + HOUR_MS;
    else found.push([start, start + HOUR_MS]);
  }
  return found;
}

// What is known of the error: [{met, text}], `met` null where nothing is promised or known.
export function judged({ hours, wape, better_than_last_week: better, inside, price_right: right }) {
  if (!hours) return [{ met: null, text: gettext("Nothing can be judged yet: no hour that was forecast has ended.") }];
  const facts = [];
  if (hours < YOUNG_HOURS) facts.push({ met: false, text: young(hours) });
  if (isKnown(wape)) facts.push({ met: null, text: off(wape, hours) });
  if (isKnown(better)) facts.push(goal(better >= GOALS.better, than(better), gettext("goal: at least 25 % less")));
  if (isKnown(inside)) {
    const met = inside >= GOALS.insideLeast && inside <= GOALS.insideMost;
    facts.push(goal(met, share(gettext("%(share)s of the hours came inside the band"), inside), gettext("goal: 75 to 85 %")));
  }
  if (isKnown(right)) {
    const text = share(gettext("%(share)s of the hours brought the expected price"), right);
    facts.push(goal(right >= GOALS.price, text, gettext("goal: at least 85 %")));
  }
  return facts;
}

// Why nothing is expected, as a title and sentences; the reason is the server's.
export function without({ missing }) {
  const [cause, reason] = missing.split(": ");
  if (cause !== "not enough history" || !reason) {
    return [gettext("No forecast yet."), gettext("One is made a few minutes after each full hour.")];
  }
  return [
    gettext("Not enough history yet."),
    fill(gettext("A forecast needs two weeks of known loads; %(reason)s."), { reason: missing.slice(cause.length + 2) }),
    gettext("The first ones rest on two weeks alone and err more than later ones."),
  ];
}

// Whether a newer forecast should have come by now.
export function isLate(answer, now) {
  return now - Date.parse(answer.made_at) > LATE_MS;
}

function young(hours) {
  const words = ngettext(
    "Young: only %(hours)s hour can be judged so far, too few to say how right it is.",
    "Young: only %(hours)s hours can be judged so far, too few to say how right it is.",
    hours,
  );
  return fill(words, { hours });
}

function off(wape, hours) {
  const words = ngettext(
    "The expected load was %(share)s off on average (%(hours)s hour judged)",
    "The expected load was %(share)s off on average (%(hours)s hours judged)",
    hours,
  );
  return fill(words, { share: `${number(wape * 100, 1)}\u00a0%`, hours });
}

function than(better) {
  if (better < 0) return share(gettext("%(share)s more error than the same hour of last week"), -better);
  return share(gettext("%(share)s less error than the same hour of last week"), better);
}

function share(words, value) {
  return fill(words, { share: percent(value * 100) });
}

function goal(met, text, aim) {
  return { met, text: `${text} (${aim}, ${met ? gettext("met") : gettext("not met")})` };
}
