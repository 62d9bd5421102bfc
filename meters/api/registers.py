"""What a meter's register moved, and what its quarter-hours were taken to be before."""

from datetime import timedelta
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from meters.choices import Turn
from meters.models import Meter, RegisterTurn, WindowRevision
from meters.selectors import registers
from meters.selectors.registers import Moved
from segs_site.lib import asking, paging
from segs_site.lib.access import Action, Needs
from segs_site.lib.choices import Quality
from segs_site.lib.moments import PeriodQuerySerializer
from segs_site.lib.money import bare
from segs_site.lib.paging import PageQuerySerializer
from segs_site.lib.quantities import exact_kwh, to_kwh

NEWEST_FIRST = paging.Order(("until", "id"), descending=True)


class RegisterQuerySerializer(PeriodQuerySerializer):
    """A period, the last 31 days without."""

    usual = timedelta(days=31)


class RevisionQuerySerializer(PageQuerySerializer, RegisterQuerySerializer):
    """Quarter-hours that start in a period, a page at a time."""


class MovedSerializer(serializers.Serializer[Any]):
    """How far the register moved at one place; kWh are decimal strings, null is not known."""

    service_point = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    start_kwh = serializers.CharField(allow_null=True)
    end_kwh = serializers.CharField(
        allow_null=True, help_text="it goes on where the register began anew"
    )
    multiplier = serializers.CharField(help_text="ratio of the transformers at that place")
    used_kwh = serializers.CharField(allow_null=True, help_text="the difference times the ratio")


class TurnSerializer(serializers.Serializer[Any]):
    """Where the register began anew; kWh as it showed them."""

    kind = serializers.CharField(help_text=" or ".join(Turn.values))
    before_at = serializers.DateTimeField()
    before_kwh = serializers.CharField()
    at = serializers.DateTimeField()
    after_kwh = serializers.CharField()
    used_kwh = serializers.CharField(help_text="counted between the two, before any ratio")
    decided_by = serializers.CharField(
        allow_blank=True, help_text="empty: the next reads bore it out"
    )
    decided_at = serializers.DateTimeField()


class RegistersSerializer(serializers.Serializer[Any]):
    """The register of a meter in a period, a place after the other."""

    serial = serializers.CharField()
    register_digits = serializers.IntegerField(allow_null=True)
    register_decimals = serializers.IntegerField()
    moved = MovedSerializer(many=True)
    turns = TurnSerializer(many=True, help_text="the newest 20")


class RevisionSerializer(serializers.Serializer[Any]):
    """What a quarter-hour was taken to be, from `since` to `until`."""

    start = serializers.DateTimeField()
    energy_kwh = serializers.FloatField()
    estimated_kwh = serializers.FloatField()
    quality = serializers.ChoiceField(choices=[(q.name.lower(), q.label) for q in Quality])
    count = serializers.IntegerField()
    expected = serializers.IntegerField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(help_text="when it was revised")


class RevisionListSerializer(serializers.Serializer[Any]):
    """A page of revisions, the newest first."""

    next = serializers.URLField(allow_null=True)
    results = RevisionSerializer(many=True)


class OfMeter(APIView):
    """Shows a meter to those who watch the grid."""

    permission_classes = [Needs(Action.WATCH_GRID)]

    def meter(self, pk: str) -> Meter:
        """Return the meter; raises Http404."""
        found = Meter.objects.filter(pk=pk).first()
        if found is None:
            raise Http404("There is no such meter.")
        return found


class RegistersView(OfMeter):
    """The register of a meter."""

    @extend_schema(
        operation_id="meters_registers",
        parameters=[RegisterQuerySerializer],
        responses=RegistersSerializer,
    )
    def get(self, request: Request, pk: str) -> Response:
        """Answer what it moved in a period, and where it began anew."""
        query = asking.asked(RegisterQuerySerializer, request, now=timezone.now())
        meter = self.meter(pk)
        found = registers.moved_by(meter_id=meter.pk, period=query["period"])
        body = {
            "serial": meter.serial,
            "register_digits": meter.register_digits,
            "register_decimals": meter.register_decimals,
            "moved": [_moved(each) for each in found],
            "turns": [_turn(each) for each in registers.turns(meter_id=meter.pk)],
        }
        return Response(body)


def _kwh(mwh: int | None) -> str | None:
    return None if mwh is None else bare(exact_kwh(mwh))


def _moved(each: Moved) -> dict[str, Any]:
    return {
        "service_point": each.point,
        "start": each.period.start,
        "end": each.period.end,
        "start_kwh": _kwh(each.start_mwh),
        "end_kwh": _kwh(each.end_mwh),
        "multiplier": bare(each.multiplier),
        "used_kwh": _kwh(each.used_mwh),
    }


def _turn(each: RegisterTurn) -> dict[str, Any]:
    same = ("kind", "before_at", "at", "decided_by", "decided_at")
    shown = {"before_kwh": each.before_mwh, "after_kwh": each.after_mwh, "used_kwh": each.used_mwh}
    return {name: getattr(each, name) for name in same} | {
        name: _kwh(mwh) for name, mwh in shown.items()
    }


class RevisionsView(OfMeter):
    """What quarter-hours of a meter were before they were revised."""

    @extend_schema(
        operation_id="meters_revisions",
        parameters=[RevisionQuerySerializer],
        responses=RevisionListSerializer,
    )
    def get(self, request: Request, pk: str) -> Response:
        """Answer a page of what was revised, the newest first."""
        query = asking.asked(RevisionQuerySerializer, request, now=timezone.now())
        period = query["period"]
        found = WindowRevision.objects.filter(
            meter=self.meter(pk), start__gte=period.start, start__lt=period.end
        )
        page = paging.cut(
            found, order=NEWEST_FIRST, cursor=query.get("cursor"), limit=query["limit"]
        )
        return Response(page.document(request, [_revision(row) for row in page.rows]))


def _revision(row: WindowRevision) -> dict[str, Any]:
    return {
        "start": row.start,
        "energy_kwh": to_kwh(row.energy_mwh),
        "estimated_kwh": to_kwh(row.estimated_mwh),
        "quality": Quality(row.quality).name.lower(),
        "count": row.count,
        "expected": row.expected,
        "since": row.since,
        "until": row.until,
    }
