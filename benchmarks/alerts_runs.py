"""The judge's runs: each lays a grid, plays a plan through the product and judges the desk."""

import json
from collections.abc import Callable
from dataclasses import asdict

from benchmarks import alerts_matching as matching
from benchmarks import alerts_plans as plans
from benchmarks import alerts_product, alerts_reliability
from benchmarks import alerts_stage as stages
from benchmarks.alerts_life import Peak
from benchmarks.alerts_plans import HOUR, MINUTE, SECOND, Plan
from benchmarks.alerts_play import Pause, Play
from benchmarks.alerts_stage import MIDNIGHT_MS, Order, Result, Stage, say_spell

MORNING_MS = MIDNIGHT_MS + 6 * HOUR
EVENING_MS = MIDNIGHT_MS + 16 * HOUR + 30 * MINUTE
WARM_UP_MS = 15 * MINUTE  # of healthy life before the first fault
PEAK_FACTOR = 2.0
LONG_BURST_MS = 20 * SECOND  # from which a head-end that is not heard may be called lost


def quiet(order: Order) -> Result:
    """A day without a fault."""
    stage = stages.prepare(order, MIDNIGHT_MS)
    stage.has_history = True
    stage.plan = Plan([], MIDNIGHT_MS + int(order.hours * HOUR))
    return stage.play()[1]


def outages(order: Order) -> Result:
    """Dark meters, transformers, feeders, regions."""
    stage = stages.prepare(order, MORNING_MS)
    stage.plan = plans.outages(
        stage.layout, each=order.each, start_ms=MORNING_MS + WARM_UP_MS, seed=order.seed
    )
    return stage.play()[1]


def bursts(order: Order) -> Result:
    """The same outages while a fifth of all messages is lost in bursts by head-end."""
    stage = stages.prepare(order, MORNING_MS)
    start_ms = MORNING_MS + WARM_UP_MS
    stage.plan = plans.outages(stage.layout, each=order.each, start_ms=start_ms, seed=order.seed)
    stage.bursts = plans.bursts(
        stage.layout, start_ms=start_ms, end_ms=stage.plan.end_ms, seed=order.seed
    )
    play, result = stage.play()
    _judge_bursts(stage, play, result)
    return result


def _judge_bursts(stage: Stage, play: Play, result: Result) -> None:
    """Count head-ends that were lost and called an outage; lost ones are no false alarms."""
    spells, events = play.desk.all(), stage.plan.events
    losses = plans.long_bursts(stage.bursts, LONG_BURST_MS)
    verdict = matching.judge(stage.layout, [*events, *losses], play.last_heard_ms, spells)
    result.strays = matching.by_kind(verdict.strays)
    result.groundless = matching.by_kind(verdict.groundless)
    result.groundless_count = len(verdict.groundless)
    result.false_alarms = len(verdict.false_alarms)
    result.wrong = [say_spell(spell) for spell in verdict.false_alarms]
    result.precision_pct = matching.precision_pct(verdict)
    called = matching.called_outages(stage.layout, losses, events, spells)
    result.figures |= {
        "long_bursts": len(losses),
        "called_outage": called,
        "called_outage_pct": 100 * called / max(1, len(losses)),
    }


def gateways(order: Order) -> Result:
    """Head-ends that are lost for minutes, with nothing dark behind them."""
    stage = stages.prepare(order, MORNING_MS)
    stage.plan = plans.lost_gateways(
        stage.layout, each=order.each, start_ms=MORNING_MS + WARM_UP_MS, seed=order.seed
    )
    play, result = stage.play()
    called = matching.called_outages(stage.layout, stage.plan.events, [], play.desk.all())
    result.figures |= {
        "lost": len(stage.plan.events),
        "called_outage": called,
        "called_outage_pct": 100 * called / max(1, len(stage.plan.events)),
    }
    return result


def values(order: Order) -> Result:
    """Stuck values, thefts, spikes and voltages, after two weeks and a night without any."""
    stage = stages.prepare(order, MIDNIGHT_MS)
    stage.has_history = True
    period = (MIDNIGHT_MS + 4 * HOUR, MIDNIGHT_MS + int(order.hours * HOUR))
    stage.plan = plans.values(
        stage.layout, stage.life, each=order.each, period=period, seed=order.seed
    )
    return stage.play()[1]


