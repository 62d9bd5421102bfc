"""One meter takes another's place: at a moment, with where the registers of both stood.

The service point's series goes on: windows count each meter for the time it hung, and what they
hold already is summed anew. Windows whose raw readings are gone stay as they are.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction

from meters.choices import Flow
from meters.models import READINGS, Meter, MeterExchange, MeterInstallation, Reading
from meters.registry import shard_of
from meters.services.windows import raw_kept_from
from segs_site.lib import partitions
from segs_site.lib.money import bare
from segs_site.lib.periods import MINUTE
from segs_site.lib.quantities import SECONDS_PER_HOUR, from_kwh

SLOW_S = 60  # a meter that reports more seldom leaves a gap that its final read can close

_MARK = """
INSERT INTO meters_windowmark (shard, meter_id, minute)
SELECT DISTINCT m.shard, m.id, date_trunc('minute', r.ts - interval '1 microsecond', 'UTC')
FROM meters_meter m JOIN meters_reading r ON r.meter_id = m.id
WHERE m.id = ANY(%s) AND r.ts > %s
"""


class NotHanging(Exception):
    """The meter hung nowhere at that moment."""


class AlreadyExchanged(Exception):
    """Another exchange of the meter is entered for that moment, or after it."""


class HangsElsewhere(Exception):
    """The new meter hangs at another service point then, or will."""


class NotYet(Exception):
    """The moment is to come: nobody has read a register then."""


class OddRead(Exception):
    """A read does not go with the register it is of; the text says how."""


@dataclass(frozen=True, slots=True)
class Dials:
    """Where the registers of a meter stand, in kWh as they show it; None where nobody knows."""

    drawn_kwh: Decimal | None = None
    fed_in_kwh: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An exchange as it is entered; what is None of the new meter is as it was of the old."""

    serial: str
    at: datetime
    final: Dials = Dials()
    first: Dials = Dials()
    multiplier: Decimal | None = None
    register_digits: int | None = None
    register_decimals: int | None = None
    reason: str = ""


def exchange_meter(
    *, meter_id: int, order: Order, by: str, now: datetime
) -> tuple[MeterExchange, bool]:
    """Hang a meter in another's place; return the exchange, and whether it is new.

    Entered twice it is one. Raises Meter.DoesNotExist, NotYet, NotHanging, AlreadyExchanged,
    HangsElsewhere and OddRead.
    """
    if order.at > now:
        raise NotYet
    is_raw = order.at - MINUTE >= raw_kept_from(now=now)
    if is_raw:
        partitions.ensure(READINGS, [order.at.date()])
    with transaction.atomic():
        old = Meter.objects.select_for_update().get(pk=meter_id)
        entered = old.removals.filter(at__gte=order.at).order_by("at").first()
        if entered is not None:
            return _same(entered, order), False
        if order.serial == old.serial:
            raise HangsElsewhere
        _check(old, order)
        new = _new_meter(old, order)
        point_id = _hang(old, new, order)
        if is_raw and old.reading_interval_s > SLOW_S:
            _close_the_gap(old, order, now)
        made = MeterExchange.objects.create(
            service_point_id=point_id,
            removed=old,
            hung=new,
            at=order.at,
            **_reads(order),
            reason=order.reason,
            entered_by=by,
            entered_at=now,
        )
        with connection.cursor() as cursor:
            cursor.execute(_MARK, [[old.pk, new.pk], order.at - timedelta(minutes=15)])
    return made, True


def _reads(order: Order) -> dict[str, int | None]:
    dials = {
        "final_mwh": order.final.drawn_kwh,
        "final_export_mwh": order.final.fed_in_kwh,
        "first_mwh": order.first.drawn_kwh,
        "first_export_mwh": order.first.fed_in_kwh,
    }
    return {name: None if kwh is None else from_kwh(kwh) for name, kwh in dials.items()}


def _same(entered: MeterExchange, order: Order) -> MeterExchange:
    """Return an exchange that was entered before; raises AlreadyExchanged if it was another."""
    said = {name: getattr(entered, name) for name in _reads(order)}
    is_same = (entered.at, entered.hung.serial, said) == (order.at, order.serial, _reads(order))
    if not is_same:
        raise AlreadyExchanged
    return entered


