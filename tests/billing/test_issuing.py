"""Issued once, with a number, for ever; taken back by a credit note."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from billing.invoicing import Cycle
from billing.models import AsBilled, CreditNote, Invoice, InvoiceLine, NumberSeries, PeriodClaim
from billing.packing import unpack
from billing.selectors import standing
from billing.services import issuing
from meters.choices import Quarantine, QuarantineState
from meters.models import QuarantinedReading, WindowMark
from segs_site.lib.periods import instant
from tests.billing import worlds
from tests.billing.worlds import CLERK, DYNAMIC, MAY, MAY_START, NOW, home, prices, used

pytestmark = pytest.mark.django_db(transaction=True)


def issue(home, *, cycle=MAY, now=NOW, **said) -> Invoice:
    return issuing.issue(account=home.account, cycle=cycle, by=CLERK, now=now, **said)


def draft(home, *, now: datetime) -> Invoice:
    with transaction.atomic():
        made = issuing.writing.draft(reckoning=worlds.reckon(home), account=home.account, now=now)
    return made.invoice


def void(invoice: Invoice, *, now=NOW) -> CreditNote:
    return issuing.void(invoice=invoice, reason="wrong meter", by=CLERK, now=now)


class TestIssue:
    def test_freezes_parties_lines_and_intervals(self):
        ours = home(definition=DYNAMIC | {"taxes": [{"name": "VAT", "pct": "20"}]})
        used(ours.meter, [1, 2])
        prices(ours.region, ["0.2", "0.4"])

        invoice = issue(ours)

        assert (invoice.number, invoice.total) == ("INV-000001", Decimal("1.200"))
        assert invoice.due_on == date(2026, 6, 17)
        assert invoice.parties["customer"] == {"code": "USR-A", "name": "Customer A"}
        assert invoice.sections[0]["plan"]["definition"]["energy"] == {"kind": "dynamic"}
        energy, tax = invoice.lines.all()
        assert (energy.amount, tax.amount) == (Decimal("1.000"), Decimal("0.200"))
        (day,) = AsBilled.objects.filter(line=energy)
        billed = unpack(bytes(day.packed), day_start=datetime(2026, 5, 1, tzinfo=UTC))
        assert [instant(int(us)) for us in billed.start] == [
            MAY_START,
            MAY_START + timedelta(minutes=15),
        ]
        assert billed.energy.tolist() == [1_000_000, 2_000_000]
        assert [energy.components[c]["price"] for c in billed.component] == [
            "0.200000",
            "0.400000",
        ]

    def test_is_the_same_invoice_when_asked_again(self):
        ours = home()
        used(ours.meter, [1])
        first = issue(ours)
        used(ours.meter, [4], start=MAY_START + timedelta(hours=1))

        again = issue(ours)

        assert (again.pk, again.number, again.total) == (first.pk, first.number, first.total)

    def test_by_eight_at_once_is_one_invoice(self):
        ours = home()
        used(ours.meter, [1])
        barrier = threading.Barrier(8)

        def work(_: int) -> str | None:
            try:
                barrier.wait(20)
                return issue(ours).number
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            numbers = list(pool.map(work, range(8)))

        assert set(numbers) == {"INV-000001"}
        assert Invoice.objects.count() == PeriodClaim.objects.count() == 1
        assert NumberSeries.objects.get().next_number == 2

    def test_takes_the_place_of_the_draft(self):
        ours = home()
        used(ours.meter, [1])
        there = draft(ours, now=NOW)

        assert issue(ours).pk == there.pk
        assert InvoiceLine.objects.count() == 1

    def test_writes_anew_only_what_a_draft_says_otherwise(self):
        ours = home()
        used(ours.meter, [1])
        draft(ours, now=NOW)
        line = InvoiceLine.objects.get()
        draft(ours, now=NOW + timedelta(hours=1))
        same = InvoiceLine.objects.get()
        used(ours.meter, [4], start=MAY_START + timedelta(hours=1))

        invoice = issue(ours)

        assert same.pk == line.pk
        assert (invoice.total, invoice.energy_mwh) == (Decimal("1.250"), 5_000_000)
        assert [each.amount for each in invoice.lines.all()] == [Decimal("1.250")]

    def test_is_refused_before_the_period_is_over(self):
        with pytest.raises(issuing.NotOver):
            issue(home(), now=datetime(2026, 5, 31, 23, 59, tzinfo=UTC))

    @pytest.mark.parametrize("names_meter", [True, False], ids=["late", "in time"])
    def test_waits_for_readings_that_are_not_summed(self, names_meter):
        ours = home()
        WindowMark.objects.create(
            shard=ours.meter.shard,
            meter_id=ours.meter.pk if names_meter else None,
            minute=MAY_START,
        )

        with pytest.raises(issuing.NotSummed):
            issue(ours)

        assert not Invoice.objects.exists()

    def test_does_not_wait_for_the_meters_of_others(self):
        ours, theirs = home("A"), home("B")
        WindowMark.objects.create(
            shard=theirs.meter.shard, meter_id=theirs.meter.pk, minute=MAY_START
        )

        assert issue(ours).number == "INV-000001"

    def test_is_refused_while_a_reading_waits_unless_the_clerk_waives_it(self):
        ours = home()
        QuarantinedReading.objects.create(
            serial=ours.meter.serial, ts=MAY_START + timedelta(days=1), raw="{}", origin="x",
            reason=Quarantine.CONFLICT, received_at=NOW, state=QuarantineState.OPEN)  # fmt: skip

        with pytest.raises(issuing.Quarantined):
            issue(ours)
        invoice = issue(ours, waived="double transmission")

        assert invoice.events.get().note == "double transmission"

    def test_is_refused_without_a_price(self):
        ours = home(definition=DYNAMIC)
        used(ours.meter, [1])

        with pytest.raises(issuing.NotWhole, match="no price from 2026-05-01 00:00"):
            issue(ours)

        assert not Invoice.objects.exists()

    def test_is_refused_where_a_live_invoice_overlaps(self):
        ours = home()
        issue(ours)

        with pytest.raises(issuing.Overlapping):
            issue(ours, cycle=Cycle(date(2026, 4, 15), date(2026, 5, 15)))


class TestWhatIsIssued:
    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE billing_invoice SET total = 0",
            "DELETE FROM billing_invoice",
            "UPDATE billing_invoiceline SET label = 'x'",
            "DELETE FROM billing_invoiceline",
            "INSERT INTO billing_invoiceline (invoice_id, place, section, of, label, amount,"
            " exact, rounding, components) SELECT id, 99, 0, 'energy', '', 0, 0, 0, '[]'"
            " FROM billing_invoice",
            "UPDATE billing_asbilled SET packed = ''",
            "DELETE FROM billing_asbilled",
            "INSERT INTO billing_asbilled (line_id, day, packed) SELECT id, '2026-05-30', ''"
            " FROM billing_invoiceline",
            "UPDATE billing_invoiceevent SET state = 'paid'",
            "DELETE FROM billing_invoiceevent",
        ],
    )
    def test_is_changed_by_nobody(self, change):
        ours = home()
        used(ours.meter, [1])
        issue(ours)

        with pytest.raises(IntegrityError), connection.cursor() as cursor:
            cursor.execute(change)

    def test_stays_to_the_byte_when_late_energy_comes(self):
        ours = home()
        used(ours.meter, [1])
        issue(ours)
        before = list(Invoice.objects.values()), list(InvoiceLine.objects.values())

        used(ours.meter, [5], start=MAY_START + timedelta(days=3))

        assert (list(Invoice.objects.values()), list(InvoiceLine.objects.values())) == before


class TestVoid:
    def test_credits_exactly_the_invoice_and_frees_the_period(self):
        ours = home()
        used(ours.meter, [1])
        first = issue(ours)

        note = void(first)
        second = issue(ours)

        assert (note.number, note.total) == ("CN-000001", first.total)
        assert (first.number, second.number) == ("INV-000001", "INV-000002")
        assert standing.state_of(first) == "void"
        assert standing.balance(account=ours.account, currency="EUR") == second.total

    def test_happens_once(self):
        ours = home()
        first = issue(ours)
        void(first)

        with pytest.raises(issuing.NotLive):
            void(first)

        assert CreditNote.objects.count() == 1


class TestNumbers:
    def test_have_no_hole_after_many_at_once_with_random_aborts(self):
        aborted, taken = [], []

        def work(turn: int) -> None:
            try:
                with transaction.atomic():
                    number = issuing.take_number(issuing.INVOICES)
                    if turn % 3 == 0:
                        raise InterruptedError(number)  # noqa: TRY301 the abort itself
                taken.append(number)
            except InterruptedError as abort:
                aborted.append(str(abort))
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(1000)))

        assert len(aborted) == 334
        assert sorted(taken) == [f"INV-{number:06d}" for number in range(1, 667)]
