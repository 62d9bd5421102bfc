"""What detection looks at: the meters in service with their place, and what each said last."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from alerts.conditions import fleet
from alerts.conditions.fleet import ABSENT, Fleet, Ints, Latest, Layout
from alerts.conditions.kinds import Kind, Severity
from alerts.conditions.limits import DEFAULTS, Limit, Limits, Rule
from alerts.models import AlertRule
from alerts.selectors import cells
from meters.choices import Flow
from meters.selectors import places
from segs_site.lib import pgcopy

LAID_OUT_FOR = timedelta(minutes=1)  # feeders that move raise no version: seen after so long

_FLEET = """
SELECT int8send(m.id) || int8send(m.shard) || int8send(m.reading_interval_s)
       || int8send((extract(epoch FROM m.registered_at) * 1000000)::bigint)
       || int8send(coalesce(p.transformer_id, 0)) || int8send(coalesce(t.feeder_id, 0))
       || int8send(p.region_id) || int8send(coalesce(m.gateway_id, 0))
       || int8send((m.flow = '{both}')::int) || int8send((m.limit_kw * 1000000)::bigint) AS cells
FROM meters_meterinstallation i
JOIN meters_meter m ON m.id = i.meter_id
JOIN meters_servicepoint p ON p.id = i.service_point_id
LEFT JOIN grid_transformer t ON t.id = p.transformer_id
WHERE i.during @> '{now}'::timestamptz
ORDER BY m.id
"""
_LATEST = """
SELECT int8send(meter_id) || timestamptz_send(ts) || timestamptz_send(received_at)
       || int8send(power_mw) || int8send(coalesce(voltage_mv, {absent})) AS cells
FROM meters_latestreading ORDER BY meter_id
"""


@dataclass(frozen=True, slots=True)
class Watched:
    """The fleet as it hung at `read_at`; `limit_mw` is what can flow through each meter."""

    version: int
    read_at: datetime
    layout: Layout
    limit_mw: Ints


def watched(*, now: datetime, known: Watched | None = None) -> Watched:
    """Return the meters in service; what is `known` already, while the registry stays the same."""
    version = places.topology_version(now=now)
    if known and known.version == version and now - known.read_at < LAID_OUT_FOR:
        return known
    rows = cells.columns(_FLEET.format(both=Flow.BOTH, now=now.isoformat()), 10)
    return Watched(
        version=version,
        read_at=now,
        layout=fleet.lay_out(
            Fleet(
                meter=rows[0],
                shard=rows[1],
                interval_us=rows[2] * 1_000_000,
                registered_us=rows[3],
                transformer=rows[4],
                feeder=rows[5],
                region=rows[6],
                gateway=rows[7],
                feeds_in=rows[8] > 0,
            )
        ),
        limit_mw=rows[9],
    )


def latest(*, meters: Ints) -> Latest:
    """Return what these meters (ids, in order) said last."""
    ids, ts, received, power, voltage = cells.columns(_LATEST.format(absent=ABSENT), 5)
    found, known = fleet.align(ids, meters)
    if not len(ids):
        nothing = np.zeros(len(meters), np.int64)
        return Latest(nothing, nothing, nothing, np.full(len(meters), ABSENT))
    epoch = pgcopy.POSTGRES_EPOCH_US
    return Latest(
        ts_us=np.where(known, ts[found] + epoch, 0),
        seen_us=np.where(known, received[found] + epoch, 0),
        power_mw=np.where(known, power[found], 0),
        voltage_mv=np.where(known, voltage[found], ABSENT),
    )


def limits() -> Limits:
    """Return the rules as they stand."""
    return Limits(
        Rule(Kind(rule.kind), rule.region_id, _limit(rule)) for rule in AlertRule.objects.all()
    )


def _limit(rule: AlertRule) -> Limit:
    default = DEFAULTS[Kind(rule.kind)]
    return Limit(
        severity=Severity(rule.severity),
        threshold=default.threshold if rule.threshold is None else rule.threshold,
        deadband=rule.deadband,
        on_delay_s=rule.on_delay_s,
        off_delay_s=rule.off_delay_s,
        share_pct=default.share_pct if rule.share_pct is None else rule.share_pct,
        count=default.count if rule.count is None else rule.count,
        is_enabled=rule.is_enabled,
    )
