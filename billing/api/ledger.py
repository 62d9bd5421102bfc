"""The ledger as a file: double entries of a period."""

from typing import Final

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from billing.api.queries import PeriodSerializer
from billing.selectors import ledger
from billing.selectors.ledger import Posting
from segs_site.lib import csvs
from segs_site.lib.access import Action, Needs
from segs_site.lib.asking import asked

LEDGER_HEADER: Final = (
    "posted_on", "value_on", "document", "number", "customer_account", "ledger_account", "text",
    "debit", "credit", "currency",
)  # fmt: skip


class LedgerFileView(APIView):
    """What billing books."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="ledger_csv",
        parameters=[PeriodSerializer],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Stream the double entries written down in local days: debits and credits are equal."""
        period = asked(PeriodSerializer, request)
        return csvs.answer(
            request._request,
            name=f"ledger-{period['start']}-{period['end']}.csv",
            header=LEDGER_HEADER,
            rows=map(_posted, ledger.postings(**period)),
        )


def _posted(row: Posting) -> tuple[object, ...]:
    return (
        row.posted_on, row.value_on, row.document, row.number, row.customer_account,
        row.ledger_account, row.text, row.debit, row.credit, row.currency,
    )  # fmt: skip
