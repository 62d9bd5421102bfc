"""What is held about a person, out of every app: as an archive, and until when it must stay."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts import selectors as accounts
from accounts.models import Closure, CustomerAccount, Passkey, Preferences, ServiceAgreement, User
from accounts.selectors import Counted
from accounts.services import closing
from alerts.models import AddressOutage, Advice, Notice, NoticeSettings
from billing.models import Dispute, Invoice, InvoiceDocument, InvoiceLine, Payment
from meters.models import QuarterWindow
from segs_site.lib import csvs
from segs_site.lib.choices import Quality
from segs_site.lib.models import AuditEntry
from segs_site.lib.quantities import exact_kwh

YEAR: Final = timedelta(days=366)
HEADER: Final = ("start", "kwh", "estimated_kwh", "quality")
ABOUT: Final = """What is held about you, as JSON and CSV. Moments are UTC, energy is in kWh.

person.json          you, how you are told, what you prefer; passwords and secrets are left out
service.json         your accounts, and what was agreed for which address
bills.json           bills with their lines, payments and objections
bills/               bills as you were sent them
use/                 quarter-hours of each meter, while it counted for you
notices.json         what you were told
changes.json         what you changed, as the audit trail holds it
"""


def archive(user: User) -> bytes:
    """Return everything that is held about a person as a zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("README.txt", ABOUT)
        for name, content in _files(user):
            target.writestr(name, content)
    return packed.getvalue()


def _files(user: User) -> Iterator[tuple[str, str | bytes]]:
    yield "person.json", _json(_person(user))
    mine = CustomerAccount.objects.filter(customer__user=user)
    yield "service.json", _json(_service(mine))
    invoices = Invoice.objects.issued().filter(account__in=mine)
    yield "bills.json", _json(_bills(invoices, mine))
    drawn = InvoiceDocument.objects.drawn().filter(invoice__in=invoices)
    for number, pdf in drawn.values_list("invoice__number", "pdf").iterator():
        yield f"bills/{csvs.file_name(number or '')}.pdf", bytes(pdf or b"")
    for supply in accounts.supplies(user_id=user.pk):
        for meter in supply.meters:
            begun = f"{meter.stay.start:%Y-%m-%d}" if meter.stay.start else "beginning"
            yield f"use/{csvs.file_name(meter.serial)}-{begun}.csv", _use(meter)
    yield "notices.json", _json(_notices(user))
    changes = AuditEntry.objects.filter(actor_id=user.pk)
    yield "changes.json", _json(_rows(changes, "at", "subject_type", "subject_name", "verb",
                                      "before", "after", "address"))  # fmt: skip


def _json(held: object) -> str:
    return json.dumps(held, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)


def _rows(found: QuerySet[Any], *fields: str) -> list[dict[str, Any]]:
    return list(found.values(*fields))


def _person(user: User) -> dict[str, Any]:
    own = {"user": user.pk}
    return {
        "address": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "role": user.role,
        "joined_at": user.date_joined,
        "last_login": user.last_login,
        "passkeys": _rows(Passkey.objects.filter(**own), "name", "created_at", "used_at"),
        "preferences": _rows(
            Preferences.objects.filter(**own), "language", "time_zone", "notify_outages",
            "notify_bills", "notify_prices", "price_above", "price_below", "budget",
        ),
        "notice_settings": _rows(
            NoticeSettings.objects.filter(**own), "in_app_from", "mail_from", "sms_from", "phone",
            "quiet_from", "quiet_until",
        ),
    }  # fmt: skip


def _service(mine: QuerySet[CustomerAccount]) -> dict[str, Any]:
    agreements = ServiceAgreement.objects.filter(account__in=mine).order_by("pk")
    return {
        "accounts": _rows(mine, "number", "customer__code", "customer__name"),
        "agreements": [
            {
                "account": each.account.number,
                "service_point": each.service_point.code,
                "address": each.service_point.address,
                "plan": each.plan.name,
                "from": each.during.lower,
                "until": each.during.upper,
            }
            for each in agreements.select_related("account", "service_point", "plan")
        ],
    }


def _bills(invoices: QuerySet[Invoice], mine: QuerySet[CustomerAccount]) -> dict[str, Any]:
    lines = InvoiceLine.objects.filter(invoice__in=invoices).order_by("invoice", "place")
    return {
        "bills": _rows(
            invoices, "number", "account__number", "starts_on", "ends_on", "issued_at", "due_on",
            "total", "currency", "parties", "sections",
        ),
        "lines": _rows(
            lines, "invoice__number", "place", "of", "label", "amount", "exact", "components"
        ),
        "payments": _rows(
            Payment.objects.filter(account__in=mine), "account__number", "invoice__number",
            "amount", "currency", "received_on", "reference",
        ),
        "objections": _rows(
            Dispute.objects.filter(invoice__in=invoices), "invoice__number", "state", "reason",
            "opened_at", "answer", "closed_at",
        ),
    }  # fmt: skip


def _use(meter: Counted) -> str:
    found = QuarterWindow.objects.filter(meter=meter.meter_id).order_by("start")
    if meter.stay.start is not None:
        found = found.filter(start__gte=meter.stay.start)
    if meter.stay.end is not None:
        found = found.filter(start__lt=meter.stay.end)
    columns = found.values_list("start", "energy_mwh", "estimated_mwh", "quality")
    rows = (
        (start, exact_kwh(energy), exact_kwh(estimated), str(Quality(quality).label))
        for start, energy, estimated, quality in columns.iterator()
    )
    return "".join(csvs.lines(HEADER, rows))


def _notices(user: User) -> dict[str, Any]:
    return {
        "notices": _rows(
            Notice.objects.filter(user=user), "created_at", "channel", "occasion", "state",
            "subject", "text", "read_at",
        ),
        "outages": _rows(
            AddressOutage.objects.filter(user=user), "service_point__code", "since", "ended_at"
        ),
        "advice": _rows(
            Advice.objects.filter(user=user), "kind", "about", "limit", "value", "currency", "at"
        ),
    }  # fmt: skip


def erase_due(*, years: int, now: datetime) -> int:
    """Erase the names that no law keeps any more; return how many.

    The years count from the closing, the end of the last agreement or the last bill, whichever
    was last.
    """
    since = now - years * YEAR
    running = ServiceAgreement.objects.filter(
        Q(during__endswith__isnull=True) | Q(during__endswith__gt=since),
        account__customer=OuterRef("pk"),
    )
    billed = Invoice.objects.filter(account__customer=OuterRef("pk"), drafted_at__gt=since)
    due = Closure.objects.filter(erased_at=None, closed_at__lte=since)
    due = due.exclude(Exists(running)).exclude(Exists(billed))
    return sum(closing.erase(closure=each, now=now) for each in list(due))
