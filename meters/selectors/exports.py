"""What meters counted, as channels of reads: what files out are written from.

A meter that measures both ways gives two channels whose difference is what it counted: what is
above zero was drawn, what is below was fed in. A quarter-hour that is not known has no read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from meters.choices import Flow
from meters.formats import espi_codes
from meters.formats.base import Channel, Read
from meters.formats.espi_out import Stretch
from meters.intervals import Granularity, cut
from meters.models import Meter, MeterInstallation
from meters.selectors import histories
from meters.selectors.energy import Span
from meters.selectors.histories import Resolution
from segs_site.lib.periods import MINUTE, QUARTER, Period
from segs_site.lib.quantities import Quality, exact_kwh

LENGTHS: Final = {Resolution.MINUTE: MINUTE, Resolution.QUARTER: QUARTER}
ROWS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Part:
    """A meter for as long as it counts for a point; `flows_back` when it measures both ways."""

    point: str
    meter_id: int
    serial: str
    flows_back: bool
    period: Period

    @property
    def channels(self) -> tuple[Channel, ...]:
        """What is counted of it: drawn, and where that can be, fed in."""
        drawn = Channel(self.point, "import", self.serial, "kWh", "import")
        fed_in = Channel(self.point, "export", self.serial, "kWh", "export")
        return (drawn, fed_in) if self.flows_back else (drawn,)


def parts_of(meter: Meter, period: Period) -> list[Part]:
    """Return a meter by the points it hung at; where it hung nowhere, by its own serial."""
    parts: list[Part] = []
    rest = period.start
    hung = MeterInstallation.objects.filter(meter=meter, during__overlap=(rest, period.end))
    for each in hung.select_related("service_point").order_by("during"):
        start = max(each.during.lower or period.start, period.start)
        end = min(each.during.upper or period.end, period.end)
        if rest < start:
            parts.append(_part(meter, meter.serial, Period(rest, start)))
        parts.append(_part(meter, each.service_point.code, Period(start, end)))
        rest = end
    if rest < period.end:
        parts.append(_part(meter, meter.serial, Period(rest, period.end)))
    return parts


def parts_of_spans(spans: Sequence[Span], points: Mapping[int, str]) -> list[Part]:
    """Return the meters of spans whose subjects are points, which `points` names."""
    meters = Meter.objects.in_bulk({span.meter_id for span in spans})
    return [_part(meters[span.meter_id], points[span.subject], span.period) for span in spans]


def _part(meter: Meter, point: str, period: Period) -> Part:
    return Part(point, meter.pk, meter.serial, meter.flow == Flow.BOTH, period)


def channels(parts: Sequence[Part]) -> list[Channel]:
    """Return every channel once, whichever meters measured it one after the other."""
    found = [channel for part in parts for channel in part.channels]
    return list({(channel.point, channel.suffix): channel for channel in found}.values())


def stretches(
    parts: Sequence[Part], *, resolution: Resolution, zone: ZoneInfo
) -> Iterator[Stretch]:
    """Yield what was counted, a local day of a channel at a time; days of nothing are left out."""
    length = LENGTHS[resolution]
    for part in parts:
        span = Span(0, part.meter_id, part.period)
        rows = histories.history(spans=[span], resolution=resolution).order_by("at")
        days = iter(cut(part.period, Granularity.DAY, zone))
        day = next(days)
        for on, of_day in groupby(
            rows.iterator(chunk_size=ROWS_AT_ONCE), lambda row: _date(row["at"], zone)
        ):
            while _date(day.start, zone) != on:
                day = next(days)
            found = list(of_day)
            for channel in part.channels:
                reads = [_read(row, channel, length) for row in found]
                yield Stretch(channel, day, reads)


def _date(moment: datetime, zone: ZoneInfo) -> Any:
    return moment.astimezone(zone).date()


def _read(row: Mapping[str, Any], channel: Channel, length: timedelta) -> Read:
    net, fed_in = row["energy_mwh"], row["export_mwh"]
    if fed_in is None:  # an older window, which kept the net alone
        fed_in = max(-net, 0)
    value = exact_kwh(net + fed_in if channel.direction == "import" else fed_in)
    quality = Quality(row["quality"])
    return Read(row["at"], row["at"] + length, value, quality, _flag(row, quality), "")


def _flag(row: Mapping[str, Any], quality: Quality) -> str:
    """Return the code of a quality that stands for part of a value alone."""
    is_partly = quality is Quality.ESTIMATED and row["estimated_mwh"] != row["energy_mwh"]
    return espi_codes.PARTLY_ESTIMATED if is_partly else ""
