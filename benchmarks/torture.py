"""`make torture`: kills processes under load, in a seeded order, and counts what is left.

Clients send readings whose values follow from their keys, and come again with the same body
until it is acknowledged. Meanwhile ingest, worker (also between COPY and commit, and between
commit and acknowledgement), relay, Celery, beat, broker and database are killed with SIGKILL and
started again, sometimes two at once; a worker is stopped for longer than its lease, and wakes;
broker and database freeze and thaw.
Afterwards every acknowledged reading must be stored once with its value, every window must equal
what its rows say, and every slot must have one price, the one that its recorded load and rules
make. The exit code is 1 where that fails, after the first differences.

Invoices do not exist yet: `invoices_wrong` joins the line with them.
"""

import argparse
import asyncio
import shutil
import sys
import time
from pathlib import Path

from benchmarks import fleet, torture_check, torture_feed, torture_prices
from benchmarks.stack import KEY, Stack
from benchmarks.torture_check import Report
from benchmarks.torture_killer import PROCESSES, Killer
from benchmarks.torture_load import Load, drive
from benchmarks.torture_sums import INTERVAL_S

REGISTERED_SHARE = 0.8  # the other meters are strangers, who register themselves
CLOSING_S = 7  # a minute closes 5 s after its end, once every shard's clock has passed that
SOONEST_S = 15  # so long at least readings come on time, before the last minute that does
DRAIN_S = 180.0

_UNCLOSED = """
SELECT (SELECT count(*) FROM meters_windowmark), (SELECT count(*) FROM lib_outboxevent
        WHERE number IS NULL OR published_at IS NULL),
       (SELECT extract(epoch FROM closed_until)::float8 FROM meters_windowclock),
       (SELECT extract(epoch FROM min(consumed_until))::float8 FROM workers_shard)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--meters", type=int, default=500)
    parser.add_argument("--rate", type=int, default=2000, help="readings a second")
    parser.add_argument("--logs", type=Path, help="a folder to keep the processes' logs in")
    options = parser.parse_args()
    sys.exit(0 if torture(options) else 1)


def torture(options: argparse.Namespace) -> bool:
    """Run once; print the differences and the closing line; tell whether all was well."""
    with Stack(
        {
            name: [sys.executable, "-m", "benchmarks.torture_worker"]
            for name in ("worker", "second")
        },
        SEGS_AUTO_REGISTER="1",
        SEGS_BACKLOG_LIMIT="300",  # so few that a worker away for a while means 429
        SEGS_READING_INTERVAL_S=str(INTERVAL_S),
    ) as stack:
        try:
            return _torture(stack, options)
        finally:
            if options.logs is not None:
                options.logs.mkdir(parents=True, exist_ok=True)
                for log in stack.folder.glob("*.log"):
                    shutil.copy(log, options.logs)


def _torture(stack: Stack, options: argparse.Namespace) -> bool:
    registered = int(options.meters * REGISTERED_SHARE)
    stack.run(fleet.register_script(meters=registered, key=KEY, interval_s=INTERVAL_S))
    stack.run(torture_prices.SCRIPT)
    stack.environment["SEGS_TORTURE_FUSES"] = str(stack.folder)
    stack.start(*PROCESSES)
    stack.wait_for_ingest()
    begun = time.time()
    live_until, ends = _schedule(begun, options.seconds)
    say = _teller(begun)
    load = Load(
        port=stack.ingest_port, meters=options.meters, rate=options.rate, seed=options.seed,
        live_until=live_until, ends=ends,
    )  # fmt: skip
    killer = Killer(stack, fuses=stack.folder, seed=options.seed, say=say)
    asyncio.run(drive(load, lambda: killer.run(ends)))
    say("the load has ended")
    stuck = _settle(stack, live_until)
    say(stuck if stuck else "settled")
    report = torture_check.check(stack, load.ledger, since=begun)
    if stuck:
        report.differences.insert(0, stuck)
    report.note("dead letter", _dead_letters(stack))
    # Everything has run for GIVE_UP_S: a door that still refuses is stuck.
    report.note("never taken", (s.stamps[0] for s in load.ledger.shipments if not s.acknowledged))
    report.note("feed", torture_feed.differences(stack))
    report.prices = torture_prices.counted(stack)
    faults = torture_prices.differences(stack, since=begun, until=ends)
    report.prices_wrong = report.note("price", faults)
    _print(report, load, killer, minutes=(ends - begun) / 60)
    return report.is_good


def _schedule(begun: float, seconds: int) -> tuple[float, float]:
    """Return until when readings carry the present, and when the load ends.

    The tail of the load is all late, so that its last minute can close without waiting for it.
    """
    ends = begun + seconds
    live_until = (ends - CLOSING_S) // 60 * 60
    if live_until < begun + SOONEST_S:
        live_until = -(-(begun + SOONEST_S) // 60) * 60
        ends = live_until + CLOSING_S
    return live_until, ends


def _teller(begun: float):  # type: ignore[no-untyped-def]
    def say(what: str) -> None:
        print(f"{time.time() - begun:6.1f} s  {what}", flush=True)

    return say


def _settle(stack: Stack, live_until: float) -> str:
    """Wait until all is stored, closed and published; return what is not, in words."""
    ended = time.time()
    state: list[object] = []

    def settled() -> bool:
        marks, events, closed_until, consumed_until = state[:] = stack.query(_UNCLOSED)[0]
        stored = consumed_until is not None and float(str(consumed_until)) > ended
        closed = float(str(closed_until)) >= live_until
        priced = torture_prices.priced_until(stack) > ended
        return stored and closed and priced and not marks and not events

    try:
        stack.wait_until("all is settled", settled, timeout_s=DRAIN_S)
    except TimeoutError:
        marks, events, closed_until, consumed_until = state
        return (
            f"not settled within {DRAIN_S:.0f} s: {marks} marks, {events} events, closed until"
            f" {closed_until}, consumed until {consumed_until}, priced until"
            f" {torture_prices.priced_until(stack)}, want {live_until} and {ended}"
        )
    return ""


def _dead_letters(stack: Stack) -> list[str]:
    broker = stack.redis()
    with broker:
        names = sorted(broker.scan_iter("dead_letters:*"))
        return [
            f"{name.decode()} {entry_id.decode()} {fields.get(b'reason', b'').decode()}"
            for name in names
            for entry_id, fields in broker.xrange(name)
        ]


def _print(report: Report, load: Load, killer: Killer, *, minutes: float) -> None:
    for difference in report.differences:
        print(difference)
    ledger = load.ledger
    unknown = sum(len(s.meters) for s in ledger.shipments if not s.acknowledged)
    print(
        f"bodies={len(ledger.shipments)} sent_twice={ledger.repeats} retries={ledger.retries}"
        f" unknown={unknown} windows={report.windows} pauses={killer.pauses}"
        f" freezes={killer.freezes} invented={report.invented}"
        f" conflicts_wrong={report.conflicts_wrong}"
    )
    print("prices:", report.prices)
    print("killed:", ", ".join(f"{name} {count}" for name, count in killer.kills.most_common()))
    print("fallen by itself:", ", ".join(killer.fallen) or "none")
    print(
        f"torture: accepted={report.accepted} stored={report.stored} lost={report.lost}"
        f" double={report.double} windows_wrong={report.windows_wrong}"
        f" prices_wrong={report.prices_wrong} kills={killer.kills.total()} minutes={minutes:.1f}"
    )


if __name__ == "__main__":
    main()
