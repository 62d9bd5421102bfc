"""A customer's own alerts by REST. Another's alert does not exist here."""

from dataclasses import asdict

from django.http import Http404
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import selectors as accounts
from alerts.api import serializers
from alerts.selectors import own
from segs_site.lib import paging
from segs_site.lib.access import Action, Needs
from segs_site.lib.asking import asked, user_id

NEWEST_FIRST = paging.Order(("raised_at", "id"), descending=True)
UNCHANGED = OpenApiResponse(description="It has not changed since that ETag.")


class OwnView(APIView):
    """Shows what belongs to whoever asks."""

    permission_classes = [Needs(Action.SEE_OWN)]


@method_decorator(conditional_page, name="dispatch")
class MineView(OwnView):
    """The alerts of one's own service points."""

    @extend_schema(
        operation_id="alerts_mine",
        parameters=[paging.PageQuerySerializer],
        responses={200: serializers.OwnAlertListSerializer, 304: UNCHANGED},
    )
    def get(self, request: Request) -> Response:
        """Answer a page of alerts, those that are over too, newest first."""
        now = timezone.now()
        query = asked(paging.PageQuerySerializer, request, now=now)
        supplies = accounts.supplies(user_id=user_id(request))
        page = paging.cut(
            own.of(supplies),
            order=NEWEST_FIRST,
            cursor=query.get("cursor"),
            limit=query["limit"],
        )
        shown = own.shown(page.rows, supplies, now=now)
        return Response(page.document(request, [asdict(each) for each in shown]))


class MyAlertView(OwnView):
    """One alert of one's own."""

    @extend_schema(operation_id="alerts_my_alert", responses=serializers.OwnAlertSerializer)
    def get(self, request: Request, pk: str) -> Response:
        """Answer the alert; 404 for another's, as for none."""
        supplies = accounts.supplies(user_id=user_id(request))
        found = own.of(supplies).filter(pk=pk)
        shown = own.shown(found, supplies, now=timezone.now())
        if not shown:
            raise Http404("There is no such alert.")
        return Response(asdict(shown[0]))
