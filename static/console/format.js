// Numbers and times as people read them. Unknown (null, undefined, NaN) is "unknown", never 0.
import { gettext } from "./words.js";

const language = document.documentElement.lang || "en";
const formats = new Map();

export function isKnown(value) {
  return typeof value === "number" && Number.isFinite(value);
}

export function number(value, digits = 0) {
  if (!isKnown(value)) return gettext("unknown");
  if (!formats.has(digits)) {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    formats.set(digits, new Intl.NumberFormat(language, options));
  }
  return formats.get(digits).format(value);
}

// Three significant places are what an operator reads at a glance: 8.35, 83.5, 835.
export function kilowatts(value) {
  const size = Math.abs(value ?? 0);
  return number(value, size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : 2);
}

export function percent(value) {
  return isKnown(value) ? `${number(value)}\u00a0%` : gettext("unknown");
}

// How long ago, in the largest unit that says enough; `milliseconds` below zero count as now.
export function age(milliseconds) {
  if (!isKnown(milliseconds)) return gettext("unknown");
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 120) return `${number(seconds)}\u00a0s`;
  if (seconds < 7200) return `${number(Math.floor(seconds / 60))}\u00a0min`;
  if (seconds < 172800) return `${number(Math.floor(seconds / 3600))}\u00a0h`;
  return `${number(Math.floor(seconds / 86400))}\u00a0d`;
}

// Formatters of one zone: `time` 10:41:32, `minute` 10:41, `zone` its short name at that moment.
export function times(zone) {
  const clock = { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const seconds = new Intl.DateTimeFormat(language, { ...clock, second: "2-digit" });
  const minutes = new Intl.DateTimeFormat(language, clock);
  const named = new Intl.DateTimeFormat(language, { timeZone: zone, timeZoneName: "short" });
  return {
    time: (moment) => seconds.format(moment),
    minute: (moment) => minutes.format(moment),
    zone: (moment) =>
      named.formatToParts(moment).find((part) => part.type === "timeZoneName").value,
  };
}
