// What is known of each region's load: read from the API, moved on by `load` events.
import { isKnown } from "./format.js";

const MINUTE_MS = 60_000;

export class Regions {
  rows = new Map(); // by code

  // Take in the answer of grid/status. A row older than ours does not win.
  read(status) {
    const rows = new Map();
    for (const answered of status.regions) {
      const row = { ...answered, asOf: momentOf(answered.as_of) };
      const ours = this.rows.get(row.code);
      rows.set(row.code, ours && newer(ours, row) ? { ...row, ...loadOf(ours) } : keep(ours, row));
    }
    this.rows = rows;
  }

  // Take in the data of one `load` event; tells whether it changed anything.
  hear(data) {
    const ours = this.rows.get(data.region);
    const heard = {
      load_kw: data.total_consumption,
      load_pct: data.load_percentage,
      coverage_pct: data.coverage_pct,
      meters_reporting: data.meter_count,
      asOf: endOfMinute(momentOf(data.timestamp)),
    };
    if (!ours || newer(ours, heard)) return false;
    this.rows.set(data.region, keep(ours, { ...ours, ...heard }));
    return true;
  }
}

function momentOf(text) {
  const moment = text === null || text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(moment) ? null : moment;
}

// Events are stamped with the start of their minute, the state with its end.
function endOfMinute(start) {
  return start === null ? null : start + MINUTE_MS;
}

function newer(ours, other) {
  return (ours.asOf ?? 0) > (other.asOf ?? 0);
}

function loadOf({ load_kw, load_pct, coverage_pct, meters_reporting, asOf, last }) {
  return { load_kw, load_pct, coverage_pct, meters_reporting, asOf, last };
}

// `last` is the newest load that was known: it stays on the screen, with its age, while the
// load of now is unknown.
function keep(ours, row) {
  const known = isKnown(row.load_kw);
  const last = known ? { kw: row.load_kw, pct: row.load_pct, asOf: row.asOf } : (ours?.last ?? null);
  return { ...row, last };
}