def nested(order: Order) -> Result:
    """Feeders that come back with one transformer still dark."""
    stage = stages.prepare(order, MORNING_MS)
    stage.plan = plans.nested(
        stage.layout,
        each=max(4, order.each // 5),
        start_ms=MORNING_MS + WARM_UP_MS,
        seed=order.seed,
    )
    play, result = stage.play()
    waits = matching.surfacing_s(stage.plan.events, play.desk.all())
    in_time = sum(wait is not None and wait <= 60 for wait in waits)
    known = [wait for wait in waits if wait is not None]
    result.figures |= {
        "nested": len(waits),
        "shown_in_60s_pct": 100 * in_time / max(1, len(waits)),
        "slowest_s": max(known, default=None),
    }
    return result


def saidi(order: Order) -> Result:
    """Outages of 10 to 60 minutes, for the reliability figures."""
    stage = stages.prepare(order, MORNING_MS)
    period = (MORNING_MS + WARM_UP_MS, MORNING_MS + int(min(order.hours, 8) * HOUR))
    stage.plan = plans.long_outages(stage.layout, each=60, period=period, seed=order.seed)
    _, result = stage.play()
    recorded = alerts_product.recorded(start_ms=stage.start_ms, end_ms=stage.plan.end_ms)
    result.figures |= alerts_reliability.compare(
        alerts_reliability.truth(stage.layout, stage.plan.events),
        alerts_reliability.figures(*recorded, stage.layout.meters),
    )
    return result


def blackout(order: Order) -> Result:
    """Everything dark at once, for a quarter of an hour."""
    stage = stages.prepare(order, EVENING_MS)
    dark_ms = EVENING_MS + WARM_UP_MS
    stage.plan = plans.blackout(stage.layout, start_ms=dark_ms, lasts_ms=15 * MINUTE)
    play, result = stage.play()
    early = [
        spell
        for spell in play.desk.all()
        if spell.is_alarm and dark_ms <= spell.start_ms < dark_ms + 10 * MINUTE
    ]
    result.figures |= {
        "alarms_in_10min": len(early),
        "which": matching.by_kind(early),
        "most_standing": result.most_standing,
    }
    return result


def peak(order: Order) -> Result:
    """An evening peak of all meters, above what the regions can carry."""
    start = EVENING_MS
    top = Peak(start + 30 * MINUTE, start + 120 * MINUTE, PEAK_FACTOR)
    stage = stages.prepare(order, start, top)
    stage.has_history = True
    stage.plan = Plan([], start + 150 * MINUTE)
    play, result = stage.play()
    alarms = [spell for spell in play.desk.all() if spell.is_alarm]
    overloads = {spell.place for spell in alarms if spell.kind == "overload"}
    others = [spell for spell in alarms if spell.kind != "overload"]
    result.figures |= {
        "regions_overloaded": len(overloads),
        "overload_alarms": len(alarms) - len(others),
        "others": matching.by_kind(others),
    }
    return _with_false(result, others)


def _with_false(result: Result, alarms: list[matching.Spell]) -> Result:
    """Return the result with these as its only false alarms."""
    result.groundless = matching.by_kind(alarms)
    result.false_alarms = result.groundless_count = len(alarms)
    result.wrong = [say_spell(spell) for spell in alarms]
    return result


def restart(order: Order) -> Result:
    """Everything down for ten minutes, readings of that time lost, then started again."""
    stage = stages.prepare(order, MORNING_MS)
    down = (MORNING_MS + WARM_UP_MS, MORNING_MS + WARM_UP_MS + 10 * MINUTE)
    stage.pauses = [Pause(*down, no_input=True, no_stream=True, no_sweeps=True, restart=True)]
    stage.plan = Plan([], down[1] + 15 * MINUTE)
    return stage.play()[1]


def backlog(order: Order) -> Result:
    """Five minutes in which the stream is not read, while everything else goes on."""
    stage = stages.prepare(order, MORNING_MS)
    behind = (MORNING_MS + WARM_UP_MS, MORNING_MS + WARM_UP_MS + 5 * MINUTE)
    stage.pauses = [Pause(*behind, no_stream=True)]
    stage.plan = Plan([], behind[1] + 15 * MINUTE)
    return stage.play()[1]


def no_input(order: Order) -> Result:
    """No reading comes from anywhere for ten minutes: one alarm."""
    stage = stages.prepare(order, MORNING_MS)
    cut = (MORNING_MS + WARM_UP_MS, MORNING_MS + WARM_UP_MS + 10 * MINUTE)
    stage.pauses = [Pause(*cut, no_input=True)]
    stage.plan = Plan([], cut[1] + 10 * MINUTE)
    play, result = stage.play()
    alarms = [spell for spell in play.desk.all() if spell.is_alarm]
    right = [spell for spell in alarms if spell.kind == "no_input"][:1]
    result.figures |= {"told": bool(right)}
    return _with_false(result, [spell for spell in alarms if spell not in right])


RUNS: dict[str, Callable[[Order], Result]] = {
    "quiet": quiet,
    "outages": outages,
    "values": values,
    "bursts": bursts,
    "gateways": gateways,
    "nested": nested,
    "saidi": saidi,
    "blackout": blackout,
    "peak": peak,
    "restart": restart,
    "backlog": backlog,
    "no-input": no_input,
}


def main(**order: object) -> None:
    """Run one order in a database of its own; the last line printed is the result as JSON."""
    given = Order(**order)  # type: ignore[arg-type]
    print(json.dumps(asdict(RUNS[given.run](given))))
