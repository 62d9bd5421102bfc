"""One meter takes another's place, as operators enter it."""

from decimal import Decimal
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from meters.models import Meter, MeterExchange
from meters.services import exchange
from meters.services.exchange import Dials, Order
from segs_site.lib.access import Action, Needs
from segs_site.lib.asking import sent
from segs_site.lib.conflicts import Refusals
from segs_site.lib.moments import MomentField
from segs_site.lib.money import bare
from segs_site.lib.quantities import exact_kwh

REFUSALS = Refusals(
    {
        exchange.NotYet: ("not_yet", "The moment is to come: nobody has read a register then."),
        exchange.NotHanging: ("not_hanging", "The meter hung nowhere at that moment."),
        exchange.AlreadyExchanged: (
            "already_exchanged",
            "Another exchange of this meter is entered for that moment or a later one.",
        ),
        exchange.HangsElsewhere: (
            "hangs_elsewhere",
            "The new meter hangs at another service point then, or will.",
        ),
        exchange.OddRead: ("odd_read", "A read does not go with its register."),
    }
)
SHOWN = ("final_mwh", "final_export_mwh", "first_mwh", "first_export_mwh")


def _dial(words: str) -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=15, decimal_places=6, min_value=Decimal(0), required=False, allow_null=True,
        default=None, help_text=f"{words}, kWh as it shows it; null: nobody could read it",
    )  # fmt: skip


class ExchangeOrderSerializer(serializers.Serializer[Any]):
    """An exchange as it is entered."""

    serial = serializers.CharField(max_length=64, help_text="of the new meter, known or not")
    at = MomentField(help_text="when the old one was taken down and the new one hung")
    final_kwh = _dial("where the old meter stood")
    final_export_kwh = _dial("where the old meter's register of what was fed in stood")
    first_kwh = _dial("where the new meter stood, which need not be 0")
    first_export_kwh = _dial("where the new meter's register of what was fed in stood")
    multiplier = serializers.DecimalField(
        max_digits=12, decimal_places=6, min_value=Decimal("0.000001"), required=False,
        allow_null=True, default=None, help_text="ratio of its transformers; null: as before",
    )  # fmt: skip
    register_digits = serializers.IntegerField(
        min_value=1, max_value=9, required=False, allow_null=True, default=None,
        help_text="whole digits that the new register shows; null: as the old one's",
    )  # fmt: skip
    register_decimals = serializers.IntegerField(
        min_value=0, max_value=6, required=False, allow_null=True, default=None,
        help_text="digits behind the point; null: as the old one's",
    )  # fmt: skip
    reason = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")


class ExchangeSerializer(serializers.Serializer[Any]):
    """An exchange that is entered; kWh as decimal strings, as the registers showed them."""

    id = serializers.IntegerField()
    service_point = serializers.CharField()
    removed = serializers.CharField(help_text="serial of the old meter")
    removed_id = serializers.IntegerField()
    hung = serializers.CharField(help_text="serial of the new meter")
    hung_id = serializers.IntegerField()
    at = serializers.DateTimeField()
    final_kwh = serializers.CharField(allow_null=True)
    final_export_kwh = serializers.CharField(allow_null=True)
    first_kwh = serializers.CharField(allow_null=True)
    first_export_kwh = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    entered_by = serializers.CharField(allow_blank=True)
    entered_at = serializers.DateTimeField()


def document(row: MeterExchange) -> dict[str, Any]:
    """Return an exchange as it is answered."""
    dials = {name.replace("_mwh", "_kwh"): _kwh(getattr(row, name)) for name in SHOWN}
    return {
        "id": row.pk,
        "service_point": row.service_point.code,
        "removed": row.removed.serial,
        "removed_id": row.removed_id,
        "hung": row.hung.serial,
        "hung_id": row.hung_id,
        "at": row.at,
        **dials,
        "reason": row.reason,
        "entered_by": row.entered_by,
        "entered_at": row.entered_at,
    }


def _kwh(mwh: int | None) -> str | None:
    return None if mwh is None else bare(exact_kwh(mwh))


def order_of(said: dict[str, Any]) -> Order:
    """Return an exchange as it is entered at a door."""
    same = ("serial", "at", "multiplier", "register_digits", "register_decimals", "reason")
    return Order(
        final=Dials(said["final_kwh"], said["final_export_kwh"]),
        first=Dials(said["first_kwh"], said["first_export_kwh"]),
        **{name: said[name] for name in same},
    )


class ExchangeView(APIView):
    """Hangs a meter in the place of another."""

    permission_classes = [Needs(Action.OPERATE_GRID)]

    @extend_schema(
        operation_id="meters_exchange",
        request=ExchangeOrderSerializer,
        responses={
            200: ExchangeSerializer,
            201: ExchangeSerializer,
            409: REFUSALS.described(),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Answer the exchange: 201, or 200 where the very same was entered before."""
        said = sent(ExchangeOrderSerializer, request)
        try:
            with REFUSALS.told():
                made, is_new = exchange.exchange_meter(
                    meter_id=int(pk), order=order_of(said), by=str(request.user),
                    now=timezone.now(),
                )  # fmt: skip
        except Meter.DoesNotExist as problem:
            raise Http404("There is no such meter.") from problem
        return Response(document(made), status=201 if is_new else 200)