def _check(old: Meter, order: Order) -> None:
    """Refuse a final read that is below what the register showed before, or too wide for it."""
    final = order.final.drawn_kwh
    if final is None:
        return
    if old.register_digits is not None and final >= 10**old.register_digits:
        text = f"the old register shows {old.register_digits} digits: it cannot stand at {final}"
        raise OddRead(text)
    before = (
        Reading.objects.filter(meter=old, ts__lte=order.at, register_mwh__isnull=False)
        .filter(ts__gt=order.at - timedelta(days=1))
        .order_by("-ts")
        .first()
    )
    if before is not None and before.register_mwh is not None:
        shown = Decimal(before.register_mwh).scaleb(-6)
        # A person reads what the dial shows; the meter may send more digits than that.
        if final + Decimal(1).scaleb(-old.register_decimals) <= shown:
            text = f"the old register stood at {bare(shown)} before: higher than {final}"
            raise OddRead(text)


def _new_meter(old: Meter, order: Order) -> Meter:
    given = {
        "register_digits": order.register_digits,
        "register_decimals": order.register_decimals,
    }
    known = Meter.objects.select_for_update().filter(serial=order.serial).first()
    if known is not None:
        changed = {name: value for name, value in given.items() if value is not None}
        for name, value in changed.items():
            setattr(known, name, value)
        if changed:
            known.save(update_fields=list(changed))
        return known
    as_old = {name: getattr(old, name) for name in given}
    return Meter.objects.create(
        serial=order.serial,
        shard=shard_of(order.serial, settings.SEGS_SHARDS),
        flow=old.flow,
        limit_kw=old.limit_kw,
        reading_interval_s=old.reading_interval_s,
        gateway_id=old.gateway_id,
        registered_at=order.at,
        **as_old | {name: value for name, value in given.items() if value is not None},
    )


def _hang(old: Meter, new: Meter, order: Order) -> int:
    """End the old installation and begin the new one; return their service point."""
    there = MeterInstallation.objects.select_for_update().filter(
        meter=old, during__contains=order.at
    )
    place = there.first()
    if place is None or place.during.lower == order.at:
        raise NotHanging
    _leave_own_place(new, order.at)
    until = place.during.upper
    place.during = (place.during.lower, order.at)
    place.save(update_fields=["during"])
    MeterInstallation.objects.create(
        meter=new,
        service_point_id=place.service_point_id,
        during=(order.at, until),
        multiplier=place.multiplier if order.multiplier is None else order.multiplier,
    )
    return place.service_point_id


def _leave_own_place(new: Meter, at: datetime) -> None:
    """Take the new meter from the place it got when it was heard of unannounced.

    Raises HangsElsewhere where it hangs at any other then or later.
    """
    for place in MeterInstallation.objects.select_for_update().filter(
        meter=new, during__overlap=(at, None)
    ):
        if not new.auto_registered or place.service_point.code != f"auto-{new.serial}":
            raise HangsElsewhere
        if place.during.lower is not None and place.during.lower >= at:
            place.delete()
        else:
            place.during = (place.during.lower, at)
            place.save(update_fields=["during"])


def _close_the_gap(old: Meter, order: Order, now: datetime) -> None:
    """Count what the old register moved since the meter's last reading, if it sent it then.

    A longer silence is a gap like any other, which estimates fill.
    """
    last = (
        Reading.objects.filter(meter=old, ts__lte=order.at)
        .filter(ts__gt=order.at - timedelta(seconds=old.reading_interval_s))
        .order_by("-ts")
        .first()
    )
    final = _reads(order)["final_mwh"]
    if last is None or last.register_mwh is None or final is None or last.ts == order.at:
        return
    moved = final - last.register_mwh
    if moved < 0 or old.flow == Flow.BOTH:
        return
    seconds = (order.at - last.ts).total_seconds()
    Reading.objects.create(
        meter=old,
        ts=order.at,
        power_mw=round(moved * SECONDS_PER_HOUR / seconds),
        energy_mwh=moved,
        register_mwh=final,
        received_at=now,
        extra='{"status":"FINAL READ"}',
    )
