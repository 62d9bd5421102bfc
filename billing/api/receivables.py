"""What is owed, by REST and as CSV."""

from datetime import date
from typing import Final

from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.api import bank_serializers as serializers
from billing.selectors import receivables
from billing.selectors.receivables import Aged
from segs_site.lib import csvs
from segs_site.lib.access import Action, Needs
from segs_site.lib.asking import asked
from segs_site.lib.manners import site_zone
from segs_site.lib.paging import Page

AGED_HEADER: Final = (
    "account", "customer", "currency", "current", "days_1_30", "days_31_60", "days_61_90",
    "days_over_90", "credit", "balance",
)  # fmt: skip


def today() -> date:
    """Return the local day."""
    return timezone.now().astimezone(site_zone()).date()


class ReceivablesView(APIView):
    """Who owes how much since when."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="receivables",
        parameters=[serializers.AgedQuerySerializer],
        responses=serializers.AgedPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer accounts as they stood at the end of a day, by their numbers."""
        query = asked(serializers.AgedQuerySerializer, request)
        day = query.get("day") or today()
        rows, cursor = receivables.page(on=day, limit=query["limit"], cursor=query.get("cursor"))
        shown = serializers.AgedSerializer(rows, many=True).data
        return Response({"day": day} | Page(rows, cursor).document(request, list(shown)))


class ReceivablesFileView(APIView):
    """The same as a table."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="receivables_csv",
        parameters=[serializers.AgedDaySerializer],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Stream every account that owes or is owed something."""
        day = asked(serializers.AgedDaySerializer, request).get("day") or today()
        return csvs.answer(
            request._request,
            name=f"receivables-{day}.csv",
            header=AGED_HEADER,
            rows=map(_aged, receivables.every(on=day)),
        )


def _aged(row: Aged) -> tuple[object, ...]:
    return (
        row.account, row.customer, row.currency, row.current, row.to_30, row.to_60, row.to_90,
        row.over_90, row.credit, row.balance,
    )  # fmt: skip
