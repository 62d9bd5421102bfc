// How full a region is, in the words of the price bands: quiet below 75 %, "high" from there,
// "overload" from 90 %, where the alarm for a regional overload begins.
import { ALARM, HIGH, NORMAL } from "./states.js";
import { gettext } from "./words.js";
import { isKnown } from "./format.js";

export const BAND_EDGES_PCT = [25, 50, 75, 90];
export const HIGH_PCT = 75;
export const OVERLOAD_PCT = 90;

// {state, code, word} of a load in % of capacity; null when it is unknown.
export function bandOf(loadPct) {
  if (!isKnown(loadPct)) return null;
  if (loadPct >= OVERLOAD_PCT) return { state: ALARM, code: "alarm", word: gettext("overload") };
  if (loadPct >= HIGH_PCT) return { state: HIGH, code: "high", word: gettext("high") };
  return { state: NORMAL, code: "normal", word: gettext("normal") };
}
