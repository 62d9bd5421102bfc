"""Alarms for the browser to look at, raised on the stage as the sweep raises them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from alerts import lifecycle
from alerts.conditions.kinds import Kind, Matter, On, Severity, Subject, Trigger
from alerts.models import Alert
from alerts.models.alerts import AlertQuerySet
from alerts.services import acting, handover, planning, raising, shelving
from grid.models import Region, Transformer
from meters.models import Meter
from segs_site.lib.periods import Period
from tests.browser.stage import Stage

WHEN = {
    Kind.OVERLOAD: timedelta(minutes=12),
    Kind.VOLTAGE: timedelta(minutes=47),
    Kind.SILENT: timedelta(hours=3),
}


def voltage(meter: Meter, *, severity: Severity = Severity.MEDIUM) -> Trigger:
    """A meter's voltage is low."""
    return Trigger(
        Kind.VOLTAGE, Subject(On.METER, meter.pk), severity,
        since=datetime.now(UTC) - WHEN[Kind.VOLTAGE], value=203.4, limit=207.0,
    )  # fmt: skip


def overload(region: Region) -> Trigger:
    """A region carries more than it should."""
    return Trigger(
        Kind.OVERLOAD, Subject(On.REGION, region.pk), Severity.HIGH,
        since=datetime.now(UTC) - WHEN[Kind.OVERLOAD], value=93.5, limit=90.0,
    )  # fmt: skip


def outage(transformer: Transformer, meters: Sequence[Meter]) -> list[Trigger]:
    """A transformer is dark, which explains its meters."""
    since = datetime.now(UTC) - timedelta(minutes=3)
    above = Subject(On.TRANSFORMER, transformer.pk)
    return [
        Trigger(
            Kind.TRANSFORMER_OUTAGE, above, Severity.CRITICAL, since=since,
            value=float(len(meters)), baseline=float(len(meters) + 1),
        ),
        *(
            Trigger(
                Kind.OUTAGE, Subject(On.METER, meter.pk), Severity.MEDIUM, since, parent=above
            )
            for meter in meters
        ),
    ]  # fmt: skip


def meters_below(transformer: Transformer) -> list[Meter]:
    """The meters of a transformer's service points."""
    installed = Meter.objects.filter(installations__service_point__transformer=transformer)
    return list(installed.order_by("serial"))


def raise_now(stage: Stage, *triggers: Trigger) -> list[Alert]:
    """Raise alerts on the stage."""
    now = datetime.now(UTC)
    return stage.do(lambda: raising.raise_all(triggers=triggers, now=now))


def clear_now(stage: Stage, *triggers: Trigger) -> None:
    """Let conditions be over."""
    matters = [Matter(each.kind, each.subject) for each in triggers]
    stage.do(lambda: raising.clear_all(matters=matters, now=datetime.now(UTC)))


def standing() -> AlertQuerySet:
    """What the first tab must show."""
    return Alert.objects.on_desk(now=datetime.now(UTC)).filter(state__in=lifecycle.STANDING)


def sweep_away() -> None:
    """Resolve everything that is open, so that the next test begins with nothing."""
    ids = list(Alert.objects.open().values_list("pk", flat=True))
    acting.resolve_all(ids=ids, by="ada@utility.example", now=datetime.now(UTC))


def lay_shift() -> None:
    """Lay a shift: an outage with its meters, alarms of every severity, notes, planned work."""
    now = datetime.now(UTC)
    transformers = list(Transformer.objects.order_by("code"))
    dark, meters = transformers[3], list(Meter.objects.order_by("serial")[:40])
    regions = list(Region.objects.order_by("code"))
    triggers = [
        *outage(dark, meters_below(dark)),
        overload(regions[0]),
        *(voltage(meter) for meter in meters[20:23]),
        voltage(meters[24], severity=Severity.HIGH),
        *(
            Trigger(
                Kind.SILENT, Subject(On.METER, meter.pk), Severity.LOW,
                since=now - WHEN[Kind.SILENT], value=10_800.0, limit=30.0,
            )
            for meter in meters[26:30]
        ),
    ]  # fmt: skip
    early = now - timedelta(hours=2)
    raising.raise_all(triggers=triggers[-4:], now=now - timedelta(hours=3))
    raising.raise_all(triggers=triggers[:-4], now=now - timedelta(minutes=2))
    by = "oscar@utility.example"
    silent = list(Alert.objects.open().filter(kind=Kind.SILENT).order_by("pk"))
    acting.acknowledge(alert=silent[0], by=by, now=early, note="the customer is rebuilding")
    shelving.shelve(
        alert=silent[1], until=now + timedelta(hours=5), reason="exchange on Monday", by=by,
        now=early,
    )  # fmt: skip
    raising.clear_all(
        matters=[Matter(Kind.SILENT, Subject.read(silent[2].subject))],
        now=now - timedelta(minutes=40),
    )
    handover.write(
        text="Feeder F-East-1 runs on the spare cable until Thursday.", by=by, now=early
    )
    planning.plan(
        order=planning.Order(
            during=Period(now + timedelta(hours=8), now + timedelta(hours=12)),
            reason="new switchgear",
            transformer=transformers[9],
        ),
        by=by,
        now=now,
    )
