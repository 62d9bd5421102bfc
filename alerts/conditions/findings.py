"""What a sweep tells the desk: what began, what changed, what is over."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from alerts.conditions.fleet import Ints, Latest, Layout
from alerts.conditions.kinds import SYSTEM, Kind, Matter, On, Subject, Trigger
from alerts.conditions.limits import Limits
from alerts.conditions.liveness import MW_PER_KW, Signs
from alerts.conditions.nodes import KINDS
from alerts.conditions.standing import Tiers
from segs_site.lib import periods

FINE, SILENT, OUTAGE = 0, 1, 2  # what the desk was told of a meter
TOLD = {SILENT: Kind.SILENT, OUTAGE: Kind.OUTAGE}


@dataclass(frozen=True, slots=True)
class Outages:
    """Meters without supply: the last reading with it, and when it is taken to have failed."""

    meter: Ints
    last_us: Ints
    start_us: Ints


@dataclass(frozen=True, slots=True)
class Returns:
    """Meters with supply again: the newest reading with it, and when it is taken to be back."""

    meter: Ints
    first_us: Ints
    end_us: Ints


NONE = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Found:
    """What one sweep found; triggers stand in order, parents first."""

    raised: list[Trigger] = field(default_factory=list)
    refreshed: list[Trigger] = field(default_factory=list)
    cleared: list[Matter] = field(default_factory=list)
    went_out: Outages = field(default_factory=lambda: Outages(NONE, NONE, NONE))
    came_back: Returns = field(default_factory=lambda: Returns(NONE, NONE, NONE))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell or to write down."""
        told = self.raised or self.refreshed or self.cleared
        return not (told or len(self.went_out.meter) or len(self.came_back.meter))


@dataclass(frozen=True, slots=True)
class Teller:
    """Puts what stands into triggers."""

    layout: Layout
    limits: Limits
    tiers: Tiers

    def node(self, place: int, node: int, dark: int) -> Trigger:
        """Return the outage of a node with so many dark meters."""
        tier = self.layout.tiers[place]
        kind, region = KINDS[tier.on], int(tier.region[node])
        limit = self.limits.of(kind, region)
        below = int((tier.of_meter == node).sum())
        start = int(self.tiers[place].start_us[node])
        return Trigger(
            kind=kind,
            subject=Subject(tier.on, int(tier.ids[node])),
            severity=limit.severity,
            since=periods.instant(start),
            value=float(dark),
            limit=float(limit.share_pct),
            baseline=float(below),
            parent=self._above(place, node),
            facts={"dark": dark, "meters": below},
        )

    def _above(self, place: int, node: int) -> Subject | None:
        """Return the nearest node above that is out, and is not back without this one."""
        is_alone = bool(self.tiers[place].is_alone[node])
        for lower, upper in ((0, 1), (1, 2)):
            if place <= lower:
                node = int(self.layout.tiers[lower].parent[node]) if node >= 0 else -1
                if node >= 0 and self._explains(upper, node, is_alone):
                    return self._subject(upper, node)
        return None

    def _explains(self, place: int, node: int, is_alone: bool) -> bool:
        now = self.tiers[place]
        return bool(now.is_open[node]) and not (is_alone and bool(now.gone_us[node] > 0))

    def _subject(self, place: int, node: int) -> Subject:
        tier = self.layout.tiers[place]
        return Subject(tier.on, int(tier.ids[node]))

    def meters(
        self, which: Iterable[int], *, signs: Signs, latest: Latest, start_us: Ints
    ) -> list[Trigger]:
        """Return what the desk is told of some meters (indexes), by `signs.told`."""
        return [self._meter(int(one), signs, latest, start_us) for one in which]

    def _meter(self, one: int, signs: Signs, latest: Latest, start_us: Ints) -> Trigger:
        fleet = self.layout.fleet
        kind = TOLD[int(signs.told[one])]
        tier = int(signs.told_tier[one])
        parent = self._subject(tier - 1, int(self.layout.tiers[tier - 1].of_meter[one]))
        is_out = kind is Kind.OUTAGE
        sent = bool(latest.seen_us[one])
        limit = self.limits.of(kind, int(fleet.region[one]))
        return Trigger(
            kind=kind,
            subject=Subject(On.METER, int(fleet.meter[one])),
            severity=limit.severity,
            since=periods.instant(int(start_us[one])),
            value=float(latest.power_mw[one]) / MW_PER_KW if is_out and sent else None,
            limit=float(limit.threshold) if is_out else None,
            baseline=float(signs.usual_mw[one]) / MW_PER_KW if is_out else None,
            parent=parent if tier else None,
            facts={"last_reading": periods.instant(int(latest.ts_us[one])).isoformat()}
            if sent
            else {},
        )

    def gateway(self, line: int, since_us: int) -> Trigger:
        """Return that a gateway is lost."""
        limit = self.limits.of(Kind.GATEWAY_LOST)
        meters = int(self.layout.line_meters[line])
        return Trigger(
            kind=Kind.GATEWAY_LOST,
            subject=Subject(On.GATEWAY, int(self.layout.line_gateway[line])),
            severity=limit.severity,
            since=periods.instant(since_us),
            value=float(meters),
            baseline=float(meters),
            facts={"meters": meters},
        )

    def no_input(self, since_us: int) -> Trigger:
        """Return that no reading comes in at all."""
        limit = self.limits.of(Kind.NO_INPUT)
        return Trigger(
            kind=Kind.NO_INPUT,
            subject=SYSTEM,
            severity=limit.severity,
            since=periods.instant(since_us),
        )
