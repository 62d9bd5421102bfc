"""What late data change in issued invoices: found, priced, and put on the next bill."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection

from billing.choices import Of
from billing.invoicing import Cycle
from billing.models import (
    AsBilled,
    CorrectionDay,
    CorrectionLine,
    Invoice,
    InvoiceLine,
    LateMark,
)
from billing.packing import Billed, unpack
from billing.rating import corrections, late
from billing.rating.corrections import Booked, Difference
from billing.rating.late import Account, Why
from billing.rating.lines import Line
from billing.selectors import supplies
from billing.selectors.reckoned import Carried, Reckoning, Section
from billing.selectors.reckoning import Reckoner
from segs_site.lib import money
from segs_site.lib.periods import local_day
from tariffs.models import RatePlan

Key = tuple[int, str, str]  # agreement, what it charges for, label

_TOUCHED = """
SELECT DISTINCT i.id FROM billing_invoice i
JOIN billing_periodclaim c ON c.invoice_id = i.id AND c.released_at IS NULL
JOIN accounts_serviceagreement a ON a.account_id = i.account_id AND a.during && i.during
JOIN meters_meterinstallation m ON m.service_point_id = a.service_point_id
 AND m.during && (a.during * i.during)
JOIN unnest(%s::int[], %s::date[]) AS k (meter_id, day) ON k.meter_id = m.meter_id
 AND i.during && tstzrange(k.day::timestamp AT TIME ZONE 'UTC',
                           (k.day + 1)::timestamp AT TIME ZONE 'UTC')
