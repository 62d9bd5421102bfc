"""From when a condition is an alert: what the desk's rules say, as the conditions read it.

What `threshold` and `deadband` mean, by kind:

    outage               kW up to which a meter draws nothing
    silent               intervals without a reading
    transformer, feeder and region outage: `share_pct` of the meters below and at least `count`;
                         the deadband is taken from the share while the outage stands
    gateway_lost         intervals without a reading from any of its meters
    no_input             intervals without a reading from any meter at all
    overload             % of the region's capacity
    load_unknown         no threshold
    spike, drop          % above, % below what is usual; the deadband is the kW that it must be,
                         at least, for a kettle is no spike and a lamp no drop
    frozen               minutes of one value, to the milliwatt
    voltage              % of the nominal voltage, up or down
    clock                seconds
    conflict             no threshold
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alerts.conditions.kinds import Kind, Severity

SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Limit:
    """One rule. A condition holds `on_delay_s` before it is told, is gone `off_delay_s` after."""

    severity: Severity
    threshold: float = 0.0
    deadband: float = 0.0
    on_delay_s: int = 0
    off_delay_s: int = 0
    share_pct: float = 0.0
    count: int = 1
    is_enabled: bool = True

    @property
    def on_delay_us(self) -> int:
        """The delay in the unit that conditions reckon in."""
        return self.on_delay_s * SECOND_US

    @property
    def off_delay_us(self) -> int:
        """The delay in the unit that conditions reckon in."""
        return self.off_delay_s * SECOND_US


DEFAULTS: Mapping[Kind, Limit] = {
    Kind.OUTAGE: Limit(Severity.HIGH, 0.005, on_delay_s=8, off_delay_s=10),
    Kind.SILENT: Limit(Severity.MEDIUM, 3, on_delay_s=8, off_delay_s=20),
    Kind.TRANSFORMER_OUTAGE: Limit(
        Severity.HIGH, deadband=20, off_delay_s=10, share_pct=60, count=3
    ),
    Kind.FEEDER_OUTAGE: Limit(
        Severity.CRITICAL, deadband=20, off_delay_s=10, share_pct=75, count=5
    ),
    Kind.REGION_OUTAGE: Limit(
        Severity.CRITICAL, deadband=20, off_delay_s=10, share_pct=75, count=10
    ),
    Kind.GATEWAY_LOST: Limit(Severity.HIGH, 3, on_delay_s=60, off_delay_s=10),
    Kind.NO_INPUT: Limit(Severity.CRITICAL, 3, on_delay_s=15, off_delay_s=10),
    Kind.OVERLOAD: Limit(Severity.HIGH, 90, deadband=5, on_delay_s=180, off_delay_s=180),
    Kind.LOAD_UNKNOWN: Limit(Severity.MEDIUM, on_delay_s=300),
    Kind.SPIKE: Limit(Severity.LOW, 100, deadband=8, on_delay_s=180, off_delay_s=300),
    Kind.DROP: Limit(Severity.LOW, 50, deadband=0.15, on_delay_s=7200, off_delay_s=1800),
    Kind.FROZEN: Limit(Severity.LOW, 15, on_delay_s=0, off_delay_s=120),
    Kind.VOLTAGE: Limit(Severity.MEDIUM, 10, deadband=1, on_delay_s=180, off_delay_s=180),
    Kind.CLOCK: Limit(Severity.LOW, 60, deadband=10, on_delay_s=300, off_delay_s=300),
    Kind.CONFLICT: Limit(Severity.LOW, off_delay_s=3600),
    Kind.UNATTENDED: Limit(Severity.CRITICAL, on_delay_s=60),
}
"""What holds where no rule says otherwise; `docs/alert-rules.md` gives the reasons."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit with the kind and the region that it is for; no region stands for all others."""

    kind: Kind
    region: int | None
    limit: Limit


class Limits:
    """The rules of one moment."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules = {(rule.kind, rule.region): rule.limit for rule in rules}

    def of(self, kind: Kind, region: int | None = None) -> Limit:
        """Return the region's own rule, else everybody's, else the default."""
        own = self._rules.get((kind, region))
        return own or self._rules.get((kind, None)) or DEFAULTS[kind]
