"""Judges one interval by its own facts and its meter's history."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from meters.vee.rules import Kind, Rule
from segs_site.lib.quantities import MWH_PER_KWH


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one interval, in milliwatt-hours and seconds.

    `limit_mwh` is what can flow through the meter in it; `like` are energies of about the same
    time of like days; `before` those of the intervals just before, the newest first, as far as
    they follow each other; `ahead_s` how far a reading was stamped after it arrived;
    `peak_mwh` the energy it would hold at its highest power; `conflicts` counts second values
    that nobody has decided about.
    """

    energy_mwh: int
    peak_mwh: int = 0
    limit_mwh: int | None = None
    feeds_in: bool = False
    like: Sequence[int] = ()
    before: Sequence[int] = ()
    ahead_s: float = 0.0
    conflicts: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which rule fired first, on what value, over which limit; both in the rule's own unit."""

    rule: Rule
    value: float
    limit: float | None


def judge(facts: Facts, rules: Sequence[Rule]) -> Verdict | None:
    """Return what is wrong with an interval by the first rule that fires; None when nothing is."""
    by_kind = {rule.kind: rule for rule in rules}
    for kind, fires in CHECKS.items():
        found = fires(facts, by_kind[kind]) if kind in by_kind else None
        if found is not None:
            return found
    return None


def _beyond_limit(facts: Facts, rule: Rule) -> Verdict | None:
    if facts.limit_mwh is None:
        return None
    limit = facts.limit_mwh * rule["limit_pct"] / 100
    most = max(abs(facts.energy_mwh), facts.peak_mwh)
    return Verdict(rule, most / MWH_PER_KWH, limit / MWH_PER_KWH) if most > limit else None


def _negative(facts: Facts, rule: Rule) -> Verdict | None:
    if facts.feeds_in or facts.energy_mwh >= 0:
        return None
    return Verdict(rule, facts.energy_mwh / MWH_PER_KWH, 0)


def _conflict(facts: Facts, rule: Rule) -> Verdict | None:
    return Verdict(rule, facts.conflicts, None) if facts.conflicts else None


def _clock_skew(facts: Facts, rule: Rule) -> Verdict | None:
    limit = rule["ahead_s"]
    return Verdict(rule, facts.ahead_s, limit) if facts.ahead_s > limit else None


def _spike(facts: Facts, rule: Rule) -> Verdict | None:
    if len(facts.like) < rule["least_values"]:
        return None
    usual = max(abs(value) for value in facts.like)
    limit = max(usual * rule["times"], rule["least_kwh"] * MWH_PER_KWH)
    energy = abs(facts.energy_mwh)
    return Verdict(rule, energy / MWH_PER_KWH, limit / MWH_PER_KWH) if energy > limit else None


def _zero(facts: Facts, rule: Rule) -> Verdict | None:
    if facts.energy_mwh != 0 or len(facts.like) < rule["least_values"]:
        return None
    least = min(abs(value) for value in facts.like)
    return Verdict(rule, 0, least / MWH_PER_KWH) if least > 0 else None


def _frozen(facts: Facts, rule: Rule) -> Verdict | None:
    same = 1
    for value in facts.before:
        if value != facts.energy_mwh:
            break
        same += 1
    limit = rule["intervals"]
    return Verdict(rule, same, limit) if facts.energy_mwh != 0 and same >= limit else None


CHECKS: Mapping[Kind, Callable[[Facts, Rule], Verdict | None]] = {
    Kind.BEYOND_LIMIT: _beyond_limit,
    Kind.NEGATIVE: _negative,
    Kind.CONFLICT: _conflict,
    Kind.CLOCK_SKEW: _clock_skew,
    Kind.SPIKE: _spike,
    Kind.ZERO: _zero,
    Kind.FROZEN: _frozen,
}


def differs_from_register(*, counted_mwh: int, summed_mwh: int, rule: Rule) -> Verdict | None:
    """Compare what a register counted with the sum of the intervals of the same time."""
    allowed = max(
        abs(counted_mwh) * rule["tolerance_pct"] / 100, rule["tolerance_kwh"] * MWH_PER_KWH
    )
    off = abs(counted_mwh - summed_mwh)
    return Verdict(rule, off / MWH_PER_KWH, allowed / MWH_PER_KWH) if off > allowed else None
