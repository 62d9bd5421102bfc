"""Reminders by REST."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.api import reminder_serializers as serializers
from billing.models import Reminder
from segs_site.lib import paging
from segs_site.lib.access import Action, Needs, may
from segs_site.lib.asking import asked, page, user_id

NEWEST = paging.Order(("id",), descending=True)


class RemindersView(APIView):
    """Reminders: of one's own invoices, or everybody's to those who see customers."""

    permission_classes = [Needs(Action.SEE_OWN)]

    @extend_schema(
        operation_id="reminders",
        parameters=[paging.PageQuerySerializer],
        responses=serializers.RemindersSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer reminders, newest first."""
        query = asked(paging.PageQuerySerializer, request)
        found = Reminder.objects.select_related("invoice")
        if not may(request.user, Action.SEE_CUSTOMERS):
            found = found.filter(invoice__account__customer__user=user_id(request))
        return page(
            request, found, order=NEWEST, query=query, shown_as=serializers.ReminderSerializer
        )