"""


@dataclass(frozen=True, slots=True)
class Changed:
    """What one line owes beyond what is booked of it, and by how much its intervals changed."""

    corrects: InvoiceLine
    of: str
    label: str
    difference: Difference
    intervals: Billed


@dataclass(frozen=True, slots=True)
class Late:
    """What an issued invoice owes beyond what is booked of it."""

    invoice: Invoice
    lines: Sequence[Changed]
    why: Why

    @property
    def total(self) -> Decimal:
        """What the customer would owe; negative is owed to him."""
        return money.total(line.difference.amount for line in self.lines)

    @property
    def energy_mwh(self) -> int:
        """The energy drawn beyond what is booked."""
        drawn = (line.intervals for line in self.lines if line.of == Of.ENERGY)
        return sum(int(billed.energy.sum()) for billed in drawn)


def touched_by(marks: Iterable[LateMark]) -> list[Invoice]:
    """Return the live invoices that marks may concern, account by account."""
    named = {(mark.meter_id, mark.day) for mark in marks}
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED, [[meter for meter, _ in named], [day for _, day in named]])
        ids = [row[0] for row in cursor.fetchall()]
    found = Invoice.objects.filter(pk__in=ids).select_related("account")
    return list(found.order_by("account", "pk"))


def marks_of(marks: Iterable[LateMark], *, invoices: Sequence[Invoice]) -> set[int]:
    """Return which marks concern some invoices, by their keys."""
    wanted = {invoice.pk for invoice in invoices}
    if not wanted:
        return set()
    return {mark.pk for mark in marks if any(i.pk in wanted for i in touched_by([mark]))}


def of_invoice(invoice: Invoice, *, now: datetime) -> Late | None:
    """Return what changed of an invoice: its lines as they would be now, on its own plans.

    They are held against what is booked: the invoice and every correction that was decided, also
    those that were rejected. None when nothing changed, and while some part cannot be priced.
    """
    zone = ZoneInfo(invoice.zone)
    reckoner = Reckoner(zone=zone, now=now, frozen=_plans(invoice))
    cycle = Cycle(invoice.starts_on, invoice.ends_on)
    (reckoning,) = reckoner.reckon({invoice.account_id: cycle})
    if not reckoning.is_whole:
        return None
    booked = _Booked(invoice, zone)
    lines = list(_changed(reckoning, booked))
    if not lines:
        return None
    parts = [line.intervals for line in lines]
    return Late(invoice, lines, late.why(parts, before=booked.intervals()))


def _plans(invoice: Invoice) -> Mapping[int, RatePlan]:
    """Return the plans of an invoice as they were billed, by agreement."""
    return {
        section["agreement"]: RatePlan(currency=invoice.currency, **section["plan"])
        for section in invoice.sections
    }


class _Booked:
    """What is booked of an invoice, line by line, with every correction that was decided."""

    def __init__(self, invoice: Invoice, zone: ZoneInfo) -> None:
        own = invoice.lines.filter(corrects=None).select_related("invoice")
        decided = CorrectionLine.objects.decided().filter(correction__invoice=invoice)
        self._zone = zone
        self._agreements = [section["agreement"] for section in invoice.sections]
        self.heads: dict[int, InvoiceLine] = {}  # the first line of each agreement
        self.corrected: dict[Key, InvoiceLine] = {}
        self._lines: dict[Key, list[InvoiceLine | CorrectionLine]] = {}
        for line in own:
            self.heads.setdefault(self._agreements[line.section], line)
            self.corrected[self._key(line, line)] = line
            self._lines.setdefault(self._key(line, line), []).append(line)
        for each in decided.select_related("corrects__invoice"):
            self._lines.setdefault(self._key(each, each.corrects), []).append(each)
        self._days = self._read(AsBilled, self._lines), self._read(CorrectionDay, self._lines)

    def _key(self, line: InvoiceLine | CorrectionLine, of: InvoiceLine) -> Key:
        return (self._agreements[of.section], line.of, line.label)

    def _read(
        self, model: type[AsBilled | CorrectionDay], lines: Mapping[Key, Sequence[object]]
    ) -> dict[int, list[Billed]]:
        kind = InvoiceLine if model is AsBilled else CorrectionLine
        wanted = [line.pk for each in lines.values() for line in each if isinstance(line, kind)]
        found: dict[int, list[Billed]] = {}
        for row in model.objects.filter(line__in=wanted).order_by("day"):
            start = local_day(row.day, self._zone).start
            found.setdefault(row.line_id, []).append(unpack(bytes(row.packed), day_start=start))
        return found

    def keys(self) -> list[Key]:
        """Return the lines that there are."""
        return list(self._lines)

    def of(self, key: Key) -> Booked:
        """Return what is booked of a line."""
        return corrections.booked(
            Booked(line.amount, corrections.read(line.components))
            for line in self._lines.get(key, ())
        )

    def accounts(self, key: Key) -> list[Account]:
        """Return the intervals that were booked of a line."""
        return [
            Account(billed, corrections.read(line.components))
            for line in self._lines.get(key, ())
            for billed in self._days[isinstance(line, CorrectionLine)].get(line.pk, ())
        ]

    def intervals(self) -> list[Billed]:
        """Return every interval that was booked."""
        return [billed for days in self._days for parts in days.values() for billed in parts]


def _changed(reckoning: Reckoning, booked: _Booked) -> Iterable[Changed]:
    now = {
        (section.part.agreement_id, line.of.value, line.label): (section, line)
        for section in reckoning.sections
        for line in section.rated.bill.lines
    }
    for key in dict.fromkeys([*booked.keys(), *now]):
        section, line = now.get(key, (None, None))
        corrects = booked.corrected.get(key) or booked.heads.get(key[0])
        today = Booked(Decimal(0), ()) if line is None else Booked(line.amount, line.components)
        difference = corrections.difference(now=today, before=booked.of(key))
        if difference is None or corrects is None:
            continue
        parts = late.changes(
            now=_account(section, line), before=booked.accounts(key), of=difference.components
        )
        yield Changed(corrects, key[1], key[2], difference, parts)


def _account(section: Section | None, line: Line | None) -> Account:
    """Return the intervals of a line as they would be billed now."""
    slices = {} if section is None else section.slices
    if section is None or line is None or line.of not in slices:
        return late.NOTHING
    return Account(section.billed(slices[line.of]), line.components)


def with_corrections(reckonings: Sequence[Reckoning]) -> list[Reckoning]:
    """Put on each bill the approved corrections of the account's invoices for earlier periods."""
    accounts = [one.account_id for one in reckonings]
    counts = supplies.issued_counts(accounts)
    found = _to_bill(list(counts))
    return [
        replace(
            one,
            corrections=_earlier(one, found.get(one.account_id, ())),
            issued_before=counts.get(one.account_id, 0),
        )
        for one in reckonings
    ]


def _to_bill(account_ids: Sequence[int]) -> dict[int, list[Carried]]:
    lines = CorrectionLine.objects.to_bill().filter(correction__invoice__account__in=account_ids)
    found: dict[int, list[Carried]] = {}
    for line in lines.select_related("corrects__invoice").order_by("correction", "place"):
        difference = Difference(line.amount, corrections.read(line.components))
        carried = Carried(line, line.corrects, difference)
        found.setdefault(line.corrects.invoice.account_id, []).append(carried)
    return found


def _earlier(reckoning: Reckoning, found: Sequence[Carried]) -> list[Carried]:
    return [
        each
        for each in found
        if each.line.invoice.ends_on <= reckoning.cycle.start
        and each.line.invoice.currency == reckoning.currency
    ]
