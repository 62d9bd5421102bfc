"""What a person used: his own to himself, anybody's to those who see customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import selectors as accounts
from accounts.models import User
from accounts.selectors import Supply
from meters.api import queries, rows, serializers
from meters.api.asking import over
from meters.intervals import Granularity
from meters.selectors import energy
from meters.selectors.energy import Span, Sum
from segs_site.lib.access import Action, Needs, may
from segs_site.lib.asking import asked
from segs_site.lib.periods import Period


@dataclass(frozen=True, slots=True)
class Share:
    """What somebody is supplied with in a period: when, and by which meters."""

    supplies: Sequence[Supply]
    parts: Sequence[Period]
    spans: Sequence[Span]
    over: Period | None


def share_of(*, user_id: int, asked_for: dict[str, Any], now: datetime) -> Share:
    """Return a person's share of a period; raises Http404 for a service point not his."""
    supplies = accounts.supplies(user_id=user_id)
    point = asked_for.get("service_point")
    if point is not None:
        supplies = [supply for supply in supplies if supply.point == point]
        if not supplies:
            raise Http404("There is no such service point.")
    period: Period = asked_for["period"]
    return Share(
        supplies=supplies,
        parts=rows.stays(supplies, period),
        spans=accounts.spans_of(supplies, period=period),
        over=over(period, now),
    )


def whom(request: Request, pk: int) -> int:
    """Return the id of a person whose use may be seen; raises Http404 for everybody else."""
    if request.user.pk == pk:
        return pk
    if may(request.user, Action.SEE_CUSTOMERS) and User.objects.filter(pk=pk).exists():
        return pk
    raise Http404("There is no such user.")


class ConsumptionView(APIView):
    """What a person used, in stretches of time."""

    permission_classes = [Needs(Action.SEE_OWN)]

    @extend_schema(
        operation_id="users_consumption",
        parameters=[queries.SeriesQuerySerializer],
        responses=serializers.SeriesSerializer,
    )
    def get(self, request: Request, pk: str) -> Response:
        """Answer all service points together, or one; days are the site's."""
        now = timezone.now()
        query = asked(queries.SeriesQuerySerializer, request, now=now)
        share = share_of(user_id=whom(request, int(pk)), asked_for=query, now=now)
        return Response(
            rows.series(
                spans=share.spans,
                parts=share.parts,
                period=query["period"],
                over=share.over,
                granularity=Granularity(query["granularity"]),
            )
        )


class SummaryView(APIView):
    """What a person used, as one sum."""

    permission_classes = [Needs(Action.SEE_OWN)]

    @extend_schema(
        operation_id="users_consumption_summary",
        parameters=[queries.SumQuerySerializer],
        responses=serializers.SummarySerializer,
    )
    def get(self, request: Request, pk: str) -> Response:
        """Answer the sum of a period, and that of each service point."""
        now = timezone.now()
        query = asked(queries.SumQuerySerializer, request, now=now)
        period: Period = query["period"]
        share = share_of(user_id=whom(request, int(pk)), asked_for=query, now=now)
        found = energy.sums(spans=share.spans, buckets=[period])
        points = {supply.point_id: supply.point for supply in share.supplies}
        return Response(
            {
                "start": period.start,
                "end": period.end,
                "total": rows.figures(
                    energy.total(found.values()), rows.expected(share.parts, period, share.over)
                ),
                "service_points": [
                    {"service_point": code}
                    | rows.figures(
                        found.get((point, 0)) or Sum(),
                        rows.expected(_parts_of(share, point, period), period, share.over),
                    )
                    for point, code in points.items()
                ],
            }
        )


def _parts_of(share: Share, point: int, period: Period) -> list[Period]:
    return rows.stays([s for s in share.supplies if s.point_id == point], period)
