"""What is whose: accounts, places and meters of the person who asks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils import formats, timezone

from accounts import selectors as accounts
from accounts.models import CustomerAccount, ServiceAgreement
from accounts.selectors import Supply
from billing.models import InvoiceDocument
from billing.models.invoices import InvoiceQuerySet
from billing.selectors import invoices
from segs_site.lib.asking import user_id
from segs_site.lib.manners import site_zone


@dataclass(frozen=True, slots=True)
class Own:
    """Everything that whoever asks may see, at one moment; days are those of the site."""

    user_id: int
    accounts: Sequence[CustomerAccount]
    supplies: Sequence[Supply]
    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The day it is at the site."""
        return self.now.astimezone(self.zone).date()

    def local(self, moment: datetime, shape: str) -> str:
        """Return a moment by the site's clock, in Django's letters for dates."""
        return formats.date_format(moment.astimezone(self.zone), shape)

    @property
    def current(self) -> list[Supply]:
        """The places that are supplied now."""
        return [supply for supply in self.supplies if supply.stay.includes(self.now)]


def of(request: HttpRequest) -> Own:
    """Return what is the asker's own."""
    pk = user_id(request)
    return Own(
        user_id=pk,
        accounts=list(invoices.accounts_of(user_id=pk)),
        supplies=accounts.supplies(user_id=pk),
        now=timezone.now(),
        zone=site_zone(),
    )


def agreements(own: Own) -> list[ServiceAgreement]:
    """Return the agreements that run now, with place, region and plan."""
    running = ServiceAgreement.objects.filter(
        account__in=_keys(own.accounts), during__contains=own.now
    )
    return list(running.select_related("plan", "service_point__region").order_by("pk"))


def bills(request: HttpRequest) -> InvoiceQuerySet:
    """Return the issued invoices of one's own accounts, also for those who could see others'.

    Each says where it stands, as `state`, and whether its PDF is there, as `is_drawn`.
    """
    found = invoices.seen_by(user_id=user_id(request), sees_all=False)
    drawn = InvoiceDocument.objects.drawn().filter(invoice=OuterRef("pk"))
    return found.select_related("account__customer").annotate(is_drawn=Exists(drawn))


def _keys(rows: Iterable[CustomerAccount]) -> list[int]:
    return [row.pk for row in rows]
